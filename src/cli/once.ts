import { pollOnce } from "../app/once.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import type { PollResult } from "../ingest.ts";
import { type ConfigOption, openConfig, print } from "./context.ts";
import type { CommandTable } from "./program.ts";
import { createProgressBar } from "./progress.ts";
import { createCommandLog } from "./run.ts";

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
    .option("-c, --config <file>", "the config file (default: config/mainstem.yaml)")
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
        await print(context, options.json ? JSON.stringify(summary) : describe(summary));
        return summary.failed > 0 ? 3 : 0;
      }),
    );
}

/** The shape of the interface document. */
function summarise(results: readonly PollResult[], tookMs: number) {
  const failures = results.flatMap(({ source, error }) =>
    error ? [{ source: source.name ?? scrubUrl(source.location), error: error.message }] : [],
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

function describe({
  polled,
  not_modified,
  failed,
  entries,
  stories,
  took_ms,
  failures,
}: ReturnType<typeof summarise>): string {
  if (polled === 0) return "No source is due yet. mainstem once --force polls them all.";
  const lines = [
    `${polled} polled in ${(took_ms / 1000).toFixed(1)} s: ${not_modified} unchanged, ${failed} failed`,
    `${entries.new} new ${entries.new === 1 ? "entry" : "entries"}, ${entries.updated} edited; ${stories.new} new ${stories.new === 1 ? "story" : "stories"}, ${stories.merged} already known from elsewhere`,
  ];
  for (const { source, error } of failures) lines.push(`  failed: ${source}: ${error}`);
  return lines.join("\n");
}
