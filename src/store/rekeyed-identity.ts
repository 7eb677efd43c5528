/** A new identity while `rekey` is under way: the part of a record that the rules make, as JSON. */
import { z } from "zod";
import type { SightingRecord } from "../model.ts";

type RekeyedIdentity = Pick<
  SightingRecord,
  "guidKey" | "originalUrl" | "publishedIds" | "aliases" | "isOwnHost" | "contentHash"
>;

const schema = z.object({
  guidKey: z.string(),
  originalUrl: z.string().nullable(),
  publishedIds: z.array(z.string()),
  aliases: z.array(
    z.object({
      key: z.string(),
      kind: z.enum(["url", "stated", "guid", "soft", "content", "operator"]),
      rule: z.string(),
      evidence: z.string(),
    }),
  ),
  isOwnHost: z.boolean(),
  contentHash: z.string(),
}) satisfies z.ZodType<RekeyedIdentity>;

export function encodeIdentity(record: RekeyedIdentity): string {
  const { guidKey, originalUrl, publishedIds, aliases, isOwnHost, contentHash } = record;
  return JSON.stringify({ guidKey, originalUrl, publishedIds, aliases, isOwnHost, contentHash });
}

/** @throws Error for what {@link encodeIdentity} did not write */
export function decodeIdentity(json: string): RekeyedIdentity {
  return schema.parse(JSON.parse(json));
}
