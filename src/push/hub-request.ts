/** What a subscriber asks of our hub (WebSub 5.1), read and judged before anything is done about it. */
import { isIP } from "node:net";

export interface SubscriptionRequest {
  readonly mode: "subscribe" | "unsubscribe";
  readonly topic: string;
  readonly callback: string;
  readonly secret: string | null;
  readonly leaseMs: number;
}

/** Why a request is not taken: an HTTP status, and words for the subscriber's developer. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const urlLengthMax = 2048;
/** WebSub 5.1: less than 200 bytes. */
const secretBytesMax = 199;
const leaseDefaultMs = 10 * 86_400_000;
const leaseMinMs = 60_000;
/** Leases are never perpetual (WebSub 5.3.1). */
const leaseMaxMs = 30 * 86_400_000;

/** Parameters that we do not know are nobody's (WebSub 5.1). */
export function readSubscriptionRequest(
  form: URLSearchParams,
  { isForbiddenAddress }: { readonly isForbiddenAddress: (ip: string) => boolean },
): SubscriptionRequest | Refusal {
  const mode = form.get("hub.mode");
  const topic = form.get("hub.topic") ?? "";
  const callback = form.get("hub.callback") ?? "";
  const secret = form.get("hub.secret") || null;
  if (mode !== "subscribe" && mode !== "unsubscribe")
    return bad("hub.mode is subscribe or unsubscribe; this hub distributes the feeds of its own site only.");
  if (topic === "" || topic.length > urlLengthMax) return bad("hub.topic is the address of a feed.");
  const problem = callbackProblem(callback, isForbiddenAddress);
  if (problem !== null) return bad(problem);
  if (secret !== null && Buffer.byteLength(secret) > secretBytesMax)
    return bad("hub.secret has less than 200 bytes.");
  const leaseMs = mode === "subscribe" ? readLease(form.get("hub.lease_seconds")) : leaseDefaultMs;
  if (leaseMs === null) return bad("hub.lease_seconds is a positive number.");
  return { mode, topic, callback, secret, leaseMs };
}

function bad(reason: string): Refusal {
  return { status: 400, reason };
}

function callbackProblem(callback: string, isForbiddenAddress: (ip: string) => boolean): string | null {
  const url = URL.parse(callback);
  if (url === null || callback.length > urlLengthMax || !/^https?:$/.test(url.protocol))
    return "hub.callback is an http or https URL.";
  // It is requested as it was given: nothing that a parser would have to mend.
  if (!/^[\x21-\x7e]+$/.test(callback)) return "hub.callback has no spaces and is percent-encoded.";
  if (url.username !== "" || url.password !== "") return "hub.callback has no user name and no password.";
  if (callback.includes("#")) return "hub.callback has no fragment.";
  const ip = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(ip) !== 0 && isForbiddenAddress(ip)) return "hub.callback is not on the public internet.";
  return null;
}

/** The lease that is given for the one that is wished, in ms; null when the wish is none. */
function readLease(seconds: string | null): number | null {
  if (seconds === null || seconds === "") return leaseDefaultMs;
  if (!/^\d{1,15}$/.test(seconds) || Number(seconds) === 0) return null;
  return Math.min(Math.max(Number(seconds) * 1000, leaseMinMs), leaseMaxMs);
}

/** The callback with parameters at the end of its query, what stands there kept letter by letter (WebSub 5.1). */
export function appendQuery(callback: string, parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(parameters).toString();
  if (!callback.includes("?")) return `${callback}?${query}`;
  return /[?&]$/.test(callback) ? `${callback}${query}` : `${callback}&${query}`;
}
