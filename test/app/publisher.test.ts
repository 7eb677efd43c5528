import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Publisher, tellPublishProblem } from "../../src/app/publisher.ts";
import { MainstemError } from "../../src/errors.ts";
import { createLog } from "../../src/observe/log.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mainstem-publisher-"));
});
afterEach(() => rm(folder, { recursive: true }));

const site = {
  refresh: async () => new Map([["atom.xml", Buffer.from("<feed/>")]]),
  nextRefreshInMs: () => null,
  archives: () => new Map<string, number>(),
  readArchivePage: async () => null,
};

it("tells once why the files cannot be written, and writes them by itself when they can be", async () => {
  const directory = join(folder, "public");
  await writeFile(directory, "in the way");
  const told: unknown[] = [];
  await using publisher = new Publisher({ site, directory, onProblem: (error) => told.push(error) });
  expect(await publisher.flush()).toBe(false);
  expect(await publisher.flush()).toBe(false);
  expect(told).toEqual([
    expect.objectContaining({
      code: "publish/unwritable",
      message: expect.stringContaining(`cannot write ${join(directory, "atom.xml")}: `),
    }),
  ]);
  await rm(directory);
  await vi.waitFor(() => expect(told.at(-1)).toBeNull(), 20_000);
  expect(told).toHaveLength(2);
  expect(await readFile(join(directory, "atom.xml"), "utf8")).toBe("<feed/>");
});

it("tries again when rendering failed although nothing changes", async () => {
  let isBroken = true;
  let published = 0;
  await using publisher = new Publisher({
    site: {
      ...site,
      refresh: async () => (isBroken ? Promise.reject(new Error("no answer")) : new Map()),
    },
    directory: null,
    onPublished: () => {
      published += 1;
    },
    onProblem: () => {},
  });
  expect(await publisher.flush()).toBe(false);
  isBroken = false;
  await vi.waitFor(() => expect(published).toBe(1), 20_000);
});

it("puts a problem into a line for people and a line of the log", () => {
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    terminal: (line) => lines.push(line),
    scrub: (text) => text,
  });
  const error = new MainstemError("publish/unwritable", "cannot write /public/atom.xml: no room", {
    hint: "make room",
  });
  expect(tellPublishProblem(error, log)).toBe(
    "publishing failed, the last good feed is still served: cannot write /public/atom.xml: no room",
  );
  expect(tellPublishProblem(new Error("a mistake"), log)).toContain("the log says why");
  expect(tellPublishProblem(null, log)).toBeNull();
  expect(lines).toEqual([
    expect.stringContaining("/public/atom.xml: no room (make room)"),
    expect.stringContaining("a mistake"),
    expect.stringContaining("publishing goes on"),
  ]);
});
