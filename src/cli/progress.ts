import type { CliContext } from "./context.ts";

const barWidth = 30;

/** A progress bar on stderr, on a terminal only. */
export function createProgressBar({ stderr }: Pick<CliContext, "stderr">, what: string) {
  let shown = "";
  return {
    show: ({ done, total }: { readonly done: number; readonly total: number }) => {
      if (!stderr.isTTY) return;
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const filled = Math.round(share * barWidth);
      const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
      const line = `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${done} of ${total} ${what}`;
      if (line === shown) return;
      shown = line;
      stderr.write(`\r\u001b[K${line}`);
    },
    clear: () => {
      if (stderr.isTTY) stderr.write("\r\u001b[K");
    },
  };
}
