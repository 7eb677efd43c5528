import { describe, expect, it } from "vitest";
import { findStoreProblem } from "../../src/app/store-answer.ts";
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
