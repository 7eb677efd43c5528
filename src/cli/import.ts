import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { MainstemError } from "../errors.ts";
import { parseDocument } from "../parse/parse.ts";
import { foldersByTags } from "../publish/subscription-list.ts";
import { type ConfigOption, configFile, openConfig, print } from "./context.ts";
import { addSourcesToConfig } from "./edit-config.ts";
import type { CommandTable } from "./program.ts";
import { terminalText } from "./table.ts";

interface ImportOptions extends ConfigOption {
  readonly dryRun?: boolean;
}

const listBytesMax = 64 * 2 ** 20;
/** A source of the config has so many tags, and stands in so many folders, at most. */
const TAGS_MAX = 50;

/** `mainstem import`: the feeds of an OPML list become sources of the config; folders become tags. */
export function addImportCommand({ program, context, action }: CommandTable): void {
  program
    .command("import")
    .description("append the feeds of an OPML file to the config; its folders become tags")
    .argument("<opml>", "an OPML file, as other readers export it")
    .option("--dry-run", "only say what would be added")
    .option("-c, --config <file>", "the config file (default: config/mainstem.yaml)")
    .addHelpText("after", "\nExample:\n  $ mainstem import feeds.opml")
    .action(
      action(async (list: string, options: ImportOptions) => {
        const config = await openConfig(options, context);
        const { outlines, format, warnings } = await parseDocument(
          { bytes: await readList(list), contentType: null, url: pathToFileURL(list).href, name: list },
          { limits: { documentBytes: listBytesMax } },
        );
        if (format !== "opml") {
          throw new MainstemError("config/invalid", `${list} is no OPML list`, {
            hint: "export one from your reader, or use mainstem add for a single feed",
          });
        }
        for (const message of new Set(warnings.map(({ message }) => message)))
          context.stderr.write(`mainstem: ${terminalText(message)}\n`);
        if (warnings.some(({ code }) => code === "too-many-entries"))
          context.stderr.write("mainstem: part the file and import one part after the other\n");
        const known = new Set(config.sources.map(({ location }) => location));
        const added = outlines.filter(({ url }) => !known.has(url));
        const sources = added.map(({ url, title, tags, homeUrl, folders }) => ({
          url,
          ...(title !== null && { name: title.slice(0, 200) }),
          tags: tags.slice(0, TAGS_MAX),
          ...(homeUrl !== null && { site: homeUrl }),
          // What the tags say is not said again.
          ...(!isDeepStrictEqual(folders, foldersByTags(tags)) && {
            folders: folders.slice(0, TAGS_MAX).map((folder) => folder.slice(0, TAGS_MAX)),
          }),
        }));
        const file = configFile(options, context.env);
        if (!options.dryRun) await addSourcesToConfig(sources, options, context);
        const verb = options.dryRun ? "would be added" : "added";
        await print(
          context,
          `${sources.length} of ${outlines.length} feeds ${verb} to ${file}; ${outlines.length - sources.length} are in it already.`,
        );
        return 0;
      }),
    );
}

async function readList(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : (code ?? "unreadable");
    throw new MainstemError("config/unreadable", `cannot read ${file}: ${reason}`, { cause: error });
  }
}
