/**
 * Markup that is escaped by construction: every feed element and every page goes through the `markup` tag. What is
 * interpolated is text unless it is itself Markup, so no value can open an element, close one or leave an attribute.
 */
import { escapeUTF8 } from "entities";

/** A piece of XML or HTML that is already well-formed. Only `markup` and `joinMarkup` make one. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type MarkupValue = Markup | readonly Markup[] | string | number | null | undefined | false;

/**
 * Template tag: strings and numbers are escaped (`& < > " '`, good in text and in quoted attributes), Markup and lists
 * of it go in as they are, null, undefined and false leave nothing.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  let text = strings[0] ?? "";
  for (let index = 0; index < values.length; index += 1) {
    text += renderValue(values[index]) + (strings[index + 1] ?? "");
  }
  return new Markup(text);
}

/**
 * Plain text for a place where HTML is common, too. Written so, its `<` and `&` are taken for what they are (RSS Best Practices
 * Profile, "Character Data"; the W3C's validator asks for it): `&#x3C;` instead of `&lt;`.
 */
export function plainText(text: string): Markup {
  return new Markup(escapePlainText(escapeUTF8(unmarked(text))));
}

/** The same for text that is escaped already. */
export function escapePlainText(escaped: string): string {
  return escaped.replaceAll("&amp;", "&#x26;").replaceAll("&lt;", "&#x3C;");
}

/**
 * Text that shows an end tag, which the W3C's validator and most readers take for markup, with an invisible word joiner (U+2060) after the
 * `<` of each tag: read as text or as HTML, it looks the same.
 */
export function unmarked(text: string): string {
  return /<\/[\p{L}\p{N}_]+>/u.test(text) ? text.replace(/<(?=[a-z/!?])/gi, "<\u2060") : text;
}

/** What `unmarked` was given. */
export function asStated(text: string): string {
  return text.replaceAll("<\u2060", "<");
}

/** Puts a separator between pieces of markup. */
export function joinMarkup(pieces: readonly Markup[], separator: string): Markup {
  return new Markup(pieces.map(String).join(escapeUTF8(separator)));
}

/** ` name="value"`, or nothing where there is no value. `name` is a literal of the caller, never input. */
export function attribute(name: string, value: string | number | null | undefined): Markup | null {
  return value === null || value === undefined ? null : new Markup(` ${name}="${escapeUTF8(String(value))}"`);
}

/** As `attribute`, for plain text where HTML is common, too. */
export function plainAttribute(name: string, value: string | null | undefined): Markup | null {
  return value === null || value === undefined
    ? null
    : new Markup(` ${name}="${escapePlainText(escapeUTF8(unmarked(value)))}"`);
}

function renderValue(value: MarkupValue): string {
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string") return escapeUTF8(value);
  if (typeof value === "number") return String(value);
  if (value instanceof Markup) return value.toString();
  return value.map(String).join("");
}
