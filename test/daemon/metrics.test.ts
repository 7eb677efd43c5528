/** `/metrics` and who may see it, of a running daemon. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
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
    // Of two sources; either may be first.
    await daemon.waitFor("polled", async () => {
      const counted = await daemon.text("/metrics");
      return ["network_error", "new"].every((outcome) =>
        counted.includes(`mainstem_polls_total{outcome="${outcome}"} 1`),
      );
    });
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

  it("are all explained in the docs, and no others", async () => {
    await using running = await start();
    const text = await (await running.ask("/metrics")).text();
    const told = [...text.matchAll(/^# TYPE (mainstem_\w+)/gm)].map(([, name]) => name);
    const table = await readFile("docs/metrics.md", "utf8");
    const explained = [...table.matchAll(/^\| `(mainstem_\w+)`/gm)].map(([, name]) => name);
    expect(explained.toSorted()).toEqual(told.toSorted());
    expect(told.length).toBeGreaterThan(20);
  });

  it.skipIf(isSkippedWithout("promtool (PROMTOOL names it)", promtool !== null))(
    "have alerts in the docs that promtool takes",
    async () => {
      const page = await readFile("docs/metrics.md", "utf8");
      const rules = /```yaml\n(groups:[\s\S]*?)```/.exec(page)?.[1] ?? "";
      await using workspace = await createWorkspace();
      const file = join(workspace.folder, "alerts.yaml");
      await writeFile(file, rules);
      expect(execFileSync(promtool ?? "", ["check", "rules", file], { encoding: "utf8" })).toContain(
        "SUCCESS: 6 rules found",
      );
    },
  );

  it("tell of sources that failed once, and of those that go on failing, apart", async () => {
    await using running = await start(
      `${yaml.replace("sources:", "schedule: 1s\nsources:")}  - { file: ../feeds/standards.atom, id: empty, exclude: [/./] }\n`,
    );
    const { daemon } = running;
    await daemon.waitFor("failed twice", async () =>
      (await daemon.text("/metrics")).includes('mainstem_feeds{state="backoff"} 1'),
    );
    const text = await daemon.text("/metrics");
    for (const [state, count] of Object.entries({ new: 0, ok: 2, failing: 0, gone: 0, disabled: 0 }))
      expect(text).toContain(`mainstem_feeds{state="${state}"} ${count}\n`);
    expect(text).toMatch(/mainstem_items_total\{result="rejected"\} [1-9]/);
    expect(text).not.toContain("mainstem_feed_last_success_timestamp_seconds{");
    expect(text).toContain("mainstem_db_up 1\n");
    // A store in a file has no pool.
    expect(text).not.toContain("mainstem_db_pool_connections{");
  });

  it("tell of each source by its id where the config asks for it, with the next edit of it", async () => {
    const sources =
      "sources:\n  - { file: ../feeds/wire.xml, id: wire }\n  - { file: ../feeds/absent.xml, id: absent }\n";
    await using workspace = await createWorkspace(sources);
    await using daemon = await Daemon.start(workspace.config);
    await writeFile(workspace.config, `admin: { source_metrics: true }\n${sources}`);
    await daemon.waitFor("told of each", async () =>
      /mainstem_feed_last_success_timestamp_seconds\{feed="wire"\} 1\.?\d{8}/.test(
        await daemon.text("/metrics"),
      ),
    );
    const text = await daemon.text("/metrics");
    expect(text).toContain('mainstem_feed_last_success_timestamp_seconds{feed="absent"} 0\n');
    expect(text).not.toContain("wire.xml");
    expect(daemon.output.stderr).not.toContain("takes effect at the next start");
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
