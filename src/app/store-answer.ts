/** Whether the store answers, for `/readyz`, `/metrics` and the pages. */
import { setTimeout as sleep } from "node:timers/promises";
import { MainstemError, StoreError } from "../errors.ts";
import type { Store } from "../store/store.ts";

/** So long is waited: a server that is just restarting is slow and well. */
const answerMs = 3000;

/** What the store answers, or null where it does not in time. @throws as it does */
export async function answerInTime<T>(answer: Promise<T>, waitMs = answerMs): Promise<T | null> {
  const timeout = new AbortController();
  const isLate = sleep(waitMs, null, { signal: timeout.signal, ref: false }).catch(() => null);
  try {
    return await Promise.race([answer, isLate]);
  } finally {
    timeout.abort();
  }
}

/** Why the store does not answer, or null. */
export async function findStoreProblem(
  store: Pick<Store, "revision">,
  waitMs = answerMs,
): Promise<string | null> {
  const answer = store.revision().then(
    () => "",
    (error: unknown) => (error instanceof MainstemError ? error.message : "the store gives an error"),
  );
  const problem = await answerInTime(answer, waitMs);
  if (problem === null)
    return `the store gives no answer within ${waitMs / 1000} s; it is asked again until it does`;
  return problem || null;
}

/** What takes longer makes us ask whether the store is there at all. */
const patienceMs = 1000;

/**
 * What the store answers, however long it works on it; but a store that is away is not waited for.
 * @throws StoreError `store/unreachable` when it answers nothing else either; as the answer does
 */
export async function answerUnlessAway<T>(
  answer: Promise<T>,
  store: Pick<Store, "revision">,
  waitMs: { readonly patienceMs: number; readonly answerMs: number } = { patienceMs, answerMs },
): Promise<T> {
  const early = await answerInTime(
    answer.then((value) => ({ value })),
    waitMs.patienceMs,
  );
  if (early !== null) return early.value;
  const problem = await Promise.race([findStoreProblem(store, waitMs.answerMs), answer.then(() => null)]);
  if (problem !== null) throw new StoreError("store/unreachable", problem);
  return answer;
}
