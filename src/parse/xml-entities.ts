import { decodeHTML, replaceCodePoint } from "entities/decode";

/** Entities that a document declares for itself (XML 1.0 4.2.1); the values hold no references any more. */
export interface EntityTable {
  readonly values: ReadonlyMap<string, string>;
  /** Characters that references may still add to the document. */
  budget: number;
}

/** A document asks for more than its entities may cost, or for something outside itself. */
export class EntityRefused extends Error {}

const REFERENCE = /&(?:#x([0-9a-f]{1,8})|#([0-9]{1,8})|([a-z_][\w.-]{0,40}));/iy;

/**
 * Replaces references in XML text once: the five of XML, numeric ones, those of HTML (which feeds use without declaring)
 * and the document's own. A bare `&` and a reference to nothing stay as they are; numbers that name no character vanish.
 * @throws EntityRefused when the document's own entities grow over their bound.
 */
export function decodeReferences(text: string, table: EntityTable | null): string {
  const first = text.indexOf("&");
  if (first === -1) return text;
  let result = "";
  let copied = 0;
  for (let at = first; at !== -1; at = text.indexOf("&", copied > at ? copied : at + 1)) {
    let value: string;
    let length: number;
    // The five of XML by their first letter: escaped HTML holds hundreds of them.
    const letter = text.charCodeAt(at + 1);
    if (letter === LETTER_L && text.startsWith("lt;", at + 1)) {
      value = "<";
      length = 4;
    } else if (letter === LETTER_G && text.startsWith("gt;", at + 1)) {
      value = ">";
      length = 4;
    } else if (letter === LETTER_A && text.startsWith("amp;", at + 1)) {
      value = "&";
      length = 5;
    } else if (letter === LETTER_Q && text.startsWith("quot;", at + 1)) {
      value = '"';
      length = 6;
    } else {
      REFERENCE.lastIndex = at;
      const match = REFERENCE.exec(text);
      if (match === null) continue;
      value = replacementOf(match, table);
      length = match[0].length;
    }
    result += text.slice(copied, at) + value;
    copied = at + length;
  }
  return result + text.slice(copied);
}

const LETTER_A = 0x61;
const LETTER_G = 0x67;
const LETTER_L = 0x6c;
const LETTER_Q = 0x71;

function replacementOf([reference, hex, decimal, name]: RegExpExecArray, table: EntityTable | null): string {
  if (name === undefined) return characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  if (name === "apos") return "'";
  const own = table?.values.get(name);
  if (own !== undefined && table !== null) {
    table.budget -= own.length + 1;
    if (table.budget < 0) throw new EntityRefused("its entities expand beyond the limit");
    return own;
  }
  const known = decodeHTML(reference);
  return known === reference || known.endsWith(";") ? decodeUpperCase(reference) : known;
}

/** `&AMP;` and `&NBSP;` and their like, which some programs write. */
function decodeUpperCase(reference: string): string {
  const lower = reference.toLowerCase();
  if (lower === reference) return reference;
  const known = decodeHTML(lower);
  return known.endsWith(";") ? reference : known;
}

function characterOf(code: number): string {
  if (code < 32 && code !== 9 && code !== 10 && code !== 13) return "";
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || (code & 0xfffe) === 0xfffe) return "";
  return String.fromCodePoint(replaceCodePoint(code));
}

// ---- DOCTYPE -------------------------------------------------------------------------------------------------------

const ENTITIES_MAX = 300;
const ENTITY_LENGTH_MAX = 4096;

/**
 * Reads a DOCTYPE at `start` (where `<!DOCTYPE` stands) and the entities of its internal subset. Nothing is ever fetched.
 * @returns where the DOCTYPE ends, and the entities.
 * @throws EntityRefused for external or parameter entities (but the well-known sets of W3C, which say what is known
 * anyway), for entities that hold markup, and for those that grow.
 */
export function readDoctype(
  text: string,
  options: { readonly start: number; readonly budget: number },
): { readonly end: number; readonly table: EntityTable } {
  const raw = new Map<string, string>();
  let at = options.start + 9;
  let inSubset = false;
  while (at < text.length) {
    const char = text[at];
    if (char === '"' || char === "'") at = after(text, char, at + 1);
    else if (char === "[") {
      inSubset = true;
      at++;
    } else if (char === "]") {
      inSubset = false;
      at++;
    } else if (char === ">" && !inSubset) {
      at++;
      break;
    } else if (inSubset && text.startsWith("<!--", at)) at = after(text, "-->", at + 4);
    else if (inSubset && text.startsWith("<!ENTITY", at)) at = readEntity(text, at + 8, raw);
    else at++;
  }
  const table: GrowingTable = { values: new Map(), budget: options.budget };
  for (const name of raw.keys()) expand(name, raw, table, 0);
  return { end: Math.min(at, text.length), table };
}

function after(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found === -1 ? text.length : found + what.length;
}

const ENTITY =
  /\s{1,20}(%\s{1,20})?([^\s"'<>%&;]{1,64})\s{1,20}(?:(SYSTEM|PUBLIC)\s{1,20}("[^"]{0,300}"|'[^']{0,300}')|("[^"]{0,5000}"|'[^']{0,5000}'))/y;

function readEntity(text: string, start: number, raw: Map<string, string>): number {
  ENTITY.lastIndex = start;
  const match = ENTITY.exec(text);
  if (match === null) throw new EntityRefused("its DOCTYPE declares an entity that cannot be read");
  const [, parameter, name = "", external, publicId = "", value] = match;
  if (external !== undefined) {
    if (external === "PUBLIC" && /^["']-\/\/W3C\/\/ENTITIES/i.test(publicId)) return ENTITY.lastIndex;
    throw new EntityRefused(`its DOCTYPE declares the external entity "${name}"`);
  }
  if (parameter !== undefined) throw new EntityRefused(`its DOCTYPE declares the parameter entity "${name}"`);
  const literal = value?.slice(1, -1) ?? "";
  if (literal.includes("<")) throw new EntityRefused(`its entity "${name}" holds markup`);
  if (literal.length > ENTITY_LENGTH_MAX) throw new EntityRefused(`its entity "${name}" is too long`);
  if (raw.size >= ENTITIES_MAX) throw new EntityRefused("its DOCTYPE declares too many entities");
  if (!raw.has(name)) raw.set(name, literal); // the first declaration binds (XML 1.0 4.2)
  return ENTITY.lastIndex;
}

const INNER_REFERENCE = /&([^\s&;#]{1,64});/g;

interface GrowingTable {
  readonly values: Map<string, string>;
  budget: number;
}

/** The value of one entity with the references in it replaced; every value is made once, every reference is paid for. */
function expand(name: string, raw: ReadonlyMap<string, string>, table: GrowingTable, depth: number): string {
  const done = table.values.get(name);
  if (done !== undefined) return done;
  if (depth > 8) throw new EntityRefused("its entities are nested too deep");
  const value = (raw.get(name) ?? "").replace(INNER_REFERENCE, (reference, inner: string) => {
    if (!raw.has(inner)) return reference;
    const expanded = expand(inner, raw, table, depth + 1);
    table.budget -= expanded.length + 1;
    if (table.budget < 0) throw new EntityRefused("its entities expand beyond the limit");
    return expanded;
  });
  const text = decodeReferences(value, null);
  table.values.set(name, text);
  return text;
}
