import { expect, it } from "vitest";
import { combine, isPublishedBefore } from "../../src/publish/combine.ts";
import { combineInTurns } from "../../src/serve/combine-in-turns.ts";
import { buildOutput, buildStory } from "../support/story-builder.ts";

it("makes the same feed, some stories in each turn of the event loop", async () => {
  const build = () => Array.from({ length: 35 }, (_, n) => buildStory({ number: n + 1 }));
  const options = {
    output: { ...buildOutput(), limit: 35 },
    title: "News",
    url: "http://localhost:8080",
    isDefault: true,
    emptyUpdated: new Date(0),
  };
  const stories = build();
  expect(stories.some(isPublishedBefore)).toBe(false);
  const made: number[] = [];
  const making = combineInTurns(stories, options);
  for (let turn = 0; turn < 5; turn += 1) {
    made.push(stories.filter(isPublishedBefore).length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await making).toEqual(combine(build(), options));
  expect(made[0]).toBe(10);
  expect(stories.every(isPublishedBefore)).toBe(true);
});
