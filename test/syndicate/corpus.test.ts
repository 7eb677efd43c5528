/** Pairs of real articles, labelled by people (`../shared/corpus/similarity`): precision and recall. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isSkippedWithout } from "../support/skip.ts";
import { Press } from "./press.ts";

const FILE = "../shared/corpus/similarity/pairs.dev.jsonl";

interface Pair {
  readonly id: string;
  readonly lang: string;
  readonly same_story: boolean;
  readonly title_a: string;
  readonly text_a: string;
  readonly title_b: string;
  readonly text_b: string;
}

const pairs: readonly Pair[] = existsSync(FILE)
  ? readFileSync(FILE, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
  : [];

describe.skipIf(isSkippedWithout(FILE, pairs.length > 0))("articles of the corpus", () => {
  it("English: no false copy, two thirds of the copies found", () => {
    const english = pairs.filter(({ lang }) => lang === "en");
    const found = english.filter(isJoined);
    const same = english.filter(({ same_story }) => same_story);
    console.info(`English: ${found.length} found, ${same.length} to find, of ${english.length}`);
    expect(found.filter(({ same_story }) => !same_story)).toEqual([]);
    expect(found.length / same.length).toBeGreaterThanOrEqual(0.65);
  });

  it("Russian: no false copy", () => {
    const found = pairs.filter(({ lang }) => lang === "ru").filter(isJoined);
    console.info(`Russian: ${found.length} found`);
    expect(found.filter(({ same_story }) => !same_story)).toEqual([]);
  });

  it("articles of different pairs are only joined when they are the same text", () => {
    const press = new Press();
    const texts = new Map<number, string>();
    const joined: string[] = [];
    for (const [index, { title_a, text_a, title_b, text_b, lang }] of pairs.entries()) {
      for (const [title, text] of [
        [title_a, text_a],
        [title_b, text_b],
      ] as const) {
        const no = texts.size + 1;
        texts.set(no, text);
        const found = press.print({
          source: no,
          at: 0,
          entry: { title, contentHtml: toHtml(text), language: lang },
        });
        if (found === null || Math.floor((found.original - 1) / 2) === index) continue;
        if (texts.get(found.original) !== text) joined.push(`${found.share.toFixed(2)} ${title}`);
      }
    }
    // One announcement of the culture ministry stands in two pairs, in two papers.
    expect(joined.filter((line) => !/Минкультуры/.test(line))).toEqual([]);
  });
});

function isJoined({ lang, title_a, text_a, title_b, text_b }: Pair): boolean {
  const press = new Press();
  press.print({ source: 1, at: 0, entry: { title: title_a, contentHtml: toHtml(text_a), language: lang } });
  const entry = { title: title_b, contentHtml: toHtml(text_b), language: lang };
  return press.print({ source: 2, at: 0, entry }) !== null;
}

function toHtml(text: string): string {
  return `<p>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</p>`;
}
