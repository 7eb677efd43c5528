import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { answerUnlessAway, findStoreProblem } from "../../src/app/store-answer.ts";
import { StoreError } from "../../src/errors.ts";

describe("the store's answer for /readyz", () => {
  it.each([
    ["a number", async () => 7, null],
    [
      "an error of ours",
      () => Promise.reject(new StoreError("store/unreachable", "host:5432 is away")),
      "host:5432 is away",
    ],
    [
      "another error, whose words may hold anything",
      () => Promise.reject(new Error("secret")),
      "the store gives an error",
    ],
    [
      "nothing at all",
      () => new Promise<number>(() => {}),
      "the store gives no answer within 0.02 s; it is asked again until it does",
    ],
  ])("%s", async (_, revision, problem) => {
    expect(await findStoreProblem({ revision }, 20)).toBe(problem);
  });
});

describe("an answer for somebody who waits", () => {
  const waits = { patienceMs: 20, answerMs: 20 };
  const never = () => new Promise<never>(() => {});
  const slow = () => sleep(60, "the page");
  const gone = () => Promise.reject(new StoreError("store/unreachable", "host:5432 is away"));

  it.each([
    ["comes at once", async () => "the page", never, "the page"],
    ["comes late, from a store that is there", slow, async () => 7, "the page"],
    ["does not come, and the store says why", never, gone, "host:5432 is away"],
    ["does not come, and the store says nothing", never, never, /gives no answer within 0.02 s/],
    ["fails by itself", () => Promise.reject(new Error("a fault of ours")), never, "a fault of ours"],
  ])("%s", async (_, answer, revision, expected) => {
    const waited = answerUnlessAway<string>(answer(), { revision }, waits).catch(
      ({ message }: Error) => message,
    );
    expect(await waited).toEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
  });
});
