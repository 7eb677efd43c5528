import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { counted } from "../app/counted.ts";
import { createSourceHttpClient } from "../app/http-client.ts";
import { MainstemError } from "../errors.ts";
import { readSourceFile } from "../fetch/file.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import { identifyDocument } from "../identify/identify.ts";
import { isArticlePath } from "../ingest/read-source.ts";
import type { IdentifiedEntry, ParsedDocument, Warning } from "../model.ts";
import { parseDocument } from "../parse/parse.ts";
import { type CliContext, print } from "./context.ts";
import { hintOf } from "./fetch-hints.ts";
import { type CommandTable, withoutStop } from "./program.ts";
import { renderTable, shorten, terminalText } from "./table.ts";

interface PreviewOptions {
  readonly json?: boolean;
}

/** `mainstem preview`: what a source would yield. Stores nothing. */
export function addPreviewCommand({ program, context, action }: CommandTable): void {
  program
    .command("preview")
    .description("show what a feed or article document would yield; stores nothing")
    .argument("<url-or-file...>", "feeds, OPML lists or article documents to read")
    .option("--json", "one JSON line per document")
    .addHelpText(
      "after",
      "\nExample:\n  $ mainstem preview https://www.themoscowtimes.com/rss/news\n  $ mainstem preview feeds/wire.xml",
    )
    .action(
      action(async (documents: string[], options: PreviewOptions) => {
        await using http = createSourceHttpClient({ contact: null, ...context });
        let failed = 0;
        for (const name of documents) {
          context.signal.throwIfAborted();
          try {
            const preview = await readPreview(name, { http, context });
            await print(
              context,
              options.json ? JSON.stringify(toJson(name, preview)) : describe(name, preview, context),
            );
          } catch (error) {
            if (!(error instanceof MainstemError)) throw error;
            failed++;
            const hint = hintFor(name, error);
            if (options.json) await print(context, JSON.stringify(failureJson(name, error)));
            else
              context.stderr.write(
                `${scrubUrl(name)}: ${terminalText(hint === null ? error.message : `${withoutStop(error.message)} (${hint})`)}\n`,
              );
          }
        }
        return failed > 0 ? 3 : 0;
      }),
    );
}

interface Preview {
  readonly document: ParsedDocument;
  readonly entries: readonly IdentifiedEntry[];
  readonly warnings: readonly Warning[];
}

const bodyBytesMax = 64 * 2 ** 20;

async function readPreview(
  name: string,
  { http, context }: { http: ReturnType<typeof createSourceHttpClient>; context: CliContext },
): Promise<Preview> {
  const isUrl = /^https?:\/\//i.test(name);
  const limits = { documentBytes: bodyBytesMax };
  let document: ParsedDocument;
  let address: string | null;
  if (isUrl) {
    // The person who types an address may look at their own network.
    const request = {
      url: name,
      validators: { etag: null, lastModified: null },
      headers: {},
      isPrivateAllowed: true,
    };
    const answer = await http.fetch(request, context.signal);
    if (answer.kind !== "document")
      throw new MainstemError("fetch/status", "the server says 410 Gone: this feed has ended");
    address = answer.url;
    document = await parseDocument(
      { bytes: answer.bytes, contentType: answer.contentType, url: answer.url, name },
      { limits },
    );
  } else {
    const path = resolve(name);
    const file = await readSourceFile(path, { bytesMax: bodyBytesMax }, context.signal);
    const bytes = { bytes: file.bytes, contentType: null, url: pathToFileURL(path).href, name };
    document = await parseDocument(bytes, { limits, articleHint: isArticlePath(path) });
    address = document.feed.homeUrl ?? document.feed.url;
  }
  const naming = {
    sourceId: "preview",
    sourceHost: (address && URL.parse(address)?.hostname) || null,
    mode: "auto",
    collapsedKeys: new Set<string>(),
  } as const;
  const identified = identifyDocument(document.entries, naming);
  const named = new Map(identified.entries.map((one) => [one.entry, one]));
  // An entry that the document repeats word for word is one to the store, but shown here: it is what the document says.
  const entries = document.entries.flatMap(
    (entry) => named.get(entry) ?? identifyDocument([entry], naming).entries,
  );
  return { document, entries, warnings: [...document.warnings, ...identified.warnings] };
}

