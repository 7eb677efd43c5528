/**
 * Stores as every released schema wrote them (test/fixtures/store, made by the code of their day): they come forward with
 * their stories, ids and overrides. A change of the schema needs the fixture of the version before it; scripts/write-store-fixture.ts
 * writes the current one.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { urlAliasKey } from "../../src/identify/identify.ts";
import { digestKey } from "../../src/store/digest.ts";
import { SQLITE_MIGRATIONS } from "../../src/store/migrations/sqlite.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { addSources, buildDefinition, buildSighting, poll } from "./builders.ts";

const fixtures = "test/fixtures/store";
const now = new Date("2027-01-01T00:00:00Z");
const clock = { now: () => now, sleep: () => Promise.reject(new Error("unused")) };

interface Expected {
  readonly version: number;
  readonly merged: readonly string[];
  readonly stories: readonly { readonly id: string; readonly url: string; readonly title: string }[];
}

const versions = readdirSync(fixtures)
  .filter((name) => name.endsWith(".expected.json"))
  .map((name): Expected => JSON.parse(readFileSync(join(fixtures, name), "utf8")))
  .sort((a, b) => a.version - b.version);

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mainstem-older-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function unpack({ version }: Expected): string {
  const file = join(folder, "mainstem.db");
  writeFileSync(file, gunzipSync(readFileSync(join(fixtures, `v${version}.db.gz`))));
  return file;
}

test("there is a store of every version before this one", () => {
  const known = new Set(versions.map(({ version }) => version));
  const missing = SQLITE_MIGRATIONS.map((_, index) => index + 1)
    .slice(0, -1)
    .filter((version) => !known.has(version));
  expect(missing, "check out the commit before your change and run scripts/write-store-fixture.ts").toEqual(
    [],
  );
});

describe.each(versions.map((expected) => [expected.version, expected] as const))(
  "a store of version %i",
  (version, expected) => {
    test("has the same stories under the same ids, is polled as before, and left a copy", async () => {
      const file = unpack(expected);
      const warnings: string[] = [];
      {
        await using store = await openSqliteStore({
          file,
          role: "poller",
          clock,
          onWarning: (message) => warnings.push(message),
        });
        const stories = await store.listStories({ limit: 100 });
        const byId = new Map(stories.map((story) => [story.publishedId, story]));
        for (const { id, title } of expected.stories)
          expect(byId.get(id)?.sightings.map(({ entry }) => entry.title)).toContain(title);
        expect(stories).toHaveLength(expected.stories.length);
        // Found by a word of their titles, and still knowing what each key was made from.
        for (const { id, title } of expected.stories) {
          const word = /\p{L}{5,}/u.exec(title)?.[0] ?? title;
          const found = await store.listStories({ limit: 100, search: word });
          expect(found.map(({ publishedId }) => publishedId)).toContain(id);
        }
        for (const { sightings } of stories)
          for (const { aliases } of sightings)
            for (const { evidence, kind } of aliases) expect(`${kind} ${evidence}`).toMatch(/^[a-z]+ ./);
        expect(await store.counts()).toMatchObject({ sources: 5, sightings: 14 });
        // The merge by hand still holds: both addresses lead to one story.
        const found = await Promise.all(
          expected.merged.map((url) => store.findStory([urlAliasKey(url) ?? ""])),
        );
        const ids = found.map((detail) => detail?.story.publishedId);
        expect(ids).toEqual([expect.any(String), ids[0]]);
        // It takes new polls.
        await addSources(store, buildDefinition("a"));
        expect(await poll(store, "a", [buildSighting("1")], { at: now })).toMatchObject({
          entries: { new: 1 },
        });
      }
      const isOlder = version < SQLITE_MIGRATIONS.length;
      expect(warnings.join("")).toMatch(isOlder ? /was migrated; its copy/ : /^$/);
      expect(readdirSync(folder).filter((name) => name.endsWith(".bak"))).toHaveLength(isOlder ? 1 : 0);
      const db = new DatabaseSync(file, { readOnly: true });
      expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
      expect(db.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
      db.close();
    });
  },
);

test("a reader's subscription of a version that had one hub a process is renewed and ended like any other", async () => {
  const ninth = versions.find(({ version }) => version === 9);
  if (ninth === undefined) throw new Error("there is no store of version 9");
  const file = unpack(ninth);
  const db = new DatabaseSync(file);
  db.prepare(
    "INSERT INTO hub_subscriptions (digest, topic, callback, expires_at, failures) VALUES (?, 'https://t.example/', 'https://c.example/', 1, 0)",
  ).run(digestKey("https://t.example/\nhttps://c.example/"));
  db.close();
  await using store = await openSqliteStore({ file, role: "poller", clock });
  const [found] = await store.listHubSubscriptions();
  if (found === undefined) throw new Error("it is gone");
  const version = await store.saveHubSubscription({ ...found, failures: 1 });
  expect(version).toBeGreaterThan(found.version);
  expect(await store.removeHubSubscription(found)).toBeNull();
  expect(await store.removeHubSubscription({ ...found, version: version ?? 0 })).not.toBeNull();
  expect(await store.listHubSubscriptions()).toEqual([]);
});
