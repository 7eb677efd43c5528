import type { NamespaceScope } from "./xml-names.ts";

/**
 * What an element is to its format. `container`: its children are handed over one by one. `entry`: they never nest, so an open
 * one ends where the next begins. `construct`: its content may hold markup. `foreign`: it means nothing here.
 */
export type ElementKind = "container" | "entry" | "construct" | "foreign" | "simple";

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
  /** Position in the document where it begins. */
  readonly offset: number;
  /** Keys and values in turn; few elements have more than three, so a scan beats a map. */
  readonly attributes: readonly string[];
  /** Absolute base for relative URLs from `xml:base`, or null where no element sets one. */
  readonly base: string | null;
  /** From `xml:lang`, inherited. */
  readonly language: string | null;
  readonly children: XmlElement[] = [];
  text = "";
  markup: string | null = null;
  /** All of its text, white space apart, stood in CDATA sections. */
  isCdata = false;

  constructor(fields: {
    rawName: string;
    key: string;
    kind: ElementKind;
    parent: XmlElement | null;
    scope: NamespaceScope;
    offset: number;
    attributes: readonly string[];
    base: string | null;
    language: string | null;
  }) {
    this.rawName = fields.rawName;
    this.key = fields.key;
    this.kind = fields.kind;
    this.parent = fields.parent;
    this.scope = fields.scope;
    this.offset = fields.offset;
    this.attributes = fields.attributes;
    this.base = fields.base;
    this.language = fields.language;
  }

  /** The value of an attribute by its key (`href`, `rdf:about`), or null. */
  attribute(key: string): string | null {
    for (let at = 0; at < this.attributes.length; at += 2) {
      if (this.attributes[at] === key) return this.attributes[at + 1] ?? null;
    }
    return null;
  }

  /** The first child with this key, or null. */
  child(key: string): XmlElement | null {
    for (const child of this.children) if (child.key === key) return child;
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
