/** The text of HTML, for summaries, filters and titles. */
import { Tokenizer } from "htmlparser2";
import { cleanCharacters, shorten } from "./clean.ts";

const HIDDEN = new Set(["script", "style", "template", "textarea", "title", "noscript"]);
const INLINE = new Set(
  "a abbr b bdi bdo cite code data del dfn em i ins kbd mark q s samp small span strong sub sup time u var wbr".split(
    " ",
  ),
);

/**
 * The text on one line, at most `maxLength` UTF-16 units. Works on tokens, not on a tree: linear however deep it is.
 */
export function readText(html: string, maxLength: number): string {
  const collected = html.includes("<") || html.includes("&") ? collectText(html, maxLength * 2) : html;
  return shorten(cleanCharacters(collected).replace(/\s+/g, " ").trim(), maxLength);
}

function collectText(html: string, enough: number): string {
  let text = "";
  let hiddenIn: string | null = null;
  let opened = "";
  const separate = (name: string): void => {
    if (!INLINE.has(name) && !text.endsWith(" ")) text += " ";
  };
  const add = (part: string): void => {
    if (hiddenIn !== null) return;
    text += part;
    if (text.length >= enough) tokenizer.pause();
  };
  const tokenizer: Tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname(start, end) {
        opened = html.slice(start, end).toLowerCase();
        separate(opened);
      },
      onopentagend() {
        if (hiddenIn === null && HIDDEN.has(opened)) hiddenIn = opened;
      },
      onclosetag(start, end) {
        const closed = html.slice(start, end).toLowerCase();
        if (closed === hiddenIn) hiddenIn = null;
        separate(closed);
      },
      ontext: (start, end) => add(html.slice(start, end)),
      ontextentity: (codepoint) => add(String.fromCodePoint(codepoint)),
      onselfclosingtag() {},
      onattribdata() {},
      onattribentity() {},
      onattribend() {},
      onattribname() {},
      oncdata() {},
      oncomment() {},
      ondeclaration() {},
      onprocessinginstruction() {},
      onend() {},
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return text;
}
