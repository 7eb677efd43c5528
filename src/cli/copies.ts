import type { CopyEvidence, CopyGroup } from "../model.ts";
import type { CliContext } from "./context.ts";
import { renderTable, shorten, terminalText } from "./table.ts";

/** A group of syndicated copies for scripts; `share` is the part of the shorter text that is shared, 0 to 1. */
export function copiesToJson(group: CopyGroup | null): readonly object[] {
  return (group?.members ?? []).map(({ story, evidence }) => ({
    id: story.publishedId,
    original_url: story.sightings[0]?.originalUrl ?? null,
    title: story.sightings[0]?.entry.title ?? null,
    printed_by: story.sightings[0]?.sourceName ?? null,
    published: story.publishedAt,
    first_seen: story.firstSeenAt,
    evidence: evidence && {
      rule: evidence.rule,
      share: Number(evidence.share.toFixed(3)),
      shared: evidence.shared,
      agency: evidence.agency,
      since: evidence.foundAt,
    },
  }));
}

/** The same for people: who printed the report, and why these are held to be copies. */
export function describeCopies(group: CopyGroup, stdout: CliContext["stdout"]): string {
  const rows = group.members.map(({ story, evidence }) => [
    evidence === null ? "*" : "",
    story.sightings[0]?.sourceName ?? "",
    shorten(story.sightings[0]?.entry.title ?? "", 50),
    story.sightings[0]?.originalUrl ?? story.publishedId,
    evidence === null ? "stored first" : reasonOf(evidence),
    minute(story.publishedAt),
  ]);
  return renderTable(["", "printed by", "title", "original URL", "why", "published (UTC)"], rows, stdout);
}

function reasonOf({ rule, share, shared, agency }: CopyEvidence): string {
  const by = agency === null ? "" : `, ${terminalText(agency)}`;
  if (rule === "title") return `the same headline, little text${by}`;
  const support = rule === "text" ? "" : `, and the ${rule.replace("text and ", "")} agrees`;
  return `${Math.round(share * 100)} % of the shorter text (${shared} runs of words)${support}${by}`;
}

function minute(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}
