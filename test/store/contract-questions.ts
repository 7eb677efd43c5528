/** The contract's part on what is asked of the network. */
import { expect, test } from "vitest";
import type { SightingRecord } from "../../src/model.ts";
import type { Question } from "../../src/store/store.ts";
import {
  addSources,
  after,
  buildDefinition,
  buildPoll,
  buildSighting,
  claim,
  MINUTE_MS,
  operatorAlias,
  poll,
  T0,
  urlAlias,
} from "./builders.ts";
import { type StoreFactory, useStore } from "./contract.ts";

const short: Question = { kind: "link", url: "https://t.example/abc" };
const target = "https://paper.example/story";

export function describeQuestions(factory: StoreFactory): void {
  const { store, fixture } = useStore(factory);
  const addAll = (...ids: readonly string[]) => addSources(store(), ...ids.map((id) => buildDefinition(id)));
  const shortSighting = (guid: string): SightingRecord =>
    buildSighting(guid, { urls: ["t.example/abc"], originalUrl: short.url });
  const named = (record: SightingRecord): SightingRecord => ({
    ...record,
    originalUrl: target,
    aliases: [urlAlias("paper.example/story"), ...record.aliases],
  });
  const ask = async (id: string, records: readonly SightingRecord[], at = T0, questions = [short]) => {
    const lease = await claim(store(), id, at);
    return store().recordPoll({ ...buildPoll(lease, records, { at }), questions });
  };
  const claimAt = (ms: number, limit = 10) =>
    store().claimQuestions({ now: after(ms), limit, leaseMs: MINUTE_MS });
  const answer = async (question: Question, text: string, at: Date) => {
    const { sightings } = await store().listAskers(question);
    return store().recordAnswer({
      question,
      answer: { outcome: "found", text },
      at,
      changes: sightings.map(({ id, record }) => ({ id, record: named(record) })),
      collapsedKeys: [],
    });
  };
  const stories = () => store().listStories({ limit: 10 });

  test("a question is there once, claimed once, and comes back when nobody answered it", async () => {
    await addAll("a", "b");
    expect(await store().nextQuestionAt()).toBeNull();
    await ask("a", [shortSighting("1")]);
    await ask("b", [shortSighting("2")], after(1000));
    expect(await store().nextQuestionAt()).toEqual(T0);
    expect(await claimAt(2000)).toEqual([{ ...short, attempts: 0, known: null }]);
    expect(await claimAt(3000)).toEqual([]);
    expect(await claimAt(2000 + MINUTE_MS)).toHaveLength(1);
  });

  test("no more than asked for, longest waiting first", async () => {
    await addAll("a");
    const urls = ["https://t.example/1", "https://t.example/2", "https://t.example/3"];
    for (const [n, url] of urls.entries()) {
      const sighting = buildSighting(`${n}`, { urls: [`t.example/${n}`], originalUrl: url });
      await ask("a", [sighting], after(n * 1000), [{ kind: "link", url }]);
    }
    expect((await claimAt(9000, 2)).map(({ url }) => url)).toEqual(urls.slice(0, 2));
    expect((await claimAt(9000, 2)).map(({ url }) => url)).toEqual(urls.slice(2));
  });

  test("an answer names its askers anew and makes their stories one: the older id stays", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [buildSighting("plain", { urls: ["paper.example/story"] })]);
    await ask("b", [shortSighting("short")], after(1000));
    expect(await stories()).toHaveLength(2);
    const { sightings } = await store().listAskers(short);
    expect(sightings.map(({ sourceId, record }) => [sourceId, record.guidKey])).toEqual([["b", "short"]]);
    const revision = await store().revision();
    expect(await answer(short, target, after(2000))).toEqual({ merged: 1, isVisible: true });
    expect(await store().revision()).toBeGreaterThan(revision);
    const [story, ...others] = await stories();
    expect(others).toEqual([]);
    expect(story).toMatchObject({ publishedId: "tag:plain" });
    expect(story?.sightings).toHaveLength(2);
    expect((await store().findStory(["tag:short"]))?.story.number).toBe(story?.number);
    expect(await store().answers("link", [short.url, "https://t.example/else"])).toEqual(
      new Map([[short.url, target]]),
    );
    expect(await store().answers("page", [short.url])).toEqual(new Map());
    expect(await store().nextQuestionAt()).toBeNull();
    expect((await store().listAskers(short)).sightings).toEqual([]);
  });

  test("what is answered stays so over a restart, and a late asker gets the answer, too", async () => {
    await addAll("a", "b");
    await ask("a", [shortSighting("1")]);
    await answer(short, target, after(1000));
    await ask("b", [shortSighting("2")], after(2000));
    await using again = await fixture().open();
    expect(await again.answers("link", [short.url])).toEqual(new Map([[short.url, target]]));
    expect(await claimAt(3000)).toEqual([{ ...short, attempts: 0, known: target }]);
    const batch = await store().listAskers(short);
    if (batch.resolved(short.url) === null) expect(await batch.fetchMissing()).toBe(true);
    expect(batch.resolved(short.url)).toBe(target);
  });

  test("postponed, it waits until then and remembers how often", async () => {
    await addAll("a");
    await ask("a", [shortSighting("1")]);
    await claimAt(0);
    const later = { outcome: "later", note: "503", retryAt: after(10_000) } as const;
    const record = { question: short, answer: later, at: after(500), changes: [], collapsedKeys: [] };
    expect(await store().recordAnswer(record)).toEqual({ merged: 0, isVisible: false });
    expect(await store().nextQuestionAt()).toEqual(after(10_000));
    expect(await claimAt(9999)).toEqual([]);
    expect(await claimAt(10_000)).toEqual([{ ...short, attempts: 1, known: null }]);
  });

  test.each(["nothing", "given-up"] as const)("%s holds for good: nobody asks again", async (outcome) => {
    await addAll("a", "b");
    await ask("a", [shortSighting("1")]);
    const found = { outcome, note: "it leads nowhere" };
    await store().recordAnswer({ question: short, answer: found, at: T0, changes: [], collapsedKeys: [] });
    await ask("b", [shortSighting("2")], after(1000));
    expect(await store().nextQuestionAt()).toBeNull();
    expect(await store().answers("link", [short.url])).toEqual(new Map());
  });

  test("an answer may raise the next question about the same sightings", async () => {
    await addAll("a");
    await ask("a", [shortSighting("1")]);
    const { sightings } = await store().listAskers(short);
    const page: Question = { kind: "page", url: target };
    await store().recordAnswer({
      question: short,
      answer: { outcome: "found", text: target },
      at: after(1000),
      changes: sightings.map(({ id, record }) => ({ id, record: named(record) })),
      collapsedKeys: [],
      questions: [page],
    });
    expect(await claimAt(1000)).toEqual([{ ...page, attempts: 0, known: null }]);
    const askers = await store().listAskers(page);
    expect(askers.sightings.map(({ record }) => record.originalUrl)).toEqual([target]);
    expect(askers.page(target)).toBeNull();
  });

  test("what an operator split apart stays apart whatever the network says", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("plain", { urls: ["paper.example/story"] })]);
    await store().splitStory(operatorAlias("url:paper.example/story"), after(500));
    await ask("b", [shortSighting("short")], after(1000));
    await answer(short, target, after(2000));
    expect((await store().findStory(["tag:plain"]))?.overrides).toEqual(["split url:paper.example/story"]);
    expect((await store().findStory(["tag:plain"]))?.story.publishedId).toBe("tag:plain");
  });

  test("a subscription is one for its source, found by its callback, changed and removed", async () => {
    const one = {
      sourceId: "a",
      callback: "c1",
      secret: "s",
      hub: "https://hub.example/",
      topic: "https://a.example/feed.xml",
      state: "asked",
      failures: 0,
      expiresAt: null,
      pushedAt: null,
      missedAt: null,
      nextTryAt: after(60_000),
    } as const;
    await store().saveSubscription(one);
    await store().saveSubscription({ ...one, sourceId: "b", callback: "c2" });
    const active = {
      ...one,
      state: "active",
      expiresAt: after(5),
      pushedAt: after(6),
      missedAt: after(7),
    } as const;
    await store().saveSubscription(active);
    expect(await store().findSubscription("c1")).toEqual(active);
    expect((await store().listSubscriptions()).map(({ sourceId }) => sourceId)).toEqual(["a", "b"]);
    await store().saveSubscription({ ...active, callback: "c3" });
    expect(await store().findSubscription("c1")).toBeNull();
    await store().removeSubscription("a");
    expect(await store().findSubscription("c3")).toBeNull();
    expect(await store().listSubscriptions()).toHaveLength(1);
  });

  test("notices on health are written with their poll, newest first, the latest thousand kept", async () => {
    await addAll("a");
    expect(await store().listNotices(10)).toEqual([]);
    for (const n of Array.from({ length: 1003 }, (_, index) => index)) {
      const at = after(n * 1000);
      const lease = await claim(store(), "a", at);
      const notice = { kind: "moved", message: `move ${n}`, code: null, sourceName: "Paper" } as const;
      await store().recordPoll({ ...buildPoll(lease, [], { at }), notice });
    }
    const listed = await store().listNotices(2);
    expect(listed).toEqual([
      {
        sourceId: "a",
        sourceName: "Paper",
        kind: "moved",
        at: after(1_002_000),
        message: "move 1002",
        code: null,
      },
      {
        sourceId: "a",
        sourceName: "Paper",
        kind: "moved",
        at: after(1_001_000),
        message: "move 1001",
        code: null,
      },
    ]);
    expect(await store().listNotices(5000)).toHaveLength(1000);
  });
}
