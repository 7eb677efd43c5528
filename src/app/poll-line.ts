/** One poll is one line of the log: how it went in words, and in fields for machines. */
import { FetchError, type MainstemError } from "../errors.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import { nameOf, troubleOf } from "../ingest/source-name.ts";
import type { PollResult } from "../ingest.ts";
import { counted } from "./counted.ts";

export interface PollLine {
  readonly level: "debug" | "info" | "warn";
  /** Named as in the other tools of the trade, see docs/troubleshooting.md. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** What the log says of a poll that took `ms`. */
export function pollLine(result: PollResult, ms: number): PollLine {
  const { source, state, recorded, error, reading } = result;
  const { entries, stories } = recorded;
  const name = nameOf({ ...source, feed: state.feed });
  const { level, text } = describeResult(result);
  const status = error instanceof FetchError ? error.status : null;
  const details = error
    ? { code: error.code, ...(status !== null && { status }), failures: state.failures }
    : {
        items_new: entries.new,
        items_updated: entries.updated,
        stories_new: stories.new,
        stories_joined: stories.merged,
      };
  const url = source.currentUrl ?? source.location;
  const bytes = reading === null || reading.kind === "gone" ? undefined : reading.wireBytes;
  const size = bytes === undefined ? {} : { bytes };
  const fields = { feed: source.id, url, ms, ...size, ...details, next_at: state.nextPollAt };
  if (error !== null) return { level, fields, text: troubleOf(name, text) };
  if (source.failures === 0 || level === "warn") return { level, fields, text: `${name}: ${text}` };
  const failed = counted(source.failures, "failed poll");
  return { level: "info", fields, text: `${name}: works again after ${failed}, ${text}` };
}

function describeResult({ source, state, kind, recorded, error }: PollResult): {
  readonly level: "debug" | "info" | "warn";
  readonly text: string;
} {
  if (error !== null) {
    // The same trouble is told once; what persists stands in `mainstem sources` and on the status page.
    const isNew = source.lastError?.code !== error.code;
    return {
      level: isNew ? "warn" : "debug",
      text: `${sentence(error)}; next try ${timeOf(state.nextPollAt)}`,
    };
  }
  if (kind === "gone") {
    return { level: "warn", text: "the publisher ended this feed (410 Gone); it is not polled any more" };
  }
  if (state.currentUrl !== null && state.currentUrl !== (source.currentUrl ?? source.location)) {
    return { level: "info", text: `moved for good to ${scrubUrl(state.currentUrl)}` };
  }
  const { entries } = recorded;
  if (entries.new + entries.updated > 0) return { level: "info", text: summary(recorded) };
  return { level: "debug", text: kind === "unchanged" ? "not changed" : "nothing new" };
}

function summary({ entries, stories }: PollResult["recorded"]): string {
  const parts = [`${entries.new} new`];
  if (entries.updated > 0) parts.push(`${entries.updated} edited`);
  if (stories.merged > 0) parts.push(`${stories.merged} already known from elsewhere`);
  return parts.join(", ");
}

function sentence(error: MainstemError): string {
  return error.message.replace(/[.\s]+$/, "");
}

function timeOf(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
