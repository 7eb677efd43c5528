import type { DatabaseSync } from "node:sqlite";
import { hashIdentity } from "./carriers.ts";
import { digestKey } from "./digest.ts";
import type { KnownSighting } from "./poll-plan-types.ts";
import { readNumber, readText } from "./rows.ts";
import type { PollWriter, StoredEdit } from "./sqlite-polls.ts";
import type { CollapsedKey, SightingChange } from "./store.ts";

/** A changed sighting beside its row. */
export interface LocatedEdit extends StoredEdit {
  readonly sourceNo: number;
  readonly priority: number;
}

/** Writes stored sightings with new identities. All of it runs inside its caller's transaction. */
export class SightingRewriter {
  readonly #polls: PollWriter;
  readonly #selectRow;
  readonly #selectSourceNo;
  readonly #insertCollapsedKey;

  constructor(db: DatabaseSync, polls: PollWriter) {
    this.#polls = polls;
    this.#selectRow = db.prepare(
      `SELECT sightings.id, story, variant, content_hash, identity_hash, source_no, priority
       FROM sightings JOIN sources ON sources.no = source_no WHERE sightings.id = ?`,
    );
    this.#selectSourceNo = db.prepare("SELECT no FROM sources WHERE id = ?");
    this.#insertCollapsedKey = db.prepare(
      "INSERT INTO collapsed_keys (source_no, digest, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    );
  }

  addCollapsedKeys(keys: readonly CollapsedKey[]): void {
    for (const { sourceId, key } of keys) {
      const row = this.#selectSourceNo.get(sourceId);
      if (row !== undefined) this.#insertCollapsedKey.run(readNumber(row, "no"), digestKey(key), key);
    }
  }

  /** The changes that change something, beside their rows. */
  locate(changes: readonly SightingChange[]): readonly LocatedEdit[] {
    return changes.flatMap(({ id, record }) => {
      const found = this.#selectRow.get(id);
      if (found === undefined) return [];
      const row: KnownSighting = {
        id,
        story: readNumber(found, "story"),
        variant: readText(found, "variant"),
        contentHash: readText(found, "content_hash"),
        identityHash: readText(found, "identity_hash"),
      };
      const identityHash = hashIdentity(record);
      if (identityHash === row.identityHash && record.contentHash === row.contentHash) return [];
      const sourceNo = readNumber(found, "source_no");
      return [{ row, record, identityHash, sourceNo, priority: readNumber(found, "priority") }];
    });
  }

  /** Writes new identities; stories that share a key now become one. `onMerge` hears of each before it happens. */
  write(
    located: readonly LocatedEdit[],
    options: {
      readonly at: number;
      readonly onMerge?: (merge: { readonly from: number; readonly into: number }) => void;
    },
  ): { readonly isVisible: boolean; readonly merged: number } {
    let merged = 0;
    let isVisible = false;
    for (const [sourceNo, edits] of Map.groupBy(located, (edit) => edit.sourceNo)) {
      // An earlier source's edits may have merged the stories of this one's.
      const fresh = edits.map((edit) => {
        const row = this.#selectRow.get(edit.row.id);
        return row === undefined ? edit : { ...edit, row: { ...edit.row, story: readNumber(row, "story") } };
      });
      const plan = this.#polls.reidentify(fresh, {
        ...options,
        sourceNo,
        priority: edits[0]?.priority ?? 0,
      });
      merged += plan.merges.length;
      isVisible ||= plan.recorded.isVisible;
    }
    return { isVisible, merged };
  }
}
