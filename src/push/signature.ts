/** `X-Hub-Signature` (WebSub 7): made by hubs, judged by subscribers. */
import { createHmac, timingSafeEqual } from "node:crypto";

const methods: ReadonlySet<string> = new Set(["sha1", "sha256", "sha384", "sha512"]);

/** Is this the signature of `body` under `secret`? Compared in constant time; an unknown method is no signature. */
export function isSignedBy(
  secret: string,
  { signature, body }: { signature: string | null; body: Uint8Array },
): boolean {
  const match = /^(sha\d{1,3})=([0-9a-f]{2,128})$/i.exec(signature?.trim() ?? "");
  const method = match?.[1]?.toLowerCase() ?? "";
  if (!methods.has(method)) return false;
  const expected = createHmac(method, secret).update(body).digest();
  const given = Buffer.from(match?.[2] ?? "", "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The header's value for a push of ours. */
export function sign(secret: string, body: Uint8Array): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
