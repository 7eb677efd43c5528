/** The HTTP `Link` header (RFC 8288), read in one pass. */
import type { Link } from "../model.ts";

const linksMax = 100;

/**
 * The links of a `Link` header, one per relation, `href` absolute. What is damaged or leads elsewhere than the web is
 * left out.
 */
export function parseLinkHeader(text: string, baseUrl: string): Link[] {
  const links: Link[] = [];
  for (const { target, parameters } of readLinkValues(text)) {
    const url = URL.parse(target, baseUrl);
    if (url === null || !/^https?:$/.test(url.protocol)) continue;
    const type = parameters.get("type") ?? null;
    const title = parameters.get("title") ?? null;
    const hreflang = parameters.get("hreflang") ?? null;
    // An anchor makes another page the link's subject.
    if (parameters.has("anchor")) continue;
    const relations = (parameters.get("rel") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    for (const rel of new Set(relations)) {
      if (links.length === linksMax) return links;
      links.push({ rel, href: url.href, type, title, hreflang });
    }
  }
  return links;
}

interface LinkValue {
  readonly target: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** `<target>; name=value; name="quoted", <target> …`; the first parameter of a name counts (RFC 8288 3.3). */
function* readLinkValues(text: string): Generator<LinkValue> {
  let at = text.indexOf("<");
  while (at >= 0) {
    const end = text.indexOf(">", at);
    if (end < 0) return;
    const target = text.slice(at + 1, end).trim();
    const parameters = new Map<string, string>();
    at = end + 1;
    while (at < text.length && text[at] !== ",") {
      const [name, value, next] = readParameter(text, at);
      if (name !== "" && !parameters.has(name)) parameters.set(name, value);
      at = next;
    }
    yield { target, parameters };
    at = text.indexOf("<", at);
  }
}

const tokenEnd = /[;,="]/g;

/** One parameter from `start` on: its lower-case name, its value, and where the next one begins. */
function readParameter(text: string, start: number): [string, string, number] {
  const nameEnd = findFrom(tokenEnd, text, start);
  const name = text.slice(start, nameEnd).trim().toLowerCase();
  if (text[nameEnd] === ";" || text[nameEnd] === '"') return [name, "", nameEnd + 1];
  if (text[nameEnd] !== "=") return [name, "", nameEnd];
  let at = nameEnd + 1;
  while (text[at] === " " || text[at] === "\t") at++;
  if (text[at] === '"') return readQuoted(name, text, at + 1);
  const valueEnd = findFrom(/[;,]/g, text, at);
  return [name, text.slice(at, valueEnd).trim(), text[valueEnd] === ";" ? valueEnd + 1 : valueEnd];
}

function readQuoted(name: string, text: string, start: number): [string, string, number] {
  let value = "";
  let at = start;
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text[at] === "\\") at++;
    value += text[at] ?? "";
  }
  const next = findFrom(/[;,]/g, text, at);
  return [name, value, text[next] === ";" ? next + 1 : next];
}

function findFrom(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  return match ? match.index : text.length;
}
