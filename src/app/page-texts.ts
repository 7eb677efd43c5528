/** The text of pages whose entries are cut short in their feed (`full_text: true`): fetched politely, once, and cleaned. */
import { isOnServerOf } from "../fetch/request-target.ts";
import type { LinkClient } from "../fetch/resolve.ts";
import { withPageText } from "../ingest/full-text.ts";
import { completenessOf, digestOfVisible } from "../ingest/sighting.ts";
import type { SourceDefinition } from "../model.ts";
import type { PageReader } from "../parse/page-text.ts";
import type { Answer, Question, SightingChange, StoredSighting } from "../store/store.ts";

export type PageTextOutcome =
  | { readonly kind: "settled"; readonly answer: Answer }
  | { readonly kind: "later"; readonly reason: string; readonly retryAfterMs: number | null };

export interface PageTexts {
  /** @param askers the sources whose entries wait for the page; they say whether it may live on a private address */
  find(
    question: Question,
    askers: readonly SourceDefinition[],
    signal: AbortSignal,
  ): Promise<PageTextOutcome>;
}

export interface PageTextsOptions {
  readonly pages: Pick<LinkClient, "readBody">;
  /** Reaches the server of a page on a private address, too. */
  readonly privatePages: Pick<LinkClient, "readBody">;
  readonly reader: PageReader;
  /** Hears of each host whose robots.txt keeps us from its pages, once. */
  readonly onRefused?: (host: string) => void;
}

const toldHostsMax = 1000;

export function createPageTexts({ pages, privatePages, reader, onRefused }: PageTextsOptions): PageTexts {
  const told = new Set<string>();
  const tellOnce = (host: string) => {
    if (told.has(host) || told.size >= toldHostsMax) return;
    told.add(host);
    onRefused?.(host);
  };
  return {
    async find({ url }, askers, signal) {
      const client = askers.some((source) => mayBePrivate(source, url)) ? privatePages : pages;
      const page = await client.readBody(url, signal);
      if (page.kind === "later") return page;
      if (page.kind === "refused") tellOnce(URL.parse(url)?.host ?? url);
      if (page.kind === "refused" || page.kind === "dead")
        return settled({ outcome: "nothing", note: page.reason });
      const html = await reader.read(page, signal);
      return settled(
        html === null
          ? { outcome: "nothing", note: "no article was found on the page" }
          : { outcome: "found", text: html },
      );
    },
  };
}

function settled(answer: Answer): PageTextOutcome {
  return { kind: "settled", answer };
}

/** A source that may live on a private address may name pages of its own server there, and of no other. */
function mayBePrivate({ isPrivateAllowed, location }: SourceDefinition, url: string): boolean {
  return isPrivateAllowed && isOnServerOf(url, location);
}

/** The stored sighting with the text of its page. */
export function giveText({ id, record }: StoredSighting, html: string): SightingChange {
  const entry = withPageText(record.entry, html);
  return {
    id,
    record: {
      ...record,
      entry,
      contentHash: digestOfVisible(entry, record.originalUrl),
      completeness: completenessOf(entry),
    },
  };
}
