import type { HostAlias } from "./host-alias.ts";
import { hostAliases } from "./host-aliases.ts";
import { factsOfHost, type HostFacts } from "./host-facts.ts";
import { hostParameters } from "./host-parameters.ts";
import { HostTable } from "./host-table.ts";
import { shortenerHosts } from "./opaque.ts";
import type { Wrapper } from "./wrapper.ts";
import { hostWrappers } from "./wrappers.ts";

/** All rules that are for one host. */
export interface HostPlan {
  readonly facts: HostFacts;
  readonly aliases: readonly HostAlias[];
  readonly wrappers: readonly Wrapper[];
  /** Parameters that are decoration there, in lower case. */
  readonly parameters: ReadonlySet<string>;
  readonly isShortener: boolean;
}

const aliasTable = new HostTable<HostAlias>();
for (const alias of hostAliases) aliasTable.add(alias.hosts, alias);
const wrapperTable = new HostTable<Wrapper>();
for (const wrapper of hostWrappers) wrapperTable.add(wrapper.hosts, wrapper);
const parameterTable = new HostTable<readonly string[]>();
for (const { hosts, names } of hostParameters) parameterTable.add(hosts, names);
const shortenerTable = new HostTable<true>();
shortenerTable.add(shortenerHosts, true);

/** Feeds repeat few hosts: a small memory saves most of the look-ups. Emptied when full, so that it stays small. */
const remembered = new Map<string, HostPlan>();
const rememberedMax = 4_096;
const noNames: ReadonlySet<string> = new Set();

/** @param host lower case, punycode */
export function planOfHost(host: string): HostPlan {
  const known = remembered.get(host);
  if (known !== undefined) return known;
  const facts = factsOfHost(host);
  const names = parameterTable.find(facts);
  const plan: HostPlan = {
    facts,
    aliases: aliasTable.find(facts),
    wrappers: wrapperTable.find(facts),
    parameters: names.length === 0 ? noNames : new Set(names.flat()),
    isShortener: shortenerTable.find(facts).length > 0,
  };
  if (remembered.size >= rememberedMax) remembered.clear();
  remembered.set(host, plan);
  return plan;
}
