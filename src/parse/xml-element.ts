import type { ElementName, NamespaceScope } from "./xml-names.ts";

/**
 * What an element is to its format. `container`: its children are handed over one by one. `entry`: they never nest, so an open
 * one ends where the next begins. `construct`: its content may hold markup. `foreign`: it means nothing here.
 */
export type ElementKind = "container" | "entry" | "construct" | "foreign" | "simple";

const NO_ATTRIBUTES: readonly string[] = [];
/** Most elements have no children: they share this one, which is never added to. */
const NO_CHILDREN: XmlElement[] = [];

/**
 * An element as read, with what it inherited. `text` is the decoded text of a simple element; an element that may hold
 * markup and did (an XHTML or unescaped construct) has it in `markup` as HTML source.
 */
export class XmlElement {
  readonly rawName: string;
  /** Name in the terms of `xml-names.ts`: `title`, `atom:title`, `dc:creator`. */
  readonly key: string;
  readonly kind: ElementKind;
  readonly parent: XmlElement | null;
  readonly scope: NamespaceScope;
  /** What it says itself, and what its children say, as bits of `xml-groups.ts`. */
  readonly groups: number;
  childGroups = 0;
  /** Position in the document where it begins. */
  readonly offset: number;
  /** Keys and values in turn; few elements have more than three, so a scan beats a map. */
  attributes = NO_ATTRIBUTES;
  /** Absolute base for relative URLs from `xml:base`, or null where no element sets one. */
  base: string | null;
  /** From `xml:lang`, inherited. */
  language: string | null;
  children = NO_CHILDREN;
  text = "";
  markup: string | null = null;
  /** All of its text, white space apart, stood in CDATA sections. */
  isCdata = false;

  constructor(
    name: ElementName,
    place: {
      readonly kind: ElementKind;
      readonly parent: XmlElement | null;
      readonly scope: NamespaceScope;
      readonly offset: number;
    },
  ) {
    const { parent } = place;
    this.rawName = name.raw;
    this.key = name.key;
    this.groups = name.groups;
    this.kind = place.kind;
    this.parent = parent;
    this.scope = place.scope;
    this.offset = place.offset;
    this.base = parent === null ? null : parent.base;
    this.language = parent === null ? null : parent.language;
  }

  addChild(child: XmlElement): void {
    if (this.children === NO_CHILDREN) this.children = [child];
    else this.children.push(child);
    this.childGroups |= child.groups;
  }

  /** True if a child says something of these groups. */
  holds(groups: number): boolean {
    return (this.childGroups & groups) !== 0;
  }

  /** The value of an attribute by its key (`href`, `rdf:about`), or null. */
  attribute(key: string): string | null {
    const { attributes } = this;
    for (let at = 0; at < attributes.length; at += 2) {
      if (attributes[at] === key) return attributes[at + 1] ?? null;
    }
    return null;
  }

  /** The first child with this key, or null. */
  child(key: string): XmlElement | null {
    const { children } = this;
    for (let at = 0; at < children.length; at++) {
      const child = children[at];
      if (child !== undefined && child.key === key) return child;
    }
    return null;
  }

  /** The trimmed text of the first child with this key that has any, or null. */
  textOf(key: string): string | null {
    for (const child of this.children) {
      if (child.key !== key) continue;
      const text = child.text.trim();
      if (text !== "") return text;
    }
    return null;
  }
}
