import MarkdownIt from "markdown-it";
import { collapseWhitespace, escapeHtml } from "./html.ts";
import type { WarningLog } from "./warning-log.ts";

/** HTML in Markdown is let through to the sanitiser, which judges it like all other HTML. */
const MARKDOWN = new MarkdownIt({ maxNesting: 20, html: true, linkify: true });
MARKDOWN.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

// A link to `#` is no link: its words stay.
MARKDOWN.core.ruler.push("links_to_nowhere", (state) => {
  for (const token of state.tokens) {
    if (token.children === null) continue;
    let isDropping = false;
    token.children = token.children.filter((child) => {
      if (child.type === "link_open") {
        const href = String(child.attrGet("href") ?? "");
        isDropping = href === "" || href.startsWith("#");
        return !isDropping;
      }
      if (child.type !== "link_close" || !isDropping) return true;
      isDropping = false;
      return false;
    });
  }
});

/** A line of Markdown without its marks. */
export function textOfMarkdown(source: string): string {
  const [inline] = MARKDOWN.parseInline(source, {});
  const parts =
    inline?.children?.map((token) =>
      token.type === "image" ? "" : token.content || (token.type.endsWith("break") ? " " : ""),
    ) ?? [];
  return collapseWhitespace(parts.join(""));
}

/**
 * Characters that may mean something, line ends included. They are what Markdown costs: some 0.5 us each, and a document of nothing
 * else has a million in a megabyte. A book of 100,000 words has about as many.
 */
const MARKS_MAX = 50_000;
const MARK = /[\n[\]*_`<>&\\!~|#:]/g;

/**
 * Markdown as HTML that is not sanitised yet. A text with more marks than a book has is shown as it stands, in paragraphs: whoever
 * wrote it wanted to see how long we take.
 */
export function renderMarkdown(source: string, log: WarningLog): string {
  if (source.length <= MARKS_MAX || countMarks(source) <= MARKS_MAX) return MARKDOWN.render(source);
  log.add("too-many-marks", `more than ${MARKS_MAX} marks of Markdown; the text is shown as it stands`);
  return source
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${escapeHtml(paragraph.trim())}</p>`)
    .join("\n");
}

function countMarks(source: string): number {
  let count = 0;
  MARK.lastIndex = 0;
  while (count <= MARKS_MAX && MARK.test(source)) count++;
  return count;
}
