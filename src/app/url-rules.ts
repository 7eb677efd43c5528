/** The operator's own URL rules: read from a file, or fetched at a start and kept beside the store. */
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { Config } from "../config/load.ts";
import { MainstemError } from "../errors.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import type { UrlOptions } from "../identify/original-url.ts";
import { parseUrlRules, type UrlRules } from "../identify/rules-file.ts";
import type { Clock } from "../model.ts";
import { createSourceHttpClient } from "./http-client.ts";

export interface RulesOptions {
  readonly clock: Clock;
  readonly version: string;
  /** Ends the fetch; the copy of last time is taken then. */
  readonly signal: AbortSignal;
  readonly onWarning: (message: string) => void;
}

const rulesBytesMax = 8 * 2 ** 20;

/**
 * The operator's own URL rules, or null where the config names none. Rules from a URL are fetched anew at each start; where that
 * fails, the copy of last time serves, so that a start does not depend on somebody else's server.
 * @throws MainstemError `config/unreadable`, `config/invalid`
 */
export async function loadUrlRules(
  { identity, store }: Pick<Config, "identity" | "store">,
  options: RulesOptions,
): Promise<UrlRules | null> {
  const { rules } = identity;
  if (rules === null) return null;
  if (!/^https?:/i.test(rules)) return parseUrlRules(await readRules(rules), rules);
  const name = scrubUrl(rules);
  const copy = copyFile(rules, store);
  let text: string;
  try {
    text = await fetchRules(rules, { ...options, isPrivateAllowed: identity.isPrivateAllowed });
  } catch (error) {
    const kept = await readFile(copy, "utf8").catch(() => null);
    const reason = error instanceof Error ? error.message.replace(/[.\s]+$/, "") : String(error);
    if (kept === null)
      throw new MainstemError("config/unreadable", `cannot fetch the URL rules ${name}: ${reason}`, {
        cause: error,
        hint: "there is no copy of an earlier start; download them and name the file in identity.rules",
      });
    options.onWarning(`URL rules ${name}: ${reason}; the copy of an earlier start is used`);
    return parseUrlRules(kept, name);
  }
  const parsed = parseUrlRules(text, name);
  // A tool may run where it cannot write; the daemon's start keeps the copy.
  await writeFileAtomic(copy, text, { mode: 0o600 }).catch(() => {});
  return parsed;
}

/** What a URL is identified by under this config. @throws as `loadUrlRules` */
export async function urlOptionsOf(
  config: Pick<Config, "identity" | "store">,
  options: RulesOptions,
): Promise<UrlOptions> {
  const rules = await loadUrlRules(config, options);
  return rules === null ? {} : { rules };
}

async function readRules(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new MainstemError(
      "config/unreadable",
      `cannot read the URL rules ${file}: ${(error as Error).message}`,
      {
        cause: error,
        hint: "identity.rules names a file relative to the config, or an http(s) URL",
      },
    );
  }
}

async function fetchRules(
  url: string,
  {
    clock,
    version,
    signal,
    isPrivateAllowed,
  }: Omit<RulesOptions, "onWarning"> & { readonly isPrivateAllowed: boolean },
): Promise<string> {
  const limits = { timeoutMs: 10_000, bodyBytes: rulesBytesMax, redirects: 5, perHost: 1 };
  await using http = createSourceHttpClient({ contact: null, version, clock, limits });
  const validators = { etag: null, lastModified: null };
  const answer = await http.fetch({ url, validators, headers: {}, isPrivateAllowed }, signal);
  if (answer.kind !== "document") throw new Error("the server sent no document");
  return new TextDecoder().decode(answer.bytes);
}

/** Beside the store's file, else with the temporary ones; under a name of its own for each URL. */
function copyFile(url: string, store: Config["store"]): string {
  const digest = hash("sha256", url).slice(0, 16);
  return join(store.engine === "sqlite" ? dirname(store.file) : tmpdir(), `url-rules-${digest}.txt`);
}
