/** A config that is edited while the daemon runs: what is saved is applied, what is broken is told, and the old one stays. */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/load.ts";
import { ConfigError, formatConfigProblem, MainstemError } from "../errors.ts";
import { nameOf } from "../ingest/source-name.ts";
import type { Clock, SourceDefinition } from "../model.ts";
import type { Log } from "../observe/log.ts";
import { counted } from "./counted.ts";

export interface ReloadOptions {
  /** Absolute path of the config file. */
  readonly file: string;
  /** Reads and checks the file. @throws ConfigError, MainstemError */
  readonly load: () => Promise<Config>;
  /** What `configState` said before the config in force was read, so that an edit made since is seen; absent: not known. */
  readonly readAs?: string | null | undefined;
  /** Puts a sound config in force. @returns what the operator should know of it, a line each */
  readonly apply: (config: Config) => Promise<readonly string[]>;
  readonly log: Log;
  readonly clock: Clock;
}

export interface ConfigReloader extends AsyncDisposable {
  /** Reads the file again, whether it changed or not (SIGHUP). */
  reload(): Promise<void>;
  /** Why the last edit was not taken, or what of it waits for a restart; empty when the file on disk is in force. */
  readonly notices: readonly string[];
  /** Whether the last edit was taken, and when the config in force was read. */
  readonly state: { readonly isOk: boolean; readonly appliedAt: Date };
}

/** How often the file is looked at. Asking for its state works where watches do not: bind mounts, NFS, Kubernetes' symlinks. */
const intervalMs = 500;
/** How long a file must be still before it counts as saved: one that is caught half written is a sound, shorter config. */
const settleMs = 150;
/** A file that is never still is read after so long all the same. */
const unsettledMaxMs = 10_000;

