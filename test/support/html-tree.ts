/** HTML as a browser reads it (the HTML5 algorithm, by parse5), and what in it would run or reach out. */
import { type DefaultTreeAdapterTypes, parse, parseFragment } from "parse5";

const activeElements =
  /^(?:script|iframe|frame|frameset|object|embed|applet|meta|base|link|style|form|input|button|textarea|svg|math|xmp|noscript|template)$/;
/** What a page of ours has in its own head and tools; a source's text never brings them along. */
const ownElements = /^(?:meta|link|form|button|input|svg)$/;
const activeScheme = /^[\u0000-\u0020]*(?:j\s*a\s*v\s*a|vbscript|data|file|blob)[^:]*:/i;

/** The script of our pages: a file of ours, and nothing within the page itself. */
function isOurScript({ tagName, attrs, childNodes }: DefaultTreeAdapterTypes.Element): boolean {
  const src = attrs.find(({ name }) => name === "src")?.value ?? "";
  return tagName === "script" && /^\/assets\/[\w.-]+$/.test(src) && childNodes.length === 0;
}

/** Elements and attributes that are active in a fragment of a feed's content. */
export function activeInContent(html: string): readonly string[] {
  return findActive(parseFragment(html), () => false);
}

/** The same in a whole page of ours, beyond what every page of ours has. */
export function activeInPage(html: string): readonly string[] {
  return findActive(parse(html), (name) => ownElements.test(name));
}

function findActive(root: DefaultTreeAdapterTypes.ParentNode, isOurs: (name: string) => boolean): string[] {
  const found: string[] = [];
  const waiting: DefaultTreeAdapterTypes.Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if ("tagName" in node) {
      if (activeElements.test(node.tagName) && !isOurs(node.tagName) && !isOurScript(node))
        found.push(`<${node.tagName}>`);
      for (const { name, value } of node.attrs)
        if (/^on|^style$|^srcdoc$/i.test(name) || activeScheme.test(value)) found.push(`${name}=${value}`);
    }
    if ("childNodes" in node) waiting.push(...node.childNodes);
    if ("content" in node) waiting.push(node.content);
  }
  return found;
}
