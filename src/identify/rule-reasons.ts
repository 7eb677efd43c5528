import { keyRules } from "./canonical-url.ts";
import { hostAliases } from "./host-aliases.ts";
import { parameterRules } from "./tracking-parameters.ts";
import { allWrappers } from "./wrappers.ts";

const reasons: ReadonlyMap<string, string> = new Map([
  ...keyRules.map(({ name, reason }) => [`key:${name}`, reason] as const),
  ...hostAliases.map(({ name, reason }) => [`host:${name}`, reason] as const),
  ...parameterRules.map(({ name, reason }) => [`parameter:${name}`, reason] as const),
  ...allWrappers.map(({ name, reason }) => [`unwrap:${name}`, reason] as const),
  ["key:opaque", "only the network can tell where it leads; until then it is compared as it stands"],
  ["resolve:network", "the network told where it leads"],
  ["key", "the original URL as a string for comparing"],
  ["parse", "written as the WHATWG URL standard writes it"],
  ["operator", "a rule of your own"],
  ["amp-suffix", "the AMP form of the same page"],
  ["session-path", "a session's id within the path"],
  ["fragment-tracker", "the fragment says only where the reader came from"],
]);

/** Why the rule of a step acts, in a few words; empty where its name says all. */
export function reasonOf(rule: string): string {
  return reasons.get(rule) ?? (rule.startsWith("repair:") ? "damage that feeds do to links" : "");
}
