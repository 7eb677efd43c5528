import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { openPostgresStore } from "../../src/store/postgres.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { RekeyableStore } from "../../src/store/store.ts";
import { isPostgresMissing, startPostgres, type TestPostgres } from "../support/postgres.ts";
import { T0 } from "./builders.ts";
import { describeRekeyableStore } from "./contract.ts";

const clock = { now: () => T0, sleep: () => Promise.reject(new Error("the store does not sleep")) };

describe.skipIf(isPostgresMissing())("on a real server", () => {
  let server: TestPostgres | null = null;
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  describeRekeyableStore("postgres", async () => {
    if (server === null) throw new Error("no server");
    const running = server;
    const url = await running.makeSchema();
    const folder = await mkdtemp(join(tmpdir(), "mainstem-store-"));
    const opened: RekeyableStore[] = [];
    const keep = async (opening: Promise<RekeyableStore>) => {
      const store = await opening;
      opened.push(store);
      return store;
    };
    const file = join(folder, "copy.db");
    return {
      open: () => keep(openPostgresStore({ url, clock })),
      backup: { file, open: () => keep(openSqliteStore({ file, role: "tool", clock })) },
      async remove() {
        for (const store of opened) await store[Symbol.asyncDispose]();
        await running.dropSchema(url);
        await rm(folder, { recursive: true });
      },
    };
  });
});
