/** The daemon as a real process: started, asked, stopped and killed as an operator would. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const main = resolve("src/main.ts");

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** A command that starts the daemon instead of us: its arguments come before those of node. */
  readonly wrapper?: readonly string[];
}

function start(
  args: readonly string[],
  { cwd, env = {}, wrapper = [] }: CommandOptions,
): ChildProcessByStdio<null, Readable, Readable> {
  const [command = process.execPath, ...rest] = [...wrapper, process.execPath, main, ...args];
  return spawn(command, rest, {
    cwd: cwd ?? process.cwd(),
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs one command to its end. */
export async function runCommand(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [command = process.execPath, ...rest] = [...(options.wrapper ?? []), process.execPath, main, ...args];
  const child = spawn(command, rest, {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, NODE_OPTIONS: "", ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(options.input ?? "");
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export interface DaemonOptions extends CommandOptions {
  readonly port?: number;
  readonly args?: readonly string[];
}

export class Daemon implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = "";
  #stderr = "";

  private constructor(url: string, child: ChildProcessByStdio<null, Readable, Readable>) {
    this.url = url;
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text) => (this.#stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (this.#stderr += text));
  }

  /** Starts a daemon on a port of its own and waits until `/readyz` says yes. */
  static async start(config: string, options: DaemonOptions = {}): Promise<Daemon> {
    const daemon = await Daemon.launch(config, options);
    await daemon.waitFor("ready", async () => (await fetch(`${daemon.url}/readyz`)).ok);
    return daemon;
  }

  /** The same without waiting. */
  static async launch(config: string, options: DaemonOptions = {}): Promise<Daemon> {
    const port = options.port ?? (await freePort());
    const env = { ...options.env, MAINSTEM_LISTEN: `127.0.0.1:${port}` };
    const child = start(["run", "--config", config, ...(options.args ?? [])], { ...options, env });
    return new Daemon(`http://127.0.0.1:${port}`, child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything it printed so far. */
  get output(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.#stdout, stderr: this.#stderr };
  }

  async text(path: string): Promise<string> {
    return (await fetch(`${this.url}${path}`)).text();
  }

  /** Asks again and again until it holds; fails with the daemon's own words when it never does. */
  async waitFor(what: string, holds: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      if (await holds().catch(() => false)) return;
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(
          `the daemon ended (${exitCode ?? signalCode}) before it was ${what}\n${this.#stderr}`,
        );
      if (Date.now() > deadline) throw new Error(`never ${what}\n${this.#stdout}\n${this.#stderr}`);
      await sleep(50);
    }
  }

  /** Sends a signal and resolves to the exit code, or the signal's name. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode ?? "";
    const closed = once(this.#child, "close");
    this.#child.kill(signal);
    const [code, name] = await closed;
    return code ?? name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}

/** The entries of an Atom document of ours, by id: enough to compare two states of the combined feed. */
export function entryIds(atom: string): string[] {
  return [...atom.matchAll(/<entry\b[\s\S]*?<id>([^<]*)<\/id>/g)].map((match) => match[1] ?? "");
}

/** Sends bytes as they are and reads all that comes back, until the daemon closes. */
export async function sendRaw(daemon: Daemon, bytes: string): Promise<string> {
  const { hostname, port } = new URL(daemon.url);
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => (answer += text));
  socket.on("error", () => {});
  socket.end(bytes, "latin1");
  await once(socket, "close");
  return answer;
}
