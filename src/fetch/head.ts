/** One request of which only the head of the answer is read: where a link leads, how a page names itself, what a hub says. */
import { constants, inflateRawSync, inflateSync, unzipSync } from "node:zlib";
import type { Dispatcher } from "undici";
import { asError, ExchangeError } from "./exchange.ts";
import { listHeader, type ResponseHeaders } from "./headers.ts";

export interface HeadRequest {
  readonly origin: string;
  readonly path: string;
  /** Sent by POST; a GET where absent. */
  readonly body?: Uint8Array;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
  /** The connection is closed after so many bytes of body. */
  readonly bytesMax: number;
  readonly wantsBody: (status: number, headers: ResponseHeaders) => boolean;
}

export interface Head {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** The first bytes, as on the wire; empty where they were not wanted. */
  readonly body: Buffer;
}

/** @throws ExchangeError whose cause is undici's error or the signal's reason */
export function readHead(
  dispatcher: Dispatcher,
  { origin, path, body, headers, bytesMax, wantsBody }: HeadRequest,
  signal: AbortSignal,
): Promise<Head> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let answer: Omit<Head, "body"> | null = null;
    let size = 0;
    const chunks: Buffer[] = [];
    const enough = new Error("the rest is not wanted");
    const onAbort = () => {
      fail(signal.reason);
      controller?.abort(asError(signal.reason));
    };
    const finish = () => {
      signal.removeEventListener("abort", onAbort);
      if (answer === null) reject(new ExchangeError(new Error("the answer has no status"), false));
      else resolve({ ...answer, body: Buffer.concat(chunks).subarray(0, bytesMax) });
    };
    const fail = (error: unknown) => {
      signal.removeEventListener("abort", onAbort);
      reject(new ExchangeError(error, answer !== null));
    };
    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    dispatcher.dispatch(
      {
        origin,
        path,
        headers: [...headers],
        ...(body === undefined ? { method: "GET" } : { method: "POST", body: Buffer.from(body) }),
      },
      {
        onRequestStart(started) {
          controller = started;
          if (signal.aborted) onAbort();
        },
        onResponseStart(started, status, head) {
          if (status < 200) return;
          answer = { status, headers: head };
          if (wantsBody(status, head)) return;
          finish();
          started.abort(enough);
        },
        onResponseData(started, chunk) {
          chunks.push(chunk);
          size += chunk.length;
          if (size < bytesMax) return;
          finish();
          started.abort(enough);
        },
        onResponseEnd: finish,
        onResponseError: (_, error) => (error === enough ? undefined : fail(error)),
      },
    );
  });
}

/**
 * The head of a body as text, its compression undone as far as it came (RFC 9110 8.4); empty where that is not possible.
 * We ask for none, so this is for servers that do not listen. Bytes beyond ASCII are read as UTF-8.
 */
export function decodeHead(head: Head, lengthMax: number): string {
  return inflateHead(head, lengthMax).toString("utf8");
}

/** {@link decodeHead} without reading the bytes as text. */
export function inflateHead({ headers, body }: Head, lengthMax: number): Buffer {
  const coding = (listHeader(headers, "content-encoding") ?? "identity").trim().toLowerCase();
  if (coding === "identity" || coding === "") return body;
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 32 * lengthMax };
  try {
    if (coding === "gzip" || coding === "x-gzip") return unzipSync(body, options).subarray(0, lengthMax);
    if (coding !== "deflate") return Buffer.alloc(0);
    const isWrapped = ((body[0] ?? 0) & 0x0f) === 8;
    return (isWrapped ? inflateSync(body, options) : inflateRawSync(body, options)).subarray(0, lengthMax);
  } catch {
    return Buffer.alloc(0);
  }
}
