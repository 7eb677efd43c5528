/**
 * Names to addresses, remembered for the life the DNS gives them.
 *
 * The DNS is asked over c-ares, not over the system's `getaddrinfo`: that one runs in a pool of four threads, where four
 * dead name servers would hold up every other feed (and file, and unpacking), and it says no time to live. What the DNS
 * cannot know (names without a dot, of mDNS) still goes to the system, and the hosts file goes before all.
 */
import { lookup, Resolver } from "node:dns/promises";
import { setTimeout as sleepFor } from "node:timers/promises";
import type { Clock } from "../model.ts";
import { createHostsFile } from "./hosts-file.ts";

/** What a name stands for. `addresses` is never empty. */
export interface ResolvedName {
  readonly addresses: readonly string[];
  /** How long the answer may be remembered. */
  readonly ttlMs: number;
}

/** Resolves a host name. @throws an error of node:dns with its `code` */
export type ResolveName = (name: string) => Promise<ResolvedName>;

/** What the system says carries no time to live. */
const systemTtlMs = 60_000;
/** RFC 8305 3: how long an IPv4 answer waits for the IPv6 one. */
const ipv6GraceMs = 50;

/** The resolver of the running system. */
export function createSystemResolver({ hostsFile }: { readonly hostsFile?: string } = {}): ResolveName {
  const resolver = new Resolver({ timeout: 2500, tries: 2 });
  const findInHostsFile = createHostsFile(hostsFile);
  return async (name) => {
    if (isLoopbackName(name)) return { addresses: ["127.0.0.1", "::1"], ttlMs: Number.POSITIVE_INFINITY };
    const pinned = await findInHostsFile(name);
    if (pinned.length > 0) return { addresses: pinned, ttlMs: systemTtlMs };
    if (isSystemName(name)) return lookUpBySystem(name);
    const ipv4 = resolver.resolve4(name, { ttl: true });
    const ipv6 = resolver.resolve6(name, { ttl: true });
    const [four, six] = await Promise.allSettled([
      ipv4,
      // A name server that drops AAAA questions must not hold up what IPv4 can reach.
      Promise.race([
        ipv6,
        ipv4.then(
          () => sleepFor(ipv6GraceMs, []),
          () => ipv6,
        ),
      ]),
    ]);
    // IPv4 first: a broken IPv6 route is common and costs a connection attempt each time.
    const records = [four, six].flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    if (records.length > 0) {
      const ttlMs = 1000 * Math.min(...records.map(({ ttl }) => ttl));
      return { addresses: records.map(({ address }) => address), ttlMs };
    }
    const reason: unknown = four.status === "rejected" ? four.reason : null;
    if (isUnknownToDns(reason)) return lookUpBySystem(name);
    throw reason;
  };
}

/** RFC 6761 6.3: never a matter for the DNS. */
function isLoopbackName(name: string): boolean {
  return /^(?:[^.]+\.)*localhost\.?$/i.test(name);
}

function isSystemName(name: string): boolean {
  return !name.replace(/\.$/, "").includes(".") || /\.(?:local|internal|home\.arpa)\.?$/i.test(name);
}

/** Only a clear "no such name" is worth asking the system; a silent name server would hold one of its four threads. */
function isUnknownToDns(reason: unknown): boolean {
  const code = reason instanceof Error && "code" in reason ? reason.code : null;
  return code === "ENOTFOUND" || code === "ENODATA" || code === "ECONNREFUSED";
}

async function lookUpBySystem(name: string): Promise<ResolvedName> {
  const found = await lookup(name, { all: true, order: "ipv4first" });
  return { addresses: found.map(({ address }) => address), ttlMs: systemTtlMs };
}

export interface DnsCacheOptions {
  readonly resolve: ResolveName;
  readonly clock: Pick<Clock, "now">;
  readonly namesMax?: number;
}

/** Answers are kept at least and at most so long, whatever their time to live says. */
const ttlMinMs = 30_000;
const ttlMaxMs = 3_600_000;
const namesMaxDefault = 20_000;

/**
 * Wraps a resolver so that a name is asked for once while its answer lives, also when many ask at the same time. The
 * longest remembered names leave when there are too many. Failures are not remembered: sources back off by themselves.
 */
export function createDnsCache(options: DnsCacheOptions): (name: string) => Promise<readonly string[]> {
  const { resolve, clock, namesMax = namesMaxDefault } = options;
  const known = new Map<string, { readonly addresses: readonly string[]; readonly untilMs: number }>();
  const asking = new Map<string, Promise<readonly string[]>>();

  async function ask(name: string): Promise<readonly string[]> {
    try {
      const { addresses, ttlMs } = await resolve(name);
      const lifeMs = Math.min(Math.max(ttlMs, ttlMinMs), ttlMaxMs);
      known.delete(name);
      known.set(name, { addresses, untilMs: clock.now().getTime() + lifeMs });
      for (const oldest of known.keys()) {
        if (known.size <= namesMax) break;
        known.delete(oldest);
      }
      return addresses;
    } finally {
      asking.delete(name);
    }
  }

  return async (name) => {
    const hit = known.get(name);
    const leftMs = hit ? hit.untilMs - clock.now().getTime() : 0;
    // More than was ever given is left when the wall clock was set back.
    if (hit && leftMs > 0 && leftMs <= ttlMaxMs) return hit.addresses;
    const pending = asking.get(name) ?? ask(name);
    asking.set(name, pending);
    return pending;
  };
}
