/**
 * One document as HTTP serves it: validators, content codings made once, and the answer to a conditional request
 * (RFC 9110 chapters 8.8, 12.5.3 and 13).
 */
import { hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip, zstdCompress } from "node:zlib";
import Negotiator from "negotiator";

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);
const compressZstd = promisify(zstdCompress);

export type Coding = "br" | "zstd" | "gzip" | "identity";

/** Our order where a client likes several equally: smallest first. */
const CODINGS: readonly Coding[] = ["br", "zstd", "gzip", "identity"];
/** Under this, a coding saves less than its header costs. */
const CODED_BYTES_MIN = 512;

export interface RepresentationOptions {
  readonly body: Uint8Array;
  /** With charset where it is text. */
  readonly contentType: string;
  readonly cacheControl: string;
  /** Null: the document says nothing about its age. */
  readonly lastModified: Date | null;
  /** Further headers, as in `writeHead`: name, value, name, value. */
  readonly headers?: readonly string[];
  /** For a delta (RFC 3229): the document that the client has when it has applied this. Its tag is sent, with 226. */
  readonly instance?: Representation;
}

/**
 * A document ready to be sent. Its entity-tag is strong and made of the content alone; each content coding has its own
 * (RFC 9110 8.8.3.3), the same content always the same one.
 */
export class Representation {
  readonly body: Buffer;
  readonly lastModified: Date | null;
  readonly #hash: string;
  readonly #status: 200 | 226;
  readonly #common: readonly string[];
  readonly #contentType: string;
  readonly #coded = new Map<Coding, Buffer>();
  readonly #pending = new Map<Coding, Promise<Buffer>>();
  readonly #headers = new Map<Coding, readonly string[]>();
  /** By entity-tag. */
  readonly #unchanged = new Map<string, readonly string[]>();
  readonly #lastModifiedSeconds: number | null;

