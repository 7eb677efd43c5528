import { access, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MainstemError } from "../errors.ts";
import { type ConfigOption, configFile, print } from "./context.ts";
import type { CommandTable } from "./program.ts";

/** Where the package keeps its `config` and `feeds`: two folders above this file, in a checkout as in the build. */
const packageFolder = fileURLToPath(new URL("../../", import.meta.url));

/** `mainstem init`: writes a first config, with samples that need no network. */
export function addInitCommand({ program, context, action }: CommandTable): void {
  program
    .command("init")
    .description("write a first config and sample feeds; overwrites nothing")
    .option("-c, --config <file>", "the config file to write (default: config/mainstem.yaml)")
    .addHelpText(
      "after",
      "\nExample:\n  $ mainstem init && mainstem run\n  $ mainstem init --config mainstem.yaml",
    )
    .action(
      action(async (options: ConfigOption) => {
        const file = configFile(options, context.env);
        const path = resolve(file);
        if (await exists(path)) {
          throw new MainstemError("config/unreadable", `${file} is there already and was left as it is`, {
            hint: "mainstem check looks at it, mainstem run starts with it",
          });
        }
        const folder = dirname(path);
        // Feeds and store stand beside a folder named config; a config elsewhere has them beside itself.
        const base = basename(folder) === "config" ? ".." : ".";
        const feeds = join(folder, base, "feeds");
        await mkdir(folder, { recursive: true });
        await copyMissing(
          join(packageFolder, "config", "mainstem.schema.json"),
          join(folder, "mainstem.schema.json"),
        );
        await copyMissing(join(packageFolder, "feeds"), feeds);
        const sample = await readFile(join(packageFolder, "config", "mainstem.yaml"), "utf8");
        await writeFile(path, sample.replaceAll("../", `${base}/`), { flag: "wx" });
        const option = options.config === undefined ? "" : ` --config ${file}`;
        await print(
          context,
          [
            `${file} is written: every key is explained in it. Samples lie in ${feeds}.`,
            "Next:",
            `  mainstem run${option}                 start; then open http://localhost:8080/`,
            `  mainstem add${option} <page or feed>  follow a site`,
          ].join("\n"),
        );
        return 0;
      }),
    );
}

async function copyMissing(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, force: false, errorOnExist: false });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
