/** Every way in which a fetch can fail, in calm words that fit one line of a log. */
import { STATUS_CODES } from "node:http";
import { type ErrorCode, FetchError, MainstemError } from "../errors.ts";
import { ForbiddenAddressError } from "./connection.ts";
import { ExchangeError } from "./exchange.ts";
import { type ResponseHeaders, singleHeader } from "./headers.ts";
import { isGrantableAddress } from "./private-address.ts";

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/** The request as a whole took too long. */
export class DeadlineError extends Error {}

export interface FailureContext {
  /** The URL of the source, without credentials. */
  readonly url: string;
  /** The host of the request that failed. */
  readonly host: string;
  readonly limits: {
    readonly timeoutMs: number;
    readonly connectTimeoutMs: number;
    readonly idleTimeoutMs: number;
  };
}

/** Turns whatever an exchange or the reading of its body threw into a `FetchError`. */
export function toFetchError(error: unknown, context: FailureContext): FetchError {
  const isAnswered = error instanceof ExchangeError && error.isAnswered;
  const cause = error instanceof ExchangeError ? error.cause : error;
  const failure = describe(cause, isAnswered, context);
  const hint = failure.hint === undefined ? {} : { hint: failure.hint };
  return new FetchError(failure.code, failure.message, { url: context.url, cause, ...hint });
}

function describe(cause: unknown, isAnswered: boolean, { url, host, limits }: FailureContext): Failure {
  if (cause instanceof MainstemError) {
    return { code: cause.code, message: cause.message, ...(cause.hint !== null && { hint: cause.hint }) };
  }
  if (cause instanceof DeadlineError) {
    const what = isAnswered ? "The answer did not end" : "There was no answer";
    return { code: "fetch/timeout", message: `${what} within ${seconds(limits.timeoutMs)}.` };
  }
  const root = rootOf(cause);
  if (root instanceof ForbiddenAddressError) {
    return {
      code: "fetch/forbidden-address",
      message: `${nameOf(host, root.address)} is not on the public internet; Mainstem does not go there.`,
      hint: permissionHint(root.address, host, url),
    };
  }
  const code = codeOf(root);
  const text = textOf(root);
  const found = byCode.get(code) ?? (isTlsCode(code) ? untrusted(text) : null);
  if (found) return { code: found.code, message: found.say(host, limits) };
  if (isAnswered)
    return { code: "fetch/incomplete", message: "The connection broke in the middle of the document." };
  if (code === "UND_ERR_INVALID_ARG") {
    return { code: "fetch/bad-url", message: `The request to ${host} cannot be sent: ${oneLine(text)}.` };
  }
  if (hangUps.has(code)) {
    return { code: "fetch/network", message: `${host} closed the connection without an answer.` };
  }
  if (root instanceof Error && root.name === "HTTPParserError") {
    return { code: "fetch/network", message: `What ${host} answered is not HTTP: ${oneLine(text)}.` };
  }
  return { code: "fetch/network", message: `The connection to ${host} failed: ${oneLine(text)}.` };
}

/** A host that is the address itself needs no second name. */
function nameOf(host: string, address: string): string {
  const isLiteral = host === address || host.startsWith(`${address}:`) || host.startsWith(`[${address}]`);
  return isLiteral ? host : `${host} stands for ${address}, which`;
}

function permissionHint(address: string, host: string, url: string): string {
  if (!isGrantableAddress(address)) return "no setting opens addresses of this kind";
  if (URL.parse(url)?.host === host) return "allow_private: true lets a source live on a private address";
  return "a redirect leads to no other private server; if it is meant, make that address the source's own, with allow_private: true";
}

const hangUps: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

interface Saying {
  readonly code: ErrorCode;
  readonly say: (host: string, limits: FailureContext["limits"]) => string;
}

function saying(code: ErrorCode, say: Saying["say"]): Saying {
  return { code, say };
}

const dnsSilent = saying("fetch/dns", (host) => `The name servers of ${host} do not answer.`);
const noSuchName = saying("fetch/dns", (host) => `There is no server by the name ${host}.`);
const noRoute = saying("fetch/network", (host) => `There is no way to ${host} from here.`);
const silentServer = saying(
  "fetch/timeout",
  (host, { connectTimeoutMs }) => `${host} accepted no connection within ${seconds(connectTimeoutMs)}.`,
);

