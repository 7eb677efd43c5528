import type { Config } from "../config/load.ts";
import type { Clock } from "../model.ts";
import type { RekeyableStore } from "../store/store.ts";

/**
 * Opens the store that the config names. `poller` takes the one-daemon lock of an SQLite file, `tool`
 * works beside a running daemon. In PostgreSQL any number of both share the store. Only the engine that is asked for is loaded.
 */
export async function openStore(
  config: Pick<Config, "store" | "outputs">,
  options: {
    readonly role: "poller" | "tool";
    readonly clock: Clock;
    readonly onWarning?: (message: string) => void;
  },
): Promise<RekeyableStore> {
  const { store, outputs } = config;
  // Looked for when any output shows them; what is found is the store's, how it is shown is each output's.
  const isSyndicating = outputs.some(({ syndication }) => syndication !== "off");
  if (store.engine === "postgres") {
    const { openPostgresStore } = await import("../store/postgres.ts");
    return openPostgresStore({ url: store.url, isSyndicating, ...options });
  }
  const { openSqliteStore } = await import("../store/sqlite.ts");
  return openSqliteStore({ file: store.file, isSyndicating, ...options });
}
