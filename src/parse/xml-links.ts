import type { Link } from "../model.ts";
import { collapseWhitespace } from "./html.ts";
import { readLength, readMediaType } from "./media-type.ts";
import { readUrl } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";
import type { XmlElement } from "./xml-element.ts";

/** Every link of every rel in document order (RFC 4287 4.2.7, RSS `link`, and modules that name pages). */
export function readLinks(element: XmlElement, base: string | null, log: WarningLog): readonly Link[] {
  const links: Link[] = [];
  for (const child of element.children) {
    const link = readLink(child, base, log);
    if (link !== null) links.push(link);
  }
  return links;
}

const LINK_MODULES: ReadonlyMap<string, { readonly rel: string; readonly type: string | null }> = new Map([
  ["wfw:commentrss", { rel: "replies", type: "application/rss+xml" }],
  ["creativecommons:license", { rel: "license", type: null }],
  ["cc:license", { rel: "license", type: null }],
]);

/** One `link` element of Atom or RSS, or a module's element that is one in all but name; null for everything else. */
export function readLink(child: XmlElement, outerBase: string | null, log: WarningLog): Link | null {
  const base = child.base ?? outerBase;
  const what = { base, log, what: "link", offset: child.offset };
  if (child.key === "atom:link" || child.key === "link" || child.key === "l:link") {
    const target = child.attribute("href") ?? child.attribute("rdf:resource") ?? child.text;
    const href = readUrl(child.markup ?? target, what);
    if (href === null) return null;
    const length = readLength(child.attribute("length"));
    const hreflang = child.attribute("hreflang");
    const title = child.attribute("title");
    return {
      rel: readRel(child.attribute("rel") ?? child.attribute("l:rel")),
      href,
      type: readMediaType(child.attribute("type")),
      ...(title === null ? {} : { title: collapseWhitespace(title) }),
      ...(hreflang === null ? {} : { hreflang }),
      ...(length === null ? {} : { length }),
    };
  }
  if (child.key === "thr:in-reply-to") {
    // RFC 4685 3: `ref` is the id of what is answered, `href` where it can be read.
    const target = child.attribute("href");
    const href = target === null ? null : readUrl(target, what);
    return href === null ? null : { rel: "in-reply-to", href, type: readMediaType(child.attribute("type")) };
  }
  const module = LINK_MODULES.get(child.key);
  if (module === undefined) return null;
  const href = readUrl(child.attribute("rdf:resource") ?? child.text, what);
  return href === null ? null : { ...module, href };
}

/** `alternate` where nothing is said; IANA's relation URIs are their short names (RFC 4287 4.2.7.2). */
export function readRel(rel: string | null): string {
  const name = rel?.trim() ?? "";
  if (name === "") return "alternate";
  return name
    .replace(/^http:\/\/www\.iana\.org\/assignments\/relation\//i, "")
    .toLowerCase()
    .slice(0, 200);
}

/** The page among alternates: HTML first, then those that do not say, then the first. */
export function chooseUrl(links: readonly Link[]): string | null {
  const alternates = links.filter((link) => link.rel === "alternate");
  const best =
    alternates.find((link) => link.type !== null && /html/.test(link.type)) ??
    alternates.find((link) => link.type === null) ??
    alternates[0];
  return best?.href ?? null;
}
