#!/usr/bin/env node
/** argv, signals -> AbortSignal, exit code. The only file whose import does something. */
import { readFileSync } from "node:fs";

const { version, engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
// Before anything is loaded that an older Node cannot even read.
const needed = Number.parseInt(engines.node.replace(/^\D+/, ""), 10);
if (Number.parseInt(process.versions.node, 10) < needed) {
  process.stderr.write(
    `mainstem: Node ${needed} or newer is needed, this is ${process.versions.node} (https://nodejs.org/en/download has it)\n`,
  );
  process.exit(2);
}
// The second start takes half the time of the first.
const { keepCompiledCode } = await import("./compile-cache.ts");
keepCompiledCode();
const { runCli } = await import("./cli/program.ts");
const { systemClock } = await import("./clock.ts");

const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // A second signal means now.
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort(new Error(`stopped by ${name}`));
  });
}
// A reader that closed its end (`mainstem explain … | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  clock: systemClock,
  signal: stopping.signal,
  version,
  onHangup: (listener) => void process.on("SIGHUP", listener),
});
// What was stopped and still hangs (a store that does not answer, say) must not keep the process.
if (stopping.signal.aborted) process.exit(exitCode);
process.exitCode = exitCode;
