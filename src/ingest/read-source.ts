/** One source, read once: over HTTP, from a file, or a drop folder. Knows how each kind answers "nothing new". */
import { createHash } from "node:crypto";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { MainstemError } from "../errors.ts";
import { listArticleFiles, readSourceFile } from "../fetch/file.ts";
import type { Freshness, HttpClient } from "../fetch/http.ts";
import type {
  Entry,
  FeedInfo,
  Link,
  ParsedDocument,
  SourceDefinition,
  SourceState,
  Validators,
  Warning,
} from "../model.ts";
import { parseDocument } from "../parse/parse.ts";
import type { DocumentTurn } from "./turns.ts";

/** What one reading of a source brought. */
export type SourceReading =
  | { readonly kind: "gone" }
  | (Answer & { readonly kind: "unchanged" })
  | (Answer & {
      readonly kind: "document";
      readonly document: ParsedDocument;
      /** Where the document really came from; null for local files. */
      readonly url: string | null;
      /** A hub pushed it (WebSub): it may hold what is new only, and says nothing of the feed's rhythm. */
      readonly isPushed?: boolean;
      /** The server sent what is new only (226, RFC 3229). */
      readonly isDelta?: boolean;
      /** For article documents: the file each entry was read from, relative to the drop folder. */
      readonly paths: ReadonlyMap<Entry, string>;
    });

interface Answer {
  readonly validators: Validators;
  readonly bodyHash: string | null;
  readonly freshness: Freshness;
  /** Where a chain of permanent redirects led, or null. */
  readonly permanentUrl: string | null;
  /** Of the body as it came over the network, where one did. */
  readonly wireBytes?: number;
}

export interface ReadSourceOptions {
  readonly http: HttpClient;
  readonly limits: { readonly bodyBytes: number; readonly entries: number };
}

export interface PolledSourceOptions extends ReadSourceOptions {
  /** When what came over the network may be unpacked and read. */
  readonly turn: Pick<DocumentTurn, "take" | "takeAnother">;
}

const noValidators: Validators = { etag: null, lastModified: null };
const noFreshness: Freshness = { maxAgeMs: null, retryAfterMs: null };
const noPaths: ReadonlyMap<Entry, string> = new Map();
const articleFilesMax = 10_000;

/**
 * Reads a source as its kind demands.
 *
 * @throws FetchError when it cannot be had, ParseError when what came is no feed
 */
export function readSource(
  source: SourceState,
  definition: SourceDefinition,
  options: PolledSourceOptions,
  signal: AbortSignal,
): Promise<SourceReading> {
  if (source.kind === "articles") return readArticles(source, options, signal);
  if (source.kind === "file" || !isHttpUrl(source.location)) return readFile(source, options, signal);
  return readHttp(source, definition, options, signal);
}

function isHttpUrl(location: string): boolean {
  return /^https?:/i.test(location);
}

async function readHttp(
  source: SourceState,
  definition: SourceDefinition,
  { http, limits, turn }: PolledSourceOptions,
  signal: AbortSignal,
): Promise<SourceReading> {
  const url = source.currentUrl ?? source.location;
  const { validators } = source;
  const request = {
    url,
    configuredUrl: source.location,
    validators,
    headers: definition.headers,
    isPrivateAllowed: definition.isPrivateAllowed,
    beforeUnpacking: () => turn.take(),
  };
  const answer = await http.fetch(request, signal);
  if (answer.kind === "gone") return { kind: "gone" };
  if (answer.kind === "not-modified") {
    return { ...answer, kind: "unchanged", bodyHash: source.bodyHash };
  }
  if (answer.bodyHash === source.bodyHash) return { ...answer, kind: "unchanged" };
  // A large one was unpacked elsewhere, and several may come back at once.
  await turn.takeAnother();
  const document = await parseDocument(
    { bytes: answer.bytes, contentType: answer.contentType, url: answer.url, name: answer.url },
    { limits: { documentBytes: limits.bodyBytes, entries: limits.entries } },
  );
  // What a damaged document left out must be asked for again, so nothing of it may answer 304 or count as unchanged.
  const kept = document.isDamaged ? { validators: noValidators, bodyHash: null } : {};
  const feed = { ...document.feed, ...hubsOfHeader(answer.links) };
  return {
    ...answer,
    ...kept,
    kind: "document",
    document: { ...document, feed },
    url: answer.url,
    paths: noPaths,
    isDelta: answer.isDelta,
  };
}

