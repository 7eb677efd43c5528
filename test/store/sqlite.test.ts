import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { RekeyableStore } from "../../src/store/store.ts";
import { T0 } from "./builders.ts";
import { describeRekeyableStore } from "./contract.ts";

const clock = { now: () => T0, sleep: () => Promise.reject(new Error("the store does not sleep")) };

describeRekeyableStore("sqlite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mainstem-store-"));
  const opened: RekeyableStore[] = [];
  const open = async (file: string) => {
    const store = await openSqliteStore({ file, role: "tool", clock });
    opened.push(store);
    return store;
  };
  const backup = join(folder, "copy.db");
  return {
    open: () => open(join(folder, "data", "mainstem.db")),
    backup: { file: backup, open: () => open(backup) },
    async remove() {
      for (const store of opened) await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
});
