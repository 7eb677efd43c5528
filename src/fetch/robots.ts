/** What sites let programs read (robots.txt, RFC 9309), asked once a day for each origin. The only door to robots-parser. */
import library from "robots-parser";
import type { Clock } from "../model.ts";

interface Rules {
  isAllowed(url: string, userAgent: string): boolean | undefined;
}

/** The package's types speak of an ES module; it is the function itself that it exports. */
const robotsParser = library as unknown as (url: string, text: string) => Rules;

/** What asking for a robots.txt gave. `absent`: the site has none, so everything is allowed (RFC 9309 2.3.1.3). */
export type RobotsAnswer =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "absent" }
  | { readonly kind: "later"; readonly reason: string; readonly retryAfterMs: number | null };

/** `later`: nobody knows yet, so the page is left alone (RFC 9309 2.3.1.4). */
export type RobotsVerdict =
  | { readonly kind: "allowed" | "refused" }
  | Extract<RobotsAnswer, { kind: "later" }>;

export interface Robots {
  /** May this page be read? @throws the signal's reason when aborted */
  judge(url: string, signal: AbortSignal): Promise<RobotsVerdict>;
}

export interface RobotsOptions {
  /** Asks for a robots.txt. */
  readonly read: (url: string, signal: AbortSignal) => Promise<RobotsAnswer>;
  readonly userAgent: string;
  readonly clock: Pick<Clock, "now">;
}

/** RFC 9309 2.5: at least so much is to be read. */
export const robotsBytesMax = 500 * 1024;
/** RFC 9309 2.4: not used for longer than a day. */
const keptMs = 24 * 3_600_000;
/** A site whose file could not be had is asked again after so long. */
const unknownKeptMs = 10 * 60_000;
const originsKept = 1000;
/** Rules with wildcards take time in proportion to their length and the address's; without these limits seconds. */
const wildcardLengthMax = 16 * 1024;
const addressLengthMax = 2000;

interface Known {
  readonly answer: RobotsAnswer;
  readonly rules: Rules | null;
  readonly readAtMs: number;
}

export function createRobots({ read, userAgent, clock }: RobotsOptions): Robots {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<Known>>();
  return {
    async judge(url, signal) {
      const page = new URL(url);
      const found = isFresh(known.get(page.origin)) ?? (await askOnce(page.origin, signal));
      if (found.answer.kind === "later") return found.answer;
      const address = page.href.slice(0, addressLengthMax);
      return { kind: found.rules?.isAllowed(address, userAgent) === false ? "refused" : "allowed" };
    },
  };

  function isFresh(one: Known | undefined): Known | null {
    if (one === undefined) return null;
    const ageMs = clock.now().getTime() - one.readAtMs;
    return ageMs >= 0 && ageMs < (one.answer.kind === "later" ? unknownKeptMs : keptMs) ? one : null;
  }

  /** Pages of one site that are wanted at the same time wait for the same answer. */
  async function askOnce(origin: string, signal: AbortSignal): Promise<Known> {
    const others = asking.get(origin);
    if (others !== undefined) {
      const found = await others.catch(() => null);
      // Who asked was stopped; we may go on.
      if (found !== null) return found;
      signal.throwIfAborted();
    }
    const own = ask(origin, signal).finally(() => {
      if (asking.get(origin) === own) asking.delete(origin);
    });
    asking.set(origin, own);
    return own;
  }

  async function ask(origin: string, signal: AbortSignal): Promise<Known> {
    const url = `${origin}/robots.txt`;
    const answer = await read(url, signal);
    const rules = answer.kind === "text" ? robotsParser(url, boundRules(answer.text)) : null;
    const one = { answer, rules, readAtMs: clock.now().getTime() };
    known.delete(origin);
    known.set(origin, one);
    const [oldest] = known.keys();
    if (known.size > originsKept && oldest !== undefined) known.delete(oldest);
    return one;
  }
}

function boundRules(text: string): string {
  let wildcardLength = 0;
  const isKept = (line: string) => {
    if (!line.includes("*") || /^\s*user-agent/i.test(line)) return true;
    wildcardLength += line.length;
    return wildcardLength <= wildcardLengthMax;
  };
  return text
    .split(/\r\n|\r|\n/)
    .filter(isKept)
    .join("\n");
}
