import { Tokenizer, type TokenizerCallbacks } from "htmlparser2";
import type { ParseLimits } from "./limits.ts";
import { isHtmlName, isSameName, MarkupCollector } from "./markup-collector.ts";
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

/** What the names of unprefixed roots mean whatever namespace they claim. */
const ROOT_MEANINGS: ReadonlyMap<string, string> = new Map([
  ["feed", "atom"],
  ["entry", "atom"],
  ["rss", ""],
  ["channel", ""],
  ["opml", ""],
]);
/** Closing tags without an opening one that are taken seriously. */
const MISMATCHES_MAX = 1000;
const NO_ATTRIBUTES: string[] = [];

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
/** The same for a title, which holds no such things as HTML has. */
const TITLE_BREAKERS = new Set(
  "link description author category comments content:encoded dc:creator dc:date atom:link atom:summary atom:content".split(
    " ",
  ),
);

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
  /** The open text construct, and what collects the markup inside it once there is any. */
  #construct: XmlElement | null = null;
  #markup: MarkupCollector | null = null;
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
        this.#openMarkup(this.#construct, isSelfClosing);
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
    if (kind === "construct") this.#construct = element;
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
    const meaning = ROOT_MEANINGS.get(local);
    const given = scope.default;
    if (meaning === undefined || given === meaning) return;
    if (given !== null && given !== "") {
      this.#log.add("unknown-namespace", `<${this.#name}> is not in a namespace of feeds`, this.#nameOffset);
    }
    scope.setDefault(meaning);
  }

  #close(rawName: string): void {
    if (this.#top === null) return;
    if (this.#tooDeep.size > 0 && this.#countTooDeep(-1, rawName)) return;
    if (this.#construct !== null) {
      if (this.#markup?.close(rawName, this.#searchDepth()) === true) return;
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
    if (this.#construct === element) this.#endConstruct();
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
    if (this.#markup !== null) {
      this.#markup.addText(text);
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

  #openMarkup(construct: XmlElement, isSelfClosing: boolean): void {
    this.#markup ??= new MarkupCollector(construct, {
      isXhtml: isXhtmlConstruct(construct),
      lengthMax: this.#limits.textBytesPerElement,
      log: this.#log,
    });
    const attributes = this.#attributes;
    const depthMax = this.#limits.depth - this.#depth;
    const isOpened = this.#markup.open(this.#name, { attributes, isSelfClosing, depthMax });
    if (isOpened) this.#maxDepth = Math.max(this.#maxDepth, this.#depth + this.#markup.depth);
    else if (!isSelfClosing) this.#countTooDeep(1);
  }

  #endConstruct(): void {
    this.#markup?.finish();
    this.#markup = null;
    this.#construct = null;
  }

  /** A closing tag inside a construct that opens nowhere: stray HTML, or the construct's own name misspelt. */
  #closeStray(rawName: string): void {
    if (this.#mismatches++ < MISMATCHES_MAX) {
      this.#log.add("mismatched-tag", `</${rawName.slice(0, 40)}> closes nothing`, this.#construct?.offset);
    }
    if (!isHtmlName(rawName) && (this.#markup === null || this.#markup.depth === 0)) this.#closeTop(true);
  }

  #isBreaker(): boolean {
    const construct = this.#construct;
    if (construct === null) return false;
    const key = construct.scope.key(this.#name);
    const isInTitle = construct.key === "title" || construct.key === "atom:title";
    if (!CONSTRUCT_BREAKERS.has(key) && !(isInTitle && TITLE_BREAKERS.has(key))) return false;
    return !isXhtmlConstruct(construct);
  }
}

function isStructural(element: XmlElement): boolean {
  return element.kind === "container" || element.kind === "entry";
}

/** XHTML by its declared type, or by Atom 0.3's mode (RFC 4287 3.1.1.3, 4.1.3.3). */
function isXhtmlConstruct(element: XmlElement): boolean {
  if (element.key.startsWith("xhtml:")) return true;
  const type = element.attribute("type")?.trim().toLowerCase() ?? "";
  if (type === "xhtml" || type.endsWith("+xml") || type.endsWith("/xml")) return true;
  return element.attribute("mode")?.trim().toLowerCase() === "xml";
}
