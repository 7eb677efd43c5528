import { hash } from "node:crypto";
import type { Entry } from "../model.ts";

const titleLengthMax = 1_000;

/** Letters and digits of a title in lower case with single spaces between words, so that typography makes no difference. */
function normalizeTitle(title: string): string {
  return title
    .slice(0, titleLengthMax)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, " ")
    .trim();
}

/** What an entry is called: compared, never shown. */
export interface Calling {
  /** Its normalised title, else a digest of its text. */
  readonly calling: string;
  /** Digest of a title that two stories hardly share; null for another. */
  readonly titleDigest: string | null;
}

export function readCalling({ title, contentHtml, summary }: Entry): Calling {
  const normalized = normalizeTitle(title);
  return {
    calling: normalized === "" ? digestOf(contentHtml ?? summary ?? "") : normalized,
    titleDigest: isDistinctive(normalized) ? digestOf(normalized) : null,
  };
}

/** Long enough that two stories hardly share it: three words or twelve letters (four where a letter is a word). */
function isDistinctive(normalizedTitle: string): boolean {
  const letters = normalizedTitle.replaceAll(" ", "");
  if (/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/.test(letters)) return letters.length >= 6;
  return normalizedTitle.split(" ").length >= 3 || letters.length >= 12;
}

/** The first 16 hexadecimal digits of sha-256. */
export function digestOf(text: string): string {
  return hash("sha256", text).slice(0, 16);
}

const dayMs = 86_400_000;

/** Two overlapping buckets of 48 hours: instants less than a day apart share at least one. */
export function dayBuckets(instant: Date | null): readonly string[] {
  if (instant === null || Number.isNaN(instant.getTime())) return ["none"];
  const time = instant.getTime();
  return [`a${Math.floor(time / (2 * dayMs))}`, `b${Math.floor((time + dayMs) / (2 * dayMs))}`];
}
