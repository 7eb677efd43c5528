/** What only a store of many processes promises: hosts, dead workers, the server's restarts, word of changes. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LeaseLostError } from "../../src/errors.ts";
import { digestKeyHex } from "../../src/store/digest.ts";
import { POSTGRES_MIGRATIONS } from "../../src/store/migrations/postgres.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import type { Store } from "../../src/store/store.ts";
import { isPostgresMissing, startPostgres, type TestPostgres } from "../support/postgres.ts";
import {
  addSources,
  after,
  buildDefinition,
  buildPoll,
  buildSighting,
  claim,
  MINUTE_MS,
  poll,
  T0,
} from "./builders.ts";

const clock = { now: () => T0, sleep: () => Promise.reject(new Error("the store does not sleep")) };

describe.skipIf(isPostgresMissing())("many processes on one PostgreSQL", () => {
  let server: TestPostgres;
  let url = "";
  let opened: Store[] = [];
  const open = async (): Promise<Store> => {
    const store = await openPostgresStore({ url, clock });
    opened.push(store);
    return store;
  };
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    opened = [];
    url = await server.makeSchema();
  });
  afterEach(async () => {
    for (const store of opened) await store[Symbol.asyncDispose]();
    await server.dropSchema(url);
  });
  const ids = (claimed: Awaited<ReturnType<Store["claimDueSources"]>>) =>
    claimed.map(({ source }) => source.id).sort();
  const claimAll = (store: Store, now = T0, limit = 99) =>
    store.claimDueSources({ now, limit, leaseMs: MINUTE_MS });

  test("workers that start at once make the tables once", async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, open));
    await Promise.all(stores.map((store) => addSources(store, buildDefinition("a"), buildDefinition("b"))));
    expect(await stores[3]?.counts()).toMatchObject({ sources: 2 });
  });

  test("a reader's subscription of a version that had one hub a process is renewed and ended like any other", async () => {
    const database = new Client({ connectionString: url });
    await database.connect();
    await database.query(
      `CREATE TABLE mainstem_schema (version INTEGER NOT NULL); INSERT INTO mainstem_schema VALUES (1); ${POSTGRES_MIGRATIONS[0]}`,
    );
    await database.query(
      "INSERT INTO hub_subscriptions (digest, topic, callback, expires_at, failures) VALUES ($1, 'https://t.example/', 'https://c.example/', 1, 0)",
      [digestKeyHex("https://t.example/\nhttps://c.example/")],
    );
    await database.end();
    const store = await open();
    const [found] = await store.listHubSubscriptions();
    if (found === undefined) throw new Error("it is gone");
    const version = await store.saveHubSubscription({ ...found, failures: 1 });
    expect(version).toBeGreaterThan(found.version);
    expect(await store.removeHubSubscription(found)).toBeNull();
    expect(await store.removeHubSubscription({ ...found, version: version ?? 0 })).not.toBeNull();
  });

  test("a host belongs to one process at a time", async () => {
    const [one, two] = [await open(), await open()];
    const at = (id: string, host: string) =>
      buildDefinition(id, { location: `https://${host}.example/${id}` });
    await addSources(one, at("a1", "a"), at("a2", "a"), at("b1", "b"));
    const first = await claimAll(one, T0, 1);
    expect(ids(first)).toEqual(["a1"]);
    // The other process gets the other host only; the first one more of its own.
    expect(ids(await claimAll(two))).toEqual(["b1"]);
    expect(await claimAll(two)).toEqual([]);
    expect(await two.claimDueSources({ now: T0, limit: 9, leaseMs: 1, onlyIds: ["a2"] })).toEqual([]);
    expect(ids(await claimAll(one))).toEqual(["a2"]);
    // It is free when the last lease on it has ended.
    for (const id of ["a1", "a2"]) {
      const lease = { sourceId: id, generation: 1, expiresAt: T0 };
      await one.recordPoll(buildPoll(lease, [], { at: T0, state: { nextPollAt: T0 } }));
      expect(ids(await claimAll(two))).toEqual(id === "a1" ? [] : ["a1", "a2"]);
    }
  });

  test("of many that claim at the same moment each source goes to one, each host to one process", async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, open));
    const definitions = Array.from({ length: 120 }, (_, n) =>
      buildDefinition(`s${n}`, { location: `https://h${n % 12}.example/${n}` }),
    );
    await addSources(stores[0] as Store, ...definitions);
    const holders = new Map<string, number>();
    const seen: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const claims = await Promise.all(stores.map((store) => claimAll(store, T0, 10)));
      for (const [index, claimed] of claims.entries()) {
        for (const { source } of claimed) {
          const { host } = new URL(source.location);
          expect(holders.get(host) ?? index).toBe(index);
          holders.set(host, index);
          seen.push(source.id);
        }
      }
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(120);
  });

  test("a lease that ran out is taken over; what its first holder writes late is refused and leaves nothing", async () => {
    const [one, two] = [await open(), await open()];
    await addSources(one, buildDefinition("a"));
    const stale = await claim(one, "a", T0);
    expect(await claimAll(two, after(MINUTE_MS / 2))).toEqual([]);
    const [taken] = await claimAll(two, after(MINUTE_MS));
    expect(taken?.lease.generation).toBe(stale.generation + 1);
    const late = buildPoll(stale, [buildSighting("late")], { at: after(MINUTE_MS) });
    await expect(one.recordPoll(late)).rejects.toThrow(LeaseLostError);
    expect(await one.renewLeases([stale], { now: after(MINUTE_MS), leaseMs: MINUTE_MS })).toEqual([]);
    expect(await two.counts()).toMatchObject({ sightings: 0, stories: 0 });
    if (taken === undefined) throw new Error("not taken over");
    await two.recordPoll(buildPoll(taken.lease, [buildSighting("g")], { at: after(MINUTE_MS) }));
    expect(await one.counts()).toMatchObject({ sightings: 1, stories: 1 });
  });

  test("the pool tells how many connections are lent and idle, and who waits for one", async () => {
    const store = await open();
    expect(store.connections()).toMatchObject({ active: 0, waiting: 0 });
    const many = Promise.all(Array.from({ length: 30 }, () => store.revision()));
    await nextTurn();
    expect(store.connections()?.active).toBeGreaterThan(0);
    expect(store.connections()?.waiting).toBeGreaterThan(0);
    await many;
    const { active, idle, waiting } = store.connections() ?? {};
    expect({ active, waiting }).toEqual({ active: 0, waiting: 0 });
    expect(idle).toBeGreaterThan(0);
    expect(idle).toBeLessThanOrEqual(10);
  });

  test("processes that bring the same stories at the same moment tell each once", async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, open));
    const sources = Array.from({ length: 16 }, (_, n) => `s${n}`);
    await addSources(stores[0] as Store, ...sources.map((id) => buildDefinition(id)));
    await Promise.all(
      sources.map((id, n) => {
        // Each document has the same fifty stories, in an order of its own.
        const stories = Array.from({ length: 50 }, (_, k) => (k * 7 + n * 3) % 50);
        const sightings = stories.map((k) => buildSighting(`${id}-${k}`, { urls: [`news.example/${k}`] }));
        return poll(stores[n % 4] as Store, id, sightings);
      }),
    );
    expect(await stores[0]?.counts()).toEqual({ sources: 16, sightings: 800, stories: 50, aliases: 50 });
    const told = (await stores[1]?.listStories({ limit: 99 })) ?? [];
    expect(told.map(({ sightings }) => sightings.length)).toEqual(Array.from({ length: 50 }, () => 16));
    expect((await stores[0]?.listSources())?.reduce((sum, source) => sum + source.duplicateCount, 0)).toBe(
      750,
    );
  });

  test("every process hears when another one has changed what readers see, and not of what they cannot see", async () => {
    const [one, two] = [await open(), await open()];
    await addSources(one, buildDefinition("a"));
    let heard = 0;
    await using _watch = await two.watchRevision(() => (heard += 1));
    await poll(one, "a", []);
    await poll(one, "a", [buildSighting("g")]);
    await expect.poll(() => heard, { timeout: 5000 }).toBe(1);
    await poll(one, "a", [buildSighting("g")]);
    await poll(one, "a", [buildSighting("h")]);
    await expect.poll(() => heard, { timeout: 5000 }).toBe(2);
  });

  test("a restart of the server in the middle of polls loses and doubles nothing", async ({ skip }) => {
    if (server.restart === null) return skip("the server is not ours to restart");
    const store = await open();
    const sources = Array.from({ length: 30 }, (_, n) => `s${n}`);
    await addSources(store, ...sources.map((id) => buildDefinition(id)));
    let heard = 0;
    await using _watch = await store.watchRevision(() => (heard += 1));
    const claimed = await claimAll(store);
    const restarting = server.restart();
    const outcomes = await Promise.allSettled(
      claimed.map(async ({ lease, source }, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 20));
        return store.recordPoll(buildPoll(lease, [buildSighting(source.id)], { at: T0 }));
      }),
    );
    await restarting;
    // What was committed just as the connection broke is found written and refused a second time.
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(refused.every((reason) => reason instanceof LeaseLostError)).toBe(true);
    expect(await store.counts()).toMatchObject({ sightings: 30, stories: 30 });
    await expect.poll(() => heard, { timeout: 10_000 }).toBeGreaterThan(0);
  }, 60_000);
});
