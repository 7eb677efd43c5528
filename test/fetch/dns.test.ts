import { describe, expect, it } from "vitest";
import { createDnsCache, createSystemResolver, type ResolvedName } from "../../src/fetch/dns.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** A resolver that counts, and whose answers the test gives. */
function createScriptedResolver(answer: (name: string) => ResolvedName | Promise<ResolvedName>) {
  const asked: string[] = [];
  return {
    asked,
    resolve: async (name: string) => {
      asked.push(name);
      return answer(name);
    },
  };
}

describe("createDnsCache", () => {
  it("asks once while an answer lives, and again when its life is over", async () => {
    const clock = createManualClock();
    const { asked, resolve } = createScriptedResolver(() => ({ addresses: ["192.0.2.1"], ttlMs: 120_000 }));
    const find = createDnsCache({ resolve, clock });
    expect(await find("example.org")).toEqual(["192.0.2.1"]);
    await clock.advance(119_000);
    await find("example.org");
    expect(asked).toHaveLength(1);
    await clock.advance(2000);
    await find("example.org");
    expect(asked).toHaveLength(2);
  });

  it("keeps an answer without life for half a minute, and an endless one for an hour", async () => {
    const clock = createManualClock();
    const { asked, resolve } = createScriptedResolver((name) => ({
      addresses: ["192.0.2.1"],
      ttlMs: name === "short" ? 0 : 1e12,
    }));
    const find = createDnsCache({ resolve, clock });
    await Promise.all([find("short"), find("long")]);
    await clock.advance(29_000);
    await Promise.all([find("short"), find("long")]);
    expect(asked).toEqual(["short", "long"]);
    await clock.advance(2000);
    await find("short");
    expect(asked).toEqual(["short", "long", "short"]);
    await clock.advance(3_600_000);
    await find("long");
    expect(asked).toEqual(["short", "long", "short", "long"]);
  });

  it("asks once for many that ask at the same time", async () => {
    const { asked, resolve } = createScriptedResolver(() => ({ addresses: ["192.0.2.1"], ttlMs: 1000 }));
    const find = createDnsCache({ resolve, clock: createManualClock() });
    await Promise.all(Array.from({ length: 20 }, () => find("example.org")));
    expect(asked).toHaveLength(1);
  });

  it("does not hold up one name for another", async () => {
    const { resolve } = createScriptedResolver((name) =>
      name === "dead" ? new Promise<ResolvedName>(() => {}) : { addresses: ["192.0.2.1"], ttlMs: 1000 },
    );
    const find = createDnsCache({ resolve, clock: createManualClock() });
    void find("dead");
    expect(await find("alive")).toEqual(["192.0.2.1"]);
  });

  it("remembers no failure", async () => {
    const { asked, resolve } = createScriptedResolver(() => {
      throw new Error("no");
    });
    const find = createDnsCache({ resolve, clock: createManualClock() });
    await expect(find("example.org")).rejects.toThrow("no");
    await expect(find("example.org")).rejects.toThrow("no");
    expect(asked).toHaveLength(2);
  });

  it("forgets the oldest names when there are too many", async () => {
    const { asked, resolve } = createScriptedResolver(() => ({ addresses: ["192.0.2.1"], ttlMs: 60_000 }));
    const find = createDnsCache({ resolve, clock: createManualClock(), namesMax: 2 });
    for (const name of ["a", "b", "c", "c", "b", "a"]) await find(name);
    expect(asked).toEqual(["a", "b", "c", "a"]);
  });
});

describe("createSystemResolver", () => {
  it.each(["localhost", "LOCALHOST", "foo.localhost"])("knows %s without the DNS", async (name) => {
    const { addresses } = await createSystemResolver()(name);
    expect(addresses.every((address) => address === "127.0.0.1" || address === "::1")).toBe(true);
    expect(addresses).not.toHaveLength(0);
  });
});
