/** Local files and drop folders, watched: what changes on disk is polled at once. */
import { basename } from "node:path";
import type { SourceDefinition } from "../model.ts";

export interface WatchOptions {
  /** Called with the id of a source whose file or folder changed, after it has settled. */
  readonly onChange: (sourceId: string) => void;
  readonly onError: (error: unknown) => void;
}

/** How long a file must be still before it counts as written. */
const settleMs = 300;

/** Watches every local source until disposed. A folder that does not exist yet is seen when it appears. */
export async function watchSources(
  definitions: readonly SourceDefinition[],
  { onChange, onError }: WatchOptions,
): Promise<AsyncDisposable> {
  const idOf = new Map<string, string>();
  for (const { id, kind, location } of definitions) {
    if (kind === "file" || kind === "articles") idOf.set(location, id);
  }
  if (idOf.size === 0) return { async [Symbol.asyncDispose]() {} };
  const { watch } = await import("chokidar");
  const watcher = watch([...idOf.keys()], {
    ignoreInitial: true,
    depth: 8,
    followSymlinks: false,
    awaitWriteFinish: { stabilityThreshold: settleMs, pollInterval: 100 },
    ignored: (path) => !idOf.has(path) && /^\.|~$|\.(swp|tmp|part)$/.test(basename(path)),
  });
  watcher.on("all", (_event, path) => {
    for (const [location, id] of idOf) if (path === location || path.startsWith(`${location}/`)) onChange(id);
  });
  watcher.on("error", onError);
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return { [Symbol.asyncDispose]: () => watcher.close() };
}
