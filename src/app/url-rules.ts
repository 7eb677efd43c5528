import { readFile } from "node:fs/promises";
import type { Config } from "../config/load.ts";
import { MainstemError } from "../errors.ts";
import { parseUrlRules, type UrlRules } from "../identify/rules-file.ts";

/**
 * The operator's own URL rules, or null where the config names none.
 * @throws MainstemError `config/unreadable`, `config/invalid`
 */
export async function loadUrlRules({ identity }: Pick<Config, "identity">): Promise<UrlRules | null> {
  const { rulesFile } = identity;
  if (rulesFile === null) return null;
  let text: string;
  try {
    text = await readFile(rulesFile, "utf8");
  } catch (error) {
    throw new MainstemError(
      "config/unreadable",
      `cannot read the URL rules ${rulesFile}: ${(error as Error).message}`,
      {
        cause: error,
        hint: "identity.rules names a file relative to the config",
      },
    );
  }
  return parseUrlRules(text, rulesFile);
}
