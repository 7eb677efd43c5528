/** What `/health/atom.xml` tells of sources on a real server, over two months of a clock that is moved by hand. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pollOnce } from "../../src/app/once.ts";
import { type App, startApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config/load.ts";
import { createLog } from "../../src/observe/log.ts";
import { parseDocument } from "../../src/parse/parse.ts";
import { cronProblem } from "../../src/schedule/scheduler.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { type OriginServer, type ScriptedAnswer, startOriginServer } from "../support/origin-server.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const log = createLog({ level: "silent", terminal: null, scrub: (text) => text });
const never = new AbortController().signal;

let server: OriginServer;
let workspace: Workspace;
let clock: ManualClock;
beforeEach(async () => {
  server = await startOriginServer();
  clock = createManualClock();
  // Each on a host of its own, so that none waits for another's turn.
  const source = (name: string, index: number) =>
    `  - { url: "${server.url(`/${name}.xml`, `127.0.0.${index + 1}`)}", id: ${name}, name: ${name} }\n`;
  workspace = await createWorkspace(
    `store: sqlite:./health.db\nlisten: 127.0.0.1:0\nallow_private: true\nsources:\n${["ended", "lost", "down", "moved", "quiet"].map(source).join("")}`,
  );
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
});

const config = () => loadConfig(workspace.config, { env: {}, cronProblem });
const options = () => ({ clock, log, version: "0" });

/** Items of every eight hours of the days before `day`. */
function feed(name: string, day: number): ScriptedAnswer {
  const items = Array.from({ length: 9 }, (_, n) => {
    const at = new Date(Date.UTC(2026, 0, 1) + day * dayMs - n * 8 * hourMs);
    return `<item><title>${name} ${at.toISOString()}</title><guid isPermaLink="false">${name} ${at.getTime()}</guid><pubDate>${at.toUTCString()}</pubDate></item>`;
  });
  const body = `<rss version="2.0"><channel><title>${name}</title><link>https://${name}.example/</link><description>d</description>${items.join("")}</channel></rss>`;
  return { headers: { "Content-Type": "application/rss+xml" }, body };
}

/** The servers as they are on a day. */
function setDay(day: number): void {
  const isDown = day >= 2 && day < 5;
  server.on("/ended.xml", day < 3 ? feed("ended", day) : { status: 410 });
  server.on("/lost.xml", day < 3 ? feed("lost", day) : { status: 404 });
  server.on("/down.xml", isDown ? { status: 500 } : feed("down", day));
  server.on("/moved.xml", day < 2 ? feed("moved", day) : { status: 301, headers: { Location: "/new.xml" } });
  server.on("/new.xml", feed("moved", day));
  server.on("/quiet.xml", feed("quiet", day < 5 || day >= 38 ? day : 5));
}

/** Two rounds of polls a day, each as after a restart, from one day up to another. */
async function live(from: number, to: number): Promise<void> {
  for (let day = from; day < to; day++) {
    setDay(day);
    for (let round = 0; round < 2; round++) {
      await pollOnce(await config(), { ...options(), isForced: false }, never);
      await clock.advance(12 * hourMs);
    }
  }
}

async function readHealth({ url }: Pick<App, "url">) {
  const response = await fetch(`${url}/health/atom.xml`);
  expect(response.headers.get("content-type")).toContain("application/atom+xml");
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { entries } = await parseDocument({
    bytes,
    contentType: null,
    url: `${url}/health/atom.xml`,
    name: "health",
  });
  return entries.map(({ title, contentHtml, published }) => ({
    day: Math.floor(((published?.getTime() ?? 0) - Date.UTC(2026, 0, 1)) / dayMs),
    title,
    text: contentHtml ?? "",
  }));
}

describe("the health feed", () => {
  it("tells of each end, move, failure, silence and recovery once, and what to do", async () => {
    await live(0, 40);
    await using app = await startApp(await config(), options());
    const told = await readHealth(app);
    const days = told.map(({ day, title }): [number, string] => [day, title]);
    expect(days).toEqual(days.toSorted(([a], [b]) => b - a));
    expect(days.toSorted(([a, one], [b, other]) => a - b || (one < other ? -1 : 1))).toEqual([
      [2, "moved has moved"],
      [3, "down fails"],
      [3, "ended has ended"],
      [4, "lost fails"],
      [5, "down is well again"],
      [10, "lost has ended"],
      [35, "quiet is silent"],
      [38, "quiet is well again"],
    ]);
    const textOf = (title: string) => told.find((one) => one.title === title)?.text;
    expect(textOf("moved has moved")).toMatch(/new\.xml.*Put the new address into the config/);
    expect(textOf("ended has ended")).toMatch(/410 Gone.*Take it out of the config, or put its new address/);
    expect(textOf("lost has ended")).toMatch(/404 Not Found since 2026-01-04.*Take it out of the config/);
    expect(textOf("down fails")).toMatch(/every poll has failed.*500.*tried again by itself.*Open the URL/);
    expect(textOf("down is well again")).toMatch(/works again after \d+ failed polls since 2026-01-03/);
    expect(textOf("quiet is silent")).toMatch(/nothing new since 2026-01-0[56].*another feed/);
    expect(server.requests.filter(({ url }) => url === "/ended.xml").length).toBeLessThan(8);
    await app.stop();
  }, 60_000);

  it("tells of what an operator asked for again, and of what the daemon itself sees", async () => {
    await live(0, 4);
    server.on("/ended.xml", feed("ended", 4));
    await pollOnce(await config(), { ...options(), isForced: true }, never);
    await using app = await startApp(await config(), options());
    const titles = async () => (await readHealth(app)).map(({ title }) => title);
    expect(await titles()).toContain("ended is well again");
    expect(await titles()).not.toContain("new fails");
    server.on("/ended.xml", { status: 503 });
    for (let tries = 0; tries < 12 && !(await titles()).includes("ended fails"); tries++) {
      const asked = server.requests.length;
      await clock.advance(6 * hourMs);
      // The daemon looks once a second of the wall clock what is due.
      await expect.poll(() => server.requests.length, { timeout: 15_000 }).toBeGreaterThan(asked);
    }
    await expect.poll(titles, { timeout: 15_000 }).toContain("ended fails");
    server.on("/ended.xml", feed("ended", 8));
    await clock.advance(dayMs);
    await expect
      .poll(async () => (await titles()).filter((title) => title === "ended is well again"), {
        timeout: 15_000,
      })
      .toHaveLength(2);
    await app.stop();
  }, 60_000);
});
