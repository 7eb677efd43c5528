/** The payloads of `../shared/payloads`, in the shape of our own; none where that folder is absent. */
import { existsSync, readFileSync } from "node:fs";
import type { Expectation, Payload } from "./payloads.ts";

const folder = new URL("../../../shared/payloads/", import.meta.url);

export const hasSharedPayloads = existsSync(folder);

export interface ManifestRow {
  readonly file: string;
  readonly kind: string;
  readonly attack: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect: {
    readonly status?: string;
    readonly items?: number | string;
    readonly mustContain?: readonly string[];
    readonly mustNotContain?: readonly string[];
    readonly mustNotContainRegex?: readonly string[];
  };
}

export function sharedFile(name: string): URL {
  return new URL(name, folder);
}

/** All rows, whatever their kind. */
export function sharedRows(): readonly ManifestRow[] {
  if (!hasSharedPayloads) return [];
  return JSON.parse(readFileSync(sharedFile("manifest.json"), "utf8")).payloads;
}

/** The rows that a source can serve. */
export function sharedPayloads(): readonly Payload[] {
  return (
    sharedRows()
      // The spoof presupposes another feed: test/faults/manifest.test.ts has both.
      .filter(({ kind, file }) => kind === "feed" && file !== "id-spoof-b.atom")
      .map(({ file, attack, headers = {}, expect }) => ({
        name: file,
        attack,
        headers: file.endsWith(".atom.gz") ? { ...headers, "content-encoding": "gzip" } : headers,
        body: () => readFileSync(sharedFile(file)),
        expect: expectationOf(expect),
      }))
  );
}

function expectationOf(row: ManifestRow["expect"]): Expectation {
  const { status = "any", items, mustContain = [], mustNotContain = [], mustNotContainRegex = [] } = row;
  const isEither = / or |^any/.test(status) || / or |\(or /.test(String(items));
  // What may be refused in part, or is counted in words, is not counted here.
  const count = typeof items === "number" ? items : /^\d+$/.test(items ?? "") ? Number(items) : null;
  return {
    isRead: isEither ? null : status === "ok",
    ...(count === null || isEither ? {} : { entries: [count, count] as const }),
    contains: mustContain,
    lacks: [
      ...mustNotContain.map((text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))),
      ...mustNotContainRegex.map(
        (text) => new RegExp(text.replace("(?i)", ""), text.includes("(?i)") ? "i" : ""),
      ),
    ],
  };
}
