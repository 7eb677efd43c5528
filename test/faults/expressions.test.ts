/**
 * Every regular expression of ours before recheck (https://makenowjust-labs.github.io/recheck/): none may take exponential time, and
 * what takes the square of its text's length gets a short text only.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "recheck";
import { parseAst } from "vite";
import { expect, it } from "vitest";
import { compilePatterns } from "../../src/config/pattern.ts";
import { reportFigures } from "../support/fault-size.ts";

interface Expression {
  readonly file: string;
  readonly pattern: string;
  readonly flags: string;
}

/** The literals of src, each once. */
function ownExpressions(): readonly Expression[] {
  const found = new Map<string, Expression>();
  for (const file of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const visit = (node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      if ("regex" in node && typeof node.regex === "object" && node.regex !== null) {
        const { pattern, flags } = node.regex as { pattern: string; flags: string };
        found.set(`/${pattern}/${flags}`, { file, pattern, flags });
      }
      Object.values(node).forEach(visit);
    };
    visit(parseAst(readFileSync(join("src", file), "utf8"), { lang: "ts" }));
  }
  return [...found.values()];
}

/**
 * Those whose time may grow with the square of the text (or by the third power), by their beginning: the longest text that each
 * meets, in characters, and where that bound stands.
 */
const bounded: readonly { readonly begins: string; readonly length: number; readonly bound: string }[] = [
  { begins: "/[.\\s]+$/", length: 2000, bound: "messages of our own errors" },
  { begins: "/\\/+$/", length: 2000, bound: "url: of the config" },
  { begins: "/\\*+$/", length: 1000, bound: "queryLengthMax in store/search-query" },
  { begins: "/\\D+$/", length: 8, bound: "the expression before it in parse/date" },
  { begins: "/\\d.*\\d{4}|", length: 60, bound: "isFullDate in parse/article" },
  { begins: "/[a-z0-9]{2,}[-_]/", length: 300, bound: "the slice beside it in identify/page" },
  { begins: "/[A-Za-z]{2,}(?=[-_])/", length: 300, bound: "the slice beside it in identify/amp" },
  { begins: "/[a-z]{6,}[-_]/", length: 128, bound: "hasSessionShape in identify/session-ids" },
  { begins: "/^\\/(?:embed\\/)?video", length: 8192, bound: "addresses that are looked at" },
  {
    begins: "/^(\\p{Lu}[\\p{L}\\p{M} .-]{1,30}?)",
    length: 200,
    bound: "DATELINE_LENGTH_MAX in syndicate/agencies",
  },
  { begins: "/\\s+(?:staff|staff writer", length: 200, bound: "agencyOfByline in syndicate/agencies" },
  { begins: "/\\s*(?:,|\\||", length: 200, bound: "agencyOfByline in syndicate/agencies" },
  { begins: "/\\s+[|–—·•-]\\s+[^|", length: 1000, bound: "titles, which are one line with single spaces" },
];
/** At some 10^8 steps a second, a third of a second. */
const stepsMax = 35_000_000;

/**
 * The automaton checker proves; where a look-around or a counted repetition stops it, the fuzzer searches for an attack. What that finds
 * is sometimes none, so the first one is given the time to say so.
 */
async function judge({ pattern, flags }: Expression) {
  const prove = (timeout: number) => check(pattern, flags, { checker: "automaton", timeout });
  const proved = await prove(1000);
  if (proved.status !== "unknown") return { verdict: proved, isProved: true };
  const searched = await check(pattern, flags, { checker: "fuzz", timeout: 30_000 });
  if (searched.status !== "vulnerable") return { verdict: searched, isProved: false };
  const second = await prove(120_000);
  return second.status === "unknown"
    ? { verdict: searched, isProved: false }
    : { verdict: second, isProved: true };
}

it("no expression of ours backtracks without bound", async () => {
  const expressions = ownExpressions();
  expect(expressions.length).toBeGreaterThan(300);
  const unbounded: string[] = [];
  const stale = new Set(bounded.map(({ begins }) => begins));
  const counts = { "proved linear": 0, "no attack found": 0, undecided: 0, "quadratic on short texts": 0 };
  for (const expression of expressions) {
    const { verdict, isProved } = await judge(expression);
    const text = `/${expression.pattern}/${expression.flags}`;
    const known = bounded.find(({ begins }) => text.startsWith(begins));
    if (known !== undefined) stale.delete(known.begins);
    if (verdict.status === "safe") counts[isProved ? "proved linear" : "no attack found"] += 1;
    // The time was over; on a busy machine that says nothing.
    else if (verdict.status === "unknown") counts.undecided += 1;
    else if (
      verdict.complexity.type === "polynomial" &&
      known !== undefined &&
      known.length ** verdict.complexity.degree / 2 <= stepsMax
    ) {
      counts["quadratic on short texts"] += 1;
    } else unbounded.push(`${expression.file}: ${text}`);
  }
  expect(unbounded.join("\n")).toBe("");
  expect([...stale]).toEqual([]);
  reportFigures(`${expressions.length} regular expressions`, { unbounded: unbounded.length, ...counts });
});

it("an expression of the config cannot backtrack at all", () => {
  const filter = compilePatterns(["/(a+)+$/", "/^(a|a)*b$/", "/(x+x+)+y/"]);
  expect(filter?.(`${"a".repeat(50_000)}!`)).toBe(false);
  expect(filter?.("x".repeat(50_000))).toBe(false);
  expect(filter?.("aaa")).toBe(true);
});
