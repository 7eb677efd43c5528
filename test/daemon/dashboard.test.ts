/** The Grafana dashboard of the docs: sound in itself, and each of its queries answered by a real Prometheus that scrapes a real daemon. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Daemon, freePort } from "../support/daemon.ts";
import { isPostgresMissing, startPostgres } from "../support/postgres.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace } from "../support/workspace.ts";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
}

const dashboard = JSON.parse(readFileSync("docs/grafana-dashboard.json", "utf8")) as {
  readonly title: string;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly Panel[];
};
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

/** Debian's package has both; PROMTOOL names the one, the other lies beside it. */
const prometheus = findProgram(
  process.env.PROMTOOL ? join(dirname(process.env.PROMTOOL), "prometheus") : "prometheus",
);

function findProgram(name: string): string | null {
  const { status, stdout } = spawnSync("sh", ["-c", `command -v '${name}'`], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

/** A Prometheus that scrapes one target every second. */
async function startPrometheus(target: string) {
  const folder = mkdtempSync(join(tmpdir(), "mainstem-prometheus-"));
  const port = await freePort();
  writeFileSync(
    join(folder, "prometheus.yml"),
    `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: mainstem, static_configs: [{ targets: ["${target}"] }] }]\n`,
  );
  const child = spawn(
    prometheus ?? "",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  const ended = once(child, "exit");
  return {
    async query(expr: string): Promise<readonly unknown[]> {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`;
      const answer = (await (await fetch(url)).json()) as {
        readonly status: string;
        readonly error?: string;
        readonly data?: { readonly result: readonly unknown[] };
      };
      if (answer.status !== "success") throw new Error(`${expr}: ${answer.error}`);
      return answer.data?.result ?? [];
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe("the Grafana dashboard", () => {
  it("has what an import asks for: a source to choose, panels by id that do not overlap, queries by letter", () => {
    expect(dashboard).toMatchObject({
      title: expect.stringMatching(/./),
      uid: expect.stringMatching(/^[\w-]{1,40}$/),
      schemaVersion: expect.any(Number),
    });
    const [variable] = dashboard.templating.list.filter(({ type }) => type === "datasource");
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = new Set<string>();
    for (const { title, type, datasource, gridPos, targets } of dashboard.panels) {
      expect(title).not.toBe("");
      expect(["timeseries", "stat", "gauge", "table"]).toContain(type);
      expect(datasource).toEqual({ type: "prometheus", uid: `\${${variable?.name}}` });
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x},${y}`), `${title} overlaps another panel`).toBe(false);
          cells.add(`${x},${y}`);
        }
    }
  });

  it("asks for metrics that the daemon has", async () => {
    await using workspace = await createWorkspace("sources:\n  - file: ../feeds/wire.xml\n");
    await using daemon = await Daemon.start(workspace.config);
    const text = await daemon.text("/metrics");
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const asked = expressions.flatMap((expr) => expr.match(/\b(?:mainstem|process|nodejs)_\w+/g) ?? []);
    const unknown = asked.filter(
      (name) => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, "")),
    );
    expect(asked.length).toBeGreaterThanOrEqual(expressions.length);
    expect(unknown).toEqual([]);
    expect(await daemon.stop()).toBe(0);
  });

  // On PostgreSQL: a store in a file has no connections to tell of.
  it.skipIf(isSkippedWithout("prometheus (beside PROMTOOL)", prometheus !== null) || isPostgresMissing())(
    "has an answer to every query in a Prometheus that scrapes the daemon, and a series for each of its lines",
    async () => {
      await using workspace = await createWorkspace("sources:\n  - file: ../feeds/wire.xml\n");
      await using postgres = await startPostgres();
      const env = { MAINSTEM_STORE: await postgres.makeSchema() };
      await using daemon = await Daemon.start(workspace.config, { env });
      await using server = await startPrometheus(new URL(daemon.url).host);
      await expect
        .poll(
          async () => {
            await daemon.text("/atom.xml");
            const counts = await Promise.all(
              expressions.map(async (expr) => [expr, (await server.query(expr)).length] as const),
            );
            return counts.filter(([, count]) => count === 0).map(([expr]) => expr);
          },
          { timeout: 60_000, interval: 500 },
        )
        .toEqual([]);
      expect(await server.query("mainstem_feeds")).toHaveLength(6);
      expect(await daemon.stop()).toBe(0);
    },
    150_000,
  );
});
