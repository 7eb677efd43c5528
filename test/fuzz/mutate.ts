/** Documents that are nearly right: fixtures cut, repeated, spliced, with bytes and words of trouble put in. Seeded. */

/** A small, fast generator (mulberry32): the same seed gives the same documents. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What readers stumble over, for any place of a document. */
const troubles: readonly string[] = [
  "<",
  ">",
  "</",
  "/>",
  "<a",
  "<a ",
  "<a b",
  '<a b="',
  "<a b='",
  "&",
  "&a",
  "&#",
  "&#x",
  "&#0;",
  "&#x1F;",
  "&#xD800;",
  "&#99999999999;",
  "&amp;amp;",
  "&nbsp;",
  "&e;",
  "<![CDATA[",
  "]]>",
  "]]",
  "<!--",
  "-->",
  "--",
  "<?",
  "?>",
  "<?xml version='1.0'?>",
  "<!DOCTYPE",
  "<!DOCTYPE x [<!ENTITY e 'y'>]>",
  "<!ENTITY % p SYSTEM 'http://x/'>",
  "<item>",
  "</item>",
  "<entry>",
  "</entry>",
  "<title>",
  "</title>",
  "<link/>",
  "<channel>",
  "</rss>",
  "</feed>",
  "<rdf:RDF>",
  "<x:item xmlns:x='y'>",
  "xmlns:a='b'",
  "xmlns=''",
  "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>",
  "<__proto__>",
  "<constructor/>",
  '"__proto__":{"polluted":1},',
  '"constructor":',
  "hasOwnProperty",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\\u",
  "\\ud800",
  "null",
  "true",
  "1e999",
  "-0",
  "{}",
  "[[[[[[[[",
  '"items":[',
  '"id":',
  "0x",
  "\u0000",
  "\u0008",
  "\u001f",
  "\u007f",
  "\u0085",
  "\u2028",
  "\ud800",
  "\udfff",
  "\ufeff",
  "\ufffe",
  "\u202e",
  "😀",
  "é",
  "中",
  "javascript:alert(1)",
  "data:text/html,x",
  "//",
  "://",
  "http://",
  "https://https://",
  "http:////x",
  "%",
  "%0",
  "%zz",
  "%00",
  "%25%32%35",
  "@",
  "#",
  "?",
  "?a=&b",
  "..//..",
  "[::1]",
  "xn--",
  "\\\\",
  "<p",
  "<p ",
  "<img src=x onerror=1",
  "<script>",
  "</script",
  "<svg><style>",
  "<math>",
  "<table><tr>",
  "style='",
  "srcset='a 1x, b 2x'",
  "<a href='javascript:1'>",
  "---\n",
  "...\n",
  "- ",
  ": ",
  "? ",
  "|\n",
  ">\n",
  "&x ",
  "*x ",
  "!!js/function ",
  "<<: ",
  "\t",
  "\r",
  "\r\n",
  "\n\n",
  "# ",
  "By [AFP](#)\n",
  "Original url:\n",
  "<https://x.example/>",
  "```\n",
  "Mon, 99 Foo 99999 99:99:99 +9999",
  "2026-13-45T25:61:61Z",
  "9".repeat(40),
  " ".repeat(300),
  "a".repeat(300),
  "<".repeat(200),
  "&".repeat(200),
  "[".repeat(200),
  "(".repeat(100),
];

/** A changed copy of one of `seeds` (UTF-16 text). */
export function mutate(seeds: readonly string[], random: (below: number) => number): string {
  let text = pick(seeds, random);
  for (let change = 1 + random(6); change > 0; change--) text = changeOnce(text, seeds, random);
  return text;
}

function changeOnce(text: string, seeds: readonly string[], random: (below: number) => number): string {
  const at = random(text.length + 1);
  const end = Math.min(text.length, at + random(60));
  switch (random(9)) {
    case 0:
      return text.slice(0, at) + pick(troubles, random) + text.slice(at);
    case 1:
      return text.slice(0, at) + pick(troubles, random) + text.slice(end);
    case 2:
      return text.slice(0, at) + text.slice(end);
    case 3:
      return text.slice(0, at);
    case 4:
      return text.slice(0, end) + text.slice(at);
    case 5: {
      const other = pick(seeds, random);
      return text.slice(0, at) + other.slice(random(other.length + 1));
    }
    case 6:
      return text.slice(0, at) + pick(troubles, random).repeat(1 + random(50)) + text.slice(at);
    case 7:
      return text.slice(0, at) + String.fromCharCode(random(65_536)) + text.slice(at + 1);
    default: {
      // A word of the document somewhere else in it.
      const from = random(text.length + 1);
      return text.slice(0, at) + text.slice(from, from + random(40)) + text.slice(end);
    }
  }
}

/** The text as bytes: mostly UTF-8, at times another encoding, a mark that lies, or broken bytes. */
export function encode(text: string, random: (below: number) => number): Uint8Array {
  switch (random(12)) {
    case 0:
      return Buffer.from(text, "latin1");
    case 1:
      return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
    case 2:
      return Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, "utf16le").swap16()]);
    case 3:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text, "utf8")]);
    case 4: {
      const bytes = Buffer.from(text, "utf8");
      for (let n = random(8); n > 0; n--) if (bytes.length > 0) bytes[random(bytes.length)] = random(256);
      return bytes;
    }
    case 5:
      return Buffer.from(text, "utf8").subarray(random(4));
    default:
      return Buffer.from(text, "utf8");
  }
}

export function pick<T>(list: readonly T[], random: (below: number) => number): T {
  const found = list[random(list.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}
