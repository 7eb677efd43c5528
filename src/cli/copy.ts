import { existsSync } from "node:fs";
import { copyStores, nameOf } from "../app/copy-store.ts";
import { counted } from "../app/counted.ts";
import { parseStore, type StorePlace } from "../config/load.ts";
import { MainstemError } from "../errors.ts";
import { print } from "./context.ts";
import type { CommandTable } from "./program.ts";
import { createProgressBar } from "./progress.ts";

interface CopyCliOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}

/** `mainstem copy`: moves a whole store to another place or engine. */
export function addCopyCommand({ program, context, action }: CommandTable): void {
  program
    .command("copy")
    .description("copy a whole store into an empty one, ids unchanged; stop the daemons first")
    .requiredOption("--from <store>", "sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE")
    .requiredOption("--to <store>", "where to; must be empty, or an unfinished copy of the same")
    .option("--json", "the report as one JSON object")
    .addHelpText(
      "after",
      [
        "",
        "Interrupted, the same command goes on where it was.",
        "",
        "Example:",
        "  $ mainstem copy --from sqlite:data/mainstem.db --to sqlite:moved.db",
        "  $ mainstem copy --from sqlite:data/mainstem.db --to postgres://mainstem:secret@db.example/mainstem",
      ].join("\n"),
    )
    .action(
      action(async (options: CopyCliOptions) => {
        const [from, to] = [placeOf(options.from, "--from"), placeOf(options.to, "--to")];
        if (from.engine === "sqlite" && !existsSync(from.file)) {
          throw new MainstemError("usage", `--from: there is no store ${from.file}`, {
            hint: "store: in the config names it, relative to the config file",
          });
        }
        const { clock, signal, stderr } = context;
        const bar = createProgressBar(context, "rows");
        const onResume = (how: "goes-on" | "begins-again") =>
          void stderr.write(
            how === "goes-on"
              ? "mainstem: an unfinished copy goes on\n"
              : "mainstem: the source has changed since the unfinished copy; it begins again\n",
          );
        const report = await copyStores({ from, to, clock, onProgress: bar.show, onResume }, signal).finally(
          bar.clear,
        );
        const rows = Object.fromEntries(report.rows);
        await print(
          context,
          options.json
            ? JSON.stringify({ from: nameOf(from), to: nameOf(to), written: report.written, rows })
            : `${nameOf(to)} has ${counted(rows.sources ?? 0, "source")}, ${counted(rows.stories ?? 0, "story", "stories")} and ${counted(rows.sightings ?? 0, "entry", "entries")}.\n` +
                "Name it as `store:` in the config, and start mainstem.",
        );
        return 0;
      }),
    );
}

function placeOf(text: string, option: string): StorePlace {
  const isPostgres = /^postgres(ql)?:\/\//i.test(text) && URL.canParse(text);
  if (isPostgres || /^sqlite:./.test(text)) return parseStore(text, process.cwd());
  throw new MainstemError(
    "usage",
    `${option}: expected sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE`,
  );
}
