/**
 * A process that uses a store, for the tests that kill it or run several. Not a test itself.
 *
 * `node worker-process.ts hold FILE`          opens as the poller, says "open", stays
 * `node worker-process.ts poll FILE`          polls in a loop, tells each committed poll as `SOURCE VERSION`
 * `node worker-process.ts race FILE ROUNDS`   claims and releases, tells each claim; fails when another holds the same
 */
import { rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { SightingRecord } from "../../src/model.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { buildFeed, buildPoll, buildSighting } from "./builders.ts";

const [mode = "", file = "", rounds = "0"] = process.argv.slice(2);
const clock = { now: () => new Date(), sleep: () => Promise.reject(new Error("unused")) };

export const SIGHTINGS_PER_POLL = 12;

/** The document of version `version` of a source: each has entries of its own, one shared with all, and edits. */
export function buildDocument(source: string, version: number): readonly SightingRecord[] {
  const own = Array.from({ length: SIGHTINGS_PER_POLL - 2 }, (_, n) =>
    buildSighting(`${source}-${version}-${n}`, { entry: { contentHtml: "x".repeat(2000) } }),
  );
  const shared = buildSighting(`${source}-shared-${version}`, { urls: [`shared/${version}`] });
  const edited = buildSighting(`${source}-edited`, { entry: { summary: `version ${version}` } });
  return [...own, shared, edited];
}

function tell(message: string): void {
  process.stdout.write(`${message}\n`);
}

async function pollForEver(store: Store): Promise<never> {
  for (;;) {
    const claimed = await store.claimDueSources({ now: new Date(), limit: 4, leaseMs: 1 });
    await Promise.all(
      claimed.map(async ({ source, lease }) => {
        const version = source.hints.ttlMs ?? 0;
        // The version stands in the source's own state: it must never run ahead of, or fall behind, its entries.
        const hints = { ttlMs: version + 1, skipHours: [], skipDays: [] };
        const state = { hints, nextPollAt: new Date(0), feed: buildFeed({ title: `${version}` }) };
        await store.recordPoll(
          buildPoll(lease, buildDocument(source.id, version), { at: new Date(), state }),
        );
        tell(`${source.id} ${version}`);
      }),
    );
  }
}

/** While a source is held, a file of its name exists: making it fails where another process holds the source, too. */
async function race(store: Store): Promise<void> {
  for (let round = 0; round < Number(rounds); round += 1) {
    const claimed = await store.claimDueSources({ now: new Date(), limit: 3, leaseMs: 60_000 });
    for (const { lease } of claimed) {
      tell(`claim ${lease.sourceId} ${lease.generation}`);
      writeFileSync(`${file}.held-${lease.sourceId}`, "", { flag: "wx" });
    }
    // Others get a turn while these are leased.
    await sleep(Math.random() * 3);
    for (const { lease } of claimed) {
      rmSync(`${file}.held-${lease.sourceId}`);
      await store.releaseLease(lease);
    }
  }
}

if (import.meta.main) {
  const role = mode === "race" ? "tool" : "poller";
  try {
    const store = await openSqliteStore({ file, role, clock });
    tell("open");
    if (mode === "hold") await sleep(60_000);
    if (mode === "poll") await pollForEver(store);
    if (mode === "race") await race(store);
    await store[Symbol.asyncDispose]();
  } catch (error) {
    tell(error instanceof Error ? `${error.name} ${error.message}` : String(error));
    process.exitCode = 2;
  }
}
