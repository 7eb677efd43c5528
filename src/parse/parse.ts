import { ParseError } from "../errors.ts";
import type { ParsedDocument } from "../model.ts";
import { readArticle } from "./article.ts";
import { decodeDocument } from "./decode.ts";
import { readJsonFeed } from "./json-feed.ts";
import { DEFAULT_LIMITS, type ParseLimits } from "./limits.ts";
import { readOpml } from "./opml.ts";
import { readWithSecondReader } from "./second-reader.ts";
import { WarningLog } from "./warning-log.ts";
import { EntityRefused } from "./xml-entities.ts";
import { readXmlFeed } from "./xml-feed.ts";
import { findRoot, findRootInPage, type Prolog } from "./xml-prolog.ts";
import type { XmlSource } from "./xml-reader.ts";

/** A document as fetched. */
export interface DocumentBytes {
  readonly bytes: Uint8Array;
  /** The `Content-Type` it came with, or null. */
  readonly contentType: string | null;
  /** Base for relative URLs: http(s), or `file:` for a local document. */
  readonly url: string;
  /** URL or path, for messages. */
  readonly name: string;
}

export interface ParseOptions {
  readonly limits?: Partial<ParseLimits>;
  /** The document is Markdown or plain text: read it as an article document. */
  readonly articleHint?: boolean;
}

/** What every reader is given. */
interface Reading {
  readonly name: string;
  readonly documentUrl: string | null;
  readonly limits: ParseLimits;
  readonly log: WarningLog;
}

/**
 * Reads a document of any format: RSS, RDF, Atom, JSON Feed, OPML, or an article. What can be forgiven is
 * forgiven and noted in `warnings`; other work gets its turn while a large document is read.
 * @throws ParseError `parse/empty`, `parse/html` (a page where a feed was expected), `parse/not-a-feed`, `parse/malformed`,
 * `parse/too-deep`, `parse/too-large`
 */
export async function parseDocument(
  document: DocumentBytes,
  options: ParseOptions = {},
): Promise<ParsedDocument> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { name, bytes } = document;
  if (bytes.length > limits.documentBytes) {
    throw new ParseError(
      "parse/too-large",
      `the document has ${bytes.length} bytes; the limit is ${limits.documentBytes}`,
      {
        document: name,
      },
    );
  }
  const { text, warnings } = decodeDocument(bytes, document.contentType);
  const log = new WarningLog(text);
  log.addAll(warnings);
  const reading: Reading = {
    name,
    documentUrl: URL.canParse(document.url) ? document.url : null,
    limits,
    log,
  };

  const start = text.search(/\S/);
  if (start === -1) throw new ParseError("parse/empty", "the document is empty", { document: name });
  if (options.articleHint === true || /^\s*text\/(?:x-)?markdown\b/i.test(document.contentType ?? "")) {
    return readArticle(text, reading);
  }
  if (isJson(text, start, document.contentType)) return readJsonFeed(text.slice(start), reading);
  return readXml(text, reading);
}

function isJson(text: string, start: number, contentType: string | null): boolean {
  if (text[start] === "{") return true;
  return text[start] !== "<" && /\bjson\b/i.test(contentType ?? "");
}

async function readXml(text: string, reading: Reading): Promise<ParsedDocument> {
  const { name, limits } = reading;
  try {
    const prolog = findRoot(text, limits.entityExpansion);
    if (prolog === null) {
      throw new ParseError("parse/not-a-feed", "the document is neither a feed nor a list of feeds", {
        document: name,
      });
    }
    if (prolog.root === "html") return await readPage(text, prolog, reading);
    const source = sourceOf(text, prolog, reading);
    return prolog.root === "opml"
      ? await readOpml(source, reading)
      : await readFeed(text, prolog, { source, reading });
  } catch (error) {
    if (!(error instanceof EntityRefused)) throw error;
    throw new ParseError("parse/malformed", `the document is refused: ${error.message}`, {
      document: name,
      cause: error,
    });
  }
}

function sourceOf(text: string, prolog: Prolog, { documentUrl, log }: Reading): XmlSource {
  if (prolog.hasJunk)
    log.add("junk-before-feed", "something stands before the feed and is passed over", prolog.offset);
  return { text, rootOffset: prolog.offset, entities: prolog.entities, documentUrl };
}

/** A web page is no feed, but for one that was wrapped around a feed by mistake and has entries. */
async function readPage(text: string, page: Prolog, reading: Reading): Promise<ParsedDocument> {
  const prolog = findRootInPage(text, page.offset);
  if (prolog !== null) {
    const { document } = await readXmlFeed(sourceOf(text, prolog, reading), reading);
    if (document.entries.length > 0) return document;
  }
  throw new ParseError("parse/html", "the document is a web page, not a feed", {
    document: reading.name,
    hint: "`mainstem add` finds the feed of a page",
  });
}

async function readFeed(
  text: string,
  prolog: Prolog,
  { source, reading }: { source: XmlSource; reading: Reading },
): Promise<ParsedDocument> {
  const { document, maxDepth } = await readXmlFeed(source, reading);
  if (
    document.entries.length > 0 ||
    maxDepth > reading.limits.depth ||
    !/<(?:[\w.-]{1,60}:)?(?:item|entry)[\s/>]/i.test(text)
  ) {
    return document;
  }
  const second = await readWithSecondReader(text.slice(prolog.offset), {
    ...reading,
    format: document.format,
  });
  return second ?? document;
}
