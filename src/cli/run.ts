import { configState } from "../app/reload.ts";
import { type App, type Role, startApp } from "../app.ts";
import { saveCompiledCode } from "../compile-cache.ts";
import { scrubText } from "../fetch/scrub.ts";
import { createLog, logLevels, terminalLines } from "../observe/log.ts";
import {
  type CliContext,
  type ConfigOption,
  configFile,
  configFlag,
  NO_SOURCES,
  openConfig,
  print,
} from "./context.ts";
import type { CommandTable } from "./program.ts";

/** `mainstem run`: the daemon. */
export function addRunCommand({ program, context, action }: CommandTable): void {
  program
    .command("run")
    .description("the daemon: poll on schedule, publish, serve; SIGTERM drains and stops it")
    .option(...configFlag)
    .addOption(
      program
        .createOption(
          "--role <role>",
          "poll sources, serve what is stored, or both; many processes share PostgreSQL",
        )
        .choices(["all", "poll", "serve"])
        .default("all"),
    )
    .addHelpText("after", "\nExample:\n  $ mainstem run --config config/mainstem.yaml")
    .action(
      action(async (options: ConfigOption & { readonly role: Role }) => {
        const readAs = await configState(configFile(options, context.env));
        const config = await openConfig(options, context);
        const log = await createCommandLog(config.logLevel, context);
        for (const { line, column, message } of config.warnings)
          log.warn(`${config.file}:${line}:${column} ${message}`);
        const loadConfig = () => openConfig(options, context);
        const { clock, version } = context;
        const { role } = options;
        const starting = startApp(config, { clock, log, version, loadConfig, readAs, role });
        await using app = await unlessAborted(starting, context.signal);
        context.onHangup?.(() => {
          log.info("SIGHUP: reading the config again");
          void app.reload();
        });
        await print(
          context,
          welcome(config.url, configFile(options, context.env), {
            ...context,
            role,
            adminUrl: app.adminUrl,
          }),
        );
        if (config.sources.length === 0 && role !== "serve") await print(context, `${NO_SOURCES}\n`);
        saveCompiledCode();
        await untilAborted(context.signal);
        log.info("stopping: no new polls, those under way may finish");
        await app.stop();
        log.info("stopped");
        return 0;
      }),
    );
}

function welcome(
  url: string,
  config: string,
  {
    version,
    role,
    adminUrl,
  }: { readonly version: string; readonly role: Role; readonly adminUrl: string | null },
) {
  if (role === "poll") return `Mainstem ${version} is polling with ${config}.\n`;
  return [
    `Mainstem ${version} is running with ${config}.`,
    `  Subscribe in a feed reader:  ${url}/atom.xml`,
    `  Read in a browser:           ${url}/`,
    `  How the sources are doing:   ${adminUrl ?? url}/status`,
    "",
  ].join("\n");
}

/** A start may wait for a store or a server; who stops it does not. @throws the signal's reason when aborted first */
async function unlessAborted(starting: Promise<App>, signal: AbortSignal): Promise<App> {
  const aborted = untilAborted(signal).then(() => null);
  const app = await Promise.race([starting, aborted]);
  if (app !== null) return app;
  starting.then(
    (late) => late[Symbol.asyncDispose](),
    () => {},
  );
  throw signal.reason;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** The log of a command: as the environment asks, `info` by default. */
export async function createCommandLog(
  level: string | null,
  { stderr }: CliContext,
  {
    fallback = "info",
    print = (text) => void stderr.write(text),
  }: {
    readonly fallback?: string;
    /** Where lines for a terminal go. */
    readonly print?: (text: string) => void;
  } = {},
) {
  const known = logLevels.find((name) => name === level?.toLowerCase());
  const log = createLog({
    level: known ?? fallback,
    terminal: stderr.isTTY === true ? await terminalLines(print) : null,
    scrub: scrubText,
  });
  if (level !== null && known === undefined)
    log.warn(`MAINSTEM_LOG_LEVEL: expected one of ${logLevels.join(", ")}`);
  return log;
}