/** Hub and topic of the HTTP header, which come before those of the document (WebSub 4). */
function hubsOfHeader(links: readonly Link[]): Partial<Pick<FeedInfo, "hubs" | "url">> {
  const hubs = links.filter(({ rel }) => rel === "hub").map(({ href }) => href);
  const self = links.find(({ rel }) => rel === "self")?.href;
  return hubs.length === 0 || self === undefined ? {} : { hubs, url: self };
}

/**
 * Reads a document that a hub pushed as if the source had been asked.
 * @throws ParseError when it is no feed
 */
export async function readPushed(
  source: SourceState,
  pushed: { readonly bytes: Uint8Array; readonly contentType: string | null },
  limits: ReadSourceOptions["limits"],
): Promise<SourceReading> {
  const url = source.currentUrl ?? source.location;
  const document = await parseDocument(
    { ...pushed, url, name: url },
    { limits: { documentBytes: limits.bodyBytes, entries: limits.entries } },
  );
  const { validators, bodyHash } = source;
  const answer = { validators, bodyHash, freshness: noFreshness, permanentUrl: null };
  return { ...answer, kind: "document", document, url, paths: noPaths, isPushed: true };
}

async function readFile(
  source: SourceState,
  { limits }: ReadSourceOptions,
  signal: AbortSignal,
): Promise<SourceReading> {
  const file = await readSourceFile(source.location, { bytesMax: limits.bodyBytes }, signal);
  const answer = {
    validators: noValidators,
    bodyHash: file.bodyHash,
    freshness: noFreshness,
    permanentUrl: null,
  };
  if (file.bodyHash === source.bodyHash) return { ...answer, kind: "unchanged" };
  const document = await parseDocument(
    { bytes: file.bytes, contentType: null, url: pathToFileURL(source.location).href, name: source.location },
    {
      limits: { documentBytes: limits.bodyBytes, entries: limits.entries },
      articleHint: isArticlePath(source.location),
    },
  );
  return {
    ...answer,
    bodyHash: document.isDamaged ? null : file.bodyHash,
    kind: "document",
    document,
    url: null,
    paths: noPaths,
  };
}

/** Endings of article documents. */
export function isArticlePath(path: string): boolean {
  return [".md", ".markdown", ".txt"].includes(extname(path).toLowerCase());
}

async function readArticles(
  source: SourceState,
  { limits }: ReadSourceOptions,
  signal: AbortSignal,
): Promise<SourceReading> {
  const folder = await listArticleFiles(source.location, {
    bytesMax: limits.bodyBytes,
    filesMax: articleFilesMax,
  });
  const warnings: Warning[] = [...folder.warnings];
  const entries: Entry[] = [];
  const paths = new Map<Entry, string>();
  const digest = createHash("sha256");
  for (const { path, name } of folder.files) {
    signal.throwIfAborted();
    try {
      const file = await readSourceFile(path, { bytesMax: limits.bodyBytes }, signal);
      digest.update(`${name}\0${file.bodyHash}\0`);
      const document = await parseDocument(
        { bytes: file.bytes, contentType: null, url: pathToFileURL(path).href, name: path },
        { limits: { documentBytes: limits.bodyBytes }, articleHint: true },
      );
      for (const entry of document.entries) {
        entries.push(entry);
        paths.set(entry, name);
      }
      warnings.push(
        ...document.warnings.map((warning) => ({ ...warning, message: `${name}: ${warning.message}` })),
      );
    } catch (error) {
      // One document that cannot be read never costs the others; it is named in the source's health.
      if (!(error instanceof MainstemError)) throw error;
      digest.update(`${name}\0${error.code}\0`);
      warnings.push({ code: error.code, message: `${name}: ${error.message}` });
    }
  }
  const bodyHash = digest.digest("hex");
  const answer = { validators: noValidators, bodyHash, freshness: noFreshness, permanentUrl: null };
  if (bodyHash === source.bodyHash) return { ...answer, kind: "unchanged" };
  const document: ParsedDocument = {
    format: "article",
    feed: { ...emptyFeed, title: source.name ?? "Article documents" },
    entries,
    hints: { ttlMs: null, skipHours: [], skipDays: [] },
    outlines: [],
    warnings,
    isDamaged: false,
  };
  return { ...answer, kind: "document", document, url: null, paths };
}

const emptyFeed = {
  title: "",
  id: null,
  url: null,
  homeUrl: null,
  description: null,
  language: null,
  rights: null,
  updated: null,
  iconUrl: null,
  hubs: [],
  authors: [],
};
