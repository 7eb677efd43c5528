/**
 * `npm run etiquette`: the daemon against `../shared/tools/etiquette-server.mjs`, 68 scenarios of a poller's manners. It is
 * killed and restarted half-way. Exits with 1 when a scenario fails, and says so and exits with 0 where the tool is absent.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";

const tool = resolve("../shared/tools/etiquette-server.mjs");
const origin = "http://127.0.0.1:9900";
const pollSeconds = 2;
const timeoutSeconds = 6;
const halfMs = 50_000;

if (!existsSync(tool)) {
  console.log(`skipped: ${tool} is not here`);
  process.exit(0);
}
const folder = await mkdtemp(join(tmpdir(), "mainstem-etiquette-"));
const server = spawn(
  process.execPath,
  [
    tool,
    "--port",
    "9900",
    "--poll",
    String(pollSeconds),
    "--timeout",
    String(timeoutSeconds),
    "--per-host",
    "2",
    "--combined",
    "http://127.0.0.1:9980/atom.xml",
  ],
  { stdio: ["ignore", "ignore", "inherit"] },
);
try {
  const sources = await retry(
    async () => (await (await fetch(`${origin}/_sources.json`)).json()) as { id: string; url: string }[],
  );
  const config = join(folder, "mainstem.yaml");
  const settings = {
    listen: "127.0.0.1:9980",
    url: "http://127.0.0.1:9980",
    push: "always",
    store: "sqlite:store.db",
    schedule: `${pollSeconds}s`,
    contact: "https://example.org/bot",
    allow_private: true,
    limits: { timeout: `${timeoutSeconds}s`, per_host: 2 },
    sources: sources.map(({ id, url }) => ({ id, url })),
    outputs: [{ name: "all", limit: 1000 }],
  };
  await writeFile(config, stringify(settings));
  const first = startDaemon(config);
  await sleep(halfMs);
  first.kill("SIGKILL");
  await once(first, "close");
  await fetch(`${origin}/_mark?event=restart`, { method: "POST" });
  const second = startDaemon(config);
  await sleep(halfMs);
  const report = await (await fetch(`${origin}/_report.txt`)).text();
  second.kill("SIGTERM");
  await once(second, "close");
  console.log(report);
  process.exitCode = /^ *\d+ FAIL /m.test(report) ? 1 : 0;
} finally {
  server.kill();
  await rm(folder, { recursive: true, force: true });
}

function startDaemon(config: string) {
  const env = { ...process.env, MAINSTEM_LOG_LEVEL: "error" };
  return spawn(process.execPath, ["src/main.ts", "run", "--config", config], {
    stdio: ["ignore", "ignore", "inherit"],
    env,
  });
}

async function retry<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 50; ; tries--) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(100);
    }
  }
}
