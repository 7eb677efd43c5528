/** `/metrics` and who may see it, of a running daemon. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Daemon } from "../support/daemon.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace } from "../support/workspace.ts";

const yaml =
  "admin: { token: '${ADMIN_TOKEN}' }\nsources:\n  - file: ../feeds/wire.xml\n  - file: ../feeds/absent.xml\n";
const token = "a-token-of-the-operator";

const promtool = process.env.PROMTOOL ?? findPromtool();

function findPromtool(): string | null {
  const { status, stdout } = spawnSync("sh", ["-c", "command -v promtool"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

async function start(config = yaml) {
  const workspace = await createWorkspace(config);
  const env = { MAINSTEM_STORE: `sqlite:${join(workspace.folder, "test.db")}`, ADMIN_TOKEN: token };
  const daemon = await Daemon.start(workspace.config, { env });
  return {
    daemon,
    ask: (path: string, headers: Record<string, string> = {}) => fetch(`${daemon.url}${path}`, { headers }),
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
}

describe("a daemon's metrics", () => {
  it("count what happened, in the format that is asked for, and name no source", async () => {
    await using running = await start();
    const { daemon, ask } = running;
    await daemon.waitFor("polled", async () =>
      (await daemon.text("/metrics")).includes('mainstem_polls_total{outcome="network_error"} 1'),
    );
    await daemon.text("/atom.xml");
    const plain = await ask("/metrics");
    expect(plain.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await plain.text();
    expect(text).toContain('mainstem_polls_total{outcome="new"} 1');
    expect(text).toContain('mainstem_feeds{state="failing"} 1');
    expect(text).toMatch(/mainstem_items_total\{result="inserted"\} [1-9]/);
    expect(text).toContain('mainstem_http_requests_total{route="feed",code="200"} 1');
    expect(text).toContain("mainstem_config_reload_success 1");
    expect(text).toMatch(/mainstem_db_size_bytes [1-9]\d{4,}/);
    expect(text).toContain('mainstem_websub_subscriptions{state="active"} 0');
    expect(text).toContain("# TYPE mainstem_rate_limited_total counter");
    for (const op of ["record_poll", "claim_due_sources", "list_stories"])
      expect(text).toMatch(new RegExp(`mainstem_db_query_duration_seconds_count{op="${op}"} [1-9]`));
    for (const format of ["atom", "rss", "json"])
      expect(text).toMatch(
        new RegExp(`mainstem_feed_render_duration_seconds_count{format="${format}"} [1-9]`),
      );
    expect(text).toContain("# TYPE mainstem_db_errors_total counter");
    expect(text).not.toContain(token);
    expect(text).not.toContain("wire.xml");
    const open = await ask("/metrics", { accept: "application/openmetrics-text; version=1.0.0" });
    expect(open.headers.get("content-type")).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect((await open.text()).endsWith("# EOF\n")).toBe(true);
  });

  it("count the bytes of documents on the wire, by content coding", async () => {
    await using origin = await startOriginServer();
    const body = gzipSync(
      "<rss version='2.0'><channel><title>t</title><item><title>x</title></item></channel></rss>",
    );
    const headers = { "content-type": "application/rss+xml" };
    origin.on("/packed", (_, response) =>
      response.writeHead(200, { ...headers, "content-encoding": "GZIP" }).end(body),
    );
    origin.on("/odd", (_, response) =>
      response.writeHead(200, { ...headers, "content-encoding": "made-up" }).end("12345"),
    );
    const urls = ["/packed", "/odd"].map((path) => `  - url: ${origin.url(path)}\n`).join("");
    await using running = await start(
      `admin: { token: '\${ADMIN_TOKEN}' }\nallow_private: true\nsources:\n${urls}`,
    );
    const { daemon } = running;
    await daemon.waitFor("both polled", async () => {
      const text = await daemon.text("/metrics");
      return (
        text.includes(`mainstem_poll_response_bytes_total{coding="gzip"} ${body.length}`) &&
        text.includes('mainstem_poll_response_bytes_total{coding="other"} 5')
      );
    });
  });

  it.skipIf(isSkippedWithout("promtool (PROMTOOL names it)", promtool !== null))(
    "pass promtool",
    async () => {
      await using running = await start();
      const text = await (await running.ask("/metrics")).text();
      expect(execFileSync(promtool ?? "", ["check", "metrics"], { input: text, encoding: "utf8" })).toBe("");
    },
  );

  it("are for this machine, and for others with the token", async () => {
    await using running = await start();
    const { ask } = running;
    const stranger = { "x-forwarded-for": "203.0.113.9" };
    for (const path of ["/metrics", "/status", "/status.json"]) {
      expect((await ask(path)).status).toBe(200);
      const refused = await ask(path, stranger);
      expect(refused.status).toBe(401);
      expect(refused.headers.get("www-authenticate")).toContain("Basic");
      const bearer = { ...stranger, authorization: `Bearer ${token}` };
      expect((await ask(path, bearer)).status).toBe(200);
      const basic = { ...stranger, authorization: `Basic ${btoa(`me:${token}`)}` };
      expect((await ask(path, basic)).status).toBe(200);
      const wrong = { ...stranger, authorization: "Bearer a-token-of-somebody-else" };
      expect((await ask(path, wrong)).status).toBe(401);
    }
    for (const path of ["/", "/atom.xml", "/readyz", "/healthz"])
      expect((await ask(path, stranger)).status).toBe(200);
  });
});
