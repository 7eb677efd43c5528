/** What an operator sees of PostgreSQL: a server that is stopped and started again, and a process that died with leases. */
import { describe, expect, it } from "vitest";
import { Daemon, entryIds } from "../support/daemon.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { isPostgresMissing, startPostgres } from "../support/postgres.ts";
import { createWorkspace } from "../support/workspace.ts";

const isSkipped = isPostgresMissing() || Boolean(process.env.MAINSTEM_TEST_POSTGRES);

describe.skipIf(isSkipped)("a daemon on PostgreSQL", () => {
  it("is not ready while the server is stopped, says so without its password, and is ready again by itself", async () => {
    await using server = await startPostgres();
    const store = new URL(await server.makeSchema());
    store.password = "S3CRET-CANARY";
    await using workspace = await createWorkspace("sources:\n  - file: ../feeds/wire.xml\n");
    await using daemon = await Daemon.start(workspace.config, { env: { MAINSTEM_STORE: store.href } });
    await daemon.waitFor("polled", async () => entryIds(await daemon.text("/atom.xml")).length > 0);
    const before = await daemon.text("/atom.xml");
    expect(await daemon.text("/metrics")).toMatch(/mainstem_db_pool_connections\{state="idle"\} [1-9]/);

    await server.own?.halt();
    const down = await fetch(`${daemon.url}/readyz`);
    expect(down.status).toBe(503);
    const body = await down.text();
    expect(JSON.parse(body)).toEqual({
      status: "unavailable",
      reasons: [expect.stringMatching(/^the store .*(gives no answer|cannot be reached)/)],
    });
    // It lives, goes on serving what it has, and its metrics tell what the process knows by itself.
    expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
    expect(await daemon.text("/atom.xml")).toBe(before);
    for (const path of ["/status", "/", "/all/?q=websub", "/health/atom.xml"]) {
      const page = await fetch(daemon.url + path, { signal: AbortSignal.timeout(10_000) });
      expect([path, page.status]).toEqual([path, 503]);
      expect(page.headers.get("retry-after")).toBe("30");
      expect(await page.text()).toContain("The store gives no answer.");
    }
    const metrics = await daemon.text("/metrics");
    expect(metrics).toContain("mainstem_db_up 0\n");
    expect(metrics).toContain("mainstem_config_reload_success 1\n");
    expect(metrics).not.toContain("mainstem_feeds{");

    await server.own?.start();
    await daemon.waitFor("ready again", async () => (await fetch(`${daemon.url}/readyz`)).status === 200);
    await daemon.waitFor("telling again", async () =>
      (await daemon.text("/metrics")).includes("mainstem_db_up 1\n"),
    );
    expect(body + metrics + daemon.output.stdout + daemon.output.stderr).not.toContain("S3CRET-CANARY");
    expect(await daemon.stop()).toBe(0);
  }, 120_000);

  it("takes over what a killed process was polling, and counts it", async () => {
    await using origin = await startOriginServer();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    origin.on("/slow", () => isAsked(), {
      headers: { "content-type": "application/rss+xml" },
      body: "<rss version='2.0'><channel><title>t</title><item><title>late</title><guid>1</guid></item></channel></rss>",
    });
    await using server = await startPostgres();
    const env = { MAINSTEM_STORE: await server.makeSchema() };
    await using workspace = await createWorkspace(
      `allow_private: true\nlimits: { lease: 2s }\nsources:\n  - url: ${origin.url("/slow")}\n`,
    );
    await using first = await Daemon.start(workspace.config, { env });
    await asked;
    await first.stop("SIGKILL");
    await using second = await Daemon.start(workspace.config, { env });
    await second.waitFor("taken over", async () =>
      (await second.text("/metrics")).includes("mainstem_lease_takeovers_total 1\n"),
    );
    await second.waitFor("published", async () => entryIds(await second.text("/atom.xml")).length === 1);
    expect(await second.stop()).toBe(0);
  }, 120_000);
});
