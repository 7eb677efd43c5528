/** Edits of the config's text by commands. What a person wrote (comments, order, spacing) stays as it is. */
import { isDeepStrictEqual } from "node:util";
import { isNode, isSeq, parseDocument, stringify } from "yaml";
import { MainstemError } from "../errors.ts";
import type { FolderPath } from "../model.ts";

/** A source as a command writes it; only what is given is written. */
export interface NewSource {
  readonly url?: string;
  readonly opml?: string;
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly site?: string;
  readonly folders?: readonly FolderPath[];
  readonly isPrivateAllowed?: boolean;
}

// Each text on one line: indenting the lines of a longer one would change it.
const writing = {
  lineWidth: 0,
  blockQuote: false,
  doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
} as const;
const parsing = { version: "1.2", schema: "core", prettyErrors: false, logLevel: "silent" } as const;

/** So many sources are written, and proved to read back, between two turns. */
const sourcesAtOnce = 250;

/**
 * The config's text with further sources at the end of its list. `${` in what strangers gave is escaped.
 * @throws MainstemError `config/invalid` when the text is no YAML or its `sources` is no list
 */
export function appendSources(text: string, sources: readonly NewSource[]): string {
  const steps = appendInSteps(text, sources);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** `appendSources` for long lists: yields how many sources are done, again and again, and gives the text in the end. */
export function* appendInSteps(text: string, sources: readonly NewSource[]): Generator<number, string> {
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
  const listed = (before.sources as unknown[] | undefined) ?? [];
  const place = isSeq(list)
    ? placeAfterLast(text, list)
    : before.sources === undefined
      ? placeAtEnd(text)
      : null;
  const [first] = added;
  // The first one proves the place, each block proves itself.
  if (place !== null && first !== undefined) {
    const sample = place.head + writeBlock([first], place.margin) + place.tail;
    if (
      isDeepStrictEqual(parseDocument(sample, parsing).toJS(), { ...before, sources: [...listed, first] })
    ) {
      const blocks = yield* writeBlocks(added, place.margin);
      if (blocks !== null) return place.head + blocks + place.tail;
    }
  }
  // A list in an unusual form ([a, b], an alias): written by the library, which keeps comments but not all spacing.
  // What was an empty [] is not written as one long line.
  if (isSeq(list) && list.items.length === 0) list.flow = false;
  if (isSeq(list)) for (const item of added) list.add(document.createNode(item));
  else document.set("sources", document.createNode([...listed, ...added]));
  return document.toString(writing);
}

/** The items as lines of a list; null when they do not read back as they are. */
function* writeBlocks(items: readonly object[], margin: string): Generator<number, string | null> {
  let blocks = "";
  for (let start = 0; start < items.length; start += sourcesAtOnce) {
    yield start;
    const some = items.slice(start, start + sourcesAtOnce);
    const block = writeBlock(some, margin);
    if (!isDeepStrictEqual(parseDocument(block, parsing).toJS(), some)) return null;
    blocks += block;
  }
  yield items.length;
  return blocks;
}

function writeBlock(items: readonly object[], margin: string): string {
  return indent(stringify(items, writing), margin);
}

/** Where items go: between `head` and `tail`, each line behind `margin`. */
interface Place {
  readonly head: string;
  readonly margin: string;
  readonly tail: string;
}

function placeAtEnd(text: string): Place {
  const start = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return { head: `${start}sources:\n`, margin: "  ", tail: "" };
}

type Sequence = Extract<ReturnType<typeof parseDocument>["contents"], { items: unknown[]; flow?: boolean }>;

/** Behind the last item of a block list, and behind the comments that belong to it. */
function placeAfterLast(text: string, list: Pick<Sequence, "items" | "range" | "flow">): Place | null {
  const last = list.items.at(-1);
  if (list.flow || !list.range || !isNode(last) || !last.range) return null;
  const lineStart = text.lastIndexOf("\n", list.range[0] - 1) + 1;
  const margin = text.slice(lineStart, list.range[0]);
  if (margin.trim() !== "") return null;
  const content = text.slice(0, last.range[1]).trimEnd().length;
  let end = text.indexOf("\n", content);
  if (end === -1) return { head: `${text}\n`, margin, tail: "" };
  const comment = new RegExp(`\\n${margin}[ \\t]+#[^\\n]*`, "y");
  for (comment.lastIndex = end; comment.test(text); comment.lastIndex = end) end = comment.lastIndex;
  return { head: text.slice(0, end + 1), margin, tail: text.slice(end + 1) };
}

function indent(block: string, margin: string): string {
  return block.replace(/^(?=.)/gm, margin);
}

function toItem({
  url,
  opml,
  name,
  tags,
  site,
  folders,
  isPrivateAllowed,
}: NewSource): Record<string, unknown> {
  return {
    ...(url !== undefined && { url: literal(url) }),
    ...(opml !== undefined && { opml: literal(opml) }),
    ...(name !== undefined && { name: literal(name) }),
    ...(tags !== undefined && tags.length > 0 && { tags: tags.map(literal) }),
    ...(site !== undefined && { site: literal(site) }),
    ...(isPrivateAllowed !== undefined && { allow_private: isPrivateAllowed }),
    ...(folders !== undefined && { folders: folders.map((folder) => folder.map(literal)) }),
  };
}

function literal(text: string): string {
  return text.replaceAll("${", () => "$${");
}
