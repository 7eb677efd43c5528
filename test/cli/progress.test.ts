import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createProgressBar, describeProgress } from "../../src/cli/progress.ts";
import { createManualClock } from "../support/manual-clock.ts";

function createTerminal(isTTY: boolean) {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  return { written, stderr: Object.assign(stream, { isTTY }) };
}

describe("the progress bar", () => {
  it.each([
    [0, 4, 0, "[............................]   0 %  0 of 4 things"],
    [1, 4, 9000, "[#######.....................]  25 %  1 of 4 things, about 27 s left"],
    [1, 4, 1000, "[#######.....................]  25 %  1 of 4 things"],
    [1000, 2000, 3_600_000, "[##############..............]  50 %  1,000 of 2,000 things, about 60 min left"],
    [4, 4, 9000, "[############################] 100 %  4 of 4 things"],
    [0, 0, 9000, "[############################] 100 %  0 of 0 things"],
  ])("%i of %i after %i ms", (done, total, elapsedMs, line) => {
    expect(describeProgress({ done, total, unit: "things", elapsedMs })).toBe(line);
  });

  it("is drawn on a terminal at most ten times a second, the end always, and goes away", async () => {
    const clock = createManualClock();
    const { written, stderr } = createTerminal(true);
    const progress = createProgressBar({ stderr, clock }, "entries");
    progress.show({ done: 1, total: 10 });
    await clock.advance(50);
    progress.show({ done: 2, total: 10 });
    await clock.advance(50);
    progress.show({ done: 3, total: 10 });
    progress.show({ done: 10, total: 10 });
    progress.clear();
    expect(written.map((text) => /(\d+) of/.exec(text)?.[1])).toEqual(["1", "3", "10", undefined]);
    expect(written.at(-1)).toBe("\r\u001b[K");
  });

  it("stays below what is printed meanwhile, and is not drawn again once it went", () => {
    const { written, stderr } = createTerminal(true);
    const progress = createProgressBar({ stderr, clock: createManualClock() }, "entries");
    progress.printAbove("before\n");
    progress.show({ done: 1, total: 2 });
    progress.printAbove("a line\n");
    progress.clear();
    progress.printAbove("after\n");
    const bar = describeProgress({ done: 1, total: 2, unit: "entries", elapsedMs: 0 });
    const clear = "\r\u001b[K";
    expect(written.join("")).toBe(`before\n${clear}${bar}${clear}a line\n${bar}${clear}after\n`);
  });

  it("says nothing elsewhere, but passes on what is printed", () => {
    const { written, stderr } = createTerminal(false);
    const progress = createProgressBar({ stderr, clock: createManualClock() }, "entries");
    progress.show({ done: 1, total: 2 });
    progress.printAbove("a line\n");
    progress.clear();
    expect(written).toEqual(["a line\n"]);
  });
});
