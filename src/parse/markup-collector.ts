import { escapeHtml } from "./html.ts";
import type { WarningLog } from "./warning-log.ts";
import type { XmlElement } from "./xml-element.ts";

/** HTML elements without content; in feeds they are rarely closed. */
const VOID_ELEMENTS = new Set(
  "area base br col embed hr img input link meta param source track wbr".split(" "),
);
/** HTML elements that end where the next of the same name begins. */
const SELF_ENDING = new Set("dd dt li option p td th tr".split(" "));
const OTHER_ELEMENTS = new Set(
  `a abbr acronym address article aside audio b bdi bdo big blockquote body button caption center cite code colgroup data
   del details dfn dir div dl em fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header html i iframe ins
   kbd label main map mark nav noscript object ol optgroup picture pre q s samp script section select small span strike
   strong style sub summary sup table tbody textarea tfoot thead time tt u ul var video`.split(/\s+/),
);

/** True if a tag of this name is HTML, with whatever prefix. */
export function isHtmlName(rawName: string): boolean {
  const local = localName(rawName);
  return OTHER_ELEMENTS.has(local) || VOID_ELEMENTS.has(local) || SELF_ENDING.has(local);
}

/** True if both names are the same but for case. */
export function isSameName(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());
}

/**
 * Writes the elements found inside a text construct (XHTML with any prefix, or HTML that somebody forgot to escape) as HTML
 * source into `construct.markup`, in order with the text between them.
 */
export class MarkupCollector {
  readonly #construct: XmlElement;
  readonly #isXhtml: boolean;
  readonly #lengthMax: number;
  readonly #log: WarningLog;
  /** Raw names of the elements that are open, outermost first. */
  readonly #open: string[] = [];
  #html: string;

  /** Begins where the construct's first child element stands; text before it is in `construct.text`. */
  constructor(
    construct: XmlElement,
    options: { readonly isXhtml: boolean; readonly lengthMax: number; readonly log: WarningLog },
  ) {
    this.#construct = construct;
    this.#isXhtml = options.isXhtml;
    this.#lengthMax = options.lengthMax;
    this.#log = options.log;
    this.#html = options.isXhtml ? escapeHtml(construct.text) : construct.text;
  }

  /** Elements open inside the construct. */
  get depth(): number {
    return this.#open.length;
  }

  /** Text of XHTML is text; text between unescaped tags is HTML that was escaped beside them. */
  addText(text: string): void {
    this.#add(this.#isXhtml ? escapeHtml(text) : text);
  }

  /**
   * Writes an opening tag. `attributes` are keys and values in turn.
   * @returns false if the element would be nested deeper than `depthMax`
   */
  open(
    rawName: string,
    options: {
      readonly attributes: readonly string[];
      readonly isSelfClosing: boolean;
      readonly depthMax: number;
    },
  ): boolean {
    const local = localName(rawName);
    if (VOID_ELEMENTS.has(local)) {
      this.#add(startTag(local, options.attributes));
      return true;
    }
    const last = this.#open.at(-1);
    if (last !== undefined && SELF_ENDING.has(local) && localName(last) === local) this.#end();
    if (this.#open.length >= options.depthMax) return false;
    // The one div that wraps an XHTML construct is not part of it (RFC 4287 3.1.1.3).
    const isWrapper = this.#isXhtml && this.#open.length === 0 && local === "div";
    if (!isWrapper) this.#add(startTag(local, options.attributes));
    if (!options.isSelfClosing) this.#open.push(rawName);
    else if (!isWrapper) this.#add(`</${local}>`);
    return true;
  }

  /** Closes the innermost element of this name among the `searchDepth` innermost. @returns false if there is none */
  close(rawName: string, searchDepth: number): boolean {
    const end = Math.max(0, this.#open.length - searchDepth);
    let found = this.#open.length - 1;
    while (found >= end && !isSameName(this.#open[found] ?? "", rawName)) found--;
    if (found < end) return false;
    while (this.#open.length > found) this.#end();
    return true;
  }

  /** Closes what is open and gives the construct its markup. */
  finish(): void {
    while (this.#open.length > 0) this.#end();
    this.#construct.markup = this.#html;
    this.#construct.text = "";
  }

  #end(): void {
    const local = localName(this.#open.pop() ?? "");
    if (this.#isXhtml && this.#open.length === 0 && local === "div") return;
    this.#add(`</${local}>`);
  }

  #add(html: string): void {
    if (this.#html.length + html.length <= this.#lengthMax) this.#html += html;
    else
      this.#log.add("too-long", `the content of <${this.#construct.rawName}> is cut`, this.#construct.offset);
  }
}

function startTag(local: string, attributes: readonly string[]): string {
  let tag = `<${local}`;
  for (let at = 0; at < attributes.length; at += 2) {
    const name = attributes[at] ?? "";
    if (!/^[a-z][a-z0-9-]{0,40}$/.test(name) || name === "xmlns") continue;
    tag += ` ${name}="${escapeHtml(attributes[at + 1] ?? "")}"`;
  }
  return `${tag}>`;
}

function localName(rawName: string): string {
  const local = rawName.slice(rawName.indexOf(":") + 1).toLowerCase();
  return /^[a-z][a-z0-9-]{0,40}$/.test(local) ? local : "span";
}
