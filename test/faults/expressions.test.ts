/** Every regular expression of ours before recheck (https://makenowjust-labs.github.io/recheck/): none may take exponential time. */
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

it("no expression of ours backtracks without bound", async () => {
  const expressions = ownExpressions();
  expect(expressions.length).toBeGreaterThan(300);
  const exponential: string[] = [];
  const counts = { safe: 0, polynomial: 0, undecided: 0 };
  for (const { file, pattern, flags } of expressions) {
    // The automaton checker judges the expression itself; a look-around or a counted repetition may leave it undecided.
    const verdict = await check(pattern, flags, { checker: "automaton", timeout: 1000 });
    if (verdict.status === "safe") counts.safe += 1;
    else if (verdict.status === "unknown") counts.undecided += 1;
    else if (verdict.complexity.type === "polynomial") counts.polynomial += 1;
    else exponential.push(`${file}: /${pattern}/${flags}`);
  }
  expect(exponential).toEqual([]);
  reportFigures(`${expressions.length} regular expressions`, { exponential: exponential.length, ...counts });
});

it("an expression of the config cannot backtrack at all", () => {
  const filter = compilePatterns(["/(a+)+$/", "/^(a|a)*b$/", "/(x+x+)+y/"]);
  expect(filter?.(`${"a".repeat(50_000)}!`)).toBe(false);
  expect(filter?.("x".repeat(50_000))).toBe(false);
  expect(filter?.("aaa")).toBe(true);
});
