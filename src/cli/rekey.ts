import { counted } from "../app/counted.ts";
import { openStore } from "../app/open-store.ts";
import { rekeyStore } from "../app/rekey.ts";
import { loadUrlRules } from "../app/url-rules.ts";
import type { RekeyReport, StoryName } from "../store/store.ts";
import { type ConfigOption, configFlag, openConfig, print, rulesOptions } from "./context.ts";
import type { CommandTable } from "./program.ts";
import { createProgressBar } from "./progress.ts";
import { shorten, terminalText } from "./table.ts";

interface RekeyCliOptions extends ConfigOption {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `mainstem rekey`: recomputes the identity of everything stored, after the rules have changed. */
export function addRekeyCommand({ program, context, action }: CommandTable): void {
  program
    .command("rekey")
    .description("recompute the identity of every stored entry by today's rules; the daemon must be stopped")
    .option("--dry-run", "only say what would merge and part")
    .option("--json", "the report as one JSON object")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem rekey --dry-run")
    .action(
      action(async (options: RekeyCliOptions) => {
        const config = await openConfig(options, context);
        const rules = await loadUrlRules(config, rulesOptions(context));
        const { clock, signal } = context;
        const isDryRun = options.dryRun ?? false;
        const onWarning = (message: string) => context.stderr.write(`mainstem: ${message}\n`);
        await using store = await openStore(config, { role: "poller", clock, onWarning });
        const progress = createProgressBar(context, "entries");
        const report = await rekeyStore(
          config,
          { store, clock, rules, isDryRun, onProgress: progress.show },
          signal,
        ).finally(progress.clear);
        await print(
          context,
          options.json ? JSON.stringify(toJson(report, isDryRun)) : describe(report, isDryRun),
        );
        return 0;
      }),
    );
}

function toJson(report: RekeyReport, isDryRun: boolean): object {
  const name = ({ publishedId, title, url }: StoryName) => ({ id: publishedId, title, url });
  return {
    dry_run: isDryRun,
    entries: report.sightings,
    changed: report.changed,
    merged: report.merged,
    parted: report.parted,
    merges: report.mergeExamples.map(({ from, into }) => ({ from: name(from), into: name(into) })),
    parts: report.partExamples.map(({ from, story }) => ({ from: name(from), story: name(story) })),
  };
}

function describe(report: RekeyReport, isDryRun: boolean): string {
  const { sightings, changed, merged, parted } = report;
  if (sightings === 0) return "The store has no entries yet: there is nothing to name anew.";
  const entries = counted(sightings, "entry", "entries");
  if (changed + merged + parted === 0)
    return `${entries}, all named as before: nothing to merge, nothing to part.`;
  const story = (count: number) => counted(count, "story", "stories");
  const lines = [
    isDryRun
      ? `${entries}, ${changed} would be named otherwise: ${story(merged)} would merge into others, ${story(parted)} would part from others`
      : `${entries}, ${changed} named otherwise: ${story(merged)} merged into others, ${story(parted)} parted from others`,
  ];
  for (const { from, into } of report.mergeExamples) {
    lines.push(`  merge  ${line(from)}`, `   into  ${line(into)}`);
  }
  for (const { from, story } of report.partExamples) {
    lines.push(`   part  ${line(story)}`, `   from  ${line(from)}`);
  }
  const hidden = merged + parted - report.mergeExamples.length - report.partExamples.length;
  if (hidden > 0) lines.push(`  and ${hidden} more`);
  if (isDryRun) lines.push("Nothing was changed.");
  return lines.join("\n");
}

function line({ title, url, publishedId }: StoryName): string {
  return terminalText(`${shorten(title, 60)}  ${url ?? publishedId}`);
}