const byCode: ReadonlyMap<string, Saying> = new Map([
  ["ENOTFOUND", noSuchName],
  ["ENODATA", noSuchName],
  ["EBADNAME", noSuchName],
  ["EAI_AGAIN", dnsSilent],
  ["EAI_FAIL", dnsSilent],
  ["ETIMEOUT", dnsSilent],
  ["ESERVFAIL", dnsSilent],
  ["EREFUSED", dnsSilent],
  ["EBADRESP", dnsSilent],
  ["ECONNREFUSED", saying("fetch/network", (host) => `${host} refuses the connection.`)],
  ["EHOSTUNREACH", noRoute],
  ["ENETUNREACH", noRoute],
  ["EADDRNOTAVAIL", noRoute],
  ["ETIMEDOUT", silentServer],
  ["UND_ERR_CONNECT_TIMEOUT", silentServer],
  [
    "UND_ERR_HEADERS_TIMEOUT",
    saying(
      "fetch/timeout",
      (_, { idleTimeoutMs }) => `There was no answer within ${seconds(idleTimeoutMs)}.`,
    ),
  ],
  [
    "UND_ERR_BODY_TIMEOUT",
    saying(
      "fetch/timeout",
      (_, { idleTimeoutMs }) => `The answer stopped for ${seconds(idleTimeoutMs)} before its end.`,
    ),
  ],
  ["UND_ERR_HEADERS_OVERFLOW", saying("fetch/too-large", () => "The server sends too many headers.")],
  [
    "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
    saying("fetch/incomplete", () => "The document is not as long as the server announced."),
  ],
  ["CERT_HAS_EXPIRED", saying("fetch/tls", (host) => `The certificate of ${host} has expired.`)],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    saying("fetch/tls", (host) => `The certificate is made out to another name than ${host}.`),
  ],
  [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    saying("fetch/tls", (host) => `The certificate of ${host} is signed by nobody but itself.`),
  ],
  [
    "SELF_SIGNED_CERT_IN_CHAIN",
    saying(
      "fetch/tls",
      (host) => `The certificate of ${host} comes from an authority that is not trusted here.`,
    ),
  ],
  [
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    saying("fetch/tls", (host) => `${host} does not send the whole chain of its certificate.`),
  ],
  [
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    saying(
      "fetch/tls",
      (host) => `The certificate of ${host} comes from an authority that is not known here.`,
    ),
  ],
]);

function isTlsCode(code: string): boolean {
  return /^(?:ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|CRL_)/.test(code);
}

function untrusted(text: string): Saying {
  return saying("fetch/tls", (host) => `No secure connection to ${host}: ${oneLine(text)}.`);
}

/** Node tries several addresses and reports all failures as one; the first tells as much as any. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  return error;
}

/** OpenSSL gives its reason apart from a line of its own numbers. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "reason" in error && typeof error.reason === "string" ? error.reason : error.message;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return String(error.code);
}

/** A status that brings no document (RFC 9110 15), as a sentence with the reason where one helps. */
export function statusError(
  status: number,
  headers: ResponseHeaders,
  { url, retryAfterMs }: { readonly url: string; readonly retryAfterMs: number | null },
): FetchError {
  const name = STATUS_CODES[status];
  const isChallenge = singleHeader(headers, "cf-mitigated") === "challenge";
  const meaning = isChallenge ? "a check for browsers stands before the feed" : statusMeaning(status);
  const message = `The server says ${status}${name ? ` ${name}` : ""}${meaning ? `: ${meaning}` : ""}.`;
  const hint = isChallenge ? { hint: "ask the publisher to let feed readers through" } : {};
  return new FetchError("fetch/status", message, { url, status, retryAfterMs, ...hint });
}

const meanings: ReadonlyMap<number, string> = new Map([
  [204, "there is nothing at this address"],
  [304, "but nothing was there to compare with"],
  [400, "it does not understand the request"],
  [401, "the feed asks for a user name and password"],
  [402, "the feed is for paying readers"],
  [403, "it does not let Mainstem read the feed"],
  [404, "there is no feed at this address"],
  [406, "it has no form of the feed that can be read here"],
  [407, "a proxy on the way asks for a password"],
  [408, "it waited too long for the request"],
  [410, "what this address leads to for now has ended"],
  [421, "this address belongs to another server"],
  [429, "it is asked too often"],
  [451, "the feed is withheld for legal reasons"],
  [500, "something is broken there"],
  [502, "the server behind it is broken"],
  [503, "it is overloaded or being worked on"],
  [504, "the server behind it is too slow"],
  [509, "its traffic is used up"],
  [521, "the server behind it is down"],
  [522, "the server behind it does not answer"],
  [523, "the server behind it cannot be reached"],
  [525, "the server behind it has no secure connection"],
  [526, "the server behind it has a bad certificate"],
]);

function statusMeaning(status: number): string | null {
  const known = meanings.get(status);
  if (known) return known;
  if (status >= 500) return "something is broken there";
  if (status >= 400) return "it does not answer this request";
  return "that is no feed";
}

function seconds(ms: number): string {
  return ms >= 1000 ? `${Math.round(ms / 100) / 10} s` : `${ms} ms`;
}

/** Text of libraries and of the other side: one line of bounded length without control characters. */
function oneLine(text: string): string {
  const line = text.replace(/[\s\x00-\x1f\x7f]+/g, " ").trim();
  return (line.length > 160 ? `${line.slice(0, 160)}…` : line).replace(/\.$/, "");
}
