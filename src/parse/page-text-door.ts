/** The only door to Readability and to the DOM that it needs. Loaded on the worker's thread alone, see `page-text.ts`. */
import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import { sanitizeHtml, textOfHtml } from "./html.ts";

/** More elements than any article has. */
const ELEMENTS_MAX = 30_000;
/** An article of fewer characters is a teaser, a cookie notice or a login. */
const TEXT_LENGTH_MIN = 250;
/** More HTML than an article has is cut off with the article: it is left out. */
const HTML_LENGTH_MAX = 1_000_000;

/**
 * The article of a web page as sanitised HTML with absolute URLs, or null when the page holds none.
 * @param url where the page was found, for relative links
 */
export function extractArticle(html: string, url: string): string | null {
  const { document } = parseHTML(/<html[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`);
  const base = document.querySelector("base[href]")?.getAttribute("href");
  const article = new Readability(document, {
    maxElemsToParse: ELEMENTS_MAX,
    charThreshold: TEXT_LENGTH_MIN,
    disableJSONLD: true,
  }).parse();
  const content = article?.content ?? null;
  if (content === null || content.length > HTML_LENGTH_MAX) return null;
  const clean = sanitizeHtml(content, (base && URL.parse(base, url)?.href) || url);
  return clean !== null && textOfHtml(clean).length >= TEXT_LENGTH_MIN ? clean : null;
}
