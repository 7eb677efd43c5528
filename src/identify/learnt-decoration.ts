import { parseUrlParts } from "./url-parts.ts";

const entriesMin = 5;

/**
 * Rule 11: the parameters, as written, that stand in every link of a document of at least five. They are likely its own mark,
 * but may be a language or a section too: believed only where title and date agree.
 */
export function learnDecoration(links: readonly string[]): ReadonlySet<string> {
  if (links.length < entriesMin) return new Set();
  let common: readonly string[] | null = null;
  for (const link of links) {
    const pairs: readonly string[] = (parseUrlParts(link)?.query ?? []).map((pair) => pair.raw);
    const here: ReadonlySet<string> = new Set(pairs.filter((raw) => raw !== ""));
    common = common === null ? [...here] : common.filter((raw: string) => here.has(raw));
    if (common.length === 0) break;
  }
  return new Set(common);
}

/** `link` without the learnt parameters, or null when it has none of them. */
export function dropLearnt(link: string, learnt: ReadonlySet<string>): string | null {
  if (learnt.size === 0) return null;
  const question = link.indexOf("?");
  if (question === -1) return null;
  const hash = link.indexOf("#", question);
  const end = hash === -1 ? link.length : hash;
  const pairs = link.slice(question + 1, end).split("&");
  const kept = pairs.filter((raw) => !learnt.has(raw));
  if (kept.length === pairs.length) return null;
  return `${link.slice(0, question)}${kept.length === 0 ? "" : `?${kept.join("&")}`}${link.slice(end)}`;
}
