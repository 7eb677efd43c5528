import type { Person } from "../model.ts";
import { collapseWhitespace, hasMarkup, textOfHtml } from "./html.ts";
import { decodeReferences } from "./xml-entities.ts";

const NAME_LENGTH_MAX = 300;
const EMAIL = /^[^\s@<>()"',;:]{1,64}@[^\s@<>()"',;:]{1,255}$/;

/** A person of plain fields, or null when all of them are empty. A person without a name goes by the address. */
export function makePerson(fields: {
  readonly name: string | null;
  readonly email?: string | null;
  readonly url?: string | null;
}): Person | null {
  const email = fields.email?.trim() ?? "";
  const isEmail = EMAIL.test(email);
  const url = fields.url ?? null;
  const name =
    collapseWhitespace(fields.name ?? "").slice(0, NAME_LENGTH_MAX) || (isEmail ? email : "") || (url ?? "");
  return name === "" ? null : { name, email: isEmail ? email : null, url };
}

/**
 * Reads the free text in which RSS names people: `a@b.org (Ann Author)`, `Ann Author <a@b.org>`, `Ann Author (a@b.org)`,
 * `a@b.org`, `Ann Author`.
 */
export function parsePerson(text: string): Person | null {
  const plain = collapseWhitespace(hasMarkup(text) ? textOfHtml(text) : text).slice(0, NAME_LENGTH_MAX * 2);
  if (!plain.includes("@")) return makePerson({ name: unquote(plain) });
  const open = plain.search(/[(<]/);
  if (open !== -1 && /[)>]\s*$/.test(plain)) {
    const outside = plain.slice(0, open).trim();
    const inside = plain.slice(open + 1, -1).trim();
    if (isEmail(outside)) return makePerson({ name: inside, email: address(outside) });
    if (isEmail(inside)) return makePerson({ name: unquote(outside), email: address(inside) });
  }
  if (isEmail(plain)) return makePerson({ name: null, email: address(plain) });
  const [first = "", ...rest] = plain.split(" ");
  if (isEmail(first) && rest.length > 0) return makePerson({ name: rest.join(" "), email: address(first) });
  return makePerson({ name: unquote(plain) });
}

function address(text: string): string {
  return text.replace(/^mailto:/i, "");
}

function isEmail(text: string): boolean {
  return EMAIL.test(address(text));
}

function unquote(text: string): string {
  const match = text.startsWith('"') ? /^"([^"]*)"$/.exec(text) : null;
  return decodeReferences(match?.[1] ?? text, null);
}

/** Those of `people` that are not named before, in order; names are compared without case. */
export function distinctPeople(people: readonly (Person | null)[]): readonly Person[] {
  const seen = new Set<string>();
  return people.filter((person): person is Person => {
    if (person === null) return false;
    const key = person.name.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
