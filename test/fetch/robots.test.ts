/** What robots.txt says, read from a real server (RFC 9309). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLinkClient, type LinkClient } from "../../src/fetch/resolve.ts";
import { createRobots, type RobotsAnswer } from "../../src/fetch/robots.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { type OriginServer, type ScriptedAnswer, startOriginServer } from "../support/origin-server.ts";
import { userAgent } from "./client-builder.ts";

const never = new AbortController().signal;
const hourMs = 3_600_000;

describe("a robots.txt", () => {
  const judge = async (text: string, path: string) => {
    const robots = createRobots({
      read: async () => ({ kind: "text", text }),
      userAgent,
      clock: createManualClock(),
    });
    return (await robots.judge(`https://a.example${path}`, never)).kind;
  };

  it.each([
    ["nothing", "", "/story", "allowed"],
    ["a rule for all", "User-agent: *\nDisallow: /private/", "/private/story", "refused"],
    ["a rule for all, elsewhere", "User-agent: *\nDisallow: /private/", "/story", "allowed"],
    ["a rule for us", "User-agent: *\nAllow: /\n\nUser-agent: Mainstem\nDisallow: /", "/story", "refused"],
    ["a rule for another", "User-agent: GPTBot\nDisallow: /", "/story", "allowed"],
    [
      "our own group before all's",
      "User-agent: *\nDisallow: /\n\nUser-agent: mainstem\nAllow: /",
      "/s",
      "allowed",
    ],
    ["the longest rule", "User-agent: *\nDisallow: /a/\nAllow: /a/b/", "/a/b/c", "allowed"],
    ["wildcards", "User-agent: *\nDisallow: /*?print=", "/story?print=1", "refused"],
    ["the end of an address", "User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", "allowed"],
    ["what is no robots.txt", "<html><body>Not found", "/story", "allowed"],
  ])("with %s", async (_, text, path, expected) => {
    expect(await judge(text, path)).toBe(expected);
  });

  it("that is made to take long is read as far as its plain rules go", async () => {
    const evil = `Disallow: /${"*a".repeat(500)}\n`.repeat(480);
    const text = `User-agent: *\n${evil}Disallow: /plain\n`;
    expect(await judge(text, `/${"a".repeat(8000)}`)).toBe("refused");
    expect(await judge(text, `/plain`)).toBe("refused");
    expect(await judge(text, `/other`)).toBe("allowed");
  });
});

describe("the memory of robots.txt", () => {
  const prepare = (clock: ManualClock, ...answers: RobotsAnswer[]) => {
    const asked: string[] = [];
    const robots = createRobots({
      read: async (url) => {
        asked.push(url);
        return answers.shift() ?? { kind: "absent" };
      },
      userAgent,
      clock,
    });
    return { asked, robots };
  };

  it("holds for a day, for each origin by itself", async () => {
    const clock = createManualClock();
    const { asked, robots } = prepare(clock, { kind: "text", text: "User-agent: *\nDisallow: /" });
    expect((await robots.judge("https://a.example/x", never)).kind).toBe("refused");
    expect((await robots.judge("https://a.example/y", never)).kind).toBe("refused");
    expect((await robots.judge("https://b.example/y", never)).kind).toBe("allowed");
    expect((await robots.judge("https://a.example:8443/y", never)).kind).toBe("allowed");
    await clock.advance(24 * hourMs);
    expect((await robots.judge("https://a.example/x", never)).kind).toBe("allowed");
    expect(asked).toEqual([
      "https://a.example/robots.txt",
      "https://b.example/robots.txt",
      "https://a.example:8443/robots.txt",
      "https://a.example/robots.txt",
    ]);
  });

  it("is asked once by pages that are wanted at the same time, and again when who asked was stopped", async () => {
    const stopping = new AbortController();
    let asked = 0;
    const robots = createRobots({
      read: async (_, signal) => {
        asked += 1;
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
        return { kind: "text", text: "User-agent: *\nDisallow: /no" };
      },
      userAgent,
      clock: createManualClock(),
    });
    const first = robots.judge("https://a.example/1", stopping.signal);
    const others = ["/no", "/3"].map((path) => robots.judge(`https://a.example${path}`, never));
    stopping.abort(new Error("stop"));
    await expect(first).rejects.toThrow("stop");
    expect((await Promise.all(others)).map(({ kind }) => kind)).toEqual(["refused", "allowed"]);
    expect(asked).toBeLessThanOrEqual(3);
    await Promise.all(["/4", "/5"].map((path) => robots.judge(`https://b.example${path}`, never)));
    expect(asked).toBeLessThanOrEqual(4);
  });

  it("lets nothing be read while nobody knows, and asks again soon", async () => {
    const clock = createManualClock();
    const later = { kind: "later", reason: "the server answers 503", retryAfterMs: null } as const;
    const { asked, robots } = prepare(clock, later);
    expect(await robots.judge("https://a.example/x", never)).toEqual(later);
    expect(await robots.judge("https://a.example/y", never)).toEqual(later);
    expect(asked).toHaveLength(1);
    await clock.advance(hourMs / 6);
    expect((await robots.judge("https://a.example/x", never)).kind).toBe("allowed");
  });
});

describe("a page's body", () => {
  let server: OriginServer;
  let client: LinkClient;
  beforeEach(async () => {
    server = await startOriginServer();
    server.on("/page", { headers: { "Content-Type": "text/html" }, body: "<p>a page" });
    client = createLinkClient({
      userAgent,
      clock: createManualClock(),
      limits: { timeoutMs: 5000, bodyBytes: 2 ** 20, redirects: 4, perHost: 2 },
      isAllowedAddress: () => true,
    });
  });
  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const plain = { "Content-Type": "text/plain" };
  const asked = () => server.requests.map(({ url }) => url);

  it.each<[string, ScriptedAnswer | null, string, number]>([
    ["is read where there is no robots.txt", null, "page", 2],
    ["is read where robots.txt is refused", { status: 403 }, "page", 2],
    [
      "is left alone where it says so",
      { headers: plain, body: "User-agent: *\nDisallow: /page" },
      "refused",
      1,
    ],
    ["is left alone while it cannot be had", { status: 500 }, "later", 1],
    ["waits where it says Retry-After", { status: 503, headers: { "Retry-After": "3600" } }, "later", 1],
    [
      "is read where it redirects in a circle",
      { status: 302, headers: { Location: "/robots.txt" } },
      "page",
      2,
    ],
  ])("%s", async (_, robots, kind, requests) => {
    if (robots !== null) server.on("/robots.txt", robots);
    expect((await client.readBody(server.url("/page"), never)).kind).toBe(kind);
    expect(asked()).toHaveLength(requests);
    expect(asked()[0]).toBe("/robots.txt");
  });

  it("is judged by the robots.txt of every origin on the way, which is read through redirects", async () => {
    server.on("/start", { status: 302, headers: { Location: server.url("/page", "127.0.0.2") } });
    server.on("/robots.txt", { status: 301, headers: { Location: "/rules" } });
    server.on("/rules", { headers: plain, body: "User-agent: mainstem\nDisallow: /page" });
    expect(await client.readBody(server.url("/start"), never)).toEqual({
      kind: "refused",
      reason: `the robots.txt of 127.0.0.2:${server.port} does not allow it`,
    });
    expect(asked()).toEqual(["/robots.txt", "/rules", "/start", "/robots.txt", "/rules"]);
  });

  it("is asked without robots.txt where only its name is wanted: that is how a browser follows a link", async () => {
    server.on("/robots.txt", { headers: plain, body: "User-agent: *\nDisallow: /" });
    expect((await client.readPage(server.url("/page"), never)).kind).toBe("page");
    expect(asked()).toEqual(["/page"]);
  });
});
