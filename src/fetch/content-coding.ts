/** Undoes `Content-Encoding` (RFC 9110 8.4) with a cap on what comes out, whatever went in. */
import { promisify } from "node:util";
import {
  brotliDecompress,
  brotliDecompressSync,
  constants,
  gunzip,
  gunzipSync,
  inflate,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdDecompress,
  zstdDecompressSync,
} from "node:zlib";
import { MainstemError } from "../errors.ts";

/** What we offer. */
export const acceptedCodings = "gzip, br, zstd";

/** More than one coding is rare, more than two is an attack (CVE-2026-22036). */
const codingsMax = 2;

/**
 * Inflating a small body in place costs less than a trip through the thread pool (performance.md), but what is meant to
 * be small must prove it: beyond this size the work moves off the event loop.
 */
const inPlaceBytes = 64 * 1024;
const inPlaceInflatedBytes = 2 * 2 ** 20;
const chunkSize = 128 * 1024;

interface Coding {
  readonly sync: (bytes: Uint8Array, maxOutputLength: number) => Buffer;
  readonly async: (bytes: Uint8Array, maxOutputLength: number) => Promise<Buffer>;
}

/** RFC 9659: a zstd window for HTTP is at most 8 MiB; more is only asked for to eat memory. */
const zstdOptions: ZstdOptions = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

const gzip: Coding = {
  sync: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength, chunkSize }),
  async: (bytes, maxOutputLength) => gunzipAsync(bytes, { maxOutputLength, chunkSize }),
};
const brotli: Coding = {
  sync: (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength, chunkSize }),
  async: (bytes, maxOutputLength) => brotliAsync(bytes, { maxOutputLength, chunkSize }),
};
/** zlib reads all members of a gzip body; of zstd, Node reads the first frame and drops the others without a word. */
const zstd: Coding = {
  sync(bytes, maxOutputLength) {
    const frames = new FrameList(bytes, maxOutputLength);
    while (frames.isOpen) frames.add(zstdDecompressSync(frames.rest, frames.options));
    return frames.join();
  },
  async async(bytes, maxOutputLength) {
    const frames = new FrameList(bytes, maxOutputLength);
    while (frames.isOpen) frames.add(await zstdAsync(frames.rest, frames.options));
    return frames.join();
  },
};

/** Real servers send one frame; each costs a decoder of its own. */
const framesMax = 64;

/** The frames of a zstd body (RFC 8878 3.1: as many as wished), decoded one after the other under one cap. */
class FrameList {
  rest: Uint8Array;
  readonly #decoded: Buffer[] = [];
  #leftBytes: number;

  constructor(bytes: Uint8Array, bytesMax: number) {
    this.rest = bytes;
    this.#leftBytes = bytesMax;
  }

  get isOpen(): boolean {
    return this.rest.length > 0 && this.#decoded.length < framesMax;
  }

