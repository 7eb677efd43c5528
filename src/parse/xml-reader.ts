import { Tokenizer, type TokenizerCallbacks } from "htmlparser2";
import { escapeHtml } from "./html.ts";
import type { ParseLimits } from "./limits.ts";
import { resolveBase } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";
import { type ElementKind, XmlElement } from "./xml-element.ts";
import { decodeReferences, type EntityTable } from "./xml-entities.ts";
import { FOREIGN, NamespaceScope } from "./xml-names.ts";

/** What a format wants to hear while a document is read. */
export interface XmlHandler {
  /** What an element with this key is; never asked about foreign ones. */
  kindOf(key: string): Exclude<ElementKind, "foreign">;
  onRoot(root: XmlElement): void;
  /** A child of a container is complete. `isWhole` is false when it was still open at the end of the document. */
  onElement(element: XmlElement, isWhole: boolean): void;
}

export interface XmlSource {
  readonly text: string;
  /** Where the root element begins. */
  readonly rootOffset: number;
  readonly entities: EntityTable | null;
  readonly documentUrl: string | null;
}

/** Closing tags without an opening one that are taken seriously. */
const MISMATCHES_MAX = 1000;
const NO_ATTRIBUTES: string[] = [];

/** HTML elements without content; in feeds they are rarely closed. */
const VOID_ELEMENTS = new Set(
  "area base br col embed hr img input link meta param source track wbr".split(" "),
);
/** HTML elements that end where the next of the same name begins. */
const SELF_ENDING = new Set("dd dt li option p td th tr".split(" "));
const HTML_ELEMENTS = new Set(
  `a abbr acronym address article aside audio b bdi bdo big blockquote body button caption center cite code colgroup data
   del details dfn dir div dl em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header html i
   iframe ins kbd label main map mark nav noscript object ol optgroup picture pre q s samp script section select small span
   strike strong style sub summary sup table tbody textarea tfoot thead time tt u ul var video`.split(/\s+/),
);
/** Seen inside unescaped HTML these mean that the closing tag of the construct was forgotten. */
const CONSTRUCT_BREAKERS = new Set([
  "item",
  "atom:entry",
  "guid",
  "pubdate",
  "atom:id",
  "atom:updated",
  "atom:published",
]);

/**
 * Reads one XML document into elements, forgiving what browsers forgive, on htmlparser2's tokenizer. Every step is linear;
 * nothing recurses. `pauseAfter` characters it stops so that the caller can let others run.
 */
export class XmlReader implements TokenizerCallbacks {
  readonly #text: string;
  readonly #source: XmlSource;
  readonly #handler: XmlHandler;
  readonly #limits: ParseLimits;
  readonly #log: WarningLog;
  readonly #tokenizer: Tokenizer;
  #top: XmlElement | null = null;
  #depth = 0;
  #isRootClosed = false;
  /** The open text construct, and the raw names of the markup open inside it. */
  #construct: XmlElement | null = null;
  #isXhtml = false;
  readonly #markupNames: string[] = [];
  /** Elements too deep to read, by raw name, so that their closing tags are passed over too. */
  readonly #tooDeep = new Map<string, number>();
  #name = "";
  #nameOffset = 0;
  #attributes: string[] = NO_ATTRIBUTES;
  #attributeName = "";
  #attributeValue = "";
  #attributeCount = 0;
  #entryCount = 0;
  #pausedAt = 0;
  #isStopped = false;
  #mismatches = 0;
  #maxDepth = 0;
  /** Characters between two pauses. */
  static readonly #PAUSE_CHARACTERS = 128 * 1024;

  constructor(source: XmlSource, handler: XmlHandler, options: { limits: ParseLimits; log: WarningLog }) {
    this.#text = source.text;
    this.#source = source;
    this.#handler = handler;
    this.#limits = options.limits;
    this.#log = options.log;
    this.#tokenizer = new Tokenizer({ xmlMode: true, decodeEntities: false }, this);
  }

  /** True if the root element was closed: the document is all there. */
  get isComplete(): boolean {
    return this.#isRootClosed;
  }

