/** What a newcomer reads: each mistake in one line that says what to do, each success in words. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/program.ts";
import { systemClock } from "../../src/clock.ts";

let folder = "";
const at = (...path: string[]) => join(folder, ...path);

function createSink(onText: (text: string) => unknown = () => {}) {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      onText(text);
      done();
    },
  });
  return { stream, text: () => text };
}

/** A command line as one would type it; FOLDER stands for the test's own. */
async function run(line: string, config = at("config", "mainstem.yaml"), until: string | null = null) {
  const stopping = new AbortController();
  const [stdout, stderr] = [
    createSink((text) => until !== null && text.includes(until) && stopping.abort(new Error("enough"))),
    createSink(),
  ];
  const code = await runCli(line.replaceAll("FOLDER", folder).split(" ").filter(Boolean), {
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { MAINSTEM_CONFIG: config, MAINSTEM_LOG_LEVEL: "silent" },
    clock: systemClock,
    signal: stopping.signal,
    version: "0.0.0",
  });
  const clean = (text: string) => text.replaceAll(folder, "FOLDER");
  return { code, stdout: clean(stdout.text()), stderr: clean(stderr.text()) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mainstem-words-"));
  await run("init");
  await writeFile(
    at("config", "mainstem.yaml"),
    "sources:\n  - file: ../feeds/wire.xml\n  - file: ../feeds/standards.atom\n  - file: ../feeds/absent.xml\n",
  );
  await writeFile(at("config", "empty.yaml"), "store: sqlite:../data/empty.db\nsources: []\n");
  await writeFile(
    at("config", "fresh.yaml"),
    "store: sqlite:../data/fresh.db\nsources:\n  - file: ../feeds/wire.xml\n",
  );
  await run("once");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a mistake is one line that says what to do", () => {
  it.each([
    ["sorces", 2, "mainstem: unknown command 'sorces' (Did you mean sources?) (see mainstem --help)"],
    ["help sorces", 2, "mainstem: unknown command 'sorces' (Did you mean sources?) (see mainstem --help)"],
    [
      "--config x run",
      2,
      "mainstem: unknown option '--config' (options stand behind the command; see mainstem --help)",
    ],
    [
      "run --cofnig x",
      2,
      "mainstem run: unknown option '--cofnig' (Did you mean --config?) (see mainstem run --help)",
    ],
    ["story", 2, "mainstem story: missing <url> (see mainstem story --help)"],
    ["merge https://a.example/", 2, "mainstem merge: missing <other-url> (see mainstem merge --help)"],
    ["copy", 2, "mainstem copy: missing --from <store> (see mainstem copy --help)"],
    [
      "sources all",
      2,
      "mainstem sources: too many arguments, 1 instead of 0: all (see mainstem sources --help)",
    ],
    [
      "completion csh",
      2,
      "mainstem completion: 'csh' is none of bash, zsh, fish (see mainstem completion --help)",
    ],
    ["run --role worker", 2, "mainstem run: 'worker' is none of all, poll, serve (see mainstem run --help)"],
    [
      "copy --from sqlite:FOLDER/absent.db --to sqlite:FOLDER/to.db",
      2,
      "mainstem: --from: there is no store FOLDER/absent.db (store: in the config names it, relative to the config file)",
    ],
    [
      "backup FOLDER/absent/copy.db",
      2,
      "mainstem: there is no folder FOLDER/absent for the backup (make it: mkdir -p FOLDER/absent)",
    ],
    ["merge a b", 2, "mainstem: a is no http(s) URL (expected an address such as https://example.org/story)"],
    [
      "split https://a.example/",
      1,
      "mainstem: no story is known under https://a.example/, so nothing was changed (mainstem story <url> shows what is known)",
    ],
    [
      "story nonsense",
      1,
      "mainstem: no story is known under nonsense (expected an address or id as a source gave it; mainstem explain <url> shows what is looked for)",
    ],
    [
      "story nonsense --config FOLDER/config/empty.yaml",
      1,
      "mainstem: no story is known under nonsense (the store is empty: mainstem run or mainstem once fills it)",
    ],
    [
      "preview FOLDER/feeds",
      3,
      "FOLDER/feeds: FOLDER/feeds is not a regular file (it is a folder: name a document in it)",
    ],
    ["preview ftp://a.example/x", 3, /does not exist \(addresses begin with http:\/\/ or https:\/\/\)$/],
    ["preview a.example/feed", 3, /does not exist \(if it is an address, say https:\/\/a\.example\/feed\)$/],
    ["preview http://127.0.0.1:1/", 3, /refuses the connection \(look at the address, and whether/],
    ["add http://127.0.0.1:1/", 2, /does not go there \(--allow-private lets the feed live there\)$/],
    ["add 127.0.0.1:1 --allow-private", 2, /\(https:\/\/127\.0\.0\.1:1\/ was asked: say http:\/\/ where/],
    ["import FOLDER/absent.opml", 2, "mainstem: cannot read FOLDER/absent.opml: there is no such file"],
    ["import FOLDER/feeds", 2, "mainstem: cannot read FOLDER/feeds: it is a folder"],
    [
      "import FOLDER/config/mainstem.yaml",
      2,
      /^mainstem: FOLDER\/config\/mainstem.yaml is no OPML list: .*\(export one from your reader/,
    ],
  ])("mainstem %s", async (line, code, expected) => {
    const result = await run(line);
    expect(result).toMatchObject({ code, stdout: "" });
    const told = result.stderr.trimEnd();
    expect(told.split("\n")).toHaveLength(1);
    if (typeof expected === "string") expect(told).toBe(expected);
    else expect(told).toMatch(expected);
  });
});

describe("a success says what was done", () => {
  it.each([
    ["rekey --dry-run", "7 entries, all named as before: nothing to merge, nothing to part."],
    [
      "rekey --dry-run --config FOLDER/config/empty.yaml",
      "The store has no entries yet: there is nothing to name anew.",
    ],
    [
      "sources --config FOLDER/config/empty.yaml",
      "The config has no sources yet: mainstem add <page or feed> follows a site.",
    ],
    [
      "once --config FOLDER/config/empty.yaml",
      "The config has no sources yet: mainstem add <page or feed> follows a site.",
    ],
    [
      "sources --config FOLDER/config/fresh.yaml",
      "sqlite:FOLDER/data/fresh.db has no sources yet: start the daemon with mainstem run, or poll once with mainstem once.",
    ],
    [
      "merge https://a.example/ https://www.a.example",
      "Both are one address to Mainstem already; nothing was changed.",
    ],
    [
      "merge https://a.example/1 https://a.example/2",
      "Noted: as soon as both were seen, they are one story. Undo with: mainstem split https://a.example/2",
    ],
    ["check", "FOLDER/config/mainstem.yaml: sound (3 sources, 1 output)"],
    [
      "backup FOLDER/copy.db",
      "The store is copied to FOLDER/copy.db\nTo restore: stop the daemon, put the copy in the place of FOLDER/data/mainstem.db, and start again.",
    ],
    ["explain nonsense", "nonsense\n  not a URL; expected an address such as https://example.org/story\n"],
  ])("mainstem %s", async (line, expected) => {
    expect(await run(line)).toEqual({ code: 0, stdout: `${expected}\n`, stderr: "" });
  });

  it("mainstem sources aligns numbers, and names a source without a title once", async () => {
    const { stdout } = await run("sources");
    const [head = "", ...rows] = stdout.split("\n");
    const end = head.indexOf("entries") + "entries".length;
    expect(rows.slice(0, 2).map((row) => row.slice(end - 3, end))).toEqual(["  4", "  3"]);
    expect(stdout).toContain("\n  FOLDER/feeds/absent.xml does not exist.\n");
  });

  it("mainstem sources lists what was taken out, and no trouble of it", async () => {
    const config = at("config", "fewer.yaml");
    const store = "store: sqlite:../data/fewer.db\n";
    const [wire, absent] = ["  - file: ../feeds/wire.xml\n", "  - file: ../feeds/absent.xml\n"];
    await writeFile(config, `${store}sources:\n${wire}${absent}`);
    await run("once", config);
    await writeFile(config, `${store}sources:\n${wire}`);
    await run("once", config);
    const { stdout } = await run("sources", config);
    expect(stdout).toMatch(/feeds\/absent\.xml +retired .* not in the config, or in its list, any more\n/);
    expect(stdout).not.toContain("What is wrong");
  });

  it("mainstem run says where to go, and that there is nothing to poll yet", async () => {
    const config = at("config", "none.yaml");
    await writeFile(config, "listen: 127.0.0.1:0\nstore: sqlite:../data/none.db\nsources: []\n");
    const { code, stdout } = await run("run", config, "no sources yet");
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^Mainstem 0\.0\.0 is running with FOLDER.*\n {2}Subscribe in .*\n {2}Read in .*\n {2}How the .*\/status\n\nThe config has no sources yet: /,
      ),
    ]);
  });

  it("mainstem once names who failed, and where it says what to do", async () => {
    const { code, stdout } = await run("once --force");
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^3 sources polled in [\d.]+ s: 2 unchanged, 1 failed\n0 new entries, 0 edited; 0 new stories/,
    );
    expect(stdout).toContain(
      "\n  failed: FOLDER/feeds/absent.xml does not exist.\nmainstem sources says what to do.\n",
    );
  });

  it("mainstem story shows each reason once", async () => {
    const { stdout } = await run("story https://www.rfc-editor.org/rfc/rfc4287.html");
    const lines = stdout.split("\n").filter((line) => line.startsWith("link+title+day"));
    expect(lines.length).toBeGreaterThan(0);
    expect(new Set(lines).size).toBe(lines.length);
    // The date of whichever of the two sources was stored first.
    expect(stdout).toMatch(/^published {5}2026-06-15 08:[03]0 UTC$/m);
  });

  it("mainstem init keeps feeds and store beside a config that lies in no folder named config", async () => {
    await mkdir(at("elsewhere"));
    const { code } = await run("init", at("elsewhere", "mine.yaml"));
    expect(code).toBe(0);
    const text = await readFile(at("elsewhere", "mine.yaml"), "utf8");
    expect(text).not.toContain("../");
    expect(text).toContain("store: sqlite:./data/mainstem.db");
    expect((await run("once --json", at("elsewhere", "mine.yaml"))).stdout).toContain('"new":14');
  });
});
