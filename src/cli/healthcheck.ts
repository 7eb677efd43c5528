import { type ConfigOption, configFlag, openConfig, print } from "./context.ts";
import type { CommandTable } from "./program.ts";

const timeoutMs = 5000;

/** `mainstem healthcheck`: asks the running daemon's `/readyz`; for Docker's HEALTHCHECK in an image without curl. */
export function addHealthcheckCommand({ program, context, action }: CommandTable): void {
  program
    .command("healthcheck")
    .description("ask the running daemon whether it is ready (exit 0) or not (exit 1)")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem healthcheck && echo ready")
    .action(
      action(async (options: ConfigOption) => {
        const { host, port } = (await openConfig(options, context)).listen;
        const url = `http://${reachableHost(host)}:${port}/readyz`;
        try {
          const answer = await fetch(url, {
            signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]),
          });
          const body = await answer.text();
          await print(context, answer.ok ? "ready" : `not ready: ${answer.status} ${body.trim()}`);
          return answer.ok ? 0 : 1;
        } catch (error) {
          const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
          await print(
            context,
            `not ready: no answer from ${url} (${cause instanceof Error ? cause.message : String(cause)}); mainstem run starts the daemon`,
          );
          return 1;
        }
      }),
    );
}

/** Where a daemon that listens on every interface answers on this machine. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
