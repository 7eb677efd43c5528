import { urlOptionsOf } from "../app/url-rules.ts";
import { aliasesForLookup } from "../identify/identify.ts";
import type { Sighting } from "../model.ts";
import { type JoinReason, LONG_REASONS, whyJoined } from "../publish/joined.ts";
import type { StoryDetail } from "../store/store.ts";
import {
  type CliContext,
  type ConfigOption,
  configFlag,
  openConfig,
  openToolStore,
  print,
  rulesOptions,
} from "./context.ts";
import { copiesToJson, describeCopies } from "./copies.ts";
import type { CommandTable } from "./program.ts";
import { renderTable, shorten, terminalText } from "./table.ts";

interface StoryOptions extends ConfigOption {
  readonly json?: boolean;
}

/** `mainstem story`: the stored story that a URL belongs to, everyone who carried it, and why they were joined. */
export function addStoryCommand({ program, context, action }: CommandTable): void {
  program
    .command("story")
    .description("show the story a URL (any alias) belongs to, its sightings, and why they were merged")
    .argument("<url>", "any address or id of the story")
    .option("--json", "one JSON object")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem story https://www.rfc-editor.org/rfc/rfc4287.html")
    .action(
      action(async (url: string, options: StoryOptions) => {
        const config = await openConfig(options, context);
        await using store = await openToolStore(config, context);
        const rules = await urlOptionsOf(config, rulesOptions(context));
        const detail = await store.findStory(aliasesForLookup(url, rules));
        if (detail)
          await print(context, options.json ? JSON.stringify(toJson(detail)) : describe(detail, context));
        else if (options.json) await print(context, "null");
        else {
          const hint =
            (await store.counts()).sightings === 0
              ? "the store is empty: mainstem run or mainstem once fills it"
              : "expected an address or id as a source gave it; mainstem explain <url> shows what is looked for";
          context.stderr.write(`mainstem: no story is known under ${terminalText(url)} (${hint})\n`);
        }
        return detail ? 0 : 1;
      }),
    );
}

function toJson({ story, aliases, forwardedIds, overrides, copies }: StoryDetail): object {
  return {
    id: story.publishedId,
    original_url: story.sightings[0]?.originalUrl ?? null,
    title: story.sightings[0]?.entry.title ?? null,
    published: story.publishedAt,
    updated: story.updatedAt,
    first_seen: story.firstSeenAt,
    sightings: story.sightings.map((sighting) => ({
      source: sighting.sourceName,
      source_id: sighting.sourceId,
      guid: sighting.entry.guid,
      url: sighting.entry.url,
      original_url: sighting.originalUrl,
      title: sighting.entry.title,
      first_seen: sighting.firstSeenAt,
    })),
    aliases: aliases.map(({ key, kind, rule, evidence, sourceId, createdAt }) => ({
      key,
      kind,
      rule,
      evidence,
      source_id: sourceId,
      since: createdAt,
    })),
    forwarded_ids: forwardedIds,
    overrides,
    copies: copiesToJson(copies),
  };
}

function describe(detail: StoryDetail, { stdout }: CliContext): string {
  const { story, aliases, forwardedIds, overrides, copies } = detail;
  const [winner] = story.sightings;
  const names = new Map(story.sightings.map((sighting) => [sighting.sourceId, sighting.sourceName]));
  const sightings = story.sightings.map((sighting, index) => [
    index === 0 ? "*" : "",
    sighting.sourceName,
    shorten(sighting.entry.title, 50),
    sighting.entry.url ?? "",
    minute(sighting.firstSeenAt),
  ]);
  const reasons = story.sightings
    .filter((sighting) => sighting !== winner)
    .map((sighting) => `  ${terminalText(sighting.sourceName)}: ${LONG_REASONS[reasonOf(sighting, detail)]}`);
  // One link gives a key for each of two days: the same line to a person.
  const evidence = new Map(
    aliases.map((alias) => {
      const row = [
        alias.rule,
        alias.sourceId ? (names.get(alias.sourceId) ?? alias.sourceId) : "operator",
        shorten(alias.evidence, 90),
        minute(alias.createdAt),
      ];
      return [row.join("\n"), row] as const;
    }),
  );
  const isChanged = story.updatedAt > story.publishedAt;
  const lines = [
    terminalText(winner?.entry.title ?? ""),
    `original URL  ${winner?.originalUrl ?? "none"}`,
    `id            ${story.publishedId}`,
    `published     ${minute(story.publishedAt)} UTC${isChanged ? `, changed ${minute(story.updatedAt)} UTC` : ""}`,
    "",
    renderTable(["", "carried by", "title", "as", "first seen (UTC)"], sightings, stdout),
    ...(reasons.length > 0 ? ["", "Why they are one story:", ...reasons] : []),
    "",
    "It is known by (docs/identity.md explains the rules):",
    renderTable(["rule", "source", "from", "since (UTC)"], [...evidence.values()], stdout),
  ];
  if (forwardedIds.length > 0) lines.push("", `merged into it: ${forwardedIds.map(terminalText).join(", ")}`);
  if (copies !== null)
    lines.push("", "The same report, as other sources print it:", describeCopies(copies, stdout));
  for (const override of overrides) lines.push(`operator: ${terminalText(override)}`);
  return lines.join("\n");
}

/** An operator's merge leaves nothing in the entries themselves. */
function reasonOf(sighting: Sighting, { story, overrides }: StoryDetail): JoinReason {
  const reason = whyJoined(sighting, story.sightings);
  return reason === "former" && overrides.length > 0 ? "operator" : reason;
}

function minute(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}
