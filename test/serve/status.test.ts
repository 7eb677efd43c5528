import { Parser } from "htmlparser2";
import { describe, expect, it } from "vitest";
import type { SourceState } from "../../src/model.ts";
import { adviceFor } from "../../src/serve/advice.ts";
import { readStatus, type StatusReport, sparklineOf, statusToJson } from "../../src/serve/status.ts";
import { formatDuration, renderStatus, STATUS_PAGE_SOURCES } from "../../src/serve/status-page.ts";
import { HOSTILE_TEXTS } from "../support/hostile.ts";
import { buildFeedInfo, buildSighting, buildSourceState, buildStory } from "../support/story-builder.ts";

const now = new Date("2026-06-18T12:00:00Z");
const frame = {
  siteTitle: "Mainstem",
  basePath: "",
  outputs: [{ name: "all", title: "All stories", isDefault: true }],
  page: 1,
  search: "",
};

function reportOf(sources: readonly SourceState[], overrides: Partial<StatusReport> = {}): StatusReport {
  return {
    now,
    startedAt: new Date("2026-06-18T09:00:00Z"),
    version: "1.2.3",
    sources,
    counts: { sources: sources.length, sightings: 3338, stories: 2890, aliases: 1 },
    dailyCounts: new Map(),
    joined: [],
    notices: [],
    ...overrides,
  };
}

function render(report: StatusReport, overrides: Partial<typeof frame> = {}): string {
  const html = renderStatus(report, { ...frame, ...overrides });
  if (html === null) throw new Error("there is no such page");
  return html;
}

const failing = buildSourceState({
  id: "bad",
  name: "Trouble Times",
  status: "failing",
  failures: 3,
  failingSince: new Date("2026-06-18T07:00:00Z"),
  currentUrl: "https://u:S3CRET-CANARY@x.example/feed?token=S3CRET-CANARY",
  location: "https://u:S3CRET-CANARY@x.example/feed?token=S3CRET-CANARY",
  lastError: {
    code: "fetch/timeout",
    message: "no answer from https://x.example/feed?token=S3CRET-CANARY in 30 s",
  },
  nextPollReason: "backing off",
});

describe("the status page", () => {
  const html = render(
    reportOf(
      [
        buildSourceState(),
        failing,
        buildSourceState({ id: "g", status: "gone", lastError: { code: "fetch/status", message: "410" } }),
      ],
      {
        notices: ["The edited config was not taken."],
      },
    ),
  );

  it("says in words how each source does, and what to do", () => {
    expect(html).toContain("1 of 2 sources has trouble; the rest is well. 1 was ended by its publisher");
    expect(html).toContain("Failing for 5 h");
    expect(html).toContain("Closed by its publisher");
    expect(html).toContain(adviceFor("fetch/timeout").replaceAll("'", "&apos;"));
    expect(html).toContain("It is not polled any more");
    expect(html).toContain('role="alert">The edited config was not taken.');
  });

  it("shows the troubled ones first", () => {
    expect(html.indexOf("Trouble Times")).toBeLessThan(html.indexOf("Example News"));
  });

  it("shows no secret", () => {
    expect(html).not.toContain("S3CRET");
    expect(JSON.stringify(statusToJson(reportOf([failing])))).not.toContain("S3CRET");
  });

  it("counts neither ended nor retired sources among the well ones", () => {
    const summary = (...statuses: SourceState["status"][]) =>
      /<p class="lede">([^<]*)/.exec(
        render(reportOf(statuses.map((status, n) => buildSourceState({ id: `s${n}`, status })))),
      )?.[1];
    expect(summary("ok", "ok", "retired")).toBe("All 2 sources are well.");
    expect(summary("ok", "gone", "gone")).toBe(
      "The source is well. 2 were ended by their publishers and are not polled any more.",
    );
    expect(summary("retired")).toBe("No sources yet.");
    expect(summary("new", "new")).toBe("The sources are polled for the first time.");
    expect(summary("failing")).toBe("1 of 1 sources has trouble.");
  });

  it("stays below 50 KB with ten thousand sources in trouble, in pages that have each source once", () => {
    const words = "The server at news.example answers too slowly, after 30 s of waiting for it.";
    const many = Array.from({ length: 10_000 }, (_, n) =>
      buildSourceState({
        id: `s${n}`,
        name: `A source with a name that is not short, number ${n}`,
        location: `https://source-${n}.example/a/path/to/the/feed.xml`,
        status: "failing",
        failingSince: now,
        nextPollReason: "every 3 h: half the median gap between entries, backing off after 4 failures",
        lastError: { code: "fetch/timeout", message: words },
        duplicateCount: 12,
      }),
    );
    const report = reportOf(many, {
      joined: Array.from({ length: 6 }, () => ({
        title: "A long title of a story that five carriers told, each in its own words".repeat(2),
        url: `https://news.example/${"x".repeat(200)}`,
        carriers: Array.from({ length: 5 }, () => ({ name: "A carrier", reason: "soft" as const })),
      })),
    });
    const seen = new Set<string>();
    for (const page of [1, 2, 333]) {
      const html = render(report, { page });
      expect(Buffer.byteLength(html)).toBeLessThan(50_000);
      for (const [, id = ""] of html.matchAll(/\?source=(s\d+)/g)) {
        expect(seen.has(id)).toBe(false);
        seen.add(id);
      }
    }
    expect(seen.size).toBe(3 * STATUS_PAGE_SOURCES);
    expect(renderStatus(report, { ...frame, page: 335 })).toBeNull();
    expect(render(report, { page: 2 })).toContain('href="/status?page=3"');
    const found = render(report, { search: "number 77 " });
    expect([...found.matchAll(/<th scope="row">/g)]).toHaveLength(1);
    expect([...render(report, { search: "NUMBER 777" }).matchAll(/<th scope="row">/g)]).toHaveLength(11);
  });

  it("says what was lately recognised as one, and why", () => {
    const html = render(
      reportOf([buildSourceState()], {
        joined: [
          {
            title: "A <story>",
            url: "https://a.example/",
            carriers: [
              { name: "One", reason: null },
              { name: "Two", reason: "url" },
            ],
          },
        ],
      }),
    );
    expect(html).toContain("A &lt;story&gt;</a>");
    expect(html).toContain("<li>One</li><li>Two: its link leads to the same address</li>");
  });

  it("is not fooled by what sources are called", () => {
    const sources = HOSTILE_TEXTS.map((text, n) =>
      buildSourceState({
        id: text.slice(0, 100),
        name: text,
        location: text,
        currentUrl: text,
        feed: buildFeedInfo({ title: text }),
        nextPollReason: text,
        status: n % 2 === 0 ? "failing" : "ok",
        lastError: { code: text, message: text },
      }),
    );
    const elements: string[] = [];
    const parser = new Parser({
      onopentag(name, attributes) {
        elements.push(name);
        for (const key of Object.keys(attributes)) expect(key).not.toMatch(/^on|^style$/i);
      },
    });
    parser.end(render(reportOf(sources, { notices: [...HOSTILE_TEXTS] })));
    // The one script is our own file.
    expect(elements.filter((name) => name === "script")).toHaveLength(1);
    expect(elements.filter((name) => ["img", "b", "style"].includes(name))).toEqual([]);
    expect(elements.filter((name) => name === "th")).toHaveLength(5 + sources.length);
  });
});

