/** Edits of the config's text by commands. What a person wrote (comments, order, spacing) stays as it is. */
import { isDeepStrictEqual } from "node:util";
import { isNode, isSeq, parseDocument, stringify } from "yaml";
import { MainstemError } from "../errors.ts";

/** A source as a command writes it; only what is given is written. */
export interface NewSource {
  readonly url?: string;
  readonly opml?: string;
  readonly name?: string;
  readonly tags?: readonly string[];
}

// Each text on one line: indenting the lines of a longer one would change it.
const writing = {
  lineWidth: 0,
  blockQuote: false,
  doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
} as const;
const parsing = { version: "1.2", schema: "core", prettyErrors: false, logLevel: "silent" } as const;

/**
 * The config's text with further sources at the end of its list. `${` in what strangers gave is escaped.
 * @throws MainstemError `config/invalid` when the text is no YAML or its `sources` is no list
 */
export function appendSources(text: string, sources: readonly NewSource[]): string {
  if (sources.length === 0) return text;
  const document = parseDocument(text, parsing);
  if (document.errors.length > 0) {
    throw new MainstemError("config/invalid", "the config is not valid YAML, so nothing was added to it", {
      hint: "mainstem check says where",
    });
  }
  const added = sources.map(toItem);
  const before = (document.toJS() ?? {}) as { sources?: unknown };
  const list: unknown = document.get("sources", true);
  const isEmpty = before.sources === undefined || before.sources === null;
  if (!isEmpty && !Array.isArray(before.sources)) {
    throw new MainstemError("config/invalid", "sources is no list in the config, so nothing was added to it");
  }
  const wanted = { ...before, sources: [...((before.sources as unknown[] | undefined) ?? []), ...added] };
  const edited = isSeq(list) ? insertAfterLast(text, list, added) : null;
  const candidate = edited ?? (before.sources === undefined ? appendList(text, added) : null);
  if (candidate !== null && isDeepStrictEqual(parseDocument(candidate, parsing).toJS(), wanted))
    return candidate;
  // A list in an unusual form ([a, b], an alias): written by the library, which keeps comments but not all spacing.
  if (isSeq(list)) for (const item of added) list.add(document.createNode(item));
  else document.set("sources", document.createNode(wanted.sources));
  return document.toString(writing);
}

function appendList(text: string, added: readonly object[]): string {
  const start = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return `${start}sources:\n${indent(stringify(added, writing), "  ")}`;
}

type Sequence = Extract<ReturnType<typeof parseDocument>["contents"], { items: unknown[]; flow?: boolean }>;

/** Puts items behind the last one of a block list, and behind the comments that belong to it. */
function insertAfterLast(
  text: string,
  list: Pick<Sequence, "items" | "range" | "flow">,
  added: readonly object[],
): string | null {
  const last = list.items.at(-1);
  if (list.flow || !list.range || !isNode(last) || !last.range) return null;
  const lineStart = text.lastIndexOf("\n", list.range[0] - 1) + 1;
  const margin = text.slice(lineStart, list.range[0]);
  if (margin.trim() !== "") return null;
  const content = text.slice(0, last.range[1]).trimEnd().length;
  let end = text.indexOf("\n", content);
  if (end === -1) return `${text}\n${indent(stringify(added, writing), margin)}`;
  const comment = new RegExp(`\\n${margin}[ \\t]+#[^\\n]*`, "y");
  for (comment.lastIndex = end; comment.test(text); comment.lastIndex = end) end = comment.lastIndex;
  return `${text.slice(0, end + 1)}${indent(stringify(added, writing), margin)}${text.slice(end + 1)}`;
}

function indent(block: string, margin: string): string {
  return block.replace(/^(?=.)/gm, margin);
}

function toItem({ url, opml, name, tags }: NewSource): Record<string, unknown> {
  return {
    ...(url !== undefined && { url: literal(url) }),
    ...(opml !== undefined && { opml: literal(opml) }),
    ...(name !== undefined && { name: literal(name) }),
    ...(tags !== undefined && tags.length > 0 && { tags: tags.map(literal) }),
  };
}

function literal(text: string): string {
  return text.replaceAll("${", () => "$${");
}
