/**
 * From stories to the entries of one output: chooses the copy that is shown, cleans every field of it and names
 * everyone who carried the story. Pure; what a renderer gets from here is valid in every format.
 */
import { isCanonicalUri } from "../identify/canonical-uri.ts";
import type { Category, Entry, Episode, OutputDefinition, Person, Sighting, Story } from "../model.ts";
import { agencyOf } from "../syndicate/agencies.ts";
import { carriersOf, viaUrlsOf } from "./carriers.ts";
import {
  cleanEmail,
  cleanId,
  cleanLanguage,
  cleanLine,
  cleanUrl,
  digestUrn,
  EARLIEST,
  encodeQueryValue,
  firstDate,
  publicUrl,
  shorten,
  withoutTrailingSlashes,
} from "./clean.ts";
import {
  cleanCategories,
  cleanEnclosures,
  cleanPeople,
  fullUrl,
  NAME_LENGTH_MAX,
  type PublishedEnclosure,
} from "./clean-entry.ts";
import { cleanHtml } from "./clean-html.ts";
import { copiesOf, type GroupEntry, toGroupEntry } from "./copies.ts";
import { readText } from "./html-text.ts";
import type { JoinReason } from "./joined.ts";

export const TITLE_LENGTH_MAX = 500;
const RIGHTS_LENGTH_MAX = 1000;
const SUBTITLE_LENGTH_MAX = 300;
export const SUMMARY_TEXT_LENGTH_MAX = 280;

/** The feed that the shown copy of a story came from. `id` is always there; `selfUrl` holds no secret. */
export interface PublishedSource {
  readonly sourceId: string;
  readonly title: string;
  /** What the feed says of itself, in one line. */
  readonly subtitle: string | null;
  readonly id: string;
  readonly selfUrl: string | null;
  readonly homeUrl: string | null;
  readonly updated: Date;
  readonly rights: string | null;
  readonly language: string | null;
  readonly iconUrl: string | null;
  readonly authors: readonly Person[];
}

/** A source that carried the story. `url` is its own page of it, null where it has none. */
export interface PublishedCarrier {
  readonly name: string;
  readonly url: string | null;
  readonly sourceId: string;
  /** Why its entry counts as this story; null for the copy that is shown. */
  readonly reason: JoinReason | null;
}

/** Another source's copy of the report that is shown. */
export interface PublishedCopy extends PublishedCarrier {
  readonly title: string;
}

/** A story as this output shows it. Text is one line without markup, HTML is sanitised, URLs are valid http(s) URIs. */
export interface PublishedEntry {
  readonly id: string;
  readonly title: string;
  readonly alternateUrl: string | null;
  readonly viaUrls: readonly string[];
  readonly published: Date;
  readonly updated: Date;
  readonly authors: readonly Person[];
  readonly contributors: readonly Person[];
  /** Sanitised HTML; null when there is none, or when it only repeats the content. */
  readonly summary: string | null;
  /** Plain text for lists, at most 280 UTF-16 units; empty when the copy has no text. */
  readonly summaryText: string;
  readonly contentHtml: string | null;
  readonly categories: readonly Category[];
  readonly enclosures: readonly PublishedEnclosure[];
  readonly source: PublishedSource;
  readonly language: string | null;
  readonly rights: string | null;
  readonly imageUrl: string | null;
  /** What a podcast says of this episode; null for what is none. */
  readonly episode: Episode | null;
  readonly commentsUrl: string | null;
  /** Everyone who carried it, the shown copy's source first; one per source. */
  readonly carriers: readonly PublishedCarrier[];
  /** Stories of other sources that print the same report, best first. */
  readonly copies: readonly PublishedCopy[];
  readonly storyNumber: number;
  readonly orderedAt: Date;
}

/** A story that could not be published, and why; the others are not harmed by it. */
export interface SkippedStory {
  readonly storyNumber: number;
  readonly reason: string;
}

