/** One request, one answer, over undici's dispatcher: no redirects, no cookies, no header that we did not set. */
import type { Dispatcher } from "undici";
import { tooLarge } from "./content-coding.ts";
import { type ResponseHeaders, singleHeader } from "./headers.ts";

export interface ExchangeRequest {
  readonly origin: string;
  readonly path: string;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
  /** The most bytes of body that are taken from the wire. */
  readonly wireBytes: number;
  /** Answers with other statuses are read only to free the connection, and little of them. */
  readonly wantsBody: (status: number) => boolean;
}

export interface Exchange {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** As on the wire; empty where it was not wanted. */
  readonly body: Buffer;
}

/** An exchange that failed, with how far it had come. */
export class ExchangeError extends Error {
  /** The status line had arrived. */
  readonly isAnswered: boolean;
  constructor(cause: unknown, isAnswered: boolean) {
    super("the exchange failed", { cause });
    this.isAnswered = isAnswered;
  }
}

/** An unwanted body up to this size is read, so that the connection can be used again. */
const discardedBytesMax = 64 * 1024;

/**
 * Sends a GET and reads the answer.
 *
 * @throws ExchangeError whose cause is undici's error, `fetch/too-large`, or the signal's reason
 */
export function exchange(
  dispatcher: Dispatcher,
  { origin, path, headers, wireBytes, wantsBody }: ExchangeRequest,
  signal: AbortSignal,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let answer: Omit<Exchange, "body"> | null = null;
    let isWanted = false;
    let size = 0;
    const chunks: Buffer[] = [];

    const onAbort = () => {
      fail(signal.reason);
      controller?.abort(asError(signal.reason));
    };
    const settle = () => signal.removeEventListener("abort", onAbort);
    const finish = (head: Omit<Exchange, "body">) => {
      settle();
      resolve({ ...head, body: Buffer.concat(chunks, size) });
    };
    const fail = (error: unknown) => {
      settle();
      // The status is all that was wanted: that the rest of the answer failed changes nothing.
      if (answer !== null && !isWanted) return resolve({ ...answer, body: Buffer.alloc(0) });
      reject(new ExchangeError(error, answer !== null));
    };
    const stop = (error: Error) => {
      fail(error);
      controller?.abort(error);
    };

    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    dispatcher.dispatch(
      { origin, path, method: "GET", headers: [...headers] },
      {
        onRequestStart(started) {
          controller = started;
          if (signal.aborted) started.abort(asError(signal.reason));
        },
        onResponseStart(_, status, head) {
          if (status < 200) return;
          answer = { status, headers: head };
          isWanted = wantsBody(status);
          if (isWanted && Number(singleHeader(head, "content-length") ?? 0) > wireBytes)
            stop(tooLarge(wireBytes));
        },
        onResponseData(_, chunk) {
          size += chunk.length;
          if (!isWanted) {
            if (size > discardedBytesMax) stop(new Error("the rest is not wanted"));
            return;
          }
          if (size > wireBytes) return stop(tooLarge(wireBytes));
          chunks.push(chunk);
        },
        onResponseEnd() {
          if (answer === null) return fail(new Error("the answer has no status"));
          if (!isWanted) size = 0;
          finish(answer);
        },
        onResponseError: (_, error) => fail(error),
      },
    );
  });
}

/** An abort's reason as undici wants it. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
