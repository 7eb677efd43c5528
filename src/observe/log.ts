/** The only door to pino. Logs go to stderr: pretty for a person on a terminal, one JSON line an event otherwise. */
import { type Logger, pino } from "pino";
import { MainstemError } from "../errors.ts";

export type Log = Logger;

export interface LogOptions {
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  readonly level: string;
  /** Takes the lines instead of stderr, see `terminalLines`; null: JSON lines go to stderr. */
  readonly terminal: ((line: string) => void) | null;
  /** Takes credentials out of any text that holds a URL. */
  readonly scrub: (text: string) => string;
}

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Makes the process's logger. Every `url`, every message and every error is scrubbed of credentials on its way out. */
export function createLog({ level, terminal, scrub }: LogOptions): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: {
      err: (error: unknown) => describeError(error, scrub),
      url: (url: unknown) => scrub(String(url)),
    },
    hooks: {
      logMethod(this: Logger, args: Parameters<Logger["info"]>, method: Logger["info"]) {
        method.apply(this, args.map((arg) => (typeof arg === "string" ? scrub(arg) : arg)) as typeof args);
      },
    },
  };
  if (terminal === null) return pino(options, pino.destination({ fd: 2, sync: true }));
  return pino(options, { write: terminal });
}

/** For a person at a terminal: what makes a log's lines readable and prints them. Loaded only where there is a terminal. */
export async function terminalLines(print: (text: string) => void): Promise<(line: string) => void> {
  const { prettyFactory } = await import("pino-pretty");
  const toText = prettyFactory({
    // The words of a line say all that a person wants of these.
    ignore: "pid,hostname,feed,url,bytes,items_new,items_updated,stories_new,stories_joined,failures,next_at",
    translateTime: "SYS:HH:MM:ss",
    singleLine: true,
  });
  return (line) => print(String(toText(line)));
}

/** An error by allow-list: nothing that a library hung onto it (headers, options) reaches the log. */
function describeError(error: unknown, scrub: (text: string) => string): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: scrub(String(error)) };
  if (error instanceof MainstemError) return { code: error.code, message: scrub(error.message) };
  return { name: error.name, message: scrub(error.message), stack: scrub(error.stack ?? "") };
}
