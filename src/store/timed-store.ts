import { LeaseLostError, StoreError } from "../errors.ts";
import type { Store } from "./store.ts";

/** What was asked of a store and how long it took, from the call to the answer; waiting for its turn included. */
export interface StoreCall {
  /** The method's name in lower case with underscores: `record_poll`. */
  readonly op: string;
  readonly durationMs: number;
  /** Why it failed: the code of a `StoreError`, else `other`; null when it did not. A lost lease is no failure of the store. */
  readonly errorCode: string | null;
}

/** The same store; `onCall` hears of each call that ended, well or not. Failures reach the caller as they are. */
export function timeStore(store: Store, onCall: (call: StoreCall) => void): Store {
  const timed = new Map<PropertyKey, unknown>();
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      let method = timed.get(name);
      if (method === undefined) {
        method = typeof name === "string" ? timeMethod(target, value, onCall) : value.bind(target);
        timed.set(name, method);
      }
      return method;
    },
  });
}

type Method = (...values: readonly unknown[]) => unknown;

// biome-ignore lint/complexity/noBannedTypes: what `typeof` knows of a method
function timeMethod(store: Store, method: Function, onCall: (call: StoreCall) => void): Method {
  const op = method.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return (...values) => {
    const startMs = performance.now();
    const end = (errorCode: string | null) =>
      onCall({ op, durationMs: performance.now() - startMs, errorCode });
    const result: unknown = Reflect.apply(method, store, values);
    if (result instanceof Promise)
      result.then(
        () => end(null),
        (error: unknown) => end(codeOf(error)),
      );
    else end(null);
    return result;
  };
}

function codeOf(error: unknown): string | null {
  if (error instanceof LeaseLostError) return null;
  return error instanceof StoreError ? error.code : "other";
}
