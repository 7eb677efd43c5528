/** `include` and `exclude` of the config: plain text (any case) or `/regex/flags`, matched in linear time. */
import { RE2JS, RE2JSSyntaxException } from "re2js";
import { MainstemError } from "../errors.ts";

/** A filter that holds for a text when one of its patterns is found in it. */
export type TextFilter = (text: string) => boolean;

const flagBits: ReadonlyMap<string, number> = new Map([
  ["i", RE2JS.CASE_INSENSITIVE],
  ["s", RE2JS.DOTALL],
  ["m", RE2JS.MULTILINE],
  ["u", 0],
  ["g", 0],
]);

/**
 * Compiles patterns of the config. RE2 syntax, because it cannot backtrack: an operator's slip or a hostile title
 * never stalls the daemon.
 *
 * @returns null for an empty list, which filters nothing
 * @throws MainstemError `config/invalid` naming the pattern that cannot be compiled
 */
export function compilePatterns(patterns: readonly string[]): TextFilter | null {
  if (patterns.length === 0) return null;
  const filters = patterns.map(compilePattern);
  return (text) => filters.some((filter) => filter(text));
}

/** Why a pattern cannot be compiled, or null when it can. */
export function patternProblem(pattern: string): string | null {
  try {
    compilePattern(pattern);
    return null;
  } catch (error) {
    if (!(error instanceof MainstemError)) throw error;
    return `${error.message} (${error.hint})`;
  }
}

function compilePattern(pattern: string): TextFilter {
  const slashed = /^\/(.+)\/([a-z]*)$/su.exec(pattern);
  if (!slashed) {
    const wanted = pattern.toLowerCase();
    return (text) => text.toLowerCase().includes(wanted);
  }
  const [, body = "", letters = ""] = slashed;
  let flags = 0;
  for (const letter of letters) {
    const bit = flagBits.get(letter);
    if (bit === undefined) throw invalid(pattern, `unknown flag "${letter}"`);
    flags |= bit;
  }
  try {
    const expression = RE2JS.compile(body, flags);
    return (text) => expression.matcher(text).find();
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw invalid(pattern, error.message);
  }
}

function invalid(pattern: string, reason: string): MainstemError {
  return new MainstemError("config/invalid", `cannot use the pattern ${pattern}: ${reason}`, {
    hint: "patterns follow the RE2 syntax: no look-around, no back-references",
  });
}
