/** The state of every source, for people (`/status`) and for scripts (`/status.json`). No address in it holds a secret. */
import type { Clock, SourceState, Story } from "../model.ts";
import { cleanLine, publicUrl, scrubUrls } from "../publish/clean.ts";
import { type JoinReason, LONG_REASONS, whyJoined } from "../publish/joined.ts";
import type { DailyCount, Store, StoreCounts } from "../store/store.ts";
import { adviceFor, GONE_ADVICE } from "./advice.ts";
import { nameOf } from "./river-pages.ts";

const DAY_MS = 86_400_000;
export const SPARKLINE_DAYS = 14;

/** What the status pages show. */
export interface StatusReport {
  readonly now: Date;
  readonly startedAt: Date;
  readonly version: string;
  readonly sources: readonly SourceState[];
  readonly counts: StoreCounts;
  /** By source id, the last 14 UTC days. */
  readonly dailyCounts: ReadonlyMap<string, readonly DailyCount[]>;
  /** The latest stories that several entries tell, newest first. */
  readonly joined: readonly JoinedStory[];
  /** What the operator should know beyond the sources, e.g. that an edit of the config was not taken. */
  readonly notices: readonly string[];
}

/** A story that several carriers tell, and why each counts as it. */
export interface JoinedStory {
  readonly title: string;
  readonly url: string | null;
  /** The shown copy's source first; that one has no reason. */
  readonly carriers: readonly { readonly name: string; readonly reason: JoinReason | null }[];
}

/** Among so many of the newest stories joined ones are looked for. */
const JOINED_LOOKED_AT = 100;
const JOINED_SHOWN = 6;
const CARRIERS_SHOWN = 5;

/** Reads the report from the store. */
export async function readStatus(
  store: Pick<Store, "listSources" | "counts" | "dailyCounts" | "listStories">,
  options: {
    readonly clock: Clock;
    readonly startedAt: Date;
    readonly version: string;
    readonly notices: readonly string[];
  },
): Promise<StatusReport> {
  const now = options.clock.now();
  const since = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS - (SPARKLINE_DAYS - 1) * DAY_MS);
  const [sources, counts, dailyCounts, stories] = await Promise.all([
    store.listSources(),
    store.counts(),
    store.dailyCounts(since),
    store.listStories({ limit: JOINED_LOOKED_AT }),
  ]);
  const { startedAt, version, notices } = options;
  return { now, startedAt, version, sources, counts, dailyCounts, joined: joinedOf(stories), notices };
}

function joinedOf(stories: readonly Story[]): readonly JoinedStory[] {
  return stories
    .filter(({ sightings }) => sightings.length > 1)
    .slice(0, JOINED_SHOWN)
    .flatMap((story) => {
      const [winner] = story.sightings;
      if (winner === undefined) return [];
      return {
        title: cleanLine(winner.entry.title, 200) || "Untitled",
        url: publicUrl(winner.originalUrl ?? "") ?? null,
        carriers: story.sightings.slice(0, CARRIERS_SHOWN).map((sighting) => ({
          name: cleanLine(sighting.sourceName, 100) || "Unnamed source",
          reason: sighting === winner ? null : whyJoined(sighting, story.sightings),
        })),
      };
    });
}

/** Sightings per day, oldest first, one number for each of the last 14 UTC days. */
export function sparklineOf(report: StatusReport, sourceId: string): readonly number[] {
  const counts = new Map((report.dailyCounts.get(sourceId) ?? []).map(({ day, count }) => [day, count]));
  return Array.from({ length: SPARKLINE_DAYS }, (_, index) => {
    const day = new Date(report.now.getTime() - (SPARKLINE_DAYS - 1 - index) * DAY_MS)
      .toISOString()
      .slice(0, 10);
    return counts.get(day) ?? 0;
  });
}

/** A source's address as it may be shown: a public URL, or a file's last name (paths tell about the host). */
export function placeOf(source: SourceState): string {
  if (source.kind === "url" || source.kind === "opml") {
    const url = source.currentUrl ?? source.location;
    return publicUrl(url) ?? scrubUrls(cleanLine(url, 2000));
  }
  return (
    source.location
      .split("/")
      .filter((part) => part !== "")
      .at(-1) ?? source.location
  );
}

/** The last error, fit to be shown, with what to do about it; null when the last poll was well. */
export function errorOf(source: SourceState): { code: string; message: string; advice: string } | null {
  if (source.lastError === null) return null;
  const { code, message } = source.lastError;
  const advice = source.status === "gone" ? GONE_ADVICE : adviceFor(code, message);
  return { code, message: scrubUrls(cleanLine(message, 500)), advice };
}

/** The report as `/status.json` gives it; keys in snake_case like every JSON of the interface. */
export function statusToJson(report: StatusReport): object {
  return {
    version: report.version,
    now: report.now.toISOString(),
    started_at: report.startedAt.toISOString(),
    notices: report.notices,
    counts: report.counts,
    duplicates: report.sources.reduce((sum, source) => sum + source.duplicateCount, 0),
    joined: report.joined.map(({ carriers, ...story }) => ({
      ...story,
      carriers: carriers.map(({ name, reason }) => ({
        name,
        why: reason === null ? null : LONG_REASONS[reason],
      })),
    })),
    sources: report.sources.map((source) => ({
      id: source.id,
      name: nameOf(source),
      kind: source.kind,
      location: placeOf(source),
      tags: source.tags,
      status: source.status,
      last_poll: source.lastPollAt?.toISOString() ?? null,
      last_ok: source.lastOkAt?.toISOString() ?? null,
      last_new_entry: source.lastNewEntryAt?.toISOString() ?? null,
      next_poll: isPolled(source) ? source.nextPollAt.toISOString() : null,
      next_poll_reason: isPolled(source) ? scrubUrls(source.nextPollReason) : null,
      rhythm_ms: source.rhythmMs,
      entries: source.entryCount,
      duplicates: source.duplicateCount,
      failures: source.failures,
      failing_since: source.failingSince?.toISOString() ?? null,
      error: errorOf(source),
      warnings: source.warnings.map(({ code, message }) => ({
        code,
        message: scrubUrls(cleanLine(message, 500)),
      })),
      entries_per_day: sparklineOf(report, source.id),
    })),
  };
}

/** Retired and gone sources have no next poll. */
export function isPolled(source: SourceState): boolean {
  return source.status !== "retired" && source.status !== "gone";
}
