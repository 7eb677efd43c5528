import { nameOf as nameOfStore } from "../app/copy-store.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import { nameOf, troubleOf } from "../ingest/source-name.ts";
import type { SourceState } from "../model.ts";
import { adviceFor, GONE_ADVICE } from "../serve/advice.ts";
import {
  type CliContext,
  type ConfigOption,
  configFlag,
  NO_SOURCES,
  openConfig,
  openToolStore,
  print,
} from "./context.ts";
import { type CommandTable, withoutStop } from "./program.ts";
import { relativeTime, renderTable, shorten, terminalText } from "./table.ts";

interface SourcesOptions extends ConfigOption {
  readonly json?: boolean;
}

/** `mainstem sources`: every source with its health and its rhythm, as the store has it. */
export function addSourcesCommand({ program, context, action }: CommandTable): void {
  program
    .command("sources")
    .description("list every source: state, last and next poll, entries, duplicates, failures and why")
    .option("--json", "one JSON line per source")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem sources")
    .action(
      action(async (options: SourcesOptions) => {
        const config = await openConfig(options, context);
        await using store = await openToolStore(config, context);
        const sources = await store.listSources();
        if (options.json) {
          for (const source of sources) await print(context, JSON.stringify(toJson(source)));
        } else if (sources.length === 0) {
          await print(
            context,
            config.sources.length === 0
              ? NO_SOURCES
              : `${nameOfStore(config.store)} has no sources yet: start the daemon with mainstem run, or poll once with mainstem once.`,
          );
        } else {
          await print(context, describe(sources, context));
        }
        return 0;
      }),
    );
}

function toJson(source: SourceState): object {
  return {
    id: source.id,
    kind: source.kind,
    location: scrubUrl(source.location),
    current_url: source.currentUrl && scrubUrl(source.currentUrl),
    name: source.name ?? source.feed?.title ?? null,
    tags: source.tags,
    status: source.status,
    last_poll: source.lastPollAt,
    last_ok: source.lastOkAt,
    last_new_entry: source.lastNewEntryAt,
    next_poll: hasNextPoll(source) ? source.nextPollAt : null,
    next_poll_reason: source.nextPollReason,
    entries: source.entryCount,
    duplicates: source.duplicateCount,
    failures: source.failures,
    failing_since: source.failingSince,
    error: source.lastError,
    warnings: source.warnings,
  };
}

function hasNextPoll({ status }: SourceState): boolean {
  return status !== "gone" && status !== "retired";
}

function describe(sources: readonly SourceState[], { clock, stdout }: CliContext): string {
  const now = clock.now();
  const rows = sources.map((source) => [
    labelOf(source),
    source.status,
    source.lastPollAt ? relativeTime(source.lastPollAt, now) : "never",
    hasNextPoll(source) ? nextPoll(source, now) : "never",
    String(source.entryCount),
    String(source.duplicateCount),
    source.status === "retired"
      ? "not in the config, or in its list, any more"
      : shorten(source.nextPollReason, 60),
  ]);
  const lines = [
    renderTable(
      ["source", "state", "last poll", "next poll", "entries", "duplicates", "why then"],
      rows,
      stdout,
      [4, 5],
    ),
  ];
  const failing = sources.filter(({ status, lastError }) => status !== "retired" && lastError !== null);
  if (failing.length > 0) lines.push("", "What is wrong:");
  // What to do stands once for all that have the same trouble.
  for (const [advice, sources] of Map.groupBy(failing, adviceOf)) {
    for (const source of sources) {
      const { lastError, failures } = source;
      const times = failures === 1 ? "" : ` (${failures} times in a row)`;
      const trouble = troubleOf(nameOf(source), lastError?.message ?? "");
      lines.push(`  ${terminalText(times === "" ? trouble : withoutStop(trouble))}${times}`);
    }
    lines.push(`    ${advice}`);
  }
  return lines.join("\n");
}

/** A name is known by its beginning, an address without one by its end. */
function labelOf(source: SourceState): string {
  const name = nameOf(source);
  const isAddress = source.name === null && !source.feed?.title;
  return isAddress && name.length > 60 ? `…${name.slice(-59)}` : shorten(name, isAddress ? 60 : 40);
}

function adviceOf({ status, lastError }: SourceState): string {
  return status === "gone" ? GONE_ADVICE : adviceFor(lastError?.code ?? "", lastError?.message);
}

function nextPoll({ nextPollAt }: SourceState, now: Date): string {
  return nextPollAt <= now ? "now" : relativeTime(nextPollAt, now);
}
