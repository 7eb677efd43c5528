import { hash } from "node:crypto";
import type { SourceKind } from "../model.ts";

/** A stable name for a source that was given none: the first 12 hex digits of a digest of its kind and location. */
export function sourceId(kind: SourceKind, location: string): string {
  return hash("sha256", `${kind}\n${location}`).slice(0, 12);
}
