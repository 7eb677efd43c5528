import { isAscii } from "node:buffer";
import iconv from "iconv-lite";
import type { Warning } from "../model.ts";

export interface DecodedDocument {
  /** Well-formed Unicode without byte order mark and without characters that XML 1.0 forbids. */
  readonly text: string;
  /** WHATWG or IANA name of the encoding used, lower case. */
  readonly encoding: string;
  readonly warnings: readonly Warning[];
}

/** Bytes looked at for an XML declaration or a `charset` in the document itself. */
const SNIFF_BYTES = 1024;

/**
 * Turns a document's bytes into text (RFC 7303 section 3, XML 1.0 appendix F, WHATWG Encoding).
 *
 * Order: a byte order mark; the pattern of UTF-16 and UTF-32 without one; UTF-8 if the bytes are valid UTF-8 with
 * anything beyond ASCII in them, whatever was declared (a legacy text is practically never valid UTF-8 by accident);
 * the `Content-Type` charset; the XML declaration; UTF-8. Bytes that do not fit are read as windows-1252
 * where most of the document is UTF-8 with a few stray bytes. Text that was garbled before it was sent is left as it is.
 */
export function decodeDocument(bytes: Uint8Array, contentType: string | null): DecodedDocument {
  const warnings: Warning[] = [];
  const { text, encoding } = chooseDecoding(bytes, contentType, warnings);
  const isClean = encoding === "utf-8" && warnings.length === 0 && isCleanUtf8(bytes);
  return { text: isClean ? text : removeForbiddenCharacters(text, warnings), encoding, warnings };
}

function chooseDecoding(
  bytes: Uint8Array,
  contentType: string | null,
  warnings: Warning[],
): { text: string; encoding: string } {
  const marked = encodingOfMark(bytes) ?? encodingOfPattern(bytes);
  if (marked !== null) return { text: decodeAs(bytes, marked, warnings), encoding: marked };

  const declaredByHeader = charsetOfContentType(contentType);
  const declaredInside = charsetOfDeclaration(bytes);
  const declared = declaredByHeader ?? declaredInside ?? "utf-8";
  const encoding = canonicalEncoding(declared) ?? canonicalEncoding(declaredInside ?? "");
  if (encoding === null) {
    warnings.push({
      code: "unknown-encoding",
      message: `the encoding "${declared.slice(0, 40)}" is not known`,
    });
  }
  // ISO-2022-JP and HZ are made of ASCII bytes: they pass for UTF-8 and must be believed. UTF-16 without its zero bytes is not UTF-16.
  if (encoding !== null && isSevenBit(encoding)) {
    return { text: decodeAs(bytes, encoding, warnings), encoding };
  }
  const utf8 = decodeStrictUtf8(bytes);
  if (utf8 !== null) {
    const isAscii = utf8.length === bytes.length;
    if (encoding !== null && encoding !== "utf-8" && !isAscii) {
      warnings.push({
        code: "wrong-encoding",
        message: `declared as ${declared.slice(0, 40)}, but it is UTF-8`,
      });
    }
    return { text: utf8, encoding: "utf-8" };
  }
  const inside = declaredInside === null ? null : canonicalEncoding(declaredInside);
  const legacy = [encoding, inside].find(
    (name) => name != null && name !== "utf-8" && !name.startsWith("utf-16"),
  );
  if (legacy != null) return { text: decodeAs(bytes, legacy, warnings), encoding: legacy };
  return decodeDamagedUtf8(bytes, warnings);
}

/** UTF-32 first: its little-endian mark begins with that of UTF-16. */
function encodingOfMark(bytes: Uint8Array): string | null {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) return "utf-32le";
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return "utf-32be";
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  return null;
}

