/** The contract's part on naming everything stored anew, for stores that can. */
import { expect, test } from "vitest";
import type { SightingRecord } from "../../src/model.ts";
import type { RekeyableStore, RekeyRequest } from "../../src/store/store.ts";
import {
  addSources,
  after,
  buildDefinition,
  buildSighting,
  operatorAlias,
  poll,
  urlAlias,
} from "./builders.ts";
import { type StoreFactory, useStore } from "./contract.ts";

const never = new AbortController().signal;

export function describeRekey(factory: StoreFactory<RekeyableStore>): void {
  const { store } = useStore(factory);
  const addAll = (...ids: readonly string[]) => addSources(store(), ...ids.map((id) => buildDefinition(id)));
  const stories = () => store().listStories({ limit: 10 });
  const rekey = (
    rename: (record: SightingRecord) => SightingRecord | null,
    changes: Partial<RekeyRequest> = {},
    signal = never,
  ) =>
    store().rekey(
      {
        at: after(60_000),
        version: 7,
        isDryRun: false,
        identify: ({ sightings }) => ({
          changes: sightings.flatMap(({ id, record }) => {
            const next = rename(record);
            return next === null ? [] : [{ id, record: next }];
          }),
          collapsedKeys: [],
        }),
        ...changes,
      },
      signal,
    );
  const under = (record: SightingRecord, ...keys: readonly string[]) => ({
    ...record,
    aliases: keys.map(urlAlias),
  });

  test("stories that share a key now become one, under the older id", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] })], { at: after(1000) });
    const report = await rekey((record) => under(record, "x/same"));
    expect(report).toMatchObject({ sightings: 2, changed: 2, merged: 1, parted: 0 });
    expect(report.mergeExamples[0]?.into.publishedId).toBe("tag:1");
    expect((await stories()).map(({ publishedId }) => publishedId)).toEqual(["tag:1"]);
    expect((await store().findStory(["tag:2"]))?.story.publishedId).toBe("tag:1");
    expect(await store().identityVersion()).toBe(7);
    // The next poll finds them under their new names.
    const again = under(buildSighting("1", { urls: ["x/1"] }), "x/same");
    expect(await poll(store(), "a", [again], { at: after(120_000) })).toMatchObject({
      stories: { new: 0, merged: 0 },
    });
  });

  test("words are found as before, and the edit that comes after it", async () => {
    await addAll("a");
    const titled = (title: string) =>
      buildSighting("1", { urls: ["x/1"], title, entry: { contentHtml: `<p>${title} again</p>` } });
    const find = async (search: string) => (await store().listStories({ limit: 9, search })).length;
    await poll(store(), "a", [titled("river")]);
    expect(await find("river")).toBe(1);
    await rekey((record) => under(record, "x/other"));
    expect([await find("river"), await find("lake")]).toEqual([1, 0]);
    await poll(store(), "a", [under(titled("lake"), "x/other")], { at: after(120_000) });
    await rekey((record) => under(record, "x/third"), { version: 8, at: after(180_000) });
    expect([await find("river"), await find("lake")]).toEqual([0, 1]);
  });

  test("stories whose sightings share no key any more are parted; the oldest keeps the id", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/same"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/same"] })], { at: after(1000) });
    expect(await stories()).toHaveLength(1);
    const report = await rekey((record) => under(record, `x/${record.guidKey}`));
    expect(report).toMatchObject({ changed: 2, merged: 0, parted: 1 });
    expect((await stories()).map(({ publishedId }) => publishedId).sort()).toEqual(["tag:1", "tag:2"]);
    expect(await store().findStory(["url:x/same"])).toBeNull();
    expect((await store().listSources()).map(({ duplicateCount }) => duplicateCount)).toEqual([0, 0]);
  });

  test("a part takes back the id that it was published under, also one that today's rules would not choose", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] })], { at: after(1000) });
    await rekey((record) => under(record, "x/same"));
    expect((await stories()).map(({ publishedId }) => publishedId)).toEqual(["tag:1"]);
    await rekey((record) => ({
      ...under(record, `x/${record.guidKey}`),
      publishedIds: [`https://news.example/${record.guidKey}`],
    }));
    expect((await stories()).map(({ publishedId }) => publishedId).sort()).toEqual(["tag:1", "tag:2"]);
  });

  test("a dry run tells the same and changes nothing", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] })], { at: after(1000) });
    const before = await stories();
    const report = await rekey((record) => under(record, "x/same"), { isDryRun: true });
    expect(report).toMatchObject({ changed: 2, merged: 1 });
    expect(await stories()).toEqual(before);
    expect(await store().identityVersion()).toBe(0);
  });

  test("what an operator merged stays together, what they split stays apart", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] })], { at: after(1000) });
    await poll(store(), "c", [buildSighting("3", { urls: ["x/3"] })], { at: after(2000) });
    await store().mergeStories(operatorAlias("url:x/1"), operatorAlias("url:x/2"), after(3000));
    await store().splitStory(operatorAlias("url:x/3"), after(4000));
    await rekey((record) =>
      under(record, `x/${record.guidKey}`, ...(record.guidKey === "2" ? [] : ["x/new"])),
    );
    const found = await stories();
    expect(found.map(({ sightings }) => sightings.map(({ guidKey }) => guidKey).sort()).sort()).toEqual([
      ["1", "2"],
      ["3"],
    ]);
  });

  test("sightings that are left out stay as they are; an abort changes nothing", async () => {
    await addAll("a");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] }), buildSighting("2", { urls: ["x/2"] })]);
    const left = await rekey((record) => (record.guidKey === "1" ? under(record, "x/new") : null));
    expect(left).toMatchObject({ sightings: 2, changed: 1 });
    expect(await store().findStory(["url:x/2"])).not.toBeNull();
    const before = await stories();
    const stopping = new AbortController();
    const rename = (record: SightingRecord) => {
      stopping.abort(new Error("enough"));
      return under(record, "x/never");
    };
    await expect(rekey(rename, {}, stopping.signal)).rejects.toThrow("enough");
    expect(await stories()).toEqual(before);
  });
}
