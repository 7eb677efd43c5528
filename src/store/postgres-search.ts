import type { Entry } from "../model.ts";
import { entryText } from "./entry-text.ts";
import type { Session } from "./postgres-connection.ts";
import { parseSearch, type SearchTerm } from "./search-query.ts";

/** What a tsvector holds at most (https://www.postgresql.org/docs/current/textsearch-limitations.html). */
const POSITION_MAX = 16_383;
const POSITIONS_PER_WORD_MAX = 255;
const WORD_LENGTH_MAX = 400;
/** A tsvector is 1 MiB at most, words and positions together. */
const VECTOR_LENGTH_MAX = 500_000;

/** The words of a text in their order: letters and digits, without case and accents, as in the index of SQLite. */
export function foldWords(text: string): readonly string[] {
  const folded = text
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase();
  return folded.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** An entry as the text form of a tsvector. A phrase does not reach from the title into the body. */
export function toVector(entry: Entry): string {
  const { title, body } = entryText(entry);
  const positions = new Map<string, number[]>();
  let position = 0;
  let length = 0;
  for (const part of [title, body]) {
    for (const word of foldWords(part)) {
      position += 1;
      if (word.length > WORD_LENGTH_MAX) continue;
      const own = positions.get(word);
      if (own === undefined) {
        length += word.length * 4 + 8;
        if (length > VECTOR_LENGTH_MAX) break;
        positions.set(word, [Math.min(position, POSITION_MAX)]);
      } else if (position <= POSITION_MAX && own.length < POSITIONS_PER_WORD_MAX) {
        length += 6;
        own.push(position);
      }
    }
    position += 1;
  }
  return [...positions].map(([word, places]) => `${word}:${places.join(",")}`).join(" ");
}

/** Puts the words of sightings into the index, in the place of those they had. */
export async function writeTexts(
  session: Session,
  texts: readonly { readonly id: number; readonly entry: Entry }[],
): Promise<void> {
  if (texts.length === 0) return;
  await session.run(
    `INSERT INTO sighting_texts (sighting, words) SELECT id, words::tsvector FROM unnest($1::bigint[], $2::text[]) AS new (id, words)
     ON CONFLICT (sighting) DO UPDATE SET words = excluded.words`,
    [texts.map(({ id }) => id), texts.map(({ entry }) => toVector(entry))],
  );
}

/** A search as a tsquery; null when there is nothing to find. */
export function toTsQuery(search: string): string | null {
  const { all, none } = parseSearch(search);
  const groups = all.map((terms) => terms.map(toPhrase).filter((phrase) => phrase !== ""));
  if (groups.length === 0 || groups.some((group) => group.length === 0)) return null;
  const wanted = groups.map((group) => `(${group.join(" | ")})`).join(" & ");
  const unwanted = none.map(toPhrase).filter((phrase) => phrase !== "");
  return unwanted.length === 0 ? wanted : `${wanted} & !(${unwanted.join(" | ")})`;
}

function toPhrase({ text, isPrefix }: SearchTerm): string {
  const words = foldWords(text).map((word) => word.slice(0, WORD_LENGTH_MAX));
  const phrase = words.join(" <-> ");
  if (phrase === "") return "";
  return `(${phrase}${isPrefix ? ":*" : ""})`;
}
