import type { Config } from "../config/load.ts";
import type { Clock } from "../model.ts";
import type { RekeyableStore, Store } from "../store/store.ts";

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
  if (store.engine === "postgres") {
    const { openPostgresStore } = await import("../store/postgres.ts");
    return openPostgresStore({ url: store.url, isSyndicating: isSyndicating(outputs), ...options });
  }
  const { openSqliteStore } = await import("../store/sqlite.ts");
  return openSqliteStore({ file: store.file, isSyndicating: isSyndicating(outputs), ...options });
}

/**
 * The same for a process that polls and serves: an SQLite file is written by a thread of its own, so that readers are served
 * however long the disk takes.
 */
export async function openPollingStore(
  config: Pick<Config, "store" | "outputs">,
  options: { readonly clock: Clock; readonly onWarning?: (message: string) => void },
): Promise<Store> {
  const { store, outputs } = config;
  if (store.engine === "postgres") return openStore(config, { role: "poller", ...options });
  const { openThreadedSqliteStore } = await import("../store/sqlite-threaded.ts");
  return openThreadedSqliteStore({ file: store.file, isSyndicating: isSyndicating(outputs), ...options });
}

/** Copies are looked for when any output shows them; what is found is the store's, how it is shown is each output's. */
function isSyndicating(outputs: Config["outputs"]): boolean {
  return outputs.some(({ syndication }) => syndication !== "off");
}
