import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import writeFileAtomic from "write-file-atomic";
import { appendInSteps, type NewSource } from "../config/edit.ts";
import { readConfig } from "../config/load.ts";
import { cronProblem } from "../schedule/scheduler.ts";
import { type CliContext, type ConfigOption, configFile } from "./context.ts";
import { createProgressBar, type Progress } from "./progress.ts";

/** Fewer sources are written before anybody has read a bar. */
const toldMin = 500;

/**
 * Appends sources to the config file, after the text was proved sound. Long lists show how far they are on a terminal.
 * @throws ConfigError when the config would not be sound; the file is as it was then
 */
export async function addSourcesToConfig(
  sources: readonly NewSource[],
  options: ConfigOption,
  context: CliContext,
): Promise<void> {
  const { env } = context;
  const file = configFile(options, env);
  const bar = createProgressBar(context, "feeds");
  let text: string;
  try {
    text = await appendWith(bar, await readFile(file, "utf8"), sources);
    if (sources.length > toldMin) bar.say("checking the whole config");
    await readConfig(text, { env, cronProblem, file: resolve(file), shownAs: file });
  } finally {
    bar.clear();
  }
  try {
    await writeFileAtomic(file, text);
  } catch (error) {
    // A file that is mounted by itself into a container cannot be replaced, only written.
    if (!["EBUSY", "EXDEV", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw error;
    await writeFile(file, text);
  }
}

async function appendWith(bar: Progress, text: string, sources: readonly NewSource[]): Promise<string> {
  const steps = appendInSteps(text, sources);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (sources.length > toldMin) bar.show({ done: step.value, total: sources.length });
    await nextTurn();
  }
}
