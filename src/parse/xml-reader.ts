import { isBreaker, isXhtmlConstruct } from "./construct-end.ts";
import type { ParseLimits } from "./limits.ts";
import { isHtmlName, isSameName, MarkupCollector } from "./markup-collector.ts";
import { resolveBase } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";
import { type ElementKind, XmlElement } from "./xml-element.ts";
import { decodeReferences, type EntityTable } from "./xml-entities.ts";
import { LowerCaseNames, SkippedElements } from "./xml-memory.ts";
import { FOREIGN, NamespaceScope } from "./xml-names.ts";
import { type ScannerHandler, XmlScanner } from "./xml-scanner.ts";

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

/** Characters between two pauses. */
const PAUSE_CHARACTERS = 128 * 1024;

/**
 * Reads one XML document into elements, forgiving what browsers forgive. Every step is linear; nothing recurses.
 */
export class XmlReader implements ScannerHandler {
  readonly #text: string;
  readonly #source: XmlSource;
  readonly #handler: XmlHandler;
  readonly #limits: ParseLimits;
  readonly #log: WarningLog;
  readonly #scanner: XmlScanner;
  readonly #attributeNames = new LowerCaseNames();
  readonly #tooDeep = new SkippedElements();
  #top: XmlElement | null = null;
  #depth = 0;
  #isRootClosed = false;
  /** The open text construct, and what collects the markup inside it once there is any. */
  #construct: XmlElement | null = null;
  #markup: MarkupCollector | null = null;
  /** The tag being read. */
  #rawName = "";
  #offset = 0;
  #attributes: string[] = NO_ATTRIBUTES;
  #entryCount = 0;
  #isStopped = false;
  #mismatches = 0;
  #maxDepth = 0;

