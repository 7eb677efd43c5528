import { counted } from "../app/counted.ts";
import { pollOnce } from "../app/once.ts";
import { nameOf, troubleOf } from "../ingest/source-name.ts";
import type { PollResult } from "../ingest.ts";
import { type ConfigOption, configFlag, NO_SOURCES, openConfig, print } from "./context.ts";
import type { CommandTable } from "./program.ts";
import { createProgressBar } from "./progress.ts";
import { createCommandLog } from "./run.ts";
import { terminalText } from "./table.ts";

interface OnceOptions extends ConfigOption {
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `mainstem once`: polls every due source once, publishes the static files, prints a summary. */
export function addOnceCommand({ program, context, action }: CommandTable): void {
  program
    .command("once")
    .description("poll every due source once, publish, print a summary, exit (3 when a source failed)")
    .option("--force", "poll every source, due or not")
    .option("--json", "the summary as one JSON object")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem once --force")
    .action(
      action(async (options: OnceOptions) => {
        const config = await openConfig(options, context);
        const progress = createProgressBar(context, "sources");
        const log = await createCommandLog(config.logLevel, context, {
          fallback: options.json ? "silent" : "info",
          print: progress.printAbove,
        });
        const startedAt = context.clock.now();
        const { clock, version, signal } = context;
        const results = await pollOnce(
          config,
          { clock, log, version, isForced: options.force ?? false, onProgress: progress.show },
          signal,
        ).finally(progress.clear);
        const summary = summarise(results, clock.now().getTime() - startedAt.getTime());
        await print(
          context,
          options.json ? JSON.stringify(summary) : describe(summary, config.sources.length),
        );
        return summary.failed > 0 ? 3 : 0;
      }),
    );
}

/** The shape of the interface document. */
function summarise(results: readonly PollResult[], tookMs: number) {
  const failures = results.flatMap(({ source, state, error }) =>
    error ? [{ source: nameOf({ ...source, feed: state.feed }), error: error.message }] : [],
  );
  const total = (count: (result: PollResult) => number) =>
    results.reduce((sum, result) => sum + count(result), 0);
  return {
    polled: results.length,
    not_modified: results.filter(({ kind }) => kind === "unchanged").length,
    failed: failures.length,
    entries: {
      new: total(({ recorded }) => recorded.entries.new),
      updated: total(({ recorded }) => recorded.entries.updated),
      unchanged: total(({ recorded }) => recorded.entries.unchanged),
    },
    stories: {
      new: total(({ recorded }) => recorded.stories.new),
      merged: total(({ recorded }) => recorded.stories.merged),
    },
    took_ms: tookMs,
    failures,
  };
}

function describe(
  { polled, not_modified, failed, entries, stories, took_ms, failures }: ReturnType<typeof summarise>,
  configured: number,
): string {
  if (configured === 0) return NO_SOURCES;
  if (polled === 0) return "No source is due yet. mainstem once --force polls them all.";
  const lines = [
    `${counted(polled, "source")} polled in ${(took_ms / 1000).toFixed(1)} s: ${not_modified} unchanged, ${failed} failed`,
    `${counted(entries.new, "new entry", "new entries")}, ${entries.updated} edited; ${counted(stories.new, "new story", "new stories")}, ${stories.merged} already known from elsewhere`,
  ];
  for (const { source, error } of failures) lines.push(terminalText(`  failed: ${troubleOf(source, error)}`));
  if (failed > 0) lines.push("mainstem sources says what to do.");
  return lines.join("\n");
}
