import { counted } from "../app/counted.ts";
import { type Discovery, discoverFeed } from "../app/discover.ts";
import { createSourceHttpClient } from "../app/http-client.ts";
import { MainstemError } from "../errors.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import { type CliContext, type ConfigOption, configFile, configFlag, openConfig, print } from "./context.ts";
import { addSourcesToConfig } from "./edit-config.ts";
import { withHints } from "./fetch-hints.ts";
import type { CommandTable } from "./program.ts";
import { renderTable, shorten, terminalText } from "./table.ts";

interface AddOptions extends ConfigOption {
  readonly name?: string;
  readonly tag?: readonly string[];
  readonly allowPrivate?: boolean;
  readonly dryRun?: boolean;
}

/** `mainstem add`: finds the feed of a page, shows it, and appends it to the config. */
export function addAddCommand({ program, context, action }: CommandTable): void {
  program
    .command("add")
    .description("find the feed of a page, show it, and append it to the config (exit 3 when there is none)")
    .argument("<url>", "a page, a channel, a profile, a podcast, or the feed itself")
    .option("-n, --name <name>", "shown instead of the feed's own title")
    .option("-t, --tag <tag>", "a tag; may be given several times", (tag, tags: readonly string[] = []) => [
      ...tags,
      tag,
    ])
    .option("--allow-private", "the feed may live on a private or loopback address; the config will say so")
    .option("--dry-run", "only show what was found")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem add https://www.theguardian.com/world --tag world")
    .action(
      action(async (given: string, options: AddOptions) => {
        const config = await openConfig(options, context);
        const address = readAddress(given);
        await using http = createSourceHttpClient({ contact: config.contact, ...context });
        const isPrivateAllowed = options.allowPrivate ?? config.identity.isPrivateAllowed;
        const found = await withHints(
          discoverFeed(address, { http, isPrivateAllowed }, context.signal),
          ({ code }) =>
            code === "fetch/forbidden-address" && !isPrivateAllowed
              ? "--allow-private lets the feed live there"
              : ["fetch/network", "fetch/tls"].includes(code) && !given.includes("://")
                ? `${address} was asked: say http:// where a server has no https`
                : null,
        );
        if (found === null) {
          context.stderr.write(
            `mainstem: no feed was found at ${scrubUrl(address)}; if you know its address, give that (mainstem add <feed>)\n`,
          );
          return 3;
        }
        await print(context, describe(found, context));
        const file = configFile(options, context.env);
        const known = config.sources.find(({ location }) => location === found.url || location === address);
        if (known !== undefined) {
          await print(context, `It is in ${file} already.`);
          return 0;
        }
        if (options.dryRun) {
          await print(context, "Nothing was changed.");
          return 0;
        }
        const isList = found.document.format === "opml";
        const source = {
          ...(isList ? { opml: found.url } : { url: found.url }),
          ...(options.name !== undefined && { name: options.name }),
          tags: options.tag ?? [],
          // What was allowed for the look is needed for every poll.
          ...(options.allowPrivate === true && { isPrivateAllowed: true }),
        };
        await addSourcesToConfig([source], options, context);
        await print(context, `Added to ${file}; a running daemon polls it within seconds.`);
        return 0;
      }),
    );
}

function readAddress(given: string): string {
  const text = given.trim().replace(/^feed:(\/\/)?/i, "");
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.parse(address);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
  throw new MainstemError("config/invalid", `${terminalText(given)} is no web address`, {
    hint: "expected one such as https://example.org/",
  });
}

function describe({ url, document, others }: Discovery, { stdout }: CliContext): string {
  const { feed, entries, outlines, format } = document;
  const isList = format === "opml";
  const size = isList ? counted(outlines.length, "feed") : counted(entries.length, "entry", "entries");
  const lines = [`${terminalText(feed.title || "(no title)")}`, `  ${scrubUrl(url)}`, `  ${size}`];
  const rows = entries
    .slice(0, 3)
    .map(({ published, title }) => [
      `  ${published?.toISOString().slice(0, 16).replace("T", " ") ?? "no date"}`,
      shorten(title || "(no title)", 80),
    ]);
  if (rows.length > 0) lines.push(renderTable(["  published (UTC)", "title"], rows, stdout));
  if (others.length > 0) lines.push("Other feeds of that page:");
  for (const other of others.slice(0, 10))
    lines.push(`  ${terminalText(other.title ?? "")} ${scrubUrl(other.url)}`.trimEnd());
  return lines.join("\n");
}
