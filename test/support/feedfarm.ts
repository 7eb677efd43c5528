/** The farm of `../shared/tools/feedfarm.mjs`, a process that plays many publishers on loopback and knows what it told; its head says how. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const FARM_NAME = "../shared/tools/feedfarm.mjs";
const FARM = resolve(import.meta.dirname, "../..", FARM_NAME);

/** What the farm wraps its links in is nothing that the world knows: rules of the operator's (`identity.rules`). */
export const FARM_RULES = "rules: [{ hosts: '*', path: ^/out$, unwrap: url }]\n";

/** The options of `feedfarm.mjs`, without their dashes; `feeds`, `hosts` and `port` are always named. */
export interface FarmOptions {
  readonly feeds: number;
  readonly hosts: number;
  readonly port: number;
  readonly [option: string]: string | number;
}

/** What the farm has told its clients so far. */
export interface FarmTruth {
  readonly entries: { readonly exposed: number };
  /** Different stories among the entries, by how well links are seen through. */
  readonly distinctIf: { readonly fullyCanonicalised: number; readonly rawLinks: number };
  readonly requests: { readonly requests: number };
  readonly politeness: { readonly maxInFlightPerHost: number };
  readonly neverFetched: number;
}

export interface Feedfarm extends AsyncDisposable {
  /** Its clock moves on: a share of the feeds publishes. */
  tick(): Promise<void>;
  /** Its feeds in the form of that file name's end, as our config takes them for `yaml`; the first `count` where that is given. */
  sources(form: "yaml" | "json" | "sfeedrc", count?: number): Promise<string>;
  truth(): Promise<FarmTruth>;
}

/** The farm's file, and whether it is there: it comes beside the project, not with it. */
export const feedfarmFile = { name: FARM_NAME, isThere: existsSync(FARM) };

/** Starts a farm and waits until all its documents are made. @throws Error when it ends before */
export async function startFeedfarm(options: FarmOptions): Promise<Feedfarm> {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [FARM, ...flags, "--warm", "--quiet"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${options.port}${path}`)).text();
  for (;;) {
    if (hasEnded(child)) throw new Error(`feedfarm.mjs has ended (${child.exitCode ?? child.signalCode})`);
    try {
      await ask("/_config");
      break;
    } catch {
      await sleep(50);
    }
  }
  return {
    tick: async () => void (await ask("/_tick")),
    sources: async (form, count = options.feeds) => {
      const sources = await ask(`/_sources.${form}?count=${count}`);
      // What it calls `title` is `name` here, and nobody needs it.
      return form === "yaml" ? sources.replace(/^ {4}title:.*\n/gm, "") : sources;
    },
    truth: async (): Promise<FarmTruth> => JSON.parse(await ask("/_truth")),
    async [Symbol.asyncDispose]() {
      if (hasEnded(child)) return;
      const closed = once(child, "close");
      child.kill();
      await closed;
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
