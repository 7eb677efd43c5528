/** Whether the store answers, for `/readyz`. */
import { setTimeout as sleep } from "node:timers/promises";
import { MainstemError } from "../errors.ts";
import type { Store } from "../store/store.ts";

/** So long is waited: a server that is just restarting is slow and well. */
const answerMs = 3000;

/** Why the store does not answer, or null. */
export async function findStoreProblem(
  store: Pick<Store, "revision">,
  waitMs = answerMs,
): Promise<string | null> {
  const late = `the store gives no answer within ${waitMs / 1000} s`;
  const timeout = new AbortController();
  const isLate = sleep(waitMs, late, { signal: timeout.signal, ref: false }).catch(() => null);
  const answer = store.revision().then(
    () => null,
    (error: unknown) => (error instanceof MainstemError ? error.message : "the store gives an error"),
  );
  const problem = await Promise.race([answer, isLate]);
  timeout.abort();
  return problem;
}
