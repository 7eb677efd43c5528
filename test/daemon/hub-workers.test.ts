/** Two processes that serve one PostgreSQL, each with its hub: a subscriber hears of every story once, whichever of them delivers. */
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Daemon } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { isPostgresMissing, startPostgres } from "../support/postgres.ts";
import { createWorkspace } from "../support/workspace.ts";

const config = `url: http://river.example
sources:
  - articles: ../news
publish: { hub_allow_private: true }
`;

async function startReader() {
  const pushes: string[] = [];
  const server = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://x");
    let body = "";
    for await (const chunk of request) body += chunk;
    if (request.method === "POST") pushes.push(body);
    response.end(searchParams.get("hub.challenge") ?? "");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    pushes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe.skipIf(isPostgresMissing())("two processes that serve", () => {
  it("push a story once, also when the one that delivers is stopped and the other goes on", async () => {
    await using server = await startPostgres();
    const env = { MAINSTEM_STORE: await server.makeSchema() };
    await using workspace = await createWorkspace(config);
    await using reader = await startReader();
    const write = (name: string) =>
      writeFile(
        join(workspace.folder, "news", `${name}.md`),
        `# Story ${name}\n\nThe ${name} day.\n\nOriginal url: https://a.example/${name}\n`,
      );
    await mkdir(join(workspace.folder, "news"));
    await write("zero");
    const serve = () => Daemon.start(workspace.config, { env, args: ["--role", "serve"] });
    const [one, two] = [await serve(), await serve()];
    await using _one = one;
    await using _two = two;
    await using polling = await Daemon.start(workspace.config, { env, args: ["--role", "poll"] });
    const shows = (daemon: Daemon, name: string) =>
      daemon.waitFor(name, async () => (await daemon.text("/atom.xml")).includes(`Story ${name}<`));
    for (const daemon of [one, two]) await shows(daemon, "zero");
    // The second takes the request, so it is the one that delivers.
    const asked = await fetch(`${two.url}/websub`, {
      method: "POST",
      body: new URLSearchParams({
        "hub.mode": "subscribe",
        "hub.topic": "http://river.example/atom.xml",
        "hub.callback": reader.url,
      }),
    });
    expect(asked.status).toBe(202);
    await two.waitFor("subscribed", async () => two.output.stderr.includes("gets http://river.example"));
    const times = (name: string) => reader.pushes.filter((body) => body.includes(`Story ${name}<`)).length;
    for (const name of ["one", "two", "three"]) {
      await write(name);
      await two.waitFor(`push of ${name}`, async () => times(name) > 0);
      for (const daemon of [one, two]) await shows(daemon, name);
    }
    // Killed (the long form), it leaves a lease that has to end first.
    const isKilled = sized({ short: 0, full: 1 }) === 1;
    expect(await two.stop(isKilled ? "SIGKILL" : "SIGTERM")).toBe(isKilled ? "SIGKILL" : 0);
    const stoppedAt = performance.now();
    await write("four");
    await one.waitFor("push by the other", async () => times("four") > 0, 60_000);
    reportFigures("the process that delivers for the hub ends", {
      by: isKilled ? "SIGKILL" : "SIGTERM",
      "s until the other pushes": ((performance.now() - stoppedAt) / 1000).toFixed(1),
    });
    expect(["zero", "one", "two", "three", "four"].map(times)).toEqual([0, 1, 1, 1, 1]);
    expect(await one.stop()).toBe(0);
    expect(await polling.stop()).toBe(0);
  }, 180_000);
});
