import fc from "fast-check";
import { Tokenizer } from "htmlparser2";
import { describe, expect, it } from "vitest";
import { XmlScanner } from "../../src/parse/xml-scanner.ts";

type Token = readonly string[];

/** Adjoining pieces of text are one. */
function join(tokens: readonly Token[]): readonly Token[] {
  const joined: string[][] = [];
  for (const token of tokens) {
    const last = joined.at(-1);
    if (token[0] === "text" && last?.[0] === "text") last[1] += token[1] ?? "";
    else joined.push([...token]);
  }
  return joined;
}

function scan(text: string, step = text.length): readonly Token[] {
  const tokens: Token[] = [];
  const scanner = new XmlScanner(
    text,
    {
      onOpenTag(start, end, isSelfClosing) {
        const values: string[] = [];
        for (let at = 0; at < 4 * scanner.attributeCount; at += 4) {
          const [nameStart, nameEnd, valueStart, valueEnd] = scanner.attributes.slice(at, at + 4);
          values.push(text.slice(nameStart, nameEnd), text.slice(valueStart, valueEnd));
        }
        if (!isSelfClosing) scanner.openName = text.slice(start, end);
        tokens.push([isSelfClosing ? "empty" : "open", text.slice(start, end), ...values]);
      },
      onCloseTag: (start, end) => tokens.push(["close", text.slice(start, end)]),
      onText: (start, end) => tokens.push(["text", text.slice(start, end)]),
      onCdata: (start, end) => tokens.push(["cdata", text.slice(start, end)]),
    },
    { start: 0, attributesMax: 1000 },
  );
  while (!scanner.isDone) scanner.scan(scanner.position + step);
  return join(tokens);
}

/** The same from htmlparser2. It tells one character of text where the document breaks off in a tag; that is left out. */
function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let tag: string[] = [];
  let name = "";
  let value = "";
  const tokenizer = new Tokenizer(
    { xmlMode: true, decodeEntities: false },
    {
      onopentagname: (start, end) => {
        tag = [text.slice(start, end)];
      },
      onattribname: (start, end) => {
        name = text.slice(start, end);
        value = "";
      },
      onattribdata: (start, end) => {
        value += text.slice(start, end);
      },
      onattribend: () => tag.push(name, value),
      onopentagend: () => tokens.push(["open", ...tag]),
      onselfclosingtag: () => tokens.push(["empty", ...tag]),
      onclosetag: (start, end) => tokens.push(["close", text.slice(start, end)]),
      ontext: (start, end) => {
        if (start >= 0) tokens.push(["text", text.slice(start, end)]);
      },
      oncdata: (start, end, offset) => tokens.push(["cdata", text.slice(start, end - offset)]),
      oncomment() {},
      ondeclaration() {},
      onprocessinginstruction() {},
      onattribentity() {},
      ontextentity() {},
      onend() {},
    },
  );
  tokenizer.write(text);
  tokenizer.end();
  return join(tokens);
}

describe("the scanner", () => {
  it.each([
    ["an element", "<a b=\"1\" c='2'>x</a>"],
    ["attributes without quotes or values", "<a b=1 c d = 'e'f/><a b=/x/>"],
    ["comparisons", "1 < 2 </> <> < <<a>"],
    ["CDATA", "<![CDATA[<b>]]]]>x<![CDAT[y]]><![CDATA["],
    ["comments", "<!-- <a> --!><!--><a>--><!-x><!---->"],
    ["instructions", "<?xml v?><??><?x > ?>y<?php"],
    ["declarations", "<!DOCTYPE a><!><b>"],
    ["odd closing tags", "</ a></a b></ /x></"],
    ["an end inside a tag", "x<a b='"],
  ])("tells %s as htmlparser2 does", (_, text) => {
    expect(scan(text)).toEqual(tokenize(text));
    expect(scan(text, 1)).toEqual(tokenize(text));
  });

  const piece = fc.constantFrom(
    ...'< > / ! ? - -- --> [ ] ]]> <![CDATA[ CDATA[ <!-- <? ?> = " \' a b c:d & x="1" </ /> <a </a> \n'.split(
      " ",
    ),
    " ",
    "\t",
  );
  it("tells any text as htmlparser2 does", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (pieces, step) => {
        const text = pieces.join("");
        const expected = tokenize(text);
        expect(scan(text)).toEqual(expected);
        expect(scan(text, step)).toEqual(expected);
      }),
      { numRuns: 5000 },
    );
  });
});
