/**
 * Loaded into a daemon by `--import`: says at its end how long the event loop was held since it listens, as there is nobody to wait before.
 * Of the main thread: others load it, too.
 */
import { subscribe } from "node:diagnostics_channel";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
subscribe("tracing:net.server.listen:asyncEnd", () => delay.reset());
const ms = (ns: number) => Math.max(0, ns / 1e6 - 5);
process.on("exit", () => {
  if (!isMainThread) return;
  const p99 = ms(delay.percentile(99)).toFixed(1);
  const max = ms(delay.max).toFixed(1);
  const rss = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stderr.write(
    `loop-delay ${JSON.stringify({ p50: ms(delay.percentile(50)).toFixed(1), p99, max, rss })}\n`,
  );
});