  /** The deepest nesting met, markup included. */
  get maxDepth(): number {
    return this.#maxDepth;
  }

  /** Reads the whole document, letting other work run every 128 K characters. */
  async read(): Promise<void> {
    this.#tokenizer.write(this.#text);
    while (!this.#tokenizer.running && !this.#isStopped) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#tokenizer.resume();
    }
    if (!this.#isStopped) this.#tokenizer.end();
    this.#closeRest();
  }

  // ---- tokenizer callbacks; offsets are positions in the document -------------------------------------------------

  onopentagname(start: number, end: number): void {
    this.#name = this.#text.slice(start, end);
    this.#nameOffset = start - 1;
    this.#attributes = NO_ATTRIBUTES;
    this.#attributeCount = 0;
  }

  onattribname(start: number, end: number): void {
    this.#attributeName = this.#text.slice(start, end);
    this.#attributeValue = "";
  }

  onattribdata(start: number, end: number): void {
    this.#attributeValue += this.#text.slice(start, end);
  }

  onattribentity(): void {}

  onattribend(): void {
    if (this.#attributeCount++ >= this.#limits.attributesPerElement) return;
    if (this.#attributeCount === 1) this.#attributes = [];
    const name = this.#attributeName.toLowerCase();
    const value = this.#attributeValue;
    this.#attributes.push(name, value.includes("&") ? decodeReferences(value, this.#source.entities) : value);
  }

  onopentagend(): void {
    this.#open(false);
  }

  onselfclosingtag(): void {
    this.#open(true);
  }

  onclosetag(start: number, end: number): void {
    this.#close(this.#text.slice(start, end));
  }

  ontext(start: number, end: number): void {
    const top = this.#top;
    if (top === null || top.kind === "foreign" || isStructural(top)) return;
    const raw = this.#text.slice(start, end);
    this.#addText(raw.includes("&") ? decodeReferences(raw, this.#source.entities) : raw, false);
  }

  ontextentity(): void {}

  oncdata(start: number, end: number, endOffset: number): void {
    this.#addText(this.#text.slice(start, end - endOffset), true);
  }

  oncomment(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
  onend(): void {}

  // ---- elements ------------------------------------------------------------------------------------------------------

  #open(isSelfClosing: boolean): void {
    if (this.#nameOffset < this.#source.rootOffset || this.#isRootClosed) return;
    if (this.#attributeCount > this.#limits.attributesPerElement) {
      this.#log.add(
        "too-many-attributes",
        `<${this.#name.slice(0, 40)}> has ${this.#attributeCount} attributes`,
        this.#nameOffset,
      );
    }
    if (this.#construct !== null) {
      if (!this.#isBreaker()) {
        this.#openMarkup(isSelfClosing);
        return;
      }
      this.#log.add("mismatched-tag", `<${this.#construct.rawName}> is not closed`, this.#construct.offset);
      this.#closeTop(true);
    }
    if (this.#depth >= this.#limits.depth) {
      if (!isSelfClosing) this.#countTooDeep(1);
      return;
    }
    this.#openElement(isSelfClosing);
  }

  #openElement(isSelfClosing: boolean): void {
    let parent = this.#top;
    const scope = this.#scopeFor(parent);
    const key = scope.key(this.#name);
    let kind: ElementKind = key.startsWith(FOREIGN) ? "foreign" : this.#handler.kindOf(key);
    if (kind === "entry") {
      const open = this.#openEntry(parent);
      if (open === "foreign") kind = "foreign";
      else if (open !== null) {
        if (isSelfClosing) return; // an empty item inside an item, as FeedBurner has written
        parent = this.#closeOpenEntry(open);
      }
    }
    if (kind === "entry" && ++this.#entryCount > this.#limits.entries) {
      this.#log.add(
        "too-many-entries",
        `only the first ${this.#limits.entries} entries are read`,
        this.#nameOffset,
      );
      this.#stop();
      return;
    }
    const element = this.#makeElement(parent, scope, { key, kind });
    if (parent === null) this.#handler.onRoot(element);
    this.#top = element;
    if (++this.#depth > this.#maxDepth) this.#maxDepth = this.#depth;
    if (kind === "construct") {
      this.#construct = element;
      this.#isXhtml = isXhtmlConstruct(element);
    }
    if (isSelfClosing) this.#closeTop(true);
  }

  #makeElement(
    parent: XmlElement | null,
    scope: NamespaceScope,
    { key, kind }: { key: string; kind: ElementKind },
  ): XmlElement {
    let base = parent === null ? null : parent.base;
    let language = parent === null ? null : parent.language;
    const attributes = this.#attributes;
    for (let at = 0; at < attributes.length; at += 2) {
      const name = attributes[at] ?? "";
      if (!name.includes(":")) continue;
      const attributeKey = scope.attributeKey(name);
      attributes[at] = attributeKey;
      const value = attributes[at + 1] ?? "";
      if (attributeKey === "xml:base") base = resolveBase(value, base ?? this.#source.documentUrl);
      else if (attributeKey === "xml:lang") language = value.trim() || language;
    }
    const offset = this.#nameOffset;
    return new XmlElement({
      rawName: this.#name,
      key,
      kind,
      parent,
      scope,
      offset,
      attributes,
      base,
      language,
    });
  }

  /** The scope of the element that begins: its parent's unless it declares namespaces itself. */
  #scopeFor(parent: XmlElement | null): NamespaceScope {
    let scope: NamespaceScope | null = null;
    for (let at = 0; at < this.#attributes.length; at += 2) {
      const name = this.#attributes[at] ?? "";
      if (!name.startsWith("xmlns")) continue;
      if (name.length > 5 && name[5] !== ":") continue;
      scope ??= new NamespaceScope(parent === null ? null : parent.scope);
      scope.declare(name.slice(6), this.#attributes[at + 1] ?? "");
    }
    if (parent === null) {
      scope ??= new NamespaceScope(null);
      this.#settleRootNamespace(scope);
    }
    return scope ?? parent?.scope ?? new NamespaceScope(null);
  }

  /** A root without a namespace, or in one that nobody knows, is what its name says. */
  #settleRootNamespace(scope: NamespaceScope): void {
    const local = this.#name.slice(this.#name.indexOf(":") + 1).toLowerCase();
    if (this.#name.includes(":")) return;
    const isAtom = local === "feed" || local === "entry";
    const given = scope.default;
    if (given === null || given === "" || given === FOREIGN) {
      if (given === FOREIGN)
        this.#log.add("unknown-namespace", `<${this.#name}> is in an unknown namespace`, this.#nameOffset);
      scope.setDefault(isAtom ? "atom" : "");
    }
  }

  #close(rawName: string): void {
    if (this.#top === null) return;
    if (this.#tooDeep.size > 0 && this.#countTooDeep(-1, rawName)) return;
    if (this.#construct !== null) {
      if (this.#closeMarkup(rawName)) return;
      if (!isSameName(this.#construct.rawName, rawName) && !this.#isOpen(rawName)) {
        this.#closeStray(rawName);
        return;
      }
    }
    const isMatch = isSameName(this.#top.rawName, rawName);
    if (!isMatch) {
      if (this.#mismatches++ < MISMATCHES_MAX) {
        const message = `</${rawName.slice(0, 40)}> does not close <${this.#top.rawName.slice(0, 40)}>`;
        this.#log.add("mismatched-tag", message, this.#top.offset);
      }
      if (!this.#isOpen(rawName)) {
        // A misspelt closing tag ends a simple element; anything else is left open.
        if (this.#top.children.length === 0 && !isStructural(this.#top)) this.#closeTop(true);
        return;
      }
      while (this.#top !== null && !isSameName(this.#top.rawName, rawName)) this.#closeTop(true);
    }
    this.#closeTop(true);
  }

  #closeTop(isWhole: boolean): void {
    const element = this.#top;
    if (element === null) return;
    if (this.#construct === element) this.#endConstruct(element);
    this.#tooDeep.clear();
    const parent = element.parent;
    this.#top = parent;
    this.#depth--;
    if (parent === null) {
      this.#isRootClosed = isWhole;
      if (element.kind === "entry") this.#handler.onElement(element, isWhole);
      return;
    }
    if (element.kind === "foreign") return;
    if (element.kind === "entry") {
      this.#handler.onElement(element, isWhole);
      this.#pauseSometimes(element.offset);
    } else if (parent.kind === "container") {
      if (element.kind !== "container") this.#handler.onElement(element, isWhole);
    } else if (parent.children.length < this.#limits.childrenPerElement) {
      parent.children.push(element);
    }
  }

  /** The entry that is open, or `foreign` when an extension's element stands between: what it holds is its own affair. */
  #openEntry(parent: XmlElement | null): XmlElement | "foreign" | null {
    let isForeign = false;
    for (let open = parent; open !== null; open = open.parent) {
      if (open.kind === "entry") return isForeign ? "foreign" : open;
      if (open.kind === "foreign") isForeign = true;
    }
    return null;
  }

  #closeOpenEntry(open: XmlElement): XmlElement | null {
    this.#log.add("mismatched-tag", `<${open.rawName}> is not closed`, open.offset);
    const above = open.parent;
    while (this.#top !== null && this.#top !== above) this.#closeTop(true);
    return this.#top;
  }

  #closeRest(): void {
    while (this.#top !== null) this.#closeTop(this.#isStopped && isStructural(this.#top));
  }

  #stop(): void {
    this.#isStopped = true;
    this.#tokenizer.pause();
    while (this.#top !== null && !isStructural(this.#top)) this.#closeTop(true);
  }

  #pauseSometimes(offset: number): void {
    if (offset - this.#pausedAt < XmlReader.#PAUSE_CHARACTERS) return;
    this.#pausedAt = offset;
    this.#tokenizer.pause();
  }

  #isOpen(rawName: string): boolean {
    let left = this.#searchDepth();
    for (let open = this.#top; open !== null && left > 0; open = open.parent, left--) {
      if (isSameName(open.rawName, rawName)) return true;
    }
    return false;
  }

  /** How far up the open elements a closing tag is searched for; little in a document that closes what it never opened. */
  #searchDepth(): number {
    return this.#mismatches > MISMATCHES_MAX ? 4 : this.#limits.depth + 1;
  }

  /** Counts elements below the depth limit by name. @returns true if a closing tag belongs to one of them. */
  #countTooDeep(step: 1 | -1, rawName = this.#name): boolean {
    const count = this.#tooDeep.get(rawName) ?? 0;
    if (step === -1 && count === 0) return false;
    if (count + step === 0) this.#tooDeep.delete(rawName);
    else this.#tooDeep.set(rawName, count + step);
    this.#maxDepth = this.#limits.depth + 1;
    if (step === 1 && count === 0) {
      this.#log.add(
        "too-deep",
        `elements nested deeper than ${this.#limits.depth} are passed over`,
        this.#nameOffset,
      );
    }
    return true;
  }

  // ---- text and markup -------------------------------------------------------------------------------------------

  #addText(text: string, isCdata: boolean): void {
    const top = this.#top;
    if (top === null || isStructural(top)) return;
    if (this.#construct !== null && this.#construct.markup !== null) {
      this.#addMarkup(this.#isXhtml ? escapeHtml(text) : text);
      return;
    }
    const isFirst = top.text === "";
    if (isCdata) {
      if (isFirst || top.isCdata || top.text.trim() === "") top.isCdata = true;
    } else if (top.isCdata && text.trim() !== "") top.isCdata = false;
    if (top.text.length + text.length > this.#limits.textBytesPerElement) {
      this.#log.add("too-long", `the text of <${top.rawName}> is cut`, top.offset);
      top.text += text.slice(0, Math.max(0, this.#limits.textBytesPerElement - top.text.length));
    } else top.text = isFirst ? text : top.text + text;
  }

  #addMarkup(html: string): void {
    const construct = this.#construct;
    if (construct === null || construct.markup === null) return;
    if (construct.markup.length + html.length > this.#limits.textBytesPerElement) {
      this.#log.add("too-long", `the content of <${construct.rawName}> is cut`, construct.offset);
      return;
    }
    construct.markup += html;
  }

  #openMarkup(isSelfClosing: boolean): void {
    const construct = this.#construct;
    if (construct === null) return;
    if (construct.markup === null) {
      construct.markup = this.#isXhtml ? escapeHtml(construct.text) : construct.text;
    }
    const local = localName(this.#name);
    if (VOID_ELEMENTS.has(local)) {
      this.#addMarkup(this.#startTag(local));
      return;
    }
    const names = this.#markupNames;
    const last = names.at(-1);
    if (last !== undefined && SELF_ENDING.has(local) && localName(last) === local) {
      names.pop();
      this.#addMarkup(`</${local}>`);
    }
    if (names.length + this.#depth >= this.#limits.depth) {
      if (!isSelfClosing) this.#countTooDeep(1);
      return;
    }
    // The one div that wraps an XHTML construct is not part of it (RFC 4287 3.1.1.3).
    const isWrapper = this.#isXhtml && names.length === 0 && local === "div";
    if (!isWrapper) this.#addMarkup(this.#startTag(local));
    if (isSelfClosing) {
      if (!isWrapper) this.#addMarkup(`</${local}>`);
      return;
    }
    names.push(this.#name);
    this.#maxDepth = Math.max(this.#maxDepth, this.#depth + names.length);
  }

  /** @returns true if the tag closed something inside the open construct. */
  #closeMarkup(rawName: string): boolean {
    const names = this.#markupNames;
    const end = Math.max(0, names.length - this.#searchDepth());
    let found = names.length - 1;
    while (found >= end && !isSameName(names[found] ?? "", rawName)) found--;
    if (found < end) return false;
    while (names.length > found) this.#endMarkupElement();
    return true;
  }

  #endMarkupElement(): void {
    const local = localName(this.#markupNames.pop() ?? "");
    if (this.#isXhtml && this.#markupNames.length === 0 && local === "div") return;
    this.#addMarkup(`</${local}>`);
  }

  #endConstruct(element: XmlElement): void {
    while (this.#markupNames.length > 0) this.#endMarkupElement();
    if (element.markup !== null) element.text = "";
    this.#construct = null;
  }

  /** A closing tag inside a construct that opens nowhere: stray HTML, or the construct's own name misspelt. */
  #closeStray(rawName: string): void {
    const local = localName(rawName);
    if (this.#mismatches++ < MISMATCHES_MAX) {
      this.#log.add("mismatched-tag", `</${rawName.slice(0, 40)}> closes nothing`, this.#construct?.offset);
    }
    if (HTML_ELEMENTS.has(local) || VOID_ELEMENTS.has(local) || SELF_ENDING.has(local)) return;
    if (this.#markupNames.length === 0) this.#closeTop(true);
  }

  #isBreaker(): boolean {
    if (this.#isXhtml || this.#construct === null) return false;
    return CONSTRUCT_BREAKERS.has(this.#construct.scope.key(this.#name));
  }

  #startTag(local: string): string {
    let tag = `<${local}`;
    for (let at = 0; at < this.#attributes.length; at += 2) {
      const name = this.#attributes[at] ?? "";
      if (!/^[a-z][a-z0-9-]{0,40}$/.test(name) || name === "xmlns") continue;
      tag += ` ${name}="${escapeHtml(this.#attributes[at + 1] ?? "")}"`;
    }
    return `${tag}>`;
  }
}

function isStructural(element: XmlElement): boolean {
  return element.kind === "container" || element.kind === "entry";
}

function localName(rawName: string): string {
  const local = rawName.slice(rawName.indexOf(":") + 1).toLowerCase();
  return /^[a-z][a-z0-9-]{0,40}$/.test(local) ? local : "span";
}

function isSameName(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());
}

/** XHTML by its declared type, or by Atom 0.3's mode (RFC 4287 3.1.1.3, 4.1.3.3). */
function isXhtmlConstruct(element: XmlElement): boolean {
  if (element.key.startsWith("xhtml:")) return true;
  const type = element.attribute("type")?.trim().toLowerCase() ?? "";
  if (type === "xhtml" || type.endsWith("+xml") || type.endsWith("/xml")) return true;
  return element.attribute("mode")?.trim().toLowerCase() === "xml";
}
