import type { Config } from "../config/load.ts";
import type { Clock } from "../model.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";

/** Opens the store that the config names. `poller` takes the one-daemon lock, `tool` works beside a running daemon. */
export function openStore(
  config: Pick<Config, "store" | "outputs">,
  options: {
    readonly role: "poller" | "tool";
    readonly clock: Clock;
    readonly onWarning?: (message: string) => void;
  },
): Promise<Store> {
  // Looked for when any output shows them; what is found is the store's, how it is shown is each output's.
  const isSyndicating = config.outputs.some(({ syndication }) => syndication !== "off");
  return openSqliteStore({ file: config.store.file, isSyndicating, ...options });
}
