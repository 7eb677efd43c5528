import type { Alias } from "../model.ts";
import { addCounts, countDuplicates } from "./carriers.ts";
import { digestKeyHex } from "./digest.ts";
import type { Session } from "./postgres-connection.ts";
import { leaveGroup } from "./postgres-copy-groups.ts";
import {
  addDuplicates,
  addTotals,
  foundFrom,
  insertAliases,
  mergeStory,
  moveSightings,
  settlePins,
  updateStories,
} from "./postgres-stories.ts";
import { findOwner, findPins, type PlacedStory, readStories, readStory } from "./postgres-story-lookups.ts";
import { readNumber } from "./rows.ts";
import { listKeys, refreshUpdatedAt, type SplitMember, toSplitMember } from "./splitting.ts";

/** Pins two keys to one story, the older one's; where neither has a story yet, both wait for one together. */
export async function mergeByOperator(session: Session, a: Alias, b: Alias, at: number): Promise<void> {
  const owners = (await Promise.all([findOwner(session, a.key), findOwner(session, b.key)])).filter(
    (owner) => owner !== null,
  );
  const into = owners.length === 0 ? null : Math.min(...owners);
  const from = owners.find((owner) => owner !== into) ?? null;
  const before = owners.length < 2 || from === null ? [] : [...(await readStories(session, owners)).values()];
  if (into !== null && from !== null) await mergeStory(session, from, into);

  const group = await joinGroups(session, a, b);
  let aliases = 0;
  for (const alias of [a, b]) {
    await pin(session, alias, { kind: "merge", story: into, group, at });
    if (into !== null) aliases += await insertAliases(session, [{ alias, story: into, sourceNo: null, at }]);
  }
  if (into !== null) {
    aliases += await settlePins(session, group, into);
    await refreshPin(session, into);
  }
  await settle(session, { before, after: into === null ? [] : [into], at });
  const gone = before.length === 0 ? 0 : 1;
  await addTotals(session, { isVisible: gone > 0, stories: -gone, aliases });
}

/** Gives the sightings that carry a key a story of their own, for good. @returns false when no story has the key */
export async function splitByOperator(session: Session, key: Alias, at: number): Promise<boolean> {
  const story = await findOwner(session, key.key);
  if (story === null) return false;
  const before = await readStory(session, story);
  const members = await readMembers(session, story);
  const leaving = members.filter((member) => listKeys(member).has(key.key));
  const group = await newGroup(session);
  const founder = leaving[0];
  if (founder === undefined || founder.content === null) {
    // An operator merged the key before anything carried it: it is free again, and what comes with it stands alone.
    await session.run("DELETE FROM aliases WHERE digest = $1", [digestKeyHex(key.key)]);
    await pin(session, key, { kind: "split", story: null, group, at });
    await refreshPin(session, story);
    await addTotals(session, { isVisible: false, stories: 0, aliases: -1 });
    return true;
  }
  if (leaving.length === members.length) {
    await pin(session, key, { kind: "split", story, group, at });
    await refreshPin(session, story);
    const isVisible = await leaveGroup(session, story);
    await addTotals(session, { isVisible, stories: 0, aliases: 0 });
    return true;
  }
  const number = await foundFrom(session, story, {
    record: founder.content,
    publishedAt: Math.min(founder.publishedAt, at),
    updatedAt: at,
    orderedAt: founder.orderedAt,
    firstSeenAt: founder.firstSeenAt,
    pin: "apart",
  });
  await pin(session, key, { kind: "split", story: number, group, at });
  await moveCarriers(session, {
    story,
    number,
    leaving,
    staying: members.filter((member) => !leaving.includes(member)),
  });
  await refreshPin(session, story);
  await refreshPin(session, number);
  await settle(session, { before: [before], after: [story, number], at });
  await addTotals(session, { isVisible: true, stories: 1, aliases: 0 });
  return true;
}

