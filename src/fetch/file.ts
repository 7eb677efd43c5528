/** Local sources: one file, or a drop folder of article documents. Only regular files, only within their limits. */
import { hash } from "node:crypto";
import { constants, type Dirent, type Stats } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { FetchError } from "../errors.ts";
import type { Warning } from "../model.ts";

export interface SourceFile {
  readonly bytes: Uint8Array;
  /** sha-256 (hex) of `bytes`. */
  readonly bodyHash: string;
  readonly modifiedAt: Date;
}

/**
 * Reads a whole file.
 *
 * @throws FetchError `fetch/file` when it is absent, unreadable or no regular file, `fetch/too-large`
 * @throws the signal's reason when aborted
 */
export async function readSourceFile(
  path: string,
  { bytesMax }: { readonly bytesMax: number },
  signal: AbortSignal,
): Promise<SourceFile> {
  signal.throwIfAborted();
  try {
    // Asked before opening: opening a pipe would wait for whoever writes to it. O_NONBLOCK guards the moment between.
    checkFile(path, await stat(path), bytesMax);
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    checkFile(path, stats, bytesMax);
    const chunks: Buffer[] = [];
    let size = 0;
    // One byte more than seen, to notice a file that grows while it is read.
    for (const buffer = Buffer.allocUnsafe(Math.min(stats.size + 1, 2 ** 20)); ; ) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      size += bytesRead;
      if (size > bytesMax) throw tooLarge(path, bytesMax);
      chunks.push(Buffer.from(buffer.subarray(0, bytesRead)));
    }
    const bytes = Buffer.concat(chunks, size);
    return { bytes, bodyHash: hash("sha256", bytes), modifiedAt: stats.mtime };
  } catch (error) {
    signal.throwIfAborted();
    throw toFileError(error, path);
  }
}

/** A document of a drop folder. */
export interface ArticleFile {
  readonly path: string;
  /** Relative to the folder, with `/`. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

const articleEndings: ReadonlySet<string> = new Set([".md", ".markdown", ".txt"]);
const depthMax = 8;

/**
 * The article documents of a folder and its subfolders, sorted by name. Hidden and temporary files are passed over;
 * what lies outside the folder, is too large or is no regular file is left out with a warning.
 *
 * @throws FetchError `fetch/file` when the folder is absent or unreadable
 */
export async function listArticleFiles(
  folder: string,
  limits: { readonly bytesMax: number; readonly filesMax: number },
): Promise<{ readonly files: readonly ArticleFile[]; readonly warnings: readonly Warning[] }> {
  const warnings: Warning[] = [];
  const files: ArticleFile[] = [];
  try {
    const root = await realpath(folder);
    if (!(await stat(root)).isDirectory())
      throw new FetchError("fetch/file", `${folder} is not a folder.`, { url: folder });
    const names = await listNames(root, limits.filesMax, warnings);
    for (const name of names) {
      const file = await inspect(root, name, limits.bytesMax);
      if ("code" in file) warnings.push(file);
      else files.push({ ...file, path: join(folder, file.name) });
    }
  } catch (error) {
    throw toFileError(error, folder);
  }
  return { files, warnings };
}

/** Names of all documents under `root`, relative to it, sorted, at most `filesMax`. */
async function listNames(root: string, filesMax: number, warnings: Warning[]): Promise<string[]> {
  const names: string[] = [];
  const waiting: { readonly folder: string; readonly depth: number }[] = [{ folder: root, depth: 0 }];
  for (let next = waiting.pop(); next && names.length <= filesMax; next = waiting.pop()) {
    const { folder, depth } = next;
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      if (folder === root) throw error;
      warnings.push(warning(relative(root, folder), "cannot be opened"));
      return [];
    });
    for (const entry of entries) {
      if (isPassedOver(entry)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (depth < depthMax) waiting.push({ folder: path, depth: depth + 1 });
      } else if (articleEndings.has(extname(entry.name).toLowerCase())) {
        names.push(relative(root, path).split(sep).join("/"));
      }
    }
  }
  names.sort();
  if (names.length <= filesMax) return names;
  warnings.push({
    code: "fetch/file",
    message: `there are more than ${filesMax} documents; the others are left out`,
  });
  return names.slice(0, filesMax);
}

/** Hidden files, and what editors, browsers and copying tools leave while they work. */
function isPassedOver({ name }: Dirent): boolean {
  return /^[.#]|^~\$|~$|\.(?:sw[a-z]|tmp|temp|bak|part|partial|crdownload)(?:\.[^.]*)?$/i.test(name);
}

async function inspect(
  root: string,
  name: string,
  bytesMax: number,
): Promise<Omit<ArticleFile, "path"> | Warning> {
  try {
    const real = await realpath(join(root, name));
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep))
      return warning(name, "leads out of the folder");
    const stats = await stat(real);
    if (!stats.isFile()) return warning(name, "is not a regular file");
    if (stats.size > bytesMax)
      return { ...warning(name, `is larger than ${bytesMax} bytes, the limit`), code: "fetch/too-large" };
    return { name, sizeBytes: stats.size, modifiedAt: stats.mtime };
  } catch (error) {
    return warning(name, reasonOf(error));
  }
}

function warning(name: string, reason: string): Warning {
  return { code: "fetch/file", message: `${JSON.stringify(name).slice(1, -1)}: ${reason}` };
}

function checkFile(path: string, stats: Stats, bytesMax: number): void {
  if (!stats.isFile()) {
    const hint = stats.isDirectory() ? { hint: "it is a folder: name a document in it" } : {};
    throw new FetchError("fetch/file", `${path} is not a regular file.`, { url: path, ...hint });
  }
  if (stats.size > bytesMax) throw tooLarge(path, bytesMax);
}

function tooLarge(path: string, bytesMax: number): FetchError {
  return new FetchError("fetch/too-large", `${path} is larger than ${bytesMax} bytes, the limit.`, {
    url: path,
    hint: "limits.body in the config sets the limit",
  });
}

function toFileError(error: unknown, path: string): FetchError {
  if (error instanceof FetchError) return error;
  return new FetchError("fetch/file", `${path} ${reasonOf(error)}.`, { url: path, cause: error });
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "does not exist"],
  ["ENOTDIR", "does not exist"],
  ["EACCES", "may not be read by Mainstem"],
  ["EPERM", "may not be read by Mainstem"],
  ["EISDIR", "is a folder"],
  ["ELOOP", "is a link that leads back to itself"],
  ["ENAMETOOLONG", "has too long a name"],
]);

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons.get(code) ?? `cannot be read (${code || String(error)})`;
}
