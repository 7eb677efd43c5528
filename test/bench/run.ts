/** `npm run bench`: every benchmark of this folder, one after the other, each in a process of its own. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";

const folder = import.meta.dirname;
const wanted = process.argv.slice(2);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".ts") && name !== "run.ts" && !name.startsWith("support-"))
  .map((name) => basename(name, ".ts"))
  .filter((name) => wanted.length === 0 || wanted.includes(name));

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}\n`);
let failed = 0;
for (const name of names) {
  console.log(`== ${name}`);
  const { status } = spawnSync(process.execPath, ["--expose-gc", join(folder, `${name}.ts`)], {
    stdio: "inherit",
  });
  if (status !== 0) failed++;
  console.log("");
}
process.exitCode = failed > 0 ? 1 : 0;