async function moveCarriers(
  session: Session,
  split: {
    readonly story: number;
    readonly number: number;
    readonly leaving: readonly SplitMember[];
    readonly staying: readonly SplitMember[];
  },
): Promise<void> {
  const kept = new Set(split.staying.flatMap((member) => [...listKeys(member)]));
  const moving = new Set(split.leaving.flatMap((member) => [...listKeys(member)]));
  await moveSightings(
    session,
    split.leaving.map(({ id }) => ({ id, story: split.number })),
  );
  const digests = [...moving].filter((key) => !kept.has(key)).map(digestKeyHex);
  await session.run(
    `UPDATE aliases SET story = $1 WHERE digest = ANY($2::uuid[]) AND story = $3
       AND NOT EXISTS (SELECT 1 FROM pins WHERE pins.digest = aliases.digest AND pins.story = aliases.story)`,
    [split.number, digests, split.story],
  );
}

/** Brings `updatedAt` of the stories after a change, and the duplicate counts of their sources, up to date. */
async function settle(
  session: Session,
  change: { readonly before: readonly PlacedStory[]; readonly after: readonly number[]; readonly at: number },
): Promise<void> {
  const duplicates = new Map<number, number>();
  for (const { carriers } of change.before) addCounts(duplicates, countDuplicates(carriers), -1);
  if (change.before.length === 0) return;
  for (const story of (await readStories(session, change.after)).values()) {
    addCounts(duplicates, countDuplicates(story.carriers), 1);
    const known = change.before.find((other) => other.number === story.number);
    if (known === undefined) continue;
    await updateStories(session, [
      {
        ...story,
        firstSeenAt: Math.min(story.firstSeenAt, ...change.before.map((other) => other.firstSeenAt)),
        updatedAt: refreshUpdatedAt({ known, carriers: story.carriers, at: change.at }),
      },
    ]);
  }
  await addDuplicates(session, duplicates);
}

/** One group for two keys and for all that wait with either. */
async function joinGroups(session: Session, a: Alias, b: Alias): Promise<number> {
  const group = await newGroup(session);
  for (const found of (await findPins(session, [a.key, b.key])).values()) {
    if (found.story !== null) continue;
    await session.run("UPDATE pins SET group_no = $1 WHERE group_no = $2 AND story IS NULL", [
      group,
      found.group,
    ]);
  }
  return group;
}

async function newGroup(session: Session): Promise<number> {
  const row = await session.one("SELECT coalesce(max(group_no), 0) + 1 AS group_no FROM pins");
  return row === undefined ? 1 : readNumber(row, "group_no");
}

async function pin(
  session: Session,
  alias: Alias,
  {
    kind,
    story,
    group,
    at,
  }: {
    readonly kind: "merge" | "split";
    readonly story: number | null;
    readonly group: number;
    readonly at: number;
  },
): Promise<void> {
  await session.run(
    `INSERT INTO pins (digest, key, kind, story, group_no, alias_kind, rule, evidence, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (digest) DO UPDATE SET kind = excluded.kind, story = excluded.story, group_no = excluded.group_no,
       rule = excluded.rule, evidence = excluded.evidence, created_at = excluded.created_at`,
    [digestKeyHex(alias.key), alias.key, kind, story, group, alias.kind, alias.rule, alias.evidence, at],
  );
}

async function refreshPin(session: Session, story: number): Promise<void> {
  await session.run(
    `UPDATE stories SET pin =
       (SELECT coalesce(max(CASE kind WHEN 'split' THEN 2 ELSE 1 END), 0) FROM pins WHERE story = $1) WHERE number = $1`,
    [story],
  );
}

async function readMembers(session: Session, story: number): Promise<readonly SplitMember[]> {
  const rows = await session.all(
    "SELECT id, first_seen_at, published_at, ordered_at, record FROM sightings WHERE story = $1 ORDER BY first_seen_at, id",
    [story],
  );
  return rows.map(toSplitMember);
}