export interface PublishedFeed {
  readonly output: OutputDefinition;
  readonly isDefault: boolean;
  readonly siteTitle: string;
  /** Public base URL without a trailing slash. */
  readonly siteUrl: string;
  readonly hubUrl: string | null;
  /** Who answers for the feed, as an address; null where none can be named. */
  readonly ownerEmail: string | null;
  /** The newest page of the archive: what is older than the live document begins there. */
  readonly prevArchive: number | null;
  readonly entries: readonly PublishedEntry[];
  /** When something a reader sees last changed: the newest entry's `updated`. */
  readonly updated: Date;
  /** When the document may last have changed: also counts a carrier that joined a story. */
  readonly changed: Date;
  readonly skipped: readonly SkippedStory[];
}

export interface CombineOptions {
  readonly output: OutputDefinition;
  /** The site's title. */
  readonly title: string;
  /** Public base URL; a trailing slash is taken off. */
  readonly url: string;
  /** The first output: it is also served at `/atom.xml`, and says so in its self link. */
  readonly isDefault: boolean;
  /** The output's compiled include and exclude lists; gets `entryText`. */
  readonly matches?: ((entryText: string) => boolean) | undefined;
  /** The feed's `updated` while it has no entries (RFC 4287 wants one). 1990 by default. */
  readonly emptyUpdated?: Date | undefined;
  readonly hubUrl?: string | null | undefined;
  /** Who answers for the feed; `webmaster` of the site's host by default. */
  readonly ownerEmail?: string | null | undefined;
  readonly prevArchive?: number | null | undefined;
}

