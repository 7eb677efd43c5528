/** `npm run bench`: every benchmark of this folder, one after the other, each in a process of its own; then the table of all. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { tableOf } from "./support-rows.ts";

const folder = import.meta.dirname;
const wanted = process.argv.slice(2);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".ts") && name !== "run.ts" && !name.startsWith("support-"))
  .map((name) => basename(name, ".ts"))
  .filter((name) => wanted.length === 0 || wanted.includes(name));

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}\n`);
const rows = join(mkdtempSync(join(tmpdir(), "mainstem-bench-")), "rows");
writeFileSync(rows, "");
let failed = 0;
for (const name of names) {
  console.log(`== ${name}`);
  const { status } = spawnSync(process.execPath, ["--expose-gc", join(folder, `${name}.ts`)], {
    stdio: "inherit",
    env: { ...process.env, BENCH_ROWS: rows },
  });
  if (status !== 0) failed++;
  console.log("");
}
console.log(tableOf(rows));
rmSync(dirname(rows), { recursive: true });
process.exitCode = failed > 0 ? 1 : 0;
