import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { PostgresDatabase } from "./postgres-connection.ts";
import { REVISION_CHANNEL } from "./postgres-stories.ts";

/** A lost connection is made again after so long. */
const RETRY_MS = 1000;

/**
 * Calls when a transaction that changed what readers see was committed, by whichever process, until disposed of. After a
 * lost connection it calls once more: something may have been missed.
 */
export async function watchNotifications(
  database: PostgresDatabase,
  onChange: () => void,
): Promise<AsyncDisposable> {
  const stopping = new AbortController();
  let client: Client | null = null;
  const connect = async (): Promise<void> => {
    const next = new Client({
      connectionString: database.url,
      application_name: "mainstem listen",
      keepAlive: true,
    });
    const lost = new Promise<void>((resolve) => {
      next.once("error", () => resolve());
      next.once("end", () => resolve());
    });
    next.on("error", () => {});
    await next.connect();
    client = next;
    const { rows } = await next.query<{ schema: string }>("SELECT current_schema() AS schema");
    const schema = rows[0]?.schema;
    next.on("notification", ({ payload }) => {
      if (payload === schema) onChange();
    });
    await next.query(`LISTEN ${REVISION_CHANNEL}`);
    void lost.then(() => reconnect());
  };
  const reconnect = async (): Promise<void> => {
    client = null;
    while (!stopping.signal.aborted) {
      try {
        await sleep(RETRY_MS, undefined, { signal: stopping.signal });
        await connect();
        onChange();
        return;
      } catch {
        // The server is still away.
      }
    }
  };
  await connect();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await client?.end().catch(() => {});
    },
  };
}