/** XML 1.0 appendix F.1: a document begins with `<`, and its zero bytes tell the width. */
function encodingOfPattern(bytes: Uint8Array): string | null {
  const [a, b, c, d] = bytes;
  if (a === 0x3c && b === 0 && c === 0 && d === 0) return "utf-32le";
  if (a === 0 && b === 0 && c === 0 && d === 0x3c) return "utf-32be";
  if (a === 0x3c && b === 0 && c !== 0 && d === 0) return "utf-16le";
  if (a === 0 && b === 0x3c && c === 0 && d !== 0) return "utf-16be";
  return null;
}

function charsetOfContentType(contentType: string | null): string | null {
  const match = /charset\s{0,9}=\s{0,9}["']?([\w.:+-]{1,40})/i.exec(contentType?.slice(0, 1000) ?? "");
  return match?.[1] ?? null;
}

function charsetOfDeclaration(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SNIFF_BYTES)).toString(
    "latin1",
  );
  const match = /<\?xml\s[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']?([\w.:+-]{1,40})/i.exec(head);
  return match?.[1] ?? null;
}

/** The name by which a decoder here knows this encoding, or null. ICU's labels first, then iconv's. */
function canonicalEncoding(label: string): string | null {
  const name = label.trim().toLowerCase().replaceAll("_", "-");
  if (name === "") return null;
  if (/^utf-?7$/.test(name)) return null; // never: what reads as harmless ASCII would become markup
  if (/^utf-?32(le|be)?$/.test(name)) return name.endsWith("be") ? "utf-32be" : "utf-32le";
  try {
    const found = new TextDecoder(name).encoding;
    return found === "replacement" || found === "x-user-defined" ? null : found;
  } catch {
    return iconv.encodingExists(name) && !/^(base64|hex|binary|ucs2|internal)/.test(name) ? name : null;
  }
}

function isSevenBit(encoding: string): boolean {
  return encoding === "iso-2022-jp" || encoding === "iso-2022-kr" || encoding === "hz-gb-2312";
}

function decodeAs(bytes: Uint8Array, encoding: string, warnings: Warning[]): string {
  if (encoding === "utf-8") return decodeStrictUtf8(bytes) ?? decodeDamagedUtf8(bytes, warnings).text;
  let text: string;
  try {
    text = new TextDecoder(encoding).decode(bytes);
  } catch {
    text = iconv.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), encoding);
  }
  const bad = text.indexOf("�");
  if (bad !== -1) {
    warnings.push({
      code: "bad-bytes",
      message: `some bytes are not valid ${encoding}`,
      line: lineAt(text, bad),
    });
  }
  return text;
}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true });

function decodeStrictUtf8(bytes: Uint8Array): string | null {
  // Plain ASCII is copied; for the decoder it is work.
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Bytes that are not UTF-8 and that nothing declares to be anything else. A document cut inside a character, or one that holds
 * a few stray windows-1252 bytes in UTF-8, keeps its UTF-8 part; a document without any UTF-8 sequence is windows-1252.
 */
function decodeDamagedUtf8(bytes: Uint8Array, warnings: Warning[]): { text: string; encoding: string } {
  const tail = incompleteTail(bytes);
  if (tail > 0) {
    const whole = decodeStrictUtf8(bytes.subarray(0, bytes.length - tail));
    if (whole !== null) {
      warnings.push({
        code: "bad-bytes",
        message: "the document ends inside a UTF-8 character",
        line: lineAt(whole, whole.length),
      });
      return { text: whole, encoding: "utf-8" };
    }
  }
  const { text, sequences, firstBad } = decodeMixedUtf8(bytes);
  const encoding = sequences === 0 ? "windows-1252" : "utf-8";
  warnings.push({
    code: sequences === 0 ? "wrong-encoding" : "bad-bytes",
    message:
      sequences === 0 ? "not UTF-8; read as windows-1252" : "some bytes are not UTF-8; read as windows-1252",
    line: lineAt(text, firstBad),
  });
  return { text, encoding };
}

/** How many bytes at the end begin a UTF-8 character that is not complete, 0 to 3. */
function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc2) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Reads valid UTF-8 runs as UTF-8 and every other byte as windows-1252; `firstBad` is where the first of those stands. Linear. */
function decodeMixedUtf8(bytes: Uint8Array): { text: string; sequences: number; firstBad: number } {
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  const cp1252 = new TextDecoder("windows-1252");
  const parts: string[] = [];
  let sequences = 0;
  let firstBad: number | null = null;
  let runStart = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      if (length > 1) sequences++;
      at += length;
      continue;
    }
    const run = utf8.decode(bytes.subarray(runStart, at));
    firstBad ??= run.length;
    parts.push(run);
    const badStart = at;
    do at++;
    while (at < bytes.length && sequenceLength(bytes, at) === 0);
    parts.push(cp1252.decode(bytes.subarray(badStart, at)));
    runStart = at;
  }
  parts.push(utf8.decode(bytes.subarray(runStart)));
  return { text: parts.join(""), sequences, firstBad: firstBad ?? 0 };
}

