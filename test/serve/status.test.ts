import { Parser } from "htmlparser2";
import { describe, expect, it } from "vitest";
import type { SourceState } from "../../src/model.ts";
import { adviceFor } from "../../src/serve/advice.ts";
import { readStatus, type StatusReport, sparklineOf, statusToJson } from "../../src/serve/status.ts";
import { formatDuration, renderStatus } from "../../src/serve/status-page.ts";
import { HOSTILE_TEXTS } from "../support/hostile.ts";
import { buildFeedInfo, buildSourceState } from "../support/story-builder.ts";

const now = new Date("2026-06-18T12:00:00Z");
const frame = {
  siteTitle: "Mainstem",
  basePath: "",
  outputs: [{ name: "all", title: "All stories", isDefault: true }],
};

function reportOf(sources: readonly SourceState[], overrides: Partial<StatusReport> = {}): StatusReport {
  return {
    now,
    startedAt: new Date("2026-06-18T09:00:00Z"),
    version: "1.2.3",
    sources,
    counts: { sources: sources.length, sightings: 3338, stories: 2890, aliases: 1 },
    dailyCounts: new Map(),
    notices: [],
    ...overrides,
  };
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
  const html = renderStatus(
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
    frame,
  );

  it("says in words how each source does, and what to do", () => {
    expect(html).toContain("1 of 3 sources has trouble");
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

  it("stays small with ten thousand sources", () => {
    const many = Array.from({ length: 10_000 }, (_, n) =>
      buildSourceState({ id: `s${n}`, name: `Source ${n}` }),
    );
    expect(renderStatus(reportOf(many), frame)).toContain(
      "Sources: 300 of 10000, the rest is in status.json",
    );
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
    parser.end(renderStatus(reportOf(sources, { notices: [...HOSTILE_TEXTS] }), frame));
    expect(elements.filter((name) => ["script", "img", "b", "style"].includes(name))).toEqual([]);
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
  };
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const report = await readStatus(store, { clock, startedAt: now, version: "1", notices: [] });
  expect(asked).toEqual([new Date("2026-06-05T00:00:00Z")]);
  expect(report.counts.stories).toBe(3);
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
