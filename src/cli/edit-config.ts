import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { appendSources, type NewSource } from "../config/edit.ts";
import { readConfig } from "../config/load.ts";
import { cronProblem } from "../schedule/scheduler.ts";
import { type CliContext, type ConfigOption, configFile } from "./context.ts";

/**
 * Appends sources to the config file, after the text was proved sound.
 * @throws ConfigError when the config would not be sound; the file is as it was then
 */
export async function addSourcesToConfig(
  sources: readonly NewSource[],
  options: ConfigOption,
  { env }: CliContext,
): Promise<void> {
  const file = configFile(options, env);
  const text = appendSources(await readFile(file, "utf8"), sources);
  await readConfig(text, { env, cronProblem, file: resolve(file), shownAs: file });
  try {
    await writeFileAtomic(file, text);
  } catch (error) {
    // A file that is mounted by itself into a container cannot be replaced, only written.
    if (!["EBUSY", "EXDEV", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw error;
    await writeFile(file, text);
  }
}
