/**
 * A real PostgreSQL for tests: the one that `MAINSTEM_TEST_POSTGRES` names (a URL whose user may make schemas), else one that is
 * started here from Debian's binaries and ends with the tests.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { isSkippedWithout } from "./skip.ts";

const versions = "/usr/lib/postgresql";

/** Where initdb and postgres are, or null. */
function findBinaries(): string | null {
  const found = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : [];
  const folder = found
    .map((version) => join(versions, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
  return folder ?? null;
}

/** For `describe.skipIf`: says so aloud. */
export function isPostgresMissing(): boolean {
  const isThere = Boolean(process.env.MAINSTEM_TEST_POSTGRES) || findBinaries() !== null;
  return isSkippedWithout("PostgreSQL (apt-get install postgresql, or set MAINSTEM_TEST_POSTGRES)", isThere);
}

export interface TestPostgres extends AsyncDisposable {
  /** The URL of a new, empty schema. */
  makeSchema(): Promise<string>;
  dropSchema(url: string): Promise<void>;
  /** Stops the server as its operator would, and starts it again; null for one that is not ours. */
  readonly restart: (() => Promise<void>) | null;
  /** For a server of ours: stopped as its operator would, or all its processes killed at once, and started again. */
  readonly own: Pick<OwnServer, "halt" | "kill" | "start"> | null;
}

interface OwnServer {
  readonly url: string;
  restart(): Promise<void>;
  halt(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws where there is none; ask {@link isPostgresMissing} first */
export async function startPostgres(): Promise<TestPostgres> {
  const given = process.env.MAINSTEM_TEST_POSTGRES;
  if (given) return describeServer(given, null);
  const binaries = findBinaries();
  if (binaries === null) throw new Error("there is no PostgreSQL");
  const server = await startOwn(binaries);
  return describeServer(server.url, server);
}

let schemas = 0;

function describeServer(url: string, server: OwnServer | null): TestPostgres {
  const run = async (sql: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  return {
    async makeSchema() {
      schemas += 1;
      const name = `mainstem_test_${process.pid}_${schemas}`;
      await run(`CREATE SCHEMA ${name}`);
      const own = new URL(url);
      own.searchParams.set("options", `-c search_path=${name}`);
      return own.href;
    },
    async dropSchema(own) {
      const name = /search_path=(\w+)/.exec(new URL(own).searchParams.get("options") ?? "")?.[1];
      if (name !== undefined) await run(`DROP SCHEMA ${name} CASCADE`);
    },
    restart: server?.restart ?? null,
    own: server,
    [Symbol.asyncDispose]: async () => server?.stop(),
  };
}

async function startOwn(binaries: string): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), "mainstem-postgres-"));
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL does not run as root.
  const nobody = 65_534;
  if (isRoot) chownSync(folder, nobody, nobody);
  const own = isRoot ? { uid: nobody, gid: nobody, cwd: folder } : { cwd: folder };
  const data = join(folder, "data");
  execFileSync(
    join(binaries, "initdb"),
    ["-D", data, "-U", "mainstem", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"],
    {
      ...own,
      stdio: "pipe",
    },
  );
  const port = await findPort();
  const url = `postgres://mainstem@127.0.0.1:${port}/postgres`;
  const settings = [
    ...["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`],
    ...["-c", "max_connections=100", "-c", "deadlock_timeout=100ms"],
  ];
  const start = async () => {
    const child = spawn(join(binaries, "postgres"), ["-D", data, "-p", String(port), ...settings], {
      ...own,
      stdio: "ignore",
    });
    for (let tries = 0; ; tries += 1) {
      const client = new Client({ connectionString: url });
      try {
        await client.connect();
        await client.end();
        return child;
      } catch (error) {
        if (tries > 200 || child.exitCode !== null) throw error;
        await sleep(50);
      }
    }
  };
  let child = await start();
  const halt = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "exit");
    // Fast: transactions under way are rolled back.
    child.kill("SIGINT");
    await closed;
  };
  return {
    url,
    halt,
    async restart() {
      await halt();
      child = await start();
    },
    async kill() {
      const { pid } = child;
      const closed = once(child, "exit");
      // One by one: each has made itself the head of a group of its own.
      const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
      child.kill("SIGKILL");
      for (const worker of workers.filter(Boolean)) killIfThere(Number(worker));
      await closed;
    },
    async start() {
      child = await start();
    },
    async stop() {
      await halt();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
