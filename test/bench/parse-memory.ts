/**
 * How much memory reading one document takes, as a multiple of its size: the growth of the process's resident memory at its peak, and
 * what its entries hold afterwards. Each document is read in fifteen processes that have read 3,000 small
 * feeds before, as a daemon has after its first hour: median and worst of them. In a young process what grows is the engine's space for young
 * objects, whatever is read. Linux only.
 *   node test/bench/parse-memory.ts
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseDocument } from "../../src/parse/parse.ts";
import { documents, rss } from "./support-feed-documents.ts";

const SMALL_FEEDS_BEFORE = 3000;

/** Multiples of the document's size. */
interface Measured {
  readonly peak: number;
  readonly held: number;
  readonly entries: number;
}

/** Bytes that were resident at most since the last reset (proc(5), `VmHWM`). */
function peakResident(): number {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function measure(name: string): Promise<void> {
  const read = (bytes: Uint8Array) =>
    parseDocument({
      bytes,
      contentType: "application/xml; charset=utf-8",
      url: "https://example.org/feed",
      name,
    });
  const small = new TextEncoder().encode(rss(20_000));
  for (let n = 0; n < SMALL_FEEDS_BEFORE; n++) await read(small);
  const bytes = new TextEncoder().encode(documents.find((document) => document.name === name)?.text);
  gc?.();
  await new Promise((resolve) => setTimeout(resolve, 300));
  gc?.();
  const before = { resident: process.memoryUsage().rss, held: heldBytes() };
  writeFileSync("/proc/self/clear_refs", "5"); // begins the high-water mark anew
  const { entries } = await read(bytes);
  const peak = peakResident();
  gc?.();
  const measured: Measured = {
    peak: (peak - before.resident) / bytes.length,
    held: (heldBytes() - before.held) / bytes.length,
    entries: entries.length,
  };
  console.log(JSON.stringify(measured));
}

const PROCESSES = 15;
const [, , only] = process.argv;
if (only !== undefined) await measure(only);
else {
  for (const { name } of documents) {
    const measured = Array.from({ length: PROCESSES }, () => measureApart(name));
    const peaks = measured.map(({ peak }) => peak).sort((a, b) => a - b);
    const held = measured.map((one) => one.held).sort((a, b) => a - b);
    const times = (of: readonly number[], at: number) => `${of.at(at)?.toFixed(1)} x`;
    const middle = Math.floor(PROCESSES / 2);
    console.log(
      `${name.padEnd(14)} peak ${times(peaks, middle)} the document (worst ${times(peaks, -1)}), entries hold ${times(held, middle)}`,
    );
  }
}

function measureApart(name: string): Measured {
  const file = fileURLToPath(import.meta.url);
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--expose-gc", file, name], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout) as Measured;
}
