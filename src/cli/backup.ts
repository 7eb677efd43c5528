import { resolve } from "node:path";
import { openStore } from "../app/open-store.ts";
import { type ConfigOption, openConfig, print } from "./context.ts";
import type { CommandTable } from "./program.ts";

/** `mainstem backup`: a consistent copy of the embedded store while the daemon runs. */
export function addBackupCommand({ program, context, action }: CommandTable): void {
  program
    .command("backup")
    .description("copy the embedded store to a new file, while the daemon runs")
    .argument("<file>", "the copy; must not exist yet")
    .option("-c, --config <file>", "the config file (default: config/mainstem.yaml)")
    .addHelpText("after", "\nExample:\n  $ mainstem backup backups/mainstem-2026-11-24.db")
    .action(
      action(async (file: string, options: ConfigOption) => {
        const config = await openConfig(options, context);
        await using store = await openStore(config, { role: "tool", clock: context.clock });
        const copy = resolve(file);
        await store.backup(copy);
        await print(
          context,
          `${copy}\nTo restore: stop the daemon, put the copy in the place of ${config.store.file}, and start again.`,
        );
        return 0;
      }),
    );
}
