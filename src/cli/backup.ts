import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { StorePlace } from "../config/load.ts";
import { MainstemError } from "../errors.ts";
import { type ConfigOption, configFlag, openConfig, openToolStore, print } from "./context.ts";
import type { CommandTable } from "./program.ts";
import { createProgressBar } from "./progress.ts";

/** `mainstem backup`: a consistent copy of the store while the daemon runs. */
export function addBackupCommand({ program, context, action }: CommandTable): void {
  program
    .command("backup")
    .description("copy the store to a new SQLite file, while the daemon runs")
    .argument("<file>", "the copy; must not exist yet")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem backup mainstem-2026-11-24.db")
    .action(
      action(async (file: string, options: ConfigOption) => {
        const config = await openConfig(options, context);
        await using store = await openToolStore(config, context);
        const copy = resolve(file);
        if (!existsSync(dirname(copy))) {
          throw new MainstemError("store/unwritable", `there is no folder ${dirname(copy)} for the backup`, {
            hint: `make it: mkdir -p ${dirname(copy)}`,
          });
        }
        const progress = createProgressBar(context, "pages");
        await store.backup(copy, progress.show).finally(progress.clear);
        await print(context, `The store is copied to ${copy}\n${howToRestore(config.store, copy)}`);
        return 0;
      }),
    );
}

function howToRestore(store: StorePlace, copy: string): string {
  return store.engine === "sqlite"
    ? `To restore: stop the daemon, put the copy in the place of ${store.file}, and start again.`
    : `To restore: mainstem copy --from sqlite:${copy} --to postgres://… into an empty database.`;
}
