import { createHash } from "node:crypto";
import type { SourceKind } from "../model.ts";

/** A stable name for a source that was given none: the first 12 hex digits of a digest of its kind and location. */
export function sourceId(kind: SourceKind, location: string): string {
  return createHash("sha256").update(`${kind}\n${location}`).digest("hex").slice(0, 12);
}