  constructor(options: RepresentationOptions) {
    this.body = Buffer.from(options.body.buffer, options.body.byteOffset, options.body.byteLength);
    this.lastModified = options.lastModified;
    this.#hash = options.instance?.hash ?? hash("sha256", this.body, "base64url").slice(0, 22);
    this.#status = options.instance === undefined ? 200 : 226;
    this.#contentType = options.contentType;
    this.#lastModifiedSeconds =
      options.lastModified === null ? null : Math.floor(options.lastModified.getTime() / 1000);
    this.#common = [
      "Cache-Control",
      options.cacheControl,
      "Vary",
      "Accept-Encoding",
      ...(options.lastModified === null ? [] : ["Last-Modified", options.lastModified.toUTCString()]),
      ...(options.headers ?? []),
    ];
    this.#coded.set("identity", this.body);
  }

  /** Two representations with the same hash have the same bytes. */
  get hash(): string {
    return this.#hash;
  }

  /** Quoted, as in the header. */
  etag(coding: Coding): string {
    return coding === "identity" ? `"${this.#hash}"` : `"${this.#hash}-${coding}"`;
  }

  /**
   * Answers GET and HEAD, with 304 where the client has it already. Compresses at most once per coding; nothing is to be waited
   * for where that is done.
   */
  send(request: IncomingMessage, response: ServerResponse): Promise<void> | void {
    const coding =
      this.body.byteLength < CODED_BYTES_MIN ? "identity" : chooseCoding(request.headers["accept-encoding"]);
    const known = this.#knownEtag(request, coding);
    if (known !== null) {
      response.writeHead(304, this.#unchangedHeaders(known) as string[]).end();
      return;
    }
    const write = (body: Buffer): void => {
      response.writeHead(this.#status, this.#headersOf(coding, body) as string[]);
      response.end(request.method === "HEAD" ? undefined : body);
    };
    const body = this.#coded.get(coding);
    return body === undefined ? this.#encode(coding).then(write) : write(body);
  }

  /**
   * The entity-tag that shows that the client is current, or null. If-None-Match comes before If-Modified-Since
   * (RFC 9110 13.2.2) and compares weakly. A tag of another coding names the same content, so it counts as well; the
   * answer then carries that tag, which is the one the client stored.
   */
  #knownEtag(request: IncomingMessage, coding: Coding): string | null {
    const ifNoneMatch = request.headers["if-none-match"];
    if (ifNoneMatch !== undefined) {
      if (ifNoneMatch.trim() === "*" || ifNoneMatch.includes(this.etag(coding))) return this.etag(coding);
      if (!ifNoneMatch.includes(this.#hash)) return null;
      const other = CODINGS.find((candidate) => ifNoneMatch.includes(this.etag(candidate)));
      return other === undefined ? null : this.etag(other);
    }
    const ifModifiedSince = request.headers["if-modified-since"];
    if (ifModifiedSince === undefined || this.#lastModifiedSeconds === null) return null;
    const since = Date.parse(ifModifiedSince);
    return !Number.isNaN(since) && this.#lastModifiedSeconds * 1000 <= since ? this.etag(coding) : null;
  }

  #unchangedHeaders(etag: string): readonly string[] {
    let headers = this.#unchanged.get(etag);
    if (headers === undefined) {
      headers = ["ETag", etag, ...onlyOf304(this.#common)];
      this.#unchanged.set(etag, headers);
    }
    return headers;
  }

  #headersOf(coding: Coding, body: Buffer): readonly string[] {
    let headers = this.#headers.get(coding);
    if (headers === undefined) {
      headers = [
        "Content-Type",
        this.#contentType,
        "Content-Length",
        String(body.byteLength),
        ...(coding === "identity" ? [] : ["Content-Encoding", coding]),
        "ETag",
        this.etag(coding),
        ...this.#common,
      ];
      this.#headers.set(coding, headers);
    }
    return headers;
  }

  /** Off the event loop; clients that come meanwhile wait for the same one. */
  #encode(coding: Coding): Promise<Buffer> {
    let pending = this.#pending.get(coding);
    if (pending === undefined) {
      pending = compress(this.body, coding).then((coded) => {
        this.#coded.set(coding, coded);
        return coded;
      });
      this.#pending.set(coding, pending);
    }
    return pending;
  }
}

/**
 * What a 304 says beside the tag (RFC 9110 15.4.5): what guides caches, and what lets scripts of other origins read it. The rest is
 * in the answer that the client has; half of the headers are half of the work.
 */
function onlyOf304(headers: readonly string[]): readonly string[] {
  return headers.filter((_, at) => IN_304.test(headers[at - (at % 2)] ?? ""));
}

const IN_304 = /^(?:cache-control|vary|content-location|access-control-.*)$/i;

function compress(body: Buffer, coding: Coding): Promise<Buffer> {
  switch (coding) {
    case "br":
      return compressBrotli(body, {
        params: {
          [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
          [constants.BROTLI_PARAM_QUALITY]: 6,
          [constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength,
        },
      });
    case "zstd":
      return compressZstd(body, { params: { [constants.ZSTD_c_compressionLevel]: 9 } });
    case "gzip":
      return compressGzip(body, { level: 7 });
    case "identity":
      return Promise.resolve(body);
  }
}

/** Its published types do not know the second parameter yet. */
interface PreferringNegotiator {
  encodings(available: readonly string[], options?: { readonly preferred: readonly string[] }): string[];
}

/** Clients send few different Accept-Encoding headers: each is read once. */
const chosen = new Map<string, Coding>();
const CHOSEN_MAX = 200;

function chooseCoding(acceptEncoding: string | string[] | undefined): Coding {
  const header = String(acceptEncoding ?? "identity");
  const known = chosen.get(header);
  if (known !== undefined) return known;
  const negotiator: PreferringNegotiator = new Negotiator({ headers: { "accept-encoding": header } });
  const accepted = negotiator.encodings(CODINGS, { preferred: CODINGS })[0];
  // Nothing acceptable: sending it plain is allowed (RFC 9110 12.5.3) and kinder than 406.
  const coding = CODINGS.find((candidate) => candidate === accepted) ?? "identity";
  if (chosen.size < CHOSEN_MAX && header.length < 200) chosen.set(header, coding);
  return coding;
}
