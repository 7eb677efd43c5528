import { z } from "zod";
import type { CopyPosition } from "./tables.ts";

/** The table in which the target of a copy remembers how far it has come; gone when the copy is whole. */
export const POSITION_TABLE = "mainstem_copy";

const schema = z.object({
  fingerprint: z.string(),
  table: z.string(),
  after: z.array(z.union([z.string(), z.number()])).nullable(),
}) satisfies z.ZodType<CopyPosition>;

export function encodePosition(position: CopyPosition): string {
  return JSON.stringify(position);
}

/** @throws Error for what {@link encodePosition} did not write */
export function decodePosition(json: string): CopyPosition {
  return schema.parse(JSON.parse(json));
}