  constructor(source: XmlSource, handler: XmlHandler, options: { limits: ParseLimits; log: WarningLog }) {
    this.#text = source.text;
    this.#source = source;
    this.#handler = handler;
    this.#limits = options.limits;
    this.#log = options.log;
    this.#scanner = new XmlScanner(source.text, this, {
      start: source.rootOffset,
      attributesMax: options.limits.attributesPerElement,
    });
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
    this.#scanner.scan(this.#scanner.position + PAUSE_CHARACTERS);
    while (!this.#scanner.isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#scanner.scan(this.#scanner.position + PAUSE_CHARACTERS);
    }
    this.#closeRest();
  }

  // ---- what the scanner tells ----------------------------------------------------------------------------------------

  onOpenTag(nameStart: number, nameEnd: number, isSelfClosing: boolean): void {
    if (this.#isRootClosed) return;
    const count = this.#scanner.attributeCount;
    this.#rawName = this.#text.slice(nameStart, nameEnd);
    this.#offset = nameStart - 1;
    this.#attributes = count === 0 ? NO_ATTRIBUTES : this.#readAttributes(count);
    if (this.#construct !== null) {
      if (!isBreaker(this.#construct, this.#construct.scope.key(this.#rawName))) {
        this.#openMarkup(this.#construct, isSelfClosing);
        return;
      }
      this.#log.add("mismatched-tag", `<${this.#construct.rawName}> is not closed`, this.#construct.offset);
      this.#closeTop(true);
    }
    if (this.#depth >= this.#limits.depth) {
      if (!isSelfClosing) this.#skipTooDeep();
      return;
    }
    this.#openElement(isSelfClosing);
  }

  onCloseTag(nameStart: number, nameEnd: number): void {
    const top = this.#top;
    if (top === null) return;
    // The usual case without a string: the name is that of the element that is open.
    const isTop = nameEnd - nameStart === top.rawName.length && this.#text.startsWith(top.rawName, nameStart);
    if (isTop && this.#markup === null && this.#tooDeep.isEmpty) this.#closeTop(true);
    else this.#close(this.#text.slice(nameStart, nameEnd));
  }

  onText(start: number, end: number): void {
    const top = this.#top;
    if (top === null || top.kind === "foreign" || isStructural(top)) return;
    this.#addText(decodeReferences(this.#text.slice(start, end), this.#source.entities), false);
  }

  onCdata(start: number, end: number): void {
    if (this.#top !== null && !isStructural(this.#top)) this.#addText(this.#text.slice(start, end), true);
  }

  /** Keys and values in turn; values decoded, names in lower case. */
  #readAttributes(count: number): string[] {
    const { attributes } = this.#scanner;
    const kept = Math.min(count, this.#limits.attributesPerElement);
    if (count > kept) {
      const message = `<${this.#rawName.slice(0, 40)}> has ${count} attributes`;
      this.#log.add("too-many-attributes", message, this.#offset);
    }
    const read: string[] = [];
    for (let at = 0; at < 4 * kept; at += 4) {
      const value = this.#text.slice(attributes[at + 2], attributes[at + 3]);
      read.push(
        this.#attributeNames.read(this.#text.slice(attributes[at], attributes[at + 1])),
        decodeReferences(value, this.#source.entities),
      );
    }
    return read;
  }

  // ---- elements ------------------------------------------------------------------------------------------------------

  #openElement(isSelfClosing: boolean): void {
    let parent = this.#top;
    const scope = this.#scopeFor(parent);
    const name = scope.name(this.#rawName);
    const { key } = name;
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
        this.#offset,
      );
      this.#stop();
      return;
    }
    const element = new XmlElement(name, { kind, parent, scope, offset: this.#offset });
    if (this.#attributes.length > 0) this.#giveAttributes(element);
    if (parent === null) this.#handler.onRoot(element);
    this.#top = element;
    this.#scanner.openName = element.rawName;
    if (++this.#depth > this.#maxDepth) this.#maxDepth = this.#depth;
    if (kind === "construct") this.#construct = element;
    if (isSelfClosing) this.#closeTop(true);
  }

  /** Attributes with a prefix get the prefix of their namespace; `xml:base` and `xml:lang` are inherited (XML Base, XML 1.0 2.12). */
  #giveAttributes(element: XmlElement): void {
    const attributes = this.#attributes;
    for (let at = 0; at < attributes.length; at += 2) {
      const name = attributes[at] ?? "";
      if (!name.includes(":")) continue;
      const key = element.scope.key(name);
      attributes[at] = key;
      const value = attributes[at + 1] ?? "";
      if (key === "xml:base") element.base = resolveBase(value, element.base ?? this.#source.documentUrl);
      else if (key === "xml:lang") element.language = value.trim() || element.language;
    }
    element.attributes = attributes;
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
    const local = this.#rawName.slice(this.#rawName.indexOf(":") + 1).toLowerCase();
    if (this.#rawName.includes(":")) return;
    const meaning = ROOT_MEANINGS.get(local);
    const given = scope.default;
    if (meaning === undefined || given === meaning) return;
    if (given !== null && given !== "") {
      this.#log.add("unknown-namespace", `<${this.#rawName}> is not in a namespace of feeds`, this.#offset);
    }
    scope.setDefault(meaning);
  }

  #close(rawName: string): void {
    if (this.#top === null) return;
    if (this.#tooDeep.close(rawName)) return;
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
    this.#scanner.openName = parent === null ? "" : parent.rawName;
    this.#depth--;
    if (parent === null) {
      this.#isRootClosed = isWhole;
      this.#scanner.stop();
      if (element.kind === "entry") this.#handler.onElement(element, isWhole);
      return;
    }
    if (element.kind === "foreign") return;
    if (element.kind === "entry") {
      this.#handler.onElement(element, isWhole);
    } else if (parent.kind === "container") {
      if (element.kind !== "container") this.#handler.onElement(element, isWhole);
    } else if (parent.children.length < this.#limits.childrenPerElement) parent.addChild(element);
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
    this.#scanner.stop();
    while (this.#top !== null && !isStructural(this.#top)) this.#closeTop(true);
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

  #skipTooDeep(): void {
    this.#maxDepth = this.#limits.depth + 1;
    if (this.#tooDeep.open(this.#rawName) > 1) return;
    this.#log.add(
      "too-deep",
      `elements nested deeper than ${this.#limits.depth} are passed over`,
      this.#offset,
    );
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
    const isOpened = this.#markup.open(this.#rawName, { attributes, isSelfClosing, depthMax });
    if (isOpened) this.#maxDepth = Math.max(this.#maxDepth, this.#depth + this.#markup.depth);
    else if (!isSelfClosing) this.#skipTooDeep();
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
}

function isStructural(element: XmlElement): boolean {
  return element.kind === "container" || element.kind === "entry";
}