/** The line, counted from 1, of a position in the text. */
function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** Length of the valid UTF-8 sequence at `at`, 0 if there is none (Unicode 15 table 3-7). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const second = bytes[at + 1] ?? 0;
  if (lead >= 0xc2 && lead <= 0xdf) return isContinuation(second) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return 0;
    return isContinuation(second) && isContinuation(bytes[at + 2] ?? 0) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return 0;
    return isContinuation(second) && isContinuation(bytes[at + 2] ?? 0) && isContinuation(bytes[at + 3] ?? 0)
      ? 4
      : 0;
  }
  return 0;
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}

const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const FORBIDDEN_ALL = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]+/g;

function removeForbiddenCharacters(text: string, warnings: Warning[]): string {
  const clean = cleanText(text);
  if (clean !== text) {
    const first = text.search(FORBIDDEN);
    warnings.push({
      code: "control-characters",
      message: "characters that XML forbids were removed",
      ...(first !== -1 && { line: lineAt(text, first) }),
    });
  }
  return clean;
}

const NONCHARACTER_START = Buffer.from([0xef, 0xbf]);

/**
 * True if valid UTF-8 holds no character that XML forbids, or anything near U+FFFE. Sixteen bytes at a time: several times as fast as
 * looking through the text.
 */
function isCleanUtf8(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, length } = bytes;
  const head = -byteOffset & 3; // to where words begin
  if (length < head + 4) return !hasControl(bytes, 0, length) && !holdsNoncharacter(bytes);
  const words = new Int32Array(buffer, byteOffset + head, (length - head) >> 2);
  const count = words.length;
  const inFours = count - (count % 4);
  for (let at = 0; at < inFours; at += 4) {
    const a = words[at] as number;
    const b = words[at + 1] as number;
    const c = words[at + 2] as number;
    const d = words[at + 3] as number;
    // The top bit of a byte is set here only if one of the sixteen is below 0x20.
    const low =
      ((a - 0x20202020) & ~a) | ((b - 0x20202020) & ~b) | ((c - 0x20202020) & ~c) | ((d - 0x20202020) & ~d);
    if ((low & 0x80808080) === 0) continue;
    const start = head + 4 * at;
    if (hasControl(bytes, start, start + 16)) return false;
  }
  if (hasControl(bytes, 0, head) || hasControl(bytes, head + 4 * inFours, length)) return false;
  return !holdsNoncharacter(bytes);
}

function holdsNoncharacter({ buffer, byteOffset, length }: Uint8Array): boolean {
  return Buffer.from(buffer, byteOffset, length).includes(NONCHARACTER_START);
}

/** A control character but tab, line feed and carriage return. */
function hasControl(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return true;
  }
  return false;
}

/** Removes characters outside XML 1.0 `Char` (control characters, U+FFFE, U+FFFF) and makes surrogates whole. */
export function cleanText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return FORBIDDEN.test(wellFormed) ? wellFormed.replace(FORBIDDEN_ALL, "") : wellFormed;
}
