import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Config, loadConfig, readConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/errors.ts";

const cronProblem = (text: string) => (/^[\d*/,\- ]+$/.test(text) ? null : "this is no cron expression");

function read(text: string, env: Record<string, string> = {}): Promise<Config> {
  return readConfig(text, {
    env,
    cronProblem,
    file: "/etc/mainstem/mainstem.yaml",
    shownAs: "mainstem.yaml",
  });
}

async function problemsOf(text: string, env: Record<string, string> = {}): Promise<string[]> {
  try {
    await read(text, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
}

describe("a sound config", () => {
  it("is all defaults when empty", async () => {
    const config = await read("");
    expect(config).toMatchObject({
      title: "Mainstem",
      url: "http://localhost:8080",
      listen: { host: "127.0.0.1", port: 8080 },
      store: { engine: "sqlite", file: "/etc/data/mainstem.db" },
      sources: [],
      publishDirectory: null,
      limits: { timeoutMs: 30_000, bodyBytes: 16 * 2 ** 20, perHost: 2, concurrency: 64 },
    });
    expect(config.outputs.map((output) => output.name)).toEqual(["all"]);
  });

  it("resolves paths against its own folder, and gives each source a stable id", async () => {
    const text =
      "sources:\n  - file: ../feeds/a.xml\n  - articles: docs\n  - id: mine\n    url: https://a.example/feed\n";
    const first = await read(text);
    expect(first.sources.map((source) => source.location)).toEqual([
      "/etc/feeds/a.xml",
      "/etc/mainstem/docs",
      "https://a.example/feed",
    ]);
    expect(first.sources[2]?.id).toBe("mine");
    const again = await read(`title: Other\n${text}`);
    expect(again.sources.map((source) => source.id)).toEqual(first.sources.map((source) => source.id));
    expect(new Set(first.sources.map((source) => source.id)).size).toBe(3);
  });

  it.each([
    ["adaptive", { kind: "adaptive" }],
    ["30m", { kind: "every", intervalMs: 1_800_000 }],
    ["1.5h", { kind: "every", intervalMs: 5_400_000 }],
    ['"*/15 * * * *"', { kind: "cron", expression: "*/15 * * * *" }],
  ])("reads the schedule %s", async (text, schedule) => {
    const config = await read(
      `schedule: ${text}\nsources:\n  - url: https://a.example/\n  - url: https://b.example/\n    schedule: 1d\n`,
    );
    expect(config.sources[0]?.schedule).toEqual(schedule);
    expect(config.sources[1]?.schedule).toEqual({ kind: "every", intervalMs: 86_400_000 });
  });

  it("lets the environment come before the file", async () => {
    const config = await read("listen: 127.0.0.1:1\nurl: https://a.example/", {
      MAINSTEM_LISTEN: "[::1]:9000",
      MAINSTEM_URL: "https://b.example/feeds/",
      MAINSTEM_STORE: "sqlite:/var/x.db",
      MAINSTEM_LOG_LEVEL: "debug",
    });
    expect(config).toMatchObject({
      listen: { host: "::1", port: 9000 },
      url: "https://b.example/feeds",
      store: { file: "/var/x.db" },
      logLevel: "debug",
    });
  });

  it("takes a PostgreSQL database as the store", async () => {
    const env = { PGPASSWORD: "secret" };
    const config = await read("store: postgres://user:${PGPASSWORD}@host/db\nsources: []\n", env);
    expect(config.store).toEqual({ engine: "postgres", url: "postgres://user:secret@host/db" });
  });

  it("reads how long stories stay: an age, a count, or for good", async () => {
    expect((await read("keep: 1y")).keep).toEqual({ kind: "age", ageMs: 365.25 * 86_400_000 });
    expect((await read("keep: 500")).keep).toEqual({ kind: "count", stories: 500 });
    expect((await read("title: x")).keep).toBeNull();
    for (const wrong of ["12h", "soon", "0", "1.5", "-3"])
      expect(await problemsOf(`keep: ${wrong}`)).toEqual([expect.stringContaining("an age of at least 1d")]);
  });

  it("warns of what does nothing", async () => {
    const config = await read("sources:\n  - articles: a\n    full_text: true\n");
    expect(config.warnings.map((warning) => [warning.line, warning.path])).toEqual([
      [3, "sources[0].full_text"],
    ]);
  });
});

describe("problems", () => {
  it("are all reported at once, each with its place", async () => {
    const text = [
      'shedule: "30m"',
      "schedule: often",
      "sources:",
      "  - url: htp://x",
      "    foo: 1",
      "  - name: nothing",
      "    include: /(/",
      "limits: { timeout: 3, body: lots }",
      "listen: 8080",
      "store: mysql://u:S3CRET@h/db",
    ].join("\n");
    const problems = await problemsOf(text);
    expect(problems).toEqual([
      'mainstem.yaml:1:1 unknown key "shedule", did you mean "schedule"?',
      expect.stringContaining(
        "mainstem.yaml:2:11 schedule: expected adaptive, an interval such as 30m, or a cron expression",
      ),
      "mainstem.yaml:4:10 sources[0].url: expected an http:// or https:// URL",
      'mainstem.yaml:5:5 unknown key "foo"',
      "mainstem.yaml:6:5 sources[1]: a source has exactly one of url, file, articles and opml",
      expect.stringMatching(/^mainstem\.yaml:7:14 sources\[1\]\.include: cannot use the pattern \/\(\//),
      "mainstem.yaml:8:20 limits.timeout: expected a duration such as 30s, 20m, 6h or 1d",
      "mainstem.yaml:8:29 limits.body: expected a size such as 16MiB or 500KB",
      "mainstem.yaml:9:9 listen: expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080",
      expect.stringMatching(/^mainstem\.yaml:10:8 store: expected sqlite:FILE/),
    ]);
    expect(problems.join()).not.toContain("S3CRET");
  });

  it.each([
    ["a duplicate key", "title: a\ntitle: b\n", "mainstem.yaml:2:1 Map keys must be unique"],
    ["a foreign tag", "title: !!js/function x\n", /^mainstem\.yaml:1:8 Unresolved tag/],
    ["a merge key", "x: &x {title: a}\n<<: *x\n", 'mainstem.yaml:1:1 unknown key "x"'],
    ["an alias bomb", aliasBomb(), /^mainstem\.yaml:\d+:\d+ this alias expands to far too much$/],
    ["deep nesting", `sources: ${"[".repeat(20_000)}`, /^mainstem\.yaml:1:\d+ this is nested too deeply/],
    [
      "a recursive alias",
      "sources: &s\n  - *s\n",
      "mainstem.yaml:2:5 sources[0]: expected a key before the address, such as url: https://example.org/feed",
    ],
    [
      "an address without its key",
      "sources:\n  - https://a.example/feed\n",
      "mainstem.yaml:2:5 sources[0]: expected a key before the address, such as url: https://example.org/feed",
    ],
    [
      "two sources with one address",
      "sources:\n  - url: https://a.example/\n  - url: https://a.example/\n",
      /sources\[1\] has the same/,
    ],
    [
      "two outputs with one name",
      "outputs:\n  - name: a\n  - name: a\n",
      /:3:11 outputs\[1\]\.name: "a" is taken/,
    ],
    [
      "an output named like a page of ours",
      "outputs:\n  - name: status\n",
      /:2:11 outputs\[0\]\.name: this name is one of/,
    ],
    [
      "a header that would split",
      'sources:\n  - url: https://a.example/\n    headers: { X: "a\\r\\nb" }\n',
      /no line breaks/,
    ],
    [
      "an unknown pattern flag",
      "sources:\n  - url: https://a.example/\n    exclude: /a/q\n",
      /unknown flag "q"/,
    ],
  ])("%s", async (_name, text, message) => {
    expect((await problemsOf(text))[0]).toEqual(
      typeof message === "string" ? message : expect.stringMatching(message),
    );
  });

  it("of an overriding variable name the variable", async () => {
    expect(await problemsOf("", { MAINSTEM_LISTEN: "nowhere" })).toEqual([
      expect.stringMatching(/^MAINSTEM_LISTEN:1:1 expected HOST:PORT/),
    ]);
  });

  it("of a missing file name it", async () => {
    await expect(loadConfig("/nowhere/mainstem.yaml", { env: {}, cronProblem })).rejects.toMatchObject({
      code: "config/unreadable",
      message: "cannot read the config /nowhere/mainstem.yaml: there is no such file",
    });
  });
});

describe("the environment", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mainstem-config-"));
    await writeFile(join(folder, "token"), "from a file\n");
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ["title: ${A}", { A: "x" }, "x"],
    ["title: a ${A} b ${B}", { A: "1", B: "2" }, "a 1 b 2"],
    ["title: ${A:-none}", {}, "none"],
    ["title: ${A:-none}", { A: "" }, "none"],
    ["title: $${A}", {}, "${A}"],
    ['title: "${A}"', { A: "5" }, "5"],
    ["title: ${A}", { A: "x: [y]" }, "x: [y]"],
  ])("%s", async (text, env, title) => {
    expect((await read(text, env as Record<string, string>)).title).toBe(title);
  });

  it("gives numbers where a bare reference stands for one", async () => {
    const config = await read("outputs:\n  - name: a\n    limit: ${N}\n", { N: "7" });
    expect(config.outputs[0]?.limit).toBe(7);
  });

  it("reads NAME_FILE", async () => {
    expect((await read("title: ${T}", { T_FILE: join(folder, "token") })).title).toBe("from a file");
    expect(await problemsOf("title: ${T}", { T_FILE: join(folder, "absent") })).toEqual([
      expect.stringMatching(/^mainstem\.yaml:1:8 T_FILE: cannot read/),
    ]);
  });

  it("reports every missing name with its place", async () => {
    expect(await problemsOf("title: ${A}\nurl: https://${B}/${")).toEqual([
      expect.stringMatching(/^mainstem\.yaml:1:8 the environment has no A;/),
      expect.stringMatching(/^mainstem\.yaml:2:6 the environment has no B;/),
      expect.stringMatching(/^mainstem\.yaml:2:6 this \$\{ has no name/),
    ]);
  });
});

describe("what is checked in", () => {
  it("config/mainstem.yaml is sound", async () => {
    const config = await loadConfig("config/mainstem.yaml", { env: {}, cronProblem });
    expect(config.sources.length).toBeGreaterThan(5);
    expect(config.warnings).toEqual([]);
    expect(await readFile("config/mainstem.yaml", "utf8")).toMatch(
      /^# yaml-language-server: \$schema=\.\/mainstem\.schema\.json\n/,
    );
  });
});

function aliasBomb(): string {
  const lines = ["a: &a [x,x,x,x,x,x,x,x,x]"];
  for (const [name, of] of ["ba", "cb", "dc", "ed", "fe"])
    lines.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(",")}]`);
  return lines.join("\n");
}