  get options(): ZstdOptions {
    // zlib takes no cap of 0: one byte more than is left tells "exactly full" from "too much".
    return { ...zstdOptions, maxOutputLength: this.#leftBytes + 1, chunkSize, info: true };
  }

  /** With `info`, zlib returns the decoder too, which knows how much it has read. */
  add(result: unknown): void {
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
    this.#leftBytes -= buffer.length;
    if (this.#leftBytes < 0) throw Object.assign(new RangeError(), { code: "ERR_BUFFER_TOO_LARGE" });
    if (engine.bytesWritten === 0)
      throw Object.assign(new Error("the decoder stands still"), { code: "Z_DATA_ERROR" });
    this.#decoded.push(buffer);
    this.rest = this.rest.subarray(engine.bytesWritten);
  }

  join(): Buffer {
    if (this.rest.length > 0) throw Object.assign(new Error("too many frames"), { code: "Z_DATA_ERROR" });
    return Buffer.concat(this.#decoded);
  }
}

/** "deflate" means zlib; many servers send it bare (RFC 9110 8.4.1.2). The low nibble 8 marks zlib. */
const deflate: Coding = {
  sync: (bytes, maxOutputLength) =>
    (isZlib(bytes) ? inflateSync : inflateRawSync)(bytes, { maxOutputLength }),
  async: (bytes, maxOutputLength) =>
    (isZlib(bytes) ? inflateAsync : inflateRawAsync)(bytes, { maxOutputLength }),
};

const gunzipAsync = promisify<Uint8Array, ZlibOptions, Buffer>(gunzip);
const inflateAsync = promisify<Uint8Array, ZlibOptions, Buffer>(inflate);
const inflateRawAsync = promisify<Uint8Array, ZlibOptions, Buffer>(inflateRaw);
const brotliAsync = promisify<Uint8Array, Parameters<typeof brotliDecompressSync>[1] & {}, Buffer>(
  brotliDecompress,
);
const zstdAsync = promisify<Uint8Array, ZstdOptions, unknown>(zstdDecompress);

const codings: ReadonlyMap<string, Coding> = new Map([
  ["gzip", gzip],
  ["x-gzip", gzip],
  ["br", brotli],
  ["zstd", zstd],
  ["deflate", deflate],
]);

/**
 * The body as the server meant it.
 *
 * @param options.bodyBytes the most that may come out
 * @throws MainstemError `fetch/bad-encoding` for codings unknown, too many or false, `fetch/too-large`, `fetch/incomplete`
 */
export async function decodeBody(
  body: Buffer,
  contentEncoding: string | null,
  { bodyBytes }: { readonly bodyBytes: number },
): Promise<Buffer> {
  const names = (contentEncoding ?? "").toLowerCase().split(",");
  const applied = names.map((name) => name.trim()).filter((name) => name !== "" && name !== "identity");
  if (applied.length > codingsMax) {
    throw new MainstemError(
      "fetch/bad-encoding",
      `The server packed the document ${applied.length} times over; at most ${codingsMax} times is accepted.`,
    );
  }
  let bytes = body;
  for (const name of applied.reverse()) {
    const coding = codings.get(name);
    if (!coding)
      throw new MainstemError(
        "fetch/bad-encoding",
        `The server packed the document as ${quote(name)}, which was not asked for and cannot be read.`,
      );
    bytes = await decodeOnce(coding, bytes, { name, bodyBytes });
  }
  if (bytes.length > bodyBytes) throw tooLarge(bodyBytes);
  return bytes;
}

async function decodeOnce(
  coding: Coding,
  bytes: Buffer,
  { name, bodyBytes }: { readonly name: string; readonly bodyBytes: number },
): Promise<Buffer> {
  // Some servers announce a coding on an empty body.
  if (bytes.length === 0) return bytes;
  try {
    if (bytes.length <= inPlaceBytes) {
      const capBytes = Math.min(bodyBytes, inPlaceInflatedBytes);
      try {
        return coding.sync(bytes, capBytes);
      } catch (error) {
        if (codeOf(error) !== "ERR_BUFFER_TOO_LARGE" || capBytes === bodyBytes) throw error;
      }
    }
    return await coding.async(bytes, bodyBytes);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(bodyBytes);
    if (code === "Z_BUF_ERROR") {
      throw new MainstemError("fetch/incomplete", "The packed document breaks off in the middle.", { cause });
    }
    throw new MainstemError(
      "fetch/bad-encoding",
      `The server says that the document is packed as ${name}, but it is not.`,
      { cause },
    );
  }
}

/** The same words for a document that is too large packed, unpacked or as announced. */
export function tooLarge(bytesMax: number): MainstemError {
  const size =
    bytesMax >= 2 ** 20 ? `${Math.floor(bytesMax / 2 ** 20)} MiB` : `${Math.floor(bytesMax / 2 ** 10)} KiB`;
  return new MainstemError("fetch/too-large", `The document is larger than ${size}, the limit.`, {
    hint: "limits.body in the config sets the limit",
  });
}

function isZlib(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
