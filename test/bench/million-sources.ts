/**
 * A million sources on the schedule alone, no network: `node test/bench/million-sources.ts [--sources N] [--hours N]`. A store in
 * SQLite is polled on a clock of its own by the interval that `poll-interval.ts` gives a feed which says nothing of its own; what a poll
 * finds is nothing new. Told are claims a second, memory, how evenly the polls are spread, and how late the latest is.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { encodePollState, NEW_POLL_STATE } from "../../src/store/records.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { buildPoll, T0 } from "../store/builders.ts";

const { values } = parseArgs({
  options: { sources: { type: "string", default: "1000000" }, hours: { type: "string", default: "1" } },
});
const sources = Number(values.sources);
const minutes = Math.round(Number(values.hours) * 60);
const intervalMs = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), "mainstem-million-"));
const file = join(folder, "store.db");
let nowMs = T0.getTime();
const clock = { now: () => new Date(nowMs), sleep: () => Promise.reject(new Error("unused")) };

try {
  await (await openSqliteStore({ file, role: "poller", clock }))[Symbol.asyncDispose]();
  fill();
  await using store = await openSqliteStore({ file, role: "poller", clock });
  const perMinute: number[] = [];
  let latestMs = 0;
  let polls = 0;
  const startedAt = performance.now();
  const startedCpu = process.cpuUsage();
  for (let minute = 0; minute < minutes; minute += 1) {
    nowMs += 60_000;
    let count = 0;
    for (;;) {
      const claimed = await store.claimDueSources({ now: clock.now(), limit: 256, leaseMs: 60_000 });
      for (const { source } of claimed) latestMs = Math.max(latestMs, nowMs - source.nextPollAt.getTime());
      await Promise.all(
        claimed.map(({ source, lease }) =>
          store.recordPoll(
            buildPoll(lease, [], {
              at: clock.now(),
              // Ten per cent to either side, as the schedule strews polls.
              state: {
                ...source,
                nextPollAt: new Date(nowMs + intervalMs * (0.9 + Math.random() * 0.2)),
              },
            }),
          ),
        ),
      );
      count += claimed.length;
      if (claimed.length < 256) break;
    }
    perMinute.push(count);
    polls += count;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(startedCpu);
  const mean = polls / perMinute.length;
  const spread = Math.sqrt(perMinute.reduce((sum, count) => sum + (count - mean) ** 2, 0) / perMinute.length);
  console.log(`${sources} sources, ${minutes} minutes of their clock, each due once an hour`);
  console.log(
    `${polls} claims with their record: ${Math.round(polls / seconds)}/s, ${((user + system) / polls).toFixed(0)} us of CPU each; needed ${(sources / 3600).toFixed(0)}/s`,
  );
  console.log(
    `polls a minute: mean ${mean.toFixed(0)}, standard deviation ${spread.toFixed(0)}, least ${Math.min(...perMinute)}, most ${Math.max(...perMinute)}; latest ${(latestMs / 1000).toFixed(0)} s after it was due`,
  );
  console.log(`resident memory ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Sources as a running store has them: their next polls strewn over the hour. */
function fill(): void {
  const db = new DatabaseSync(file);
  const insert = db.prepare(
    `INSERT INTO sources (id, kind, location, tags, priority, added_at, next_poll_at, status, state)
     VALUES (?, 'url', ?, '[]', 0, ?, ?, 'ok', ?)`,
  );
  const state = encodePollState(NEW_POLL_STATE);
  db.exec("BEGIN");
  for (let n = 0; n < sources; n += 1) {
    const dueAt = nowMs + Math.floor(Math.random() * intervalMs);
    insert.run(`s${n}`, `https://h${n % 50_000}.example/${n}`, nowMs, dueAt, state);
  }
  db.exec("INSERT INTO source_parents (source_no, parent_id) SELECT no, '' FROM sources");
  db.exec("COMMIT");
  db.close();
}
