import { describe, expect, it } from "vitest";
import { readRiver } from "../../src/serve/river.ts";
import { MemoryRiver } from "../support/memory-river.ts";
import { buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";

describe("readRiver", () => {
  it("fills an output of the largest limit", async () => {
    const limit = 10_000;
    const orderedAt = new Date("2026-06-17T12:00:00Z");
    const sightings = [buildSighting({ orderedAt })];
    const stories = Array.from({ length: limit + 1 }, (_, number) =>
      buildStory({ number, orderedAt, publishedId: `urn:x:${number}`, sightings }),
    );
    const output = buildOutput({ name: "all", limit });
    const { feed, older } = await readRiver(
      new MemoryRiver(stories),
      { outputs: [output], title: "All", url: "https://river.example" },
      { output, tag: null, sourceId: null, before: null, limit, emptyUpdated: orderedAt },
    );
    expect(feed.entries).toHaveLength(limit);
    expect(older).not.toBeNull();
  });
});
