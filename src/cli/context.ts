/** What a command may touch of the process it runs in; tests hand in their own. */
import type { Readable, Writable } from "node:stream";
import { openStore } from "../app/open-store.ts";
import type { RulesOptions } from "../app/url-rules.ts";
import { type Config, loadConfig } from "../config/load.ts";
import type { Clock } from "../model.ts";
import { cronProblem } from "../schedule/scheduler.ts";

export interface CliContext {
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** Calls back on each SIGHUP. */
  readonly onHangup?: (listener: () => void) => void;
}

/** `--config F`, which every command that reads the config takes. */
export interface ConfigOption {
  readonly config?: string;
}

/** The same for `.option()`. */
export const configFlag = [
  "-c, --config <file>",
  "the config file (default: MAINSTEM_CONFIG, else config/mainstem.yaml)",
] as const;

/** Said instead of an empty table. */
export const NO_SOURCES = "The config has no sources yet: mainstem add <page or feed> follows a site.";

/** The config file that a command line and an environment name: `--config`, `MAINSTEM_CONFIG`, else the default place. */
export function configFile(options: ConfigOption, env: CliContext["env"]): string {
  return options.config ?? env.MAINSTEM_CONFIG ?? "config/mainstem.yaml";
}

/** @throws ConfigError, MainstemError `config/unreadable` */
export function openConfig(options: ConfigOption, { env }: CliContext): Promise<Config> {
  return loadConfig(configFile(options, env), { env, cronProblem });
}

/** What reading the operator's URL rules needs of a command. */
export function rulesOptions({ clock, version, stderr, signal }: CliContext): RulesOptions {
  return { clock, version, signal, onWarning: (message) => void stderr.write(`mainstem: ${message}\n`) };
}

/** The store of the config, beside a running daemon. @throws StoreError */
export function openToolStore(
  config: Parameters<typeof openStore>[0],
  { clock, stderr }: Pick<CliContext, "clock" | "stderr">,
): ReturnType<typeof openStore> {
  const onWarning = (message: string) => void stderr.write(`mainstem: ${message}\n`);
  return openStore(config, { role: "tool", clock, onWarning });
}

/** Writes a line to stdout and waits where the reader is slower than we are. */
export async function print({ stdout }: Pick<CliContext, "stdout">, text: string): Promise<void> {
  if (!stdout.write(`${text}\n`)) await new Promise<void>((resolve) => stdout.once("drain", resolve));
}
