/** Where the compiled code of our modules is kept between two starts: compiling is half the work of one. */
import { lstatSync, mkdirSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Keeps compiled code in a folder that nobody else may write: what lies in it is run as it is. Where there can be no such folder,
 * every start compiles anew. NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE are the operator's word.
 */
export function keepCompiledCode(): void {
  if (process.env.NODE_COMPILE_CACHE !== undefined) return;
  const folder = join(tmpdir(), `mainstem-${process.getuid?.() ?? "code"}`);
  if (isOurs(folder)) enableCompileCache(folder);
}

/** Writes it now. Node itself does so when a process ends in peace, and a daemon that is killed after each start would never have it. */
export function saveCompiledCode(): void {
  flushCompileCache();
}

function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") return false;
  }
  try {
    const found = lstatSync(folder);
    // Windows gives every user a temporary folder of their own.
    if (process.getuid === undefined) return found.isDirectory();
    return found.isDirectory() && found.uid === process.getuid() && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