/** Follows the config file until disposed. Edits are applied one after the other; those that pile up become one. */
export function watchConfig({ file, load, readAs, apply, log, clock }: ReloadOptions): ConfigReloader {
  let notices: readonly string[] = [];
  let state = { isOk: true, appliedAt: clock.now() };
  let running: Promise<void> = Promise.resolve();
  let isQueued = false;
  const read = async (): Promise<Config> => {
    const giveUpAt = performance.now() + unsettledMaxMs;
    for (;;) {
      const before = await configState(file);
      await sleep(settleMs);
      if ((await configState(file)) !== before && performance.now() < giveUpAt) continue;
      // An editor that is ended in the middle, or a full disk, leaves nothing; nobody means to take out everything so.
      if (before?.endsWith(" 0")) throw new MainstemError("config/unreadable", `${file} is empty`);
      // The outcome counts only if nobody wrote meanwhile.
      const outcome = await load().catch((error: unknown) => ({ error }));
      if ((await configState(file)) !== before && performance.now() < giveUpAt) continue;
      if ("error" in outcome) throw outcome.error;
      return outcome;
    }
  };
  const take = async (): Promise<void> => {
    try {
      notices = await apply(await read());
      state = { isOk: true, appliedAt: clock.now() };
    } catch (error) {
      state = { ...state, isOk: false };
      if (!(error instanceof MainstemError)) {
        notices = ["applying the edited config failed; the log says why"];
        log.error({ err: error }, "applying the edited config failed");
        return;
      }
      const problems =
        error instanceof ConfigError ? error.problems.map(formatConfigProblem) : [error.message];
      notices = problems.map(
        (problem) => `the edited config was not taken, the old one stays in force: ${problem}`,
      );
      for (const notice of notices) log.error(notice);
    }
  };
  const reload = (): Promise<void> => {
    if (isQueued) return running;
    isQueued = true;
    running = running.then(async () => {
      // From here on the file is read; a later edit is another turn.
      isQueued = false;
      await take();
    });
    return running;
  };
  const stopping = new AbortController();
  const watch = async (): Promise<void> => {
    let seen = readAs === undefined ? await configState(file) : readAs;
    while (!stopping.signal.aborted) {
      const now = await configState(file);
      if (now !== seen) void reload();
      seen = now;
      await sleep(intervalMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  };
  const watching = watch();
  return {
    reload,
    get notices() {
      return notices;
    },
    get state() {
      return state;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await watching;
      await running;
    },
  };
}

/** What tells two versions of a file apart; the size comes last. Null where there is none. */
export async function configState(file: string): Promise<string | null> {
  return stat(file).then(describeState, () => null);
}

function describeState({ mtimeMs, ino, size }: Stats): string {
  return `${mtimeMs} ${ino} ${size}`;
}

/** The keys that only a restart applies, where two configs differ in them. */
export function listRestartKeys(before: Config, after: Config): readonly string[] {
  const parts: Readonly<Record<string, (config: Config) => unknown>> = {
    listen: ({ listen }) => listen,
    store: ({ store }) => store,
    contact: ({ contact }) => contact,
    limits: ({ limits }) => limits,
    admin: ({ admin: { isPerSource: _, ...admin } }) => admin,
    identity: ({ identity }) => identity,
    // From off everywhere to on somewhere: the store looks for copies from its start.
    "outputs[].syndication": ({ outputs }) => outputs.some(({ syndication }) => syndication !== "off"),
    "publish.directory": ({ publishDirectory }) => publishDirectory,
    "publish.hub": ({ hub, isHubPrivateAllowed }) => [hub, isHubPrivateAllowed],
  };
  return Object.entries(parts).flatMap(([key, read]) => (isSame(read(before), read(after)) ? [] : [key]));
}

export interface SourceChanges {
  readonly added: readonly SourceDefinition[];
  readonly changed: readonly SourceDefinition[];
  readonly removed: readonly SourceDefinition[];
  /** Ids of changed ones whose next poll should not wait for the old rhythm or the old credentials. */
  readonly dueIds: readonly string[];
  /** The local files and folders when they are others than before, else null. */
  readonly localIds: readonly string[] | null;
}

/** What an edit does to the sources, by id. */
export function compareSources(
  before: readonly SourceDefinition[],
  after: readonly SourceDefinition[],
): SourceChanges {
  const old = new Map(before.map((source) => [source.id, source]));
  const kept = new Set(after.map(({ id }) => id));
  const changed = after.filter((source) => old.has(source.id) && !isSame(old.get(source.id), source));
  const isDue = (source: SourceDefinition) => {
    const was = old.get(source.id);
    const asked = (one?: SourceDefinition) => [
      one?.location,
      one?.schedule,
      one?.headers,
      one?.isPrivateAllowed,
    ];
    return !isSame(asked(was), asked(source));
  };
  return {
    added: after.filter(({ id }) => !old.has(id)),
    changed,
    removed: before.filter(({ id }) => !kept.has(id)),
    dueIds: changed.filter(isDue).map(({ id }) => id),
    localIds: isSame(before.filter(isLocal).map(placeOf), after.filter(isLocal).map(placeOf))
      ? null
      : after.filter(isLocal).map(({ id }) => id),
  };
}

function isLocal({ kind }: SourceDefinition): boolean {
  return kind === "file" || kind === "articles";
}

function placeOf({ id, location }: SourceDefinition): string {
  return `${id} ${location}`;
}

/** More sources of one kind of change are counted, not named. */
const namedMax = 20;

/** One line for each source that was added, changed or removed, and one for the whole. */
export function logSourceChanges(log: Log, { added, changed, removed }: SourceChanges): void {
  for (const [what, sources] of Object.entries({ added, changed, removed })) {
    for (const source of sources.slice(0, namedMax))
      log.info({ feed: source.id }, `config: ${what} ${nameOf({ ...source, feed: null })}`);
    if (sources.length > namedMax)
      log.info(`config: ${what} ${counted(sources.length - namedMax, "more source")}`);
  }
  const isAsBefore = added.length + changed.length + removed.length === 0;
  const told = isAsBefore
    ? "its sources are as before"
    : `${counted(added.length, "source")} added, ${changed.length} changed, ${removed.length} removed`;
  log.info(`the edited config is in force: ${told}`);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
