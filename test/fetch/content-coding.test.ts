import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeBody } from "../../src/fetch/content-coding.ts";

const text = `<feed>${"entry ".repeat(1000)}</feed>`;
const plain = Buffer.from(text);
const bodyBytes = 2 ** 20;
const decode = (body: Buffer, coding: string | null) => decodeBody(body, coding, { bodyBytes });

describe("decodeBody", () => {
  it.each<[string | null, Buffer]>([
    [null, plain],
    ["", plain],
    ["identity", plain],
    ["gzip", gzipSync(plain)],
    ["GZIP", gzipSync(plain)],
    ["x-gzip", gzipSync(plain)],
    ["br", brotliCompressSync(plain)],
    ["zstd", zstdCompressSync(plain)],
    ["deflate", deflateSync(plain)],
    ["deflate", deflateRawSync(plain)],
    ["gzip, br", brotliCompressSync(gzipSync(plain))],
    ["identity, gzip", gzipSync(plain)],
    ["gzip", Buffer.concat([gzipSync(plain.subarray(0, 100)), gzipSync(plain.subarray(100))])],
    [
      "zstd",
      Buffer.concat([zstdCompressSync(plain.subarray(0, 100)), zstdCompressSync(plain.subarray(100))]),
    ],
  ])("reads %j", async (coding, body) => expect((await decode(body, coding)).toString()).toBe(text));

  it("reads a large body, which is unpacked off the event loop", async () => {
    const large = Buffer.alloc(2 ** 20);
    for (let at = 0; at < large.length; at++) large[at] = (at * 2654435761) >>> 13;
    expect((await decode(gzipSync(large), "gzip")).equals(large)).toBe(true);
  });

  it("takes an empty body for empty, whatever its coding", async () => {
    expect(await decode(Buffer.alloc(0), "gzip")).toHaveLength(0);
  });

  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
    ["deflate", deflateSync],
  ])("%s that breaks off is incomplete", async (coding, pack) => {
    const packed = pack(plain);
    await expect(decode(packed.subarray(0, packed.length - 6), coding)).rejects.toMatchObject({
      code: "fetch/incomplete",
    });
  });

  it.each(["gzip", "br", "zstd"])("%s on a plain body is refused", async (coding) => {
    await expect(decode(plain, coding)).rejects.toMatchObject({ code: "fetch/bad-encoding" });
  });

  it("refuses codings that are unknown or too many", async () => {
    await expect(decode(plain, "compress")).rejects.toMatchObject({ code: "fetch/bad-encoding" });
    await expect(decode(plain, "gzip, gzip, gzip")).rejects.toMatchObject({ code: "fetch/bad-encoding" });
    await expect(decode(plain, Array(1000).fill("br").join(","))).rejects.toMatchObject({
      code: "fetch/bad-encoding",
    });
  });

  it("refuses a body of endless small frames", async () => {
    const frame = zstdCompressSync(Buffer.from("x"));
    await expect(decode(Buffer.concat(Array(5000).fill(frame)), "zstd")).rejects.toMatchObject({
      code: "fetch/bad-encoding",
    });
  });

  it("accepts exactly the limit", async () => {
    const full = { bodyBytes: plain.length };
    for (const [coding, body] of [
      ["gzip", gzipSync(plain)],
      ["br", brotliCompressSync(plain)],
      ["zstd", zstdCompressSync(plain)],
    ] as const) {
      expect(await decodeBody(body, coding, full)).toHaveLength(plain.length);
      await expect(decodeBody(body, coding, { bodyBytes: plain.length - 1 })).rejects.toMatchObject({
        code: "fetch/too-large",
      });
    }
  });

  it("refuses a plain body over the limit", async () => {
    await expect(decodeBody(plain, null, { bodyBytes: 10 })).rejects.toMatchObject({
      code: "fetch/too-large",
    });
  });

  // 256 MiB of zeros; a second round of gzip makes the classic nested bomb.
  const zeros = Buffer.alloc(2 ** 28);
  const gzipBomb = gzipSync(zeros, { level: 1 });
  it.each<[string, Buffer]>([
    ["gzip", gzipBomb],
    ["br", brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })],
    ["zstd", zstdCompressSync(zeros)],
    ["gzip, gzip", gzipSync(gzipBomb)],
  ])("stops a bomb packed as %s at the limit", async (coding, bomb) => {
    const before = process.memoryUsage().rss;
    await expect(decodeBody(bomb, coding, { bodyBytes: 16 * 2 ** 20 })).rejects.toMatchObject({
      code: "fetch/too-large",
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * 2 ** 20);
  });
});
