import { textOf, type XmlNode } from "./strict-xml.ts";

/** What a reader shows of a text: without the invisible joiners that keep its tags from being taken for markup. */
export function shownText(node: XmlNode | undefined, name: string): string | null {
  return withoutJoiners(textOf(node, name));
}

export function withoutJoiners<T extends string | null>(text: T): T {
  return text?.replaceAll("<\u2060", "<") as T;
}
