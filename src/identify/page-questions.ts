/** Whose page is read to learn how it names itself, and what is kept of the answer. */
import { factsOfHost, isSameOwner, isUnder } from "./host-facts.ts";
import type { UrlIdentity } from "./original-url.ts";
import { isFrontPage } from "./original-url.ts";
import { type PageCandidate, readPageIdentity } from "./page.ts";

export type PageMode = "auto" | "always" | "never";

/**
 * Hosts whose pages are by their business copies of what stands elsewhere, and say where: portals that license articles, and
 * platforms with a field for the original's address when something is posted again.
 */
const reprintingHosts: readonly string[] = [
  // Portals under licence; their articles name the publisher in `canonical` or JSON-LD.
  "yahoo.com",
  "aol.com",
  "msn.com",
  "newsbreak.com",
  "smartnews.com",
  "flipboard.com",
  "upday.com",
  "dailyhunt.in",
  "pressreader.com",
  "morningstar.com",
  "headtopics.com",
  // Their editors have a "canonical URL" field for what was published elsewhere first.
  "medium.com",
  "dev.to",
  "hashnode.dev",
  "hackernoon.com",
  "dzone.com",
  "towardsdatascience.com",
];

/**
 * Is the page worth a look? With `auto`, where the link was opaque (a shortener's target is often a copy or carries a
 * campaign's address) or where the host is known to reprint.
 */
export function isPageWanted(
  original: UrlIdentity,
  { mode, wasOpaque }: { readonly mode: PageMode; readonly wasOpaque: boolean },
): boolean {
  if (mode === "never" || original.isOpaque || isFrontPage(original.originalUrl)) return false;
  const host = URL.parse(original.originalUrl)?.hostname ?? "";
  if (factsOfHost(host).registrable === null) return false;
  return mode === "always" || wasOpaque || reprintingHosts.some((known) => isUnder(host, known));
}

/**
 * What a page says of itself, as the store keeps it, or null when it says nothing that is believed.
 * @param asked the URL that was asked for; @param found where its page was in the end. A page that stands on another owner's
 *   host speaks for that one: what it says counts softly then.
 */
export function summarisePage(
  html: string,
  { asked, found }: { readonly asked: string; readonly found: string },
): string | null {
  const isMoved = !isSameOwner(URL.parse(asked)?.hostname ?? "", URL.parse(found)?.hostname ?? "");
  const candidates = readPageIdentity(html, found).candidates.map((candidate) =>
    isMoved ? { ...candidate, trust: "soft" as const } : candidate,
  );
  return candidates.length === 0 ? null : JSON.stringify(candidates.slice(0, candidatesKept));
}

/** A page names few addresses; the rest is noise. */
const candidatesKept = 5;

const rules: ReadonlySet<string> = new Set([
  "page:canonical",
  "page:og:url",
  "page:json-ld",
  "page:original-source",
  "page:syndication-source",
]);

/** What `summarisePage` kept; nothing where the text is not such a summary. */
export function parsePageSummary(text: string): readonly PageCandidate[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(data) ? data.filter(isCandidate) : [];
}

function isCandidate(value: unknown): value is PageCandidate {
  if (typeof value !== "object" || value === null) return false;
  const { rule, url, trust } = value as Record<string, unknown>;
  return (
    typeof rule === "string" &&
    rules.has(rule) &&
    typeof url === "string" &&
    (trust === "exact" || trust === "soft")
  );
}
