import { counted } from "../app/counted.ts";
import { createArchiveSaver, pruneStore, tidyStore, toRetention } from "../app/prune.ts";
import { siteSettings } from "../app/site-settings.ts";
import type { Keep } from "../config/schema.ts";
import type { Forgettable } from "../store/store.ts";
import { type ConfigOption, configFlag, openConfig, openToolStore, print } from "./context.ts";
import type { CommandTable } from "./program.ts";
import { createProgressBar } from "./progress.ts";

interface PruneOptions extends ConfigOption {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `mainstem prune`: forgets now what `keep` lets go; the daemon does the same by itself every hour. */
export function addPruneCommand({ program, context, action }: CommandTable): void {
  program
    .command("prune")
    .description(
      "forget the stories that the config's keep lets go, now; the running daemon does so by itself every hour",
    )
    .option("--dry-run", "only say what would be forgotten")
    .option("--json", "one JSON object")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem prune --dry-run")
    .action(
      action(async (options: PruneOptions) => {
        const config = await openConfig(options, context);
        const isDryRun = options.dryRun ?? false;
        if (config.keep === null) {
          await print(context, options.json ? JSON.stringify(toJson(nothing, isDryRun)) : noKeep);
          return 0;
        }
        await using store = await openToolStore(config, context);
        const now = context.clock.now();
        const keep = toRetention(config.keep, now);
        const found = await store.countForgettable(keep);
        let forgotten: Forgotten = { ...found, bytes: 0 };
        if (!isDryRun) {
          const progress = createProgressBar(context, "stories");
          const pruned = await pruneStore(
            store,
            {
              keep,
              now,
              save: createArchiveSaver({ store, clock: context.clock }, () => siteSettings(config)),
              onProgress: ({ stories }) => progress.show({ done: stories, total: found.stories }),
            },
            context.signal,
          ).finally(progress.clear);
          const { bytes } = await tidyStore(store, { isEnough: () => false }, context.signal);
          forgotten = { ...found, ...pruned, bytes };
        }
        const text = options.json
          ? JSON.stringify(toJson(forgotten, isDryRun))
          : describe(forgotten, { keep: config.keep, isDryRun });
        await print(context, text);
        return 0;
      }),
    );
}

interface Forgotten extends Forgettable {
  /** That the store's file is shorter. */
  readonly bytes: number;
}

const nothing: Forgotten = { stories: 0, sightings: 0, until: null, bytes: 0 };
const noKeep =
  "The config does not say how long stories stay, so all of them do. Set keep, such as keep: 1y or keep: 10000.";

function toJson({ stories, sightings, until, bytes }: Forgotten, isDryRun: boolean): object {
  return { dry_run: isDryRun, stories, entries: sightings, until, freed_bytes: bytes };
}

function describe(
  { stories, sightings, until, bytes }: Forgotten,
  { keep, isDryRun }: { readonly keep: Keep; readonly isDryRun: boolean },
): string {
  const rule =
    keep.kind === "count"
      ? `the newest ${counted(keep.stories, "story", "stories")} ${keep.stories === 1 ? "stays" : "stay"}`
      : `stories of the last ${counted(Math.round(keep.ageMs / 86_400_000), "day")} stay`;
  const freed = bytes > 0 ? `\nThe store's file is ${toMegabytes(bytes)} shorter.` : "";
  if (stories === 0 || until === null) return `Nothing to forget: ${rule}.${freed}`;
  const what = `${counted(stories, "story", "stories")} with ${counted(sightings, "entry", "entries")}, the newest of ${until.toISOString().slice(0, 10)}`;
  return isDryRun
    ? `${what}, would be forgotten: ${rule}.\nNothing was changed.`
    : `${what}, ${stories === 1 ? "is" : "are"} forgotten: ${rule}.\nTheir keys are remembered, so that what is still in a feed does not come back.${freed}`;
}

function toMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
