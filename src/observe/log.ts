/** The only door to pino. Logs go to stderr: pretty for a person on a terminal, one JSON line an event otherwise. */
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import { MainstemError } from "../errors.ts";

export type Log = Logger;

export interface LogOptions {
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  readonly level: string;
  readonly isTerminal: boolean;
  /** Takes credentials out of any text that holds a URL. */
  readonly scrub: (text: string) => string;
}

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Makes the process's logger. Every `url`, every message and every error is scrubbed of credentials on its way out. */
export function createLog({ level, isTerminal, scrub }: LogOptions): Log {
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
  if (!isTerminal) return pino(options, pino.destination({ fd: 2, sync: true }));
  const stream = pretty({
    destination: 2,
    sync: true,
    ignore: "pid,hostname",
    translateTime: "SYS:HH:MM:ss",
    singleLine: true,
  });
  return pino(options, stream);
}

/** An error by allow-list: nothing that a library hung onto it (headers, options) reaches the log. */
function describeError(error: unknown, scrub: (text: string) => string): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: scrub(String(error)) };
  if (error instanceof MainstemError) return { code: error.code, message: scrub(error.message) };
  return { name: error.name, message: scrub(error.message), stack: scrub(error.stack ?? "") };
}
