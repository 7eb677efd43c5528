/** What is published where, as the config says. */
import type { Config } from "../config/load.ts";
import { compilePatterns } from "../config/pattern.ts";
import type { OutputDefinition } from "../model.ts";
import type { SiteSettings } from "../serve/river.ts";
import { hubUrlOf } from "./hub.ts";

export function siteSettings({
  outputs,
  title,
  url,
  hub,
  publishDirectory,
  ownerEmail,
  sources,
}: Pick<
  Config,
  "outputs" | "title" | "url" | "hub" | "publishDirectory" | "ownerEmail" | "sources"
>): SiteSettings {
  return {
    hasFiles: publishDirectory !== null,
    outputs,
    title,
    url,
    matchers: new Map(outputs.flatMap(matcherOf)),
    hubUrl: hubUrlOf({ hub, url }),
    ownerEmail,
    listed: new Map(sources.map((source) => [source.id, source])),
  };
}

function matcherOf({ name, include, exclude }: OutputDefinition): [string, (text: string) => boolean][] {
  const isWanted = compilePatterns(include);
  const isUnwanted = compilePatterns(exclude);
  if (!isWanted && !isUnwanted) return [];
  return [[name, (text) => (isWanted?.(text) ?? true) && !isUnwanted?.(text)]];
}
