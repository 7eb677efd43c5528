import type { HostFacts } from "./host-facts.ts";
import type { UrlParts } from "./url-parts.ts";

const mark = /[\d]{5,}/;
const datePath = /\/(?:19|20)\d\d[/-](?:\d{1,2}|[a-z]{3})(?:[/-]|$)/;

/**
 * Whether a path names an article so particularly that it would not name another thing on a sister host or without `/amp`:
 * it has a long number, a date, or a last segment of three words or more. `/post`, `/services` and `/about` do not.
 */
export function namesArticle(path: string): boolean {
  if (mark.test(path) || datePath.test(path)) return true;
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  // A slug is short; the bound keeps the search linear.
  const segment = path.slice(path.lastIndexOf("/", end - 1) + 1, end).slice(0, 300);
  return segment.length >= 12 && (segment.match(/[A-Za-z]{2,}(?=[-_])/g)?.length ?? 0) >= 2;
}

/** `/story-title/amp/`, `/story.amp`, `/story.amp.html`, `/amp/2024/01/05/story` without the AMP mark. */
export function dropAmpFromPath(path: string, isKnownAmp: boolean): string {
  if (!path.includes("amp")) return path;
  if (isKnownAmp || namesArticle(path)) {
    // Hindustan Times and NDTV.
    const numbered = path.replace(/-amp\.html$/, ".html").replace(/\/amp\/1\/?$/, "");
    if (numbered !== path && numbered !== "") return numbered;
  }
  const suffix = /(?:\/amp(?:html)?\/?|(?<=[^./])\.amp\/?)$/.exec(path);
  if (suffix !== null) {
    const bare = path.slice(0, suffix.index);
    // No other file ends in `.amp`; a directory `amp` may be about amplifiers.
    const isClear =
      isKnownAmp || namesArticle(bare) || (suffix[0].startsWith(".") && bare.lastIndexOf("/") > 0);
    if (bare !== "" && isClear) return suffix[0].startsWith("/") && path.endsWith("/") ? `${bare}/` : bare;
    return path;
  }
  const dotted = path.endsWith(".amp.html")
    ? `${path.slice(0, -9)}.html`
    : path.replace(/\.amp\.(s?html?|php|aspx)$/, ".$1");
  if (dotted !== path) return namesArticle(dotted) || isKnownAmp ? dotted : path;
  const inner = /\/(?:platform\/amp|amphtml|amp|ampstories|ampnews|amparticle)\//.exec(path);
  if (inner === null) return path;
  const bare = `${path.slice(0, inner.index)}/${path.slice(inner.index + inner[0].length)}`;
  return namesArticle(bare) ? bare : path;
}

/** `/story-title/print/`: only behind an article; `services/print` is a page of its own. */
export function dropPrintFromPath(path: string): string {
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  const slash = path.lastIndexOf("/", end - 1);
  const segment = path.slice(slash + 1, end);
  if (slash < 1 || !printSegments.has(segment)) return path;
  const bare = path.slice(0, slash);
  if (!namesArticle(bare) && segment !== "komplettansicht") return path;
  return path.endsWith("/") ? `${bare}/` : bare;
}

/** `/Articles/955000/rss`, `/news/title-2401-180000-rss.html`: the form of an article that its feed links, behind a number only. */
export function dropFeedFromPath(path: string): string {
  if (!path.includes("rss")) return path;
  const match = /^(.*\/\d{5,12})\/rss\/?$|^(.*-\d{5,12})-rss(\.html?)$/.exec(path);
  return match === null ? path : (match[1] ?? `${match[2] ?? ""}${match[3] ?? ""}`);
}

const printSegments: ReadonlySet<string> = new Set(
  "print printable drucken imprimir stampa komplettansicht fullpage singlepage".split(" "),
);

const formLabels: ReadonlySet<string> = new Set([
  "m",
  "mobile",
  "mobil",
  "amp",
  "touch",
  "wap",
  "3g",
  "pda",
  "i",
]);

/**
 * The host without its `m.`, `mobile.` or `amp.` when the path names an article, else the same host. Elsewhere `m.` may be a
 * site of its own: Signal v. Noise lived at `m.signalvnoise.com` after it had moved from `signalvnoise.com`.
 */
export function dropFormFromHost(parts: UrlParts, facts: HostFacts): string {
  const { subdomain, registrable } = facts;
  if (registrable === null || subdomain === "") return parts.host;
  const dot = subdomain.indexOf(".");
  const label = dot === -1 ? subdomain : subdomain.slice(0, dot);
  if (label.startsWith("amp-") && label.length > 5 && namesArticle(parts.path)) return parts.host.slice(4);
  if (!formLabels.has(label)) return parts.host;
  const isClear =
    label === "amp" ? parts.path.length > 1 && /[/\d-]/.test(parts.path.slice(1)) : namesArticle(parts.path);
  return isClear && label !== "i" ? parts.host.slice(label.length + 1) : parts.host;
}
