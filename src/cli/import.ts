import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { counted } from "../app/counted.ts";
import { TAGS_MAX } from "../config/schema.ts";
import { MainstemError, ParseError } from "../errors.ts";
import { parseDocument } from "../parse/parse.ts";
import { foldersByTags } from "../publish/subscription-list.ts";
import { type ConfigOption, configFile, configFlag, openConfig, print } from "./context.ts";
import { addSourcesToConfig } from "./edit-config.ts";
import type { CommandTable } from "./program.ts";
import { terminalText } from "./table.ts";

interface ImportOptions extends ConfigOption {
  readonly dryRun?: boolean;
}

const listBytesMax = 64 * 2 ** 20;

/** `mainstem import`: the feeds of an OPML list become sources of the config; folders become tags. */
export function addImportCommand({ program, context, action }: CommandTable): void {
  program
    .command("import")
    .description("append the feeds of an OPML file to the config; its folders become tags")
    .argument("<opml>", "an OPML file, as other readers export it")
    .option("--dry-run", "only say what would be added")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem import feeds.opml")
    .action(
      action(async (list: string, options: ImportOptions) => {
        const config = await openConfig(options, context);
        const bytes = await readList(list);
        const { outlines, format, warnings } = await parseDocument(
          { bytes, contentType: null, url: pathToFileURL(list).href, name: list },
          { limits: { documentBytes: listBytesMax } },
        ).catch((error: unknown) => {
          throw error instanceof ParseError ? noList(list, `: ${error.message}`) : error;
        });
        if (format !== "opml") throw noList(list);
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
        const there = outlines.length - sources.length;
        const verb = options.dryRun ? "would be added" : "added";
        await print(
          context,
          `${sources.length.toLocaleString("en-GB")} of ${counted(outlines.length, "feed")} ${verb} to ${file}; ${there} ${there === 1 ? "is" : "are"} in it already.`,
        );
        return 0;
      }),
    );
}

function noList(file: string, why = ""): MainstemError {
  return new MainstemError("config/invalid", `${file} is no OPML list${why}`, {
    hint: "export one from your reader, or use mainstem add for a single feed",
  });
}

async function readList(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
      EACCES: "this user may not read it",
    };
    const reason = reasons[code ?? ""] ?? code ?? "unreadable";
    throw new MainstemError("config/unreadable", `cannot read ${file}: ${reason}`, { cause: error });
  }
}