it("status.json has the interface's way with names", () => {
  const [source] = (statusToJson(reportOf([failing])) as { sources: object[] }).sources;
  expect(source).toMatchObject({
    id: "bad",
    status: "failing",
    failures: 3,
    failing_since: "2026-06-18T07:00:00.000Z",
    next_poll_reason: "backing off",
    error: { code: "fetch/timeout", message: "no answer from https://x.example/feed?token=… in 30 s" },
  });
});

it("a sparkline has a number for each of the last 14 UTC days", () => {
  const dailyCounts = new Map([
    [
      "s1",
      [
        { day: "2026-06-05", count: 7 },
        { day: "2026-06-17", count: 2 },
        { day: "2026-06-18", count: 1 },
        { day: "2020-01-01", count: 9 },
      ],
    ],
  ]);
  const line = sparklineOf(reportOf([], { dailyCounts }), "s1");
  expect(line).toEqual([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1]);
});

it("the report asks the store for these 14 days", async () => {
  const asked: Date[] = [];
  const store = {
    listSources: async () => [buildSourceState()],
    counts: async () => ({ sources: 1, sightings: 2, stories: 3, aliases: 4 }),
    dailyCounts: async (since: Date) => {
      asked.push(since);
      return new Map();
    },
    listStories: async () => [
      buildStory({ sightings: [buildSighting()] }),
      buildStory({ sightings: [buildSighting(), buildSighting({ sourceName: "Copy Desk" })] }),
    ],
  };
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const report = await readStatus(store, { clock, startedAt: now, version: "1", notices: [] });
  expect(asked).toEqual([new Date("2026-06-05T00:00:00Z")]);
  expect(report.counts.stories).toBe(3);
  expect(report.joined.map(({ carriers }) => carriers.map(({ name }) => name))).toEqual([
    [expect.any(String), "Copy Desk"],
  ]);
});

it.each([
  [0, "0 s"],
  [89_000, "89 s"],
  [90_000, "2 min"],
  [5_400_000, "2 h"],
  [172_800_000, "2 days"],
])("%i ms is %s", (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

describe("the advice for an answer that is no feed", () => {
  it.each([
    ["The server says 401 Unauthorized.", "login"],
    ["The server says 403 Forbidden.", "refuses programs"],
    ["The server says 404 Not Found.", "mainstem add URL"],
    ["The server says 429 Too Many Requests: it wants fewer requests.", "nothing is to be done"],
    ["The server says 503 Service Unavailable.", "nothing is to be done"],
    ["The server says 418 I'm a Teapot.", "Open the URL in a browser"],
    ["What somebody wrote: 404", "Open the URL in a browser"],
  ])("%s", (message, advice) => {
    expect(adviceFor("fetch/status", message)).toContain(advice);
    expect(adviceFor("fetch/timeout", message)).toBe(adviceFor("fetch/timeout"));
  });
});