/** Stories in the order given, at most `output.limit` of them, as one feed. Never throws for a story's sake. */
export function combine(stories: readonly Story[], options: CombineOptions): PublishedFeed {
  const { output } = options;
  const siteUrl = withoutTrailingSlashes(options.url);
  const siteTitle = cleanLine(options.title, NAME_LENGTH_MAX) || "Mainstem";
  const entries: PublishedEntry[] = [];
  const skipped: SkippedStory[] = [];
  const ids = new Set<string>();
  let changedMs = 0;
  for (const story of stories) {
    if (entries.length >= output.limit) break;
    try {
      const shown = chooseShown(story, options);
      if (shown === null) continue;
      const entry = publishStory(shown, siteUrl);
      // Two stories never share an id; two that became equal by cleaning must not either (RFC 4287 4.1.1).
      const id = ids.has(entry.id) ? digestUrn(`${story.number} ${story.publishedId}`) : entry.id;
      ids.add(id);
      entries.push(id === entry.id ? entry : { ...entry, id });
      changedMs = Math.max(changedMs, changedAt(shown.story, entry), shown.changedAt.getTime());
    } catch (error) {
      skipped.push({
        storyNumber: story.number,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
  let updated = firstDate(options.emptyUpdated) ?? EARLIEST;
  if (entries.length > 0)
    updated = new Date(entries.reduce((max, e) => Math.max(max, e.updated.getTime()), 0));
  return {
    output: { ...output, title: cleanLine(output.title, NAME_LENGTH_MAX) || siteTitle },
    isDefault: options.isDefault,
    siteTitle,
    siteUrl,
    hubUrl: cleanUrl(options.hubUrl),
    ownerEmail: cleanEmail(options.ownerEmail) ?? webmasterOf(siteUrl),
    prevArchive: options.prevArchive ?? null,
    entries,
    updated,
    changed: new Date(Math.max(changedMs, updated.getTime())),
    skipped,
  };
}

/** The address that RFC 2142 (5) gives to whoever answers for what a host serves. */
function webmasterOf(siteUrl: string): string | null {
  const hostname = URL.parse(siteUrl)?.hostname.replace(/\.$/, "") ?? "";
  return /^[a-z0-9.-]+$/.test(hostname) ? `webmaster@${hostname}` : null;
}

/**
 * The copy of a story that an output shows: its best sighting among the output's tags, provided that copy passes the
 * output's include and exclude lists; null when the story is not in this output.
 */
export function winnerFor(
  story: Story,
  output: OutputDefinition,
  matches?: (entryText: string) => boolean,
): Sighting | null {
  const winner = story.sightings.find(
    (sighting) => output.tags.length === 0 || output.tags.some((tag) => sighting.sourceTags.includes(tag)),
  );
  if (winner === undefined) return null;
  return matches === undefined || isMatch(winner.entry, matches) ? winner : null;
}

/** What the lists of outputs said of entries: to read the text of every entry again at every change would cost most of it. */
const verdicts = new WeakMap<(entryText: string) => boolean, WeakMap<Entry, boolean>>();

function isMatch(entry: Entry, matches: (entryText: string) => boolean): boolean {
  let known = verdicts.get(matches);
  if (known === undefined) {
    known = new WeakMap();
    verdicts.set(matches, known);
  }
  let verdict = known.get(entry);
  if (verdict === undefined) {
    verdict = matches(entryText(entry));
    known.set(entry, verdict);
  }
  return verdict;
}

/** What include and exclude lists look at: title, text, categories and authors, a line each. */
export function entryText(entry: Entry): string {
  const body = entry.contentHtml ?? entry.summary;
  return [
    entry.title,
    body === null ? "" : readText(body, 100_000),
    entry.categories.map((category) => category.label ?? category.term).join(", "),
    entry.authors.map((author) => author.name).join(", "),
  ].join("\n");
}

/** The story alone, or for the group of copies that it stands for; null when it is not in this output. */
function chooseShown(story: Story, { output, matches }: CombineOptions): GroupEntry | null {
  const winner = winnerFor(story, output, matches);
  if (winner === null) return null;
  const options = {
    mode: output.syndication ?? "link",
    winnerOf: (member: Story) => winnerFor(member, output, matches),
  };
  const entry = story.copies === undefined ? null : toGroupEntry(story, story.copies, options);
  return entry ?? { story, winner, copies: [], changedAt: new Date(0) };
}

interface PublishedBefore {
  readonly feed: Sighting["feed"];
  readonly signature: string;
  readonly published: PublishedEntry;
}

/** What was made of an entry the last time. A store gives the same object for an entry that did not change. */
const publishedBefore = new WeakMap<Entry, PublishedBefore>();

/** True when something was made of a story already: doing so again is quick, unless it changed. */
export function isPublishedBefore({ sightings }: Story): boolean {
  return sightings.some(({ entry }) => publishedBefore.has(entry));
}

/** An entry that is as it was the last time is the same object, and everything made of it is good still. */
function publishStory(shown: GroupEntry, siteUrl: string): PublishedEntry {
  const { winner } = shown;
  const { feed } = winner;
  const signature = signatureOf(shown, siteUrl);
  const before = publishedBefore.get(winner.entry);
  if (before?.signature === signature && before.feed === feed) return before.published;
  const published = makeEntry(shown, siteUrl);
  publishedBefore.set(winner.entry, { feed, signature, published });
  return published;
}

/** Everything that a published entry is made of, but the winner's entry and its feed. */
function signatureOf({ story, winner, copies }: GroupEntry, siteUrl: string): string {
  const { number, publishedId, publishedAt, updatedAt, orderedAt, firstSeenAt, sightings } = story;
  return JSON.stringify([
    ...[siteUrl, number, publishedId, +publishedAt, +updatedAt, +orderedAt, +firstSeenAt],
    ...[winner.originalUrl, winner.sourceId, winner.sourceUrl, +winner.publishedAt, +winner.updatedAt],
    sightings.map((one) => [one.sourceId, one.sourceName, one.originalUrl, one.entry.url]),
    winner.sourceName,
    copies.map(({ sighting: { sourceId, sourceName, originalUrl, entry } }) => [
      ...[sourceId, sourceName, originalUrl, entry.url, entry.title],
    ]),
  ]);
}

function makeEntry({ story, winner, copies }: GroupEntry, siteUrl: string): PublishedEntry {
  const { entry } = winner;
  const published = dateOf(story);
  if (published === null) throw new Error("it has no valid date");
  const updatedMs = Math.max(published.getTime(), firstDate(story.updatedAt)?.getTime() ?? 0);
  const content = cleanHtml(entry.contentHtml);
  const summary = cleanHtml(entry.summary);
  const alternateUrl = cleanUrl(winner.originalUrl) ?? cleanUrl(entry.url);
  const source = publishSource(winner, siteUrl);
  const carriers = carriersOf(story, winner);
  const text = summary.text === "" ? content.text : summary.text;
  return {
    id: cleanId(story.publishedId),
    title: cleanLine(entry.title, TITLE_LENGTH_MAX) || fallbackTitle(text, alternateUrl),
    alternateUrl,
    viaUrls: viaUrlsOf(story, alternateUrl),
    published,
    updated: new Date(updatedMs),
    authors: cleanPeople(entry.authors.length > 0 ? entry.authors : agencyAuthors(entry)),
    contributors: cleanPeople(entry.contributors),
    summary: summary.html === "" || summary.html === content.html ? null : summary.html,
    summaryText: shorten(text, SUMMARY_TEXT_LENGTH_MAX),
    contentHtml: content.html === "" ? null : content.html,
    categories: cleanCategories(entry.categories),
    enclosures: cleanEnclosures(entry.enclosures),
    source,
    language: cleanLanguage(entry.language) ?? source.language,
    rights: cleanLine(entry.rights, RIGHTS_LENGTH_MAX) || null,
    imageUrl: fullUrl(entry.imageUrl),
    episode: entry.episode ?? null,
    commentsUrl: cleanUrl(entry.commentsUrl),
    carriers,
    copies: copiesOf(copies, alternateUrl),
    storyNumber: story.number,
    orderedAt: firstDate(story.orderedAt) ?? published,
  };
}

/** When a story was published, or first seen. What a clock that was wrong by decades dated is as old as anything may be. */
function dateOf({ publishedAt, orderedAt, firstSeenAt }: Story): Date | null {
  return firstDate(publishedAt, orderedAt, firstSeenAt) ?? (firstSeenAt < EARLIEST ? EARLIEST : null);
}

function publishSource(sighting: Sighting, siteUrl: string): PublishedSource {
  const { feed } = sighting;
  const selfUrl = publicUrl(feed?.url) ?? publicUrl(sighting.sourceUrl);
  // A local file has no address of its own: the page that lists its stories stands for it.
  const page = `${siteUrl}/?source=${encodeQueryValue(sighting.sourceId)}`;
  const ids = [feed?.id ? cleanId(feed.id) : null, publicUrl(feed?.id), selfUrl, page];
  return {
    sourceId: sighting.sourceId,
    title:
      cleanLine(feed?.title, NAME_LENGTH_MAX) ||
      cleanLine(sighting.sourceName, NAME_LENGTH_MAX) ||
      "Untitled",
    subtitle:
      cleanLine(readText(feed?.description ?? "", 2 * SUBTITLE_LENGTH_MAX), SUBTITLE_LENGTH_MAX) || null,
    id: ids.find((id) => id !== null && isCanonicalUri(id)) ?? digestUrn(page),
    selfUrl,
    homeUrl: publicUrl(feed?.homeUrl),
    updated:
      firstDate(feed?.updated, sighting.updatedAt, sighting.publishedAt, sighting.firstSeenAt) ?? EARLIEST,
    rights: cleanLine(feed?.rights, RIGHTS_LENGTH_MAX) || null,
    language: cleanLanguage(feed?.language),
    iconUrl: cleanUrl(feed?.iconUrl),
    authors: cleanPeople(feed?.authors ?? []),
  };
}

/** A title for an entry without one (a microblog's): the beginning of its text, else its address. */
function fallbackTitle(text: string, url: string | null): string {
  if (text !== "") return shorten(text, 80);
  if (url === null) return "Untitled";
  const { hostname, pathname } = new URL(url);
  return shorten(`${hostname}${pathname === "/" ? "" : pathname}`, 80);
}

/** A dateline names the agency where nobody is named as the author. */
function agencyAuthors(entry: Entry): readonly Person[] {
  const agency = agencyOf(entry);
  return agency === null ? [] : [{ name: agency.name, email: null, url: null }];
}

function changedAt(story: Story, entry: PublishedEntry): number {
  return story.sightings.reduce(
    (max, sighting) => Math.max(max, firstDate(sighting.firstSeenAt)?.getTime() ?? 0),
    entry.updated.getTime(),
  );
}
