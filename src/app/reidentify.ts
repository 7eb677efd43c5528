/** Names stored sightings anew, one by one as their source's next poll would, and no worse: see `carryOver`. */
import { identifyDocument } from "../identify/identify.ts";
import { type PageMode, parsePageSummary } from "../identify/page-questions.ts";
import type { UrlRules } from "../identify/rules-file.ts";
import { digestOfVisible } from "../ingest/sighting.ts";
import type { Alias, IdentifiedEntry, SightingRecord, SourceDefinition, SourceState } from "../model.ts";
import type {
  CollapsedKey,
  Question,
  SightingBatch,
  SightingChange,
  StoredSighting,
} from "../store/store.ts";

export interface ReidentifyOptions {
  readonly rules: UrlRules | null;
  readonly pageMode: PageMode;
  /** A stored source beside its definition, or null when the config does not know it: its sightings stay as they are. */
  readonly sourceOf: (
    sourceId: string,
  ) => { readonly source: SourceState; readonly definition: SourceDefinition } | null;
  /**
   * Does another entry of this source have the key already? Asked for keys that an entry has only now, so that an
   * address to which many of a source's links lead (a wall, a rule that drops too much) names none of them.
   */
  readonly isTaken: (request: { readonly key: string; readonly sighting: StoredSighting }) => boolean;
}

export interface Reidentified {
  readonly changes: readonly SightingChange[];
  readonly collapsedKeys: readonly CollapsedKey[];
  /** Pages that are worth a look now and were not read yet. */
  readonly questions: readonly Question[];
}

/** The new identities of a batch of sightings. Pure. */
export function reidentify(batch: SightingBatch, options: ReidentifyOptions): Reidentified {
  const changes: SightingChange[] = [];
  const collapsedKeys: CollapsedKey[] = [];
  const pages = new Set<string>();
  for (const [sourceId, sightings] of Map.groupBy(batch.sightings, (sighting) => sighting.sourceId)) {
    const found = options.sourceOf(sourceId);
    if (found === null) continue;
    const address = found.source.currentUrl ?? found.source.location;
    const context = {
      sourceId,
      sourceHost:
        URL.parse(address)?.hostname || URL.parse(found.source.feed?.homeUrl ?? "")?.hostname || null,
      mode: found.definition.identity,
      resolved: batch.resolved,
      pageMode: options.pageMode,
      pageOf: (url: string) => parsePageSummary(batch.page(url) ?? ""),
      ...(options.rules && { rules: options.rules }),
    };
    const stored = batch.collapsedKeys(sourceId);
    const known = new Set(sightings.flatMap(({ record }) => record.aliases.map(({ key }) => key)));
    const together = identifyDocument(
      sightings.map(({ record }) => record.entry),
      { ...context, collapsedKeys: stored },
    );
    for (const url of together.pages) if (batch.page(url) === null) pages.add(url);
    const collapsed = new Set(together.collapsedKeys.filter((key) => !known.has(key)));
    const name = (sighting: StoredSighting): IdentifiedEntry | undefined =>
      identifyDocument([sighting.record.entry], {
        ...context,
        collapsedKeys: new Set([...stored, ...collapsed]),
      }).entries[0];
    for (const sighting of sightings) {
      const { record } = sighting;
      const before = new Set(record.aliases.map(({ key }) => key));
      const gained = (name(sighting)?.aliases ?? []).filter(
        ({ key, kind }) => (kind === "url" || kind === "stated") && !before.has(key),
      );
      for (const { key } of gained) if (options.isTaken({ key, sighting })) collapsed.add(key);
    }
    for (const key of collapsed) collapsedKeys.push({ sourceId, key });
    for (const sighting of sightings) {
      const identified = name(sighting);
      if (identified !== undefined)
        changes.push({ id: sighting.id, record: carryOver(sighting.record, identified) });
    }
  }
  return { changes, collapsedKeys, questions: [...pages].map((url) => ({ kind: "page", url })) };
}

/** The record under its new identity, with what only the poll that brought it could know. */
function carryOver(record: SightingRecord, identified: IdentifiedEntry): SightingRecord {
  const { originalUrl } = identified;
  // What stood in every link of its document, and the file that it came from.
  const learnt = record.aliases.filter(({ rule }) => rule.startsWith("learnt-decoration"));
  const file =
    originalUrl === null ? record.aliases.find(({ rule }) => rule === "file and title") : undefined;
  const aliases = [...(file ? [file] : []), ...identified.aliases, ...learnt];
  const isSame = originalUrl === record.originalUrl;
  return {
    ...record,
    ...identified,
    guidKey: file === undefined ? identified.guidKey : file.key.slice(0, file.key.lastIndexOf("@")),
    aliases: withoutRepeats(aliases),
    isOwnHost: isSame ? record.isOwnHost : identified.isOwnHost,
    contentHash: isSame ? record.contentHash : digestOfVisible(identified.entry, originalUrl),
  };
}

function withoutRepeats(aliases: readonly Alias[]): readonly Alias[] {
  return [...new Map(aliases.toReversed().map((alias) => [alias.key, alias])).values()].toReversed();
}