/** The shape of the interface document. */
function toJson(name: string, { document, entries, warnings }: Preview): object {
  const { format, feed, outlines } = document;
  return {
    document: name,
    ok: true,
    error: null,
    format,
    feed: {
      title: feed.title,
      url: feed.url,
      home_url: feed.homeUrl,
      description: feed.description,
      language: feed.language,
      updated: feed.updated,
      hubs: feed.hubs,
    },
    entries: entries.map(entryJson),
    ...(format === "opml" && {
      outlines: outlines.map(({ url, title, homeUrl, tags }) => ({ url, title, home_url: homeUrl, tags })),
    }),
    warnings,
  };
}

function entryJson({ entry, originalUrl }: IdentifiedEntry): object {
  return {
    guid: entry.guid,
    url: entry.url,
    original_url: originalUrl,
    title: entry.title,
    authors: entry.authors,
    contributors: entry.contributors,
    published: entry.published,
    updated: entry.updated,
    summary: entry.summary,
    content_html: entry.contentHtml,
    categories: entry.categories.map((category) => category.term),
    enclosures: entry.enclosures.map(({ url, type, length }) => ({ url, type, length })),
    links: [
      ...entry.links.map(({ rel, href, type }) => ({ rel, href, type })),
      // Elements of their own in the feed, links by their meaning.
      ...entry.statedOriginals
        .filter(({ rule }) => rule.endsWith(":origLink"))
        .map(({ rule, url }) => ({ rel: rule, href: url, type: null })),
    ],
    source: entry.source,
    comments_url: entry.commentsUrl,
    language: entry.language,
    rights: entry.rights,
    image_url: entry.imageUrl,
  };
}

function failureJson(name: string, error: MainstemError): object {
  return {
    document: name,
    ok: false,
    error: error.message,
    code: error.code,
    format: null,
    feed: null,
    entries: [],
    warnings: [],
  };
}

const formatNames = {
  rss: "RSS",
  atom: "Atom",
  rdf: "RDF (RSS 1.0)",
  json: "JSON Feed",
  article: "Article document",
  opml: "OPML list",
};

function describe(name: string, { document, entries, warnings }: Preview, { stdout }: CliContext): string {
  const titleLength = Math.max(40, (stdout.columns ?? 120) - 60);
  const lines = [
    `${terminalText(document.feed.title || name)}`,
    `${formatNames[document.format]}, ${sizeOf(document, entries)}`,
    "",
  ];
  const rows = entries.map(({ entry, originalUrl }) => [
    entry.published?.toISOString().slice(0, 16).replace("T", " ") ?? "no date",
    shorten(entry.title || "(no title)", titleLength),
    shorten(originalUrl ?? entry.url ?? "(no link)", 100),
  ]);
  if (rows.length > 0) lines.push(renderTable(["published (UTC)", "title", "original URL"], rows, stdout));
  const outlines = document.outlines.map((outline) => [
    shorten(outline.title ?? "", 40),
    outline.url,
    outline.tags.join(" / "),
  ]);
  if (outlines.length > 0) lines.push(renderTable(["title", "feed", "folders"], outlines, stdout));
  for (const warning of warnings)
    lines.push(`warning: ${terminalText(warning.message)}${warning.line ? ` (line ${warning.line})` : ""}`);
  return `${lines.join("\n")}\n`;
}

function sizeOf({ format, outlines }: ParsedDocument, entries: readonly IdentifiedEntry[]): string {
  return format === "opml" ? counted(outlines.length, "feed") : counted(entries.length, "entry", "entries");
}

/** What is neither an address nor a file is mostly one of the two with a slip in it. */
function hintFor(name: string, error: MainstemError): string | null {
  if (error.code !== "fetch/file") return hintOf(error);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) return "addresses begin with http:// or https://";
  if (/^[\w-]+(\.[\w-]+)*\.[a-z]{2,}(:\d+)?\//i.test(name)) return `if it is an address, say https://${name}`;
  return hintOf(error);
}
