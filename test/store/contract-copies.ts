/** The contract's part on syndicated copies: what is found, what is not, and what an operator's word does to it. */
import { expect, test } from "vitest";
import type { Entry } from "../../src/model.ts";
import type { CopyGroup } from "../../src/store/store.ts";
import { cutToThird, toHtml, writeReport } from "../syndicate/wire-texts.ts";
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

const HOUR_MS = 3_600_000;

export function describeCopies(factory: StoreFactory): void {
  const { store, fixture } = useStore(factory);
  const addAll = (...ids: readonly string[]) => addSources(store(), ...ids.map((id) => buildDefinition(id)));
  const print = (guid: string, seed: number, entry: Partial<Entry> = {}) => {
    const text = writeReport(seed);
    return buildSighting(guid, { title: text.title, entry: { contentHtml: toHtml(text), ...entry } });
  };
  const groups = async (): Promise<readonly CopyGroup[]> => {
    const stories = await store().listStories({ limit: 100 });
    return store().listCopies(stories.map(({ number }) => number));
  };
  const idsOf = (found: readonly CopyGroup[]) =>
    found.map(({ members }) => members.map(({ story }) => story.publishedId));

  test("a report that two more sources print is one group, the first of them first", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [print("1", 1), print("2", 2)]);
    const text = writeReport(1);
    const cut = { contentHtml: `<p>RIGA (AFP) - ${toHtml(cutToThird(text)).slice(3)}` };
    const recorded = await poll(store(), "b", [print("3", 1, cut), print("4", 4)]);
    expect(recorded).toMatchObject({ stories: { new: 2, merged: 0 }, isVisible: true });
    await poll(store(), "c", [print("5", 1)], { at: after(HOUR_MS) });
    const found = await groups();
    expect(idsOf(found)).toEqual([["tag:1", "tag:3", "tag:5"]]);
    expect(found[0]?.members.map(({ evidence }) => evidence)).toEqual([
      null,
      {
        rule: "text",
        share: expect.any(Number),
        shared: expect.any(Number),
        agency: "AFP",
        foundAt: after(0),
      },
      { rule: "text", share: 1, shared: expect.any(Number), agency: null, foundAt: after(HOUR_MS) },
    ]);
    expect(found[0]?.members[1]?.evidence?.share).toBeGreaterThan(0.9);
    expect((await store().findStory(["url:5.example/"]))?.copies).toEqual(found[0]);
    expect((await store().findStory(["url:2.example/"]))?.copies).toBeNull();
    expect(await store().listCopies([])).toEqual([]);
  });

  test("what one source says twice is no copy, nor what is more than 72 hours older, nor another language", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [print("1", 1, { language: "en" }), print("2", 1, { language: "en" })]);
    const late = { ...print("3", 1), publishedAt: after(73 * HOUR_MS) };
    await poll(store(), "b", [late], { at: after(73 * HOUR_MS) });
    await poll(store(), "c", [print("4", 1, { language: "fr-CA" })]);
    expect(await groups()).toEqual([]);
  });

  test("an edit that makes an announcement a report finds its copy; a copy that is edited stays one", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [print("1", 1)]);
    await poll(store(), "b", [print("2", 1, { contentHtml: "<p>More soon.</p>", title: "Just in" })]);
    expect(await groups()).toEqual([]);
    await poll(store(), "b", [print("2", 1)], { at: after(HOUR_MS) });
    expect(idsOf(await groups())).toEqual([["tag:1", "tag:2"]]);
    await poll(store(), "b", [print("2", 9)], { at: after(2 * HOUR_MS) });
    expect(idsOf(await groups())).toEqual([["tag:1", "tag:2"]]);
  });

  test("another process finds the copies of what the first one stored", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [print("1", 1)]);
    await using other = await fixture().open();
    await poll(other, "b", [print("2", 1)]);
    expect(idsOf(await groups())).toEqual([["tag:1", "tag:2"]]);
  });

  test("a store that is opened compares with all that is in its window, however early the first poll comes", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [print("1", 1)]);
    // More than one slice.
    const others = Array.from({ length: 4100 }, (_, n) => buildSighting(`n${n}`, { title: `Note ${n}` }));
    await poll(store(), "a", others);
    await poll(store(), "a", [print("2", 2)]);
    await using other = await fixture().open();
    const [recorded] = await Promise.all([
      poll(other, "b", [print("3", 1), print("4", 2)]),
      other.listStories({ limit: 1 }),
    ]);
    expect(recorded.stories.new).toBe(2);
    const copies = await store().listCopies([1, 2, 4102, 4103, 4104]);
    expect(
      new Set(copies.map(({ members }) => members.map(({ story }) => story.publishedId).join(" "))),
    ).toEqual(new Set(["tag:1 tag:3", "tag:2 tag:4"]));
  });

  test("a split holds: the copy stands alone, through later edits, and so does what would join it", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [print("1", 1)]);
    await poll(store(), "b", [print("2", 1)]);
    const revision = await store().revision();
    expect(await store().splitStory(operatorAlias("url:2.example/"), after(1000))).toBe(true);
    expect(await store().revision()).toBeGreaterThan(revision);
    expect(await groups()).toEqual([]);
    await poll(store(), "b", [print("2", 1, { title: "A better headline for it all" })], {
      at: after(HOUR_MS),
    });
    await poll(store(), "c", [print("3", 1)], { at: after(HOUR_MS) });
    expect(idsOf(await groups())).toEqual([["tag:1", "tag:3"]]);
  });

  test("a merge of a copy with its original leaves one story; copies of both follow", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [print("1", 1)]);
    await poll(store(), "b", [print("2", 1)]);
    await poll(store(), "c", [print("3", 1)]);
    await store().mergeStories(operatorAlias("url:1.example/"), operatorAlias("url:2.example/"), after(1000));
    expect(idsOf(await groups())).toEqual([["tag:1", "tag:3"]]);
    await store().mergeStories(operatorAlias("url:3.example/"), operatorAlias("url:1.example/"), after(2000));
    expect(await groups()).toEqual([]);
  });

  test("groups do not chain when a copy and another group's first become one story", async () => {
    await addAll("a", "b", "c", "d");
    await poll(store(), "a", [print("1", 1)]);
    await poll(store(), "b", [print("2", 1)]);
    await poll(store(), "c", [print("3", 3)]);
    await poll(store(), "d", [print("4", 3)]);
    expect(idsOf(await groups())).toEqual([
      ["tag:1", "tag:2"],
      ["tag:3", "tag:4"],
    ]);
    // One URL says that 2 and 3 are one story.
    await poll(store(), "b", [{ ...print("2", 1), aliases: ["2.example/", "3.example/"].map(urlAlias) }], {
      at: after(HOUR_MS),
    });
    expect(idsOf(await groups())).toEqual([["tag:2", "tag:4"]]);
  });

  test("what a source says under many items proves nothing", async () => {
    await addAll("a", "b");
    const standing = toHtml(writeReport(77, 200));
    const own = (seed: number) => `${toHtml(writeReport(seed, 60))}${standing}`;
    await poll(
      store(),
      "a",
      [11, 12, 13, 14].map((seed) => print(`a${seed}`, seed, { contentHtml: own(seed) })),
    );
    await poll(
      store(),
      "b",
      [21, 22, 23, 24].map((seed) => print(`b${seed}`, seed, { contentHtml: own(seed) })),
    );
    expect(await groups()).toEqual([]);
  });

  test("what a source says under its items is known as soon as it has enough of them", async () => {
    await addAll("a", "b", "c");
    const standing = toHtml(writeReport(77, 200));
    const own = (seed: number) =>
      print(`${seed}`, seed, { contentHtml: `${toHtml(writeReport(seed, 60))}${standing}` });
    // Of one item nobody can tell what stands under all.
    await poll(store(), "a", [own(11)]);
    await poll(store(), "c", [own(30)]);
    expect(idsOf(await groups())).toEqual([["tag:11", "tag:30"]]);
    await poll(store(), "a", [own(12), own(13), own(14)]);
    await poll(store(), "b", [own(31)]);
    expect(idsOf(await groups())).toEqual([["tag:11", "tag:30"]]);
  });

  test("teasers under one long headline are copies by title, short headlines are not", async () => {
    await addAll("a", "b", "c", "d");
    const title = "Parliament in Vilnius rejects emergency budget after night of protests";
    const teaser = (guid: string, text: string | null, headline = title) =>
      buildSighting(guid, { title: headline, entry: { summary: text } });
    await poll(store(), "a", [teaser("1", null), teaser("2", null, "Letters to the editor")]);
    await poll(store(), "b", [teaser("3", "Lawmakers voted."), teaser("4", null, "Letters to the editor")]);
    await poll(store(), "c", [teaser("5", null, `${title} | The Baltic Paper`)]);
    await poll(store(), "d", [
      teaser("6", null, "Parliament in Vilnius approves emergency budget after day of protests"),
    ]);
    const found = await groups();
    expect(idsOf(found)).toEqual([["tag:1", "tag:3", "tag:5"]]);
    expect(found[0]?.members[1]?.evidence).toMatchObject({ rule: "title", share: 0 });
  });
}
