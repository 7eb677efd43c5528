/**
 * Stories that print one report, as an output shows them: once. The group's entry has the id, the date and the place of the
 * story that was there first, so that a copy that joins makes nothing new; what is shown is the best copy's. Pure.
 */
import type { CopyEvidence, CopyGroup, Sighting, Story, SyndicationMode } from "../model.ts";
import { agencyOfUrl } from "../syndicate/agencies.ts";
import { pageOf } from "./carriers.ts";
import { cleanLine, cleanUrl } from "./clean.ts";
import type { PublishedCopy } from "./combine.ts";

const COPIES_MAX = 100;
const NAME_LENGTH_MAX = 200;
const TITLE_LENGTH_MAX = 500;

/** A story that stands in an output for its group. */
export interface GroupEntry {
  /** With the first one's id, dates and place, and the sightings that are told as its carriers, the winner first. */
  readonly story: Story;
  readonly winner: Sighting;
  /** The other copies, best first; none when they are told as carriers. */
  readonly copies: readonly { readonly story: Story; readonly sighting: Sighting }[];
  /** When the last of them was found. */
  readonly changedAt: Date;
}

/** A member of a group that an output shows, with the copy that it would show of it. */
interface Shown {
  readonly story: Story;
  readonly sighting: Sighting;
  readonly evidence: CopyEvidence | null;
}

export interface GroupOptions {
  readonly mode: SyndicationMode;
  /** The copy that the output shows of a story, or null when the story is none of the output's. */
  readonly winnerOf: (story: Story) => Sighting | null;
}

/** The group's entry, in the place of one of its stories; null where fewer than two of them are shown. */
export function toGroupEntry(story: Story, group: CopyGroup, options: GroupOptions): GroupEntry | null {
  const shown = listShown(group, options);
  const [first] = shown;
  if (first === undefined || shown.length < 2) return null;
  if (!shown.some((member) => member.story.number === story.number)) return null;
  const ranked = shown.toSorted((a, b) => compareCopies(a, b, first));
  const [best = first, ...others] = ranked;
  const foundAt = new Date(Math.max(...shown.map(({ evidence }) => evidence?.foundAt.getTime() ?? 0)));
  // When another copy took the first one's place, readers see another text since it was found.
  const changes = [first.story.updatedAt, best.story.updatedAt, ...(best === first ? [] : [foundAt])];
  const isMerged = options.mode === "merge";
  return {
    story: {
      ...first.story,
      // The place is that of the story that was asked for: the first one, unless a search found only others.
      orderedAt: story.orderedAt,
      updatedAt: new Date(Math.max(...changes.map((date) => date.getTime()))),
      sightings: isMerged ? ranked.flatMap((member) => member.story.sightings) : best.story.sightings,
    },
    winner: best.sighting,
    copies: isMerged ? [] : others,
    changedAt: foundAt,
  };
}

/** Numbers of the members that an output shows in one entry, the one that stands for the group first. */
export function listMembers(group: CopyGroup, options: GroupOptions): readonly number[] {
  return options.mode === "off" ? [] : listShown(group, options).map(({ story }) => story.number);
}

/** The members that an output shows, the oldest first. Titles alone make links, never one story. */
function listShown(group: CopyGroup, { mode, winnerOf }: GroupOptions): readonly Shown[] {
  return group.members
    .filter(({ evidence }) => mode === "link" || evidence?.rule !== "title")
    .flatMap(({ story, evidence }) => {
      const sighting = winnerOf(story);
      return sighting === null ? [] : [{ story, sighting, evidence }];
    })
    .sort((a, b) => a.story.number - b.story.number);
}

/**
 * The agency's own page, then as copies of one story: priority, the publisher's own host, the fullest, the earliest. A fuller
 * text counts only under the headline of the first one: what a paper added of its own makes its copy no better.
 */
function compareCopies(a: Shown, b: Shown, first: Shown): number {
  const fullness = ({ sighting }: Shown) =>
    titleKey(sighting) === titleKey(first.sighting) ? sighting.completeness : -1;
  return (
    Number(isAgencyPage(b.sighting)) - Number(isAgencyPage(a.sighting)) ||
    b.sighting.sourcePriority - a.sighting.sourcePriority ||
    Number(b.sighting.isOwnHost) - Number(a.sighting.isOwnHost) ||
    fullness(b) - fullness(a) ||
    a.sighting.firstSeenAt.getTime() - b.sighting.firstSeenAt.getTime() ||
    a.story.number - b.story.number
  );
}

function titleKey({ entry }: Sighting): string {
  return entry.title
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

function isAgencyPage({ originalUrl, entry }: Sighting): boolean {
  return agencyOfUrl(originalUrl ?? entry.url) !== null;
}

/** The copies of other sources, each page once; the page that is shown is none. */
export function copiesOf(
  copies: GroupEntry["copies"],
  alternateUrl: string | null,
): readonly PublishedCopy[] {
  const pages = new Map<string, PublishedCopy>();
  for (const { sighting } of copies.slice(0, COPIES_MAX)) {
    const url = cleanUrl(sighting.originalUrl) ?? cleanUrl(sighting.entry.url);
    const key = url === null ? `source ${sighting.sourceId}` : pageOf(url);
    if (pages.has(key) || (alternateUrl !== null && key === pageOf(alternateUrl))) continue;
    pages.set(key, {
      name: cleanLine(sighting.sourceName, NAME_LENGTH_MAX) || "Unnamed source",
      title: cleanLine(sighting.entry.title, TITLE_LENGTH_MAX),
      url,
      sourceId: sighting.sourceId,
      // A copy is a story of its own: it was not joined.
      reason: null,
    });
  }
  return [...pages.values()];
}
