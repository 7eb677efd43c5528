/** `${NAME}` in config values: from the environment, or from the file that `NAME_FILE` names (Docker and systemd secrets). */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { isSecretName, keepSecret } from "../secrets.ts";
import type { ConfigDocument } from "./document.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every value; `$${` stands for a literal `${`. A name that is nowhere to be
 * found becomes a problem of the document. A value written without quotes that is nothing but a reference may become a
 * number or a boolean.
 */
export async function substituteEnvironment(document: ConfigDocument, env: Environment): Promise<void> {
  await document.mapTexts(async (text, isPlain, fail) => {
    if (!text.includes("${")) return text;
    let result = "";
    let from = 0;
    for (const match of text.matchAll(reference)) {
      result += text.slice(from, match.index);
      from = match.index + match[0].length;
      if (match[0] === "$${") result += "${";
      else if (match[1] === undefined)
        fail("this ${ has no name and closing brace; write $${ for a literal ${");
      else result += (await lookUp(match[1], match[2], env, fail)) ?? "";
    }
    result += text.slice(from);
    return isPlain && /^\$\{[^}]*\}$/.test(text) ? asScalar(result) : result;
  });
}

async function lookUp(
  name: string,
  fallback: string | undefined,
  env: Environment,
  fail: (message: string) => void,
): Promise<string | null> {
  const value = env[name];
  if (value !== undefined && (value !== "" || fallback === undefined)) {
    if (isSecretName(name)) keepSecret(value);
    return value;
  }
  const file = env[`${name}_FILE`];
  if (file) {
    try {
      const secret = (await readFile(file, "utf8")).replace(/\r?\n$/, "");
      keepSecret(secret);
      return secret;
    } catch (error) {
      fail(`${name}_FILE: cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? "unreadable"})`);
      return null;
    }
  }
  if (fallback !== undefined) return fallback;
  fail(`the environment has no ${name}; set it, or ${name}_FILE, or write \${${name}:-default}`);
  return null;
}

function asScalar(text: string): unknown {
  if (!/^(true|false|-?\d{1,15}(\.\d{1,15})?)$/.test(text)) return text;
  return parse(text, { schema: "core", logLevel: "error" });
}
