/** The live document of an output with lists, kept up as stories come, is the one that a search through everything finds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Story } from "../../src/model.ts";
import { FilteredRiver } from "../../src/serve/filtered-river.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { MemoryRiver } from "../support/memory-river.ts";
import { buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";

const now = new Date("2026-06-17T12:00:00Z");
const hourMs = 3_600_000;

function storyOf(number: number, { hoursAgo, isWanted }: { hoursAgo: number; isWanted: boolean }): Story {
  const at = new Date(now.getTime() - hoursAgo * hourMs);
  const sighting = buildSighting({
    orderedAt: at,
    entry: { title: isWanted ? "the wanted word" : "another" },
  });
  return buildStory({ number, orderedAt: at, publishedId: `urn:x:${number}`, sightings: [sighting] });
}

function riverOf(store: MemoryRiver, { limit = 5, windowMs }: { limit?: number; windowMs?: number } = {}) {
  const clock = createManualClock(now);
  const output = buildOutput({ name: "some", limit, windowMs });
  const river = new FilteredRiver({ store, clock, output, matches: (text) => text.includes("wanted") });
  const read = async () => {
    for (;;) {
      const { stories, isBehind } = await river.read();
      if (!isBehind) return stories.map((story) => story.number);
    }
  };
  return { clock, river, read };
}

/** What is right: everything looked at, in order. */
function expected(stories: readonly Story[], limit: number): readonly number[] {
  return stories
    .filter((story) => story.sightings[0]?.entry.title.includes("wanted"))
    .toSorted((a, b) => b.orderedAt.getTime() - a.orderedAt.getTime() || b.number - a.number)
    .slice(0, limit)
    .map((story) => story.number);
}

const change = fc.record({
  added: fc.array(fc.record({ hoursAgo: fc.integer({ min: 0, max: 200 }), isWanted: fc.boolean() }), {
    maxLength: 20,
  }),
  removed: fc.integer({ min: 0, max: 400 }),
});

describe("a river with lists", () => {
  it("is right after every change: stories that come in any order, stories that go", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 12 }),
        fc.integer({ min: 1, max: 8 }),
        async (changes, limit) => {
          const store = new MemoryRiver([]);
          const { read } = riverOf(store, { limit });
          let last = 0;
          for (const { added, removed } of changes) {
            const fresh = added.map((one) => storyOf(++last, one));
            store.change([...store.stories.filter(({ number }) => number !== removed), ...fresh]);
            expect(await read()).toEqual(expected(store.stories, limit));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("finds what is rare however deep it lies, in steps, and is filled while others publish much", async () => {
    const common = Array.from({ length: 12_000 }, (_, n) =>
      storyOf(n + 1, { hoursAgo: 12_000 - n, isWanted: n % 3000 === 0 }),
    );
    const store = new MemoryRiver(common);
    const { river, read } = riverOf(store);
    const first = await river.read();
    expect([first.stories.length, first.isBehind]).toEqual([1, true]);
    expect(await read()).toEqual([9001, 6001, 3001, 1]);
  });

  it("reads only what is new and what is shown", async () => {
    const stories = Array.from({ length: 3000 }, (_, n) =>
      storyOf(n + 1, { hoursAgo: 3000 - n, isWanted: n % 1000 === 0 }),
    );
    const store = new MemoryRiver(stories);
    const { read } = riverOf(store);
    await read();
    store.change([...stories, storyOf(3001, { hoursAgo: 0, isWanted: true })]);
    const before = store.listings;
    expect((await read())[0]).toBe(3001);
    expect(store.listings - before).toBe(1);
  });

  it("an old story that was edited so that it matches is found at the next going through", async () => {
    const stories = Array.from({ length: 20 }, (_, n) =>
      storyOf(n + 1, { hoursAgo: 20 - n, isWanted: n < 4 }),
    );
    const store = new MemoryRiver(stories);
    const { clock, read } = riverOf(store);
    expect(await read()).toEqual([4, 3, 2, 1]);
    store.change(
      stories.map((story) => (story.number === 10 ? storyOf(10, { hoursAgo: 11, isWanted: true }) : story)),
    );
    await clock.advance(hourMs);
    expect(await read()).toEqual([10, 4, 3, 2, 1]);
  });

  it("one that is shown and does not match any more leaves at once", async () => {
    const stories = Array.from({ length: 20 }, (_, n) =>
      storyOf(n + 1, { hoursAgo: 20 - n, isWanted: true }),
    );
    const store = new MemoryRiver(stories);
    const { read } = riverOf(store);
    await read();
    store.change(
      stories.map((story) => (story.number === 19 ? storyOf(19, { hoursAgo: 2, isWanted: false }) : story)),
    );
    expect(await read()).toEqual([20, 18, 17, 16, 15]);
  });

  it("keeps to the window", async () => {
    const stories = Array.from({ length: 10 }, (_, n) =>
      storyOf(n + 1, { hoursAgo: 10 - n, isWanted: true }),
    );
    const { clock, read } = riverOf(new MemoryRiver(stories), { limit: 100, windowMs: 3 * hourMs });
    expect(await read()).toEqual([10, 9, 8]);
    await clock.advance(1);
    expect(await read()).toEqual([10, 9]);
  });
});
