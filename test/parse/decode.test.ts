import fc from "fast-check";
import iconv from "iconv-lite";
import { describe, expect, it } from "vitest";
import { cleanText, decodeDocument } from "../../src/parse/decode.ts";

const xml = (encoding: string, text: string) => `<?xml version="1.0" encoding="${encoding}"?><t>${text}</t>`;
const bytesOf = (text: string, encoding: string) => new Uint8Array(iconv.encode(text, encoding));

describe("decodeDocument", () => {
  it.each([
    ["iso-8859-2", "Zażółć gęślą"],
    ["windows-1251", "Привет"],
    ["koi8-r", "Привет"],
    ["Shift_JIS", "日本語の記事"],
    ["EUC-JP", "日本語の記事"],
    ["GB2312", "中文新闻"],
    ["gb18030", "中文新闻"],
    ["Big5", "中文新聞"],
    ["EUC-KR", "한국어 뉴스"],
    ["windows-1252", "“café” – naïve €"],
    ["ISO-8859-15", "prix: 5 €"],
    ["cp437", "façade ÿ"],
  ])("believes the XML declaration: %s", (encoding, text) => {
    const document = decodeDocument(bytesOf(xml(encoding, text), encoding), "text/xml");
    expect(document.text).toContain(text);
    expect(document.warnings).toEqual([]);
  });

  it("prefers the charset of Content-Type to the declaration (RFC 7303 3)", () => {
    const bytes = bytesOf(xml("iso-8859-1", "Привет"), "windows-1251");
    expect(decodeDocument(bytes, 'application/xml; charset="windows-1251"').text).toContain("Привет");
  });

  it.each(["utf-16le", "utf-16be", "utf-32le", "utf-32be"])(
    "reads %s with and without its mark",
    (encoding) => {
      const text = xml("utf-16", "Brücke 橋 😀");
      expect(decodeDocument(bytesOf(text, encoding), null).text).toBe(text);
      expect(decodeDocument(bytesOf(`\ufeff${text}`, encoding), null).text).toBe(text);
    },
  );

  it("takes valid UTF-8 for UTF-8 whatever is declared", () => {
    const document = decodeDocument(
      bytesOf(xml("iso-8859-1", "crème"), "utf-8"),
      "text/xml; charset=iso-8859-1",
    );
    expect(document.text).toContain("crème");
    expect(document.encoding).toBe("utf-8");
    expect(document.warnings.map((warning) => warning.code)).toEqual(["wrong-encoding"]);
  });

  it("reads stray windows-1252 bytes in UTF-8, and bytes without any declaration", () => {
    const mixed = Buffer.concat([Buffer.from("<t>crème “"), Buffer.from([0x93, 0x80]), Buffer.from("</t>")]);
    expect(decodeDocument(mixed, null).text).toBe("<t>crème ““€</t>");
    const bare = decodeDocument(bytesOf("<t>caf\u00e9</t>", "windows-1252"), null);
    expect(bare).toMatchObject({ text: "<t>café</t>", encoding: "windows-1252" });
  });

  it("keeps what came before a character that was cut", () => {
    const whole = Buffer.from("<t>Brücke 橋");
    const document = decodeDocument(whole.subarray(0, whole.length - 1), "text/xml; charset=utf-8");
    expect(document.text).toBe("<t>Brücke ");
    expect(document.warnings).toHaveLength(1);
  });

  it("drops the UTF-8 mark and characters that XML forbids", () => {
    const document = decodeDocument(Buffer.from("\ufeff<t>a\u0000b\u000bc\u001b\ufffe</t>"), null);
    expect(document.text).toBe("<t>abc</t>");
    expect(document.warnings.map((warning) => warning.code)).toEqual(["control-characters"]);
  });

  it("finds what XML forbids at every place, wherever the bytes begin in their buffer", () => {
    const forbidden = ["\u0000", "\u0008", "\u000b", "\u001f", "\ufffe", "\uffff"];
    const allowed = ["\t", "\n", "\r", " ", "\u007f", "\u0080", "é", "\uff0c", "\ufffd", "😀"];
    for (const character of [...forbidden, ...allowed]) {
      for (let before = 0; before < 9; before++) {
        for (let start = 0; start < 4; start++) {
          const text = `<${"a".repeat(before)}${character}${"b".repeat(8 - before)}`;
          const bytes = Buffer.concat([Buffer.alloc(start, "x"), Buffer.from(text)]);
          const decoded = decodeDocument(new Uint8Array(bytes).subarray(start), "text/xml; charset=utf-8");
          expect(decoded.text).toBe(forbidden.includes(character) ? text.replace(character, "") : text);
        }
      }
    }
    for (let length = 0; length < 9; length++)
      expect(decodeDocument(new Uint8Array(9).fill(0x41).subarray(1, 1 + length), null).text).toHaveLength(
        length,
      );
  });

  it("says on which line bytes were bad or characters forbidden", () => {
    const lines = (bytes: Uint8Array, label: string | null) =>
      decodeDocument(bytes, label).warnings.map(({ code, line }) => `${code} ${line}`);
    expect(lines(Buffer.from("<t>\n\n\u0001</t>"), null)).toEqual(["control-characters 3"]);
    expect(lines(Buffer.from("<t>\né\xff</t>", "latin1"), null)).toEqual(["wrong-encoding 2"]);
    expect(
      lines(Buffer.concat([Buffer.from("<t>é\n"), Buffer.from([0x93]), Buffer.from("</t>")]), null),
    ).toEqual(["bad-bytes 2"]);
    expect(lines(Buffer.from("<t>\n\n\n\xff\xff</t>", "latin1"), "a/b; charset=shift_jis")).toEqual([
      "bad-bytes 4",
    ]);
    expect(lines(Buffer.from("<t>\n橋").subarray(0, -1), null)).toEqual(["bad-bytes 2"]);
  });

  it("never reads UTF-7: what looks harmless would become markup", () => {
    const document = decodeDocument(Buffer.from(xml("utf-7", "+ADw-script+AD4-")), null);
    expect(document.text).toContain("+ADw-script+AD4-");
    expect(document.warnings.map((warning) => warning.code)).toEqual(["unknown-encoding"]);
  });

  it("reads any bytes with any label into clean, well-formed text", () => {
    const labels = fc.constantFrom(
      null,
      "text/xml",
      "text/xml; charset=utf-8",
      "a/b; charset=latin1",
      "a/b; charset=shift_jis",
      "a/b; charset=utf-16",
      "a/b; charset=__proto__",
      "a/b; charset=hz-gb-2312",
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), labels, (bytes, label) => {
        const { text } = decodeDocument(bytes, label);
        expect(text.isWellFormed()).toBe(true);
        expect(cleanText(text)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});
