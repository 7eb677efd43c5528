/** Names every stored sighting anew by today's rules. */
import type { Config } from "../config/load.ts";
import { IDENTITY_VERSION } from "../identify/resolution.ts";
import type { UrlRules } from "../identify/rules-file.ts";
import type { Clock } from "../model.ts";
import type { Log } from "../observe/log.ts";
import type { RekeyableStore, RekeyReport, Store, StoredSighting } from "../store/store.ts";
import { definitionOf } from "./definitions.ts";
import { reidentify } from "./reidentify.ts";

export interface RekeyOptions {
  readonly store: RekeyableStore;
  readonly clock: Clock;
  readonly rules: UrlRules | null;
  readonly isDryRun: boolean;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Keys of which it is remembered who had them first; a source that changes more is judged by its latest. */
const firstHoldersMax = 200_000;

/**
 * Recomputes the store's identities. Sightings of sources that the config does not know any more stay as they are.
 * @throws the signal's reason when aborted; nothing is changed then
 */
export async function rekeyStore(
  { sources, identity }: Pick<Config, "sources" | "identity">,
  { store, clock, rules, isDryRun, onProgress }: RekeyOptions,
  signal: AbortSignal,
): Promise<RekeyReport> {
  const definitions = new Map(sources.map((definition) => [definition.id, definition]));
  const stored = new Map((await store.listSources()).map((source) => [source.id, source]));
  const isTaken = rememberHolders();
  return store.rekey(
    {
      at: clock.now(),
      version: IDENTITY_VERSION,
      isDryRun,
      ...(onProgress && { onProgress }),
      identify: (batch) =>
        reidentify(batch, {
          rules,
          pageMode: identity.page,
          isTaken,
          sourceOf: (id) => {
            const source = stored.get(id);
            const definition = source === undefined ? null : definitionOf(source, definitions);
            return source === undefined || definition === null ? null : { source, definition };
          },
        }),
    },
    signal,
  );
}

/** Says so when the stored keys were made by other rules than today's; a store without entries is of today. */
export async function adviseRekey(
  store: Pick<Store, "identityVersion" | "setIdentityVersion" | "counts">,
  log: Pick<Log, "info">,
): Promise<void> {
  if ((await store.identityVersion()) === IDENTITY_VERSION) return;
  if ((await store.counts()).sightings === 0) await store.setIdentityVersion(IDENTITY_VERSION);
  else
    log.info(
      "the identity rules have changed; stop the daemon and run mainstem rekey to apply them to what is stored",
    );
}

/** Has another entry of the source, one of an earlier batch, gained the same key? Entries of one title count as one. */
function rememberHolders(): (request: {
  readonly key: string;
  readonly sighting: StoredSighting;
}) => boolean {
  const first = new Map<string, { readonly guidKey: string; readonly title: string }>();
  return ({ key, sighting: { sourceId, record } }) => {
    const name = `${sourceId}\n${key}`;
    const holder = first.get(name);
    if (holder !== undefined) {
      return holder.guidKey !== record.guidKey && holder.title !== record.entry.title;
    }
    if (first.size >= firstHoldersMax) first.clear();
    first.set(name, { guidKey: record.guidKey, title: record.entry.title });
    return false;
  };
}
