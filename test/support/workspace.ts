/** A folder of its own for a test: a copy of what ships, a config, and the folder's end. */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Workspace extends AsyncDisposable {
  readonly folder: string;
  /** Path of `config/mainstem.yaml` in it. */
  readonly config: string;
}

/** @param yaml the config's text; without it, the shipped `config/` and `feeds/` are copied as they are */
export async function createWorkspace(yaml?: string): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), "mainstem-"));
  await cp("feeds", join(folder, "feeds"), { recursive: true });
  await cp("config", join(folder, "config"), { recursive: true });
  const config = join(folder, "config", "mainstem.yaml");
  if (yaml !== undefined) await writeFile(config, yaml);
  return { folder, config, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
