import type { ErrorCode } from "../errors.ts";
import type { PollResult } from "../ingest.ts";
import type { Metrics, PollOutcome } from "../observe/metrics.ts";

const outcomes: Partial<Readonly<Record<ErrorCode, PollOutcome>>> = {
  "fetch/timeout": "timeout",
  "fetch/dns": "dns_error",
  "fetch/status": "http_error",
  "fetch/too-large": "too_large",
  "parse/too-large": "too_large",
  "fetch/forbidden-address": "blocked",
};

/** What became of the entries that a poll or a push brought. */
export function entryMeasures({
  recorded: { entries, stories },
  rejectedCount,
}: Pick<PollResult, "recorded" | "rejectedCount">): Parameters<Metrics["entriesRead"]>[0] {
  return {
    inserted: entries.new,
    updated: entries.updated,
    duplicate: stories.merged,
    rejected: rejectedCount,
  };
}

/** What the metrics are told of one poll. `begunAt` in ms since 1970. */
export function pollMeasures(
  { source, kind, recorded, error }: Pick<PollResult, "source" | "kind" | "recorded" | "error">,
  { begunAt, durationMs }: { readonly begunAt: number; readonly durationMs: number },
): Parameters<Metrics["pollEnded"]>[0] {
  return {
    outcome: error === null ? goodOutcome(kind, recorded.entries) : badOutcome(error.code),
    durationMs,
    // A source that was asked for out of turn is not late.
    lagMs: Math.max(0, begunAt - source.nextPollAt.getTime()),
  };
}

function goodOutcome(kind: PollResult["kind"], entries: PollResult["recorded"]["entries"]): PollOutcome {
  if (kind === "unchanged") return "not_modified";
  if (kind === "gone") return "http_error";
  return entries.new + entries.updated > 0 ? "new" : "unchanged";
}

function badOutcome(code: ErrorCode): PollOutcome {
  return outcomes[code] ?? (code.startsWith("parse/") ? "parse_error" : "network_error");
}
