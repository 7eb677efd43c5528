/** The contract's part on the operator's `merge` and `split`. */
import { expect, test } from "vitest";
import type { StoryDetail } from "../../src/store/store.ts";
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

export function describeOverrides(factory: StoreFactory): void {
  const { store } = useStore(factory);
  const find = async (key: string): Promise<StoryDetail> => {
    const detail = await store().findStory([key]);
    if (detail === null) throw new Error(`no story has ${key}`);
    return detail;
  };
  const guidsOf = async (key: string) =>
    (await find(key)).story.sightings.map(({ guidKey }) => guidKey).sort();
  const merge = (a: string, b: string, at = after(60_000)) =>
    store().mergeStories(operatorAlias(a), operatorAlias(b), at);
  const split = (key: string, at = after(60_000)) => store().splitStory(operatorAlias(key), at);
  const addAll = (...ids: readonly string[]) => addSources(store(), ...ids.map((id) => buildDefinition(id)));
  const duplicates = async () => (await store().listSources()).map((source) => source.duplicateCount);

  test("merge: two stories become the older one, for good, and say why", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] })], { at: after(1) });
    const revision = await store().revision();
    await merge("url:x/2", "url:x/1");
    expect(await store().revision()).toBeGreaterThan(revision);
    const detail = await find("tag:2");
    expect(detail.story.publishedId).toBe("tag:1");
    expect(detail.forwardedIds).toEqual(["tag:2"]);
    expect([...detail.overrides].sort()).toEqual(["merge url:x/1", "merge url:x/2"]);
    expect(await duplicates()).toEqual([0, 1]);
    expect(await store().counts()).toMatchObject({ stories: 1, aliases: 2 });
    await poll(store(), "b", [buildSighting("3", { urls: ["x/2"] })]);
    expect(await guidsOf("url:x/1")).toEqual(["1", "2", "3"]);
    await merge("url:x/1", "url:x/2");
    expect(await guidsOf("url:x/1")).toEqual(["1", "2", "3"]);
  });

  test("merge: a key that no story has yet takes effect when it is seen", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await merge("url:x/1", "url:x/later");
    expect(await poll(store(), "b", [buildSighting("2", { urls: ["y/2", "x/later"] })])).toMatchObject({
      stories: { new: 0, merged: 1 },
    });
    expect(await guidsOf("url:x/1")).toEqual(["1", "2"]);
  });

  test("merge: keys that no story has yet wait for each other, chains of them too", async () => {
    await addAll("a", "b", "c");
    await merge("url:x/1", "url:x/2");
    await merge("url:x/3", "url:x/2");
    expect(await store().findStory(["url:x/1", "url:x/2", "url:x/3"])).toBeNull();
    await poll(store(), "a", [buildSighting("3", { urls: ["x/3"] })]);
    await poll(store(), "b", [buildSighting("1", { urls: ["x/1"] }), buildSighting("2", { urls: ["x/2"] })]);
    await poll(store(), "c", [buildSighting("other", { urls: ["x/4"] })]);
    expect(await guidsOf("url:x/2")).toEqual(["1", "2", "3"]);
    expect(await store().counts()).toMatchObject({ stories: 2, aliases: 4 });
  });

  test("merge: keys that wait for each other meet in one document", async () => {
    await addAll("a");
    await merge("url:x/1", "url:x/2");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] }), buildSighting("2", { urls: ["x/2"] })]);
    expect(await guidsOf("url:x/1")).toEqual(["1", "2"]);
  });

  test("a pinned key outweighs a sighting's other keys, which join nothing to its story", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] }), buildSighting("2", { urls: ["x/2"] })]);
    await merge("url:x/1", "url:x/2");
    await poll(store(), "b", [buildSighting("3", { urls: ["x/3"] })]);
    await poll(store(), "c", [buildSighting("4", { urls: ["x/3", "x/2"] })]);
    expect(await guidsOf("url:x/1")).toEqual(["1", "2", "4"]);
    expect(await guidsOf("url:x/3")).toEqual(["3"]);
  });

  test("two stories that were pinned apart by merges never join, whatever names both", async () => {
    await addAll("a", "b", "c");
    await poll(
      store(),
      "a",
      ["1", "2", "3", "4"].map((n) => buildSighting(n, { urls: [`x/${n}`, `y/${n}`] })),
    );
    await merge("url:x/1", "url:x/2");
    await merge("url:x/3", "url:x/4");
    await poll(store(), "b", [buildSighting("5", { urls: ["y/1", "y/3"] })]);
    await poll(store(), "c", [buildSighting("6", { urls: ["x/1", "x/3"] })]);
    expect(await guidsOf("url:y/2")).toEqual(["1", "2", "5", "6"]);
    expect(await guidsOf("url:y/4")).toEqual(["3", "4"]);
  });

  test("a key that waits goes to the story that came first with its group, not to a pinned one that has it, too", async () => {
    await addAll("a");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await merge("url:x/late", "url:x/2");
    await merge("url:x/1", "url:x/1");
    await poll(store(), "a", [
      buildSighting("2", { urls: ["x/2"] }),
      buildSighting("1", { urls: ["x/1", "x/late"] }),
    ]);
    expect(await guidsOf("url:x/late")).toEqual(["2"]);
    expect(await guidsOf("url:x/1")).toEqual(["1"]);
  });

  test("split: the sightings with the key leave, with a free id, and no later poll joins them again", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1", "shared/"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2", "shared/"] })], { at: after(1) });
    const revision = await store().revision();
    expect(await split("url:x/2")).toBe(true);
    expect(await store().revision()).toBeGreaterThan(revision);
    expect(await guidsOf("url:x/2")).toEqual(["2"]);
    expect(await guidsOf("url:shared/")).toEqual(["1"]);
    expect((await find("url:x/2")).story).toMatchObject({ publishedId: "tag:2", updatedAt: after(60_000) });
    expect((await find("url:x/2")).overrides).toEqual(["split url:x/2"]);
    expect(await duplicates()).toEqual([0, 0, 0]);
    expect(await store().counts()).toMatchObject({ stories: 2, aliases: 3 });

    await poll(store(), "b", [buildSighting("2", { urls: ["x/2", "shared/"], title: "Edited" })], {
      at: after(2),
    });
    await poll(store(), "b", [buildSighting("2", { urls: ["shared/", "x/2b"], title: "Edited" })], {
      at: after(3),
    });
    await poll(store(), "c", [buildSighting("3", { urls: ["shared/", "x/2b"] })], { at: after(4) });
    await poll(store(), "c", [buildSighting("4", { urls: ["x/2", "x/1"] })], { at: after(5) });
    expect(await guidsOf("url:x/1")).toEqual(["1", "3"]);
    expect(await guidsOf("url:x/2b")).toEqual(["2", "4"]);
  });

  test("split: a key of before an edit finds the sighting that had it", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1", "shared/"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2", "shared/"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["shared/"] })]);
    expect(await split("url:x/2")).toBe(true);
    expect(await guidsOf("url:x/2")).toEqual(["2"]);
    expect(await guidsOf("url:x/1")).toEqual(["1"]);
  });

  test("split: unknown keys are refused; a story's only sightings stay where they are, set apart", async () => {
    await addAll("a", "b");
    expect(await split("url:unknown")).toBe(false);
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1", "y/1"] })]);
    expect(await split("url:x/1")).toBe(true);
    expect(await store().counts()).toMatchObject({ stories: 1 });
    await poll(store(), "b", [buildSighting("2", { urls: ["z/2"] })]);
    await poll(store(), "b", [buildSighting("3", { urls: ["z/2", "y/1"] })]);
    expect(await guidsOf("url:x/1")).toEqual(["1"]);
    expect(await guidsOf("url:z/2")).toEqual(["2", "3"]);
  });

  test("split: a key that was merged before anything carried it is free again and stands alone when it comes", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await merge("url:x/1", "url:x/2");
    expect(await split("url:x/2")).toBe(true);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2", "x/1"] })]);
    expect(await guidsOf("url:x/1")).toEqual(["1"]);
    expect(await guidsOf("url:x/2")).toEqual(["2"]);
  });

  test("the last word wins: merged, split, merged and split again, ids stay the ones readers know", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] })]);
    for (let round = 0; round < 3; round += 1) {
      await merge("url:x/1", "url:x/2", after(round));
      expect(await guidsOf("url:x/2")).toEqual(["1", "2"]);
      expect((await find("url:x/2")).story.publishedId).toBe("tag:1");
      expect(await split("url:x/2", after(round))).toBe(true);
      expect(await split("url:x/2", after(round))).toBe(true);
      expect(await guidsOf("url:x/1")).toEqual(["1"]);
      expect((await find("url:x/2")).story.publishedId).toBe("tag:2");
      expect(await duplicates()).toEqual([0, 0]);
    }
    expect((await find("url:x/1")).forwardedIds).toEqual([]);
    expect((await find("url:x/1")).aliases).toEqual([expect.objectContaining(urlAlias("x/1"))]);
  });

  test("a sighting that learns a pinned key moves to its story; the story it leaves empty goes along", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await merge("url:x/1", "url:x/pinned");
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] }), buildSighting("2b", { urls: ["x/2"] })]);
    await poll(store(), "c", [buildSighting("3", { urls: ["x/3"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2", "x/pinned"] })]);
    await poll(store(), "c", [buildSighting("3", { urls: ["x/3", "x/pinned"] })]);
    expect(await guidsOf("url:x/1")).toEqual(["1", "2", "3"]);
    expect(await guidsOf("url:x/2")).toEqual(["2b"]);
    expect((await find("tag:3")).story.publishedId).toBe("tag:1");
    expect(await store().counts()).toMatchObject({ stories: 2 });
  });
}
