import { describe, expect, it } from "vitest";
import { createHostTurns } from "../../src/app/host-turns.ts";
import { createHostLimit } from "../../src/schedule/host-limit.ts";
import { createManualClock } from "../support/manual-clock.ts";

const never = new AbortController().signal;
const hourMs = 3_600_000;

describe("turns off the polls' path", () => {
  const prepare = () => {
    const clock = createManualClock();
    const hosts = createHostLimit({ perHost: 1, pauseMs: 0, clock });
    return { clock, hosts, turns: createHostTurns(hosts, clock) };
  };

  it("are refused, not waited for, while the host rests, and say how long that is", async () => {
    const { clock, hosts, turns } = prepare();
    turns.rest("a.example", hourMs);
    await expect(turns.turn("a.example", never)).rejects.toMatchObject({ retryAfterMs: hourMs });
    using _other = await turns.turn("b.example", never);
    await clock.advance(hourMs);
    using _turn = await turns.turn("a.example", never);
    // What a poll of a source was told.
    hosts.rest("c.example", new Date(clock.now().getTime() + 24 * hourMs));
    await expect(turns.turn("c.example", never)).rejects.toMatchObject({ retryAfterMs: 24 * hourMs });
  });

  it("are given in the order they were asked for, and a wait ends with its signal", async () => {
    const { turns } = prepare();
    const first = await turns.turn("a.example", never);
    const stopping = new AbortController();
    const second = turns.turn("a.example", stopping.signal);
    stopping.abort(new Error("stop"));
    await expect(second).rejects.toThrow("stop");
    first[Symbol.dispose]();
    using _third = await turns.turn("a.example", never);
  });
});
