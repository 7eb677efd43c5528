/** The history of a feed: its archive pages (RFC 5005), followed once, when a source is new. */
import { MainstemError } from "../errors.ts";
import type { Clock, Entry, SourceDefinition, SourceState, Warning } from "../model.ts";
import { parseDocument } from "../parse/parse.ts";
import type { ReadSourceOptions, SourceReading } from "./read-source.ts";

export interface ArchiveOptions extends ReadSourceOptions {
  readonly source: Pick<SourceState, "location">;
  readonly definition: SourceDefinition;
  readonly clock: Clock;
}

type DocumentReading = Extract<SourceReading, { kind: "document" }>;

/** Between two pages: the source's turn at its host is held meanwhile. */
const pagePauseMs = 1000;

/**
 * Adds the entries of up to `definition.historyPages` older pages: `prev-archive` (RFC 5005 4), else `next` of a paged feed
 * (RFC 5005 3), JSON Feed `next_url`. A page that cannot be had ends it with a warning; what was read stays.
 * @throws the signal's reason when aborted
 */
export async function followArchives(
  first: DocumentReading,
  { source, definition, http, limits, clock }: ArchiveOptions,
  signal: AbortSignal,
): Promise<DocumentReading> {
  const entries: Entry[] = [...first.document.entries];
  const warnings: Warning[] = [...first.document.warnings];
  const seen = new Set([first.url]);
  let url: string | null = first.document.olderUrl ?? null;
  for (let page = 0; page < definition.historyPages && url !== null && !seen.has(url); page++) {
    if (entries.length >= limits.entries) break;
    seen.add(url);
    await clock.sleep(pagePauseMs, signal);
    try {
      const answer = await http.fetch(
        {
          url,
          configuredUrl: source.location,
          validators: { etag: null, lastModified: null },
          headers: definition.headers,
          isPrivateAllowed: definition.isPrivateAllowed,
        },
        signal,
      );
      if (answer.kind !== "document") break;
      const document = await parseDocument(
        { bytes: answer.bytes, contentType: answer.contentType, url: answer.url, name: answer.url },
        { limits: { documentBytes: limits.bodyBytes, entries: limits.entries - entries.length } },
      );
      entries.push(...document.entries);
      url = document.olderUrl ?? null;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof MainstemError)) throw error;
      warnings.push({
        code: "archive",
        message: `the history ends early: ${error.message}`,
      });
      break;
    }
  }
  return { ...first, document: { ...first.document, entries, warnings } };
}
