import { RE2JS } from "re2js";
import { parse } from "yaml";
import * as z from "zod";
import { MainstemError } from "../errors.ts";
import { isUnder } from "./host-facts.ts";
import type { OperatorRule, UrlRules } from "./url-rules.ts";
import { findTargetParameter, readTarget } from "./wrapper-targets.ts";

export type { UrlRules } from "./url-rules.ts";

const names = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === "string" ? [value] : value));

/** Our own format: a list of rules, each for some hosts and perhaps some paths. */
const ownFormat = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        hosts: names.describe("host names with their subdomains; `*` is every host"),
        path: z.string().optional().describe("RE2 expression that the path must contain"),
        drop: names.default([]).describe("parameters that are decoration; a trailing `*` is a prefix"),
        keep: names.default([]).describe("parameters that no rule may drop"),
        unwrap: names.default([]).describe("parameters that hold the target of a wrapper"),
      }),
    )
    .max(10_000),
});

/** ClearURLs' `data.min.json`, as documented in its wiki ("Rules"). Read as data; nothing of it is part of Mainstem. */
const clearUrlsFormat = z.object({
  providers: z.record(
    z.string(),
    z.object({
      urlPattern: z.string(),
      completeProvider: z.boolean().default(false),
      rules: z.array(z.string()).default([]),
      rawRules: z.array(z.string()).default([]),
      referralMarketing: z.array(z.string()).default([]),
      exceptions: z.array(z.string()).default([]),
      redirections: z.array(z.string()).default([]),
    }),
  ),
});

/**
 * Reads an operator's rules: our own format (YAML or JSON, `rules:`) or ClearURLs' (`providers:`). Expressions are RE2, so that
 * no rule can make a URL expensive.
 * @throws MainstemError `config/invalid` that names the file and what is wrong in it.
 */
export function parseUrlRules(text: string, fileName: string): UrlRules {
  let data: unknown;
  try {
    data = parse(text, { maxAliasCount: 0, logLevel: "error" });
  } catch (cause) {
    throw new MainstemError(
      "config/invalid",
      `${fileName}: ${cause instanceof Error ? firstLine(cause.message) : "unreadable"}`,
      { cause },
    );
  }
  const isClearUrls = typeof data === "object" && data !== null && Object.hasOwn(data, "providers");
  return {
    rules: isClearUrls
      ? readClearUrls(check(clearUrlsFormat, data, fileName), fileName)
      : readOwn(check(ownFormat, data, fileName), fileName),
  };
}

function check<T>(schema: z.ZodType<T>, data: unknown, fileName: string): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const problems = result.error.issues
    .slice(0, 10)
    .map((issue) => `${fileName}: ${issue.path.join(".") || "(root)"}: ${issue.message}`);
  throw new MainstemError("config/invalid", problems.join("\n"), {
    hint: "a rules file is `rules: [{hosts, path?, drop?, keep?, unwrap?}]`, or ClearURLs' JSON",
  });
}

type OwnRules = z.output<typeof ownFormat>["rules"];

function readOwn(file: { readonly rules: OwnRules }, fileName: string): readonly OperatorRule[] {
  return file.rules.map((rule, index): OperatorRule => {
    const hosts = rule.hosts.map((host) => host.toLowerCase().replace(/^\*\./, ""));
    const path =
      rule.path === undefined ? null : compile(rule.path, { fileName, place: `rules.${index}.path` });
    const targets = rule.unwrap.map((name) => name.toLowerCase());
    return {
      name: `${fileName}#${index + 1}`,
      matches: (_url, parts) =>
        hosts.some((host) => host === "*" || isUnder(parts.host, host)) &&
        (path === null || path.test(parts.path)),
      drops: matchNames(rule.drop),
      keeps: matchNames(rule.keep),
      unwrap(_url, parts) {
        for (const name of targets) {
          const found = findTargetParameter(parts, name);
          const target = found === null ? null : readTarget(found, parts);
          if (target !== null) return target;
        }
        return null;
      },
      rewrite: (url) => url,
    };
  });
}

function readClearUrls(file: z.output<typeof clearUrlsFormat>, fileName: string): readonly OperatorRule[] {
  const read: OperatorRule[] = [];
  for (const [name, provider] of Object.entries(file.providers)) {
    // `completeProvider` blocks a site as a whole: nothing that a feed aggregator could want.
    if (provider.completeProvider) continue;
    const place = (part: string) => ({ fileName, place: `providers.${name}.${part}` });
    const pattern = compile(provider.urlPattern, place("urlPattern"));
    const exceptions = provider.exceptions.map((text) => compile(text, place("exceptions")));
    const parameters = provider.rules.map((text) => compile(`^(?:${text})$`, place("rules")));
    const raw = provider.rawRules.map((text) => compile(text, place("rawRules")));
    const redirections = provider.redirections.map((text) => compile(text, place("redirections")));
    read.push({
      name: `${fileName}#${name}`,
      matches: (url) => pattern.test(url) && !exceptions.some((exception) => exception.test(url)),
      drops: (parameter) => parameters.some((rule) => rule.test(parameter)),
      keeps: () => false,
      unwrap(url) {
        for (const redirection of redirections) {
          const matcher = redirection.matcher(url);
          const found = matcher.find() ? matcher.group(1) : null;
          const target = typeof found === "string" ? readTarget(decodeURIComponentOr(found)) : null;
          if (target !== null) return target;
        }
        return null;
      },
      rewrite: (url) => raw.reduce((text, rule) => rule.matcher(text).replaceAll(""), url),
    });
  }
  return read;
}

function compile(expression: string, where: { readonly fileName: string; readonly place: string }): RE2JS {
  try {
    return RE2JS.compile(expression, RE2JS.CASE_INSENSITIVE);
  } catch (cause) {
    throw new MainstemError(
      "config/invalid",
      `${where.fileName}: ${where.place}: ${cause instanceof Error ? firstLine(cause.message) : "bad expression"}`,
      {
        cause,
        hint: "expressions are RE2: no look-around and no back-references",
      },
    );
  }
}

/** Exact names, and prefixes that end in `*`. */
function matchNames(list: readonly string[]): (parameter: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const entry of list) {
    const name = entry.toLowerCase();
    if (name.endsWith("*")) prefixes.push(name.slice(0, -1));
    else exact.add(name);
  }
  return (parameter) => exact.has(parameter) || prefixes.some((prefix) => parameter.startsWith(prefix));
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
