import type { DatabaseSync } from "node:sqlite";
import type { HealthNotice } from "../model.ts";
import { readInstant, readNumber, readOptionalText, readText } from "./rows.ts";
import type { PollRecord } from "./store.ts";

const NOTICES_KEPT = 1000;
const KINDS: readonly HealthNotice["kind"][] = ["died", "failing", "moved", "silent", "recovered"];

/** What the operator was told. Writing runs inside the poll's transaction, so a notice is given exactly once. */
export class NoticeTable {
  readonly #insert;
  readonly #forget;
  readonly #select;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO health_notices (source_id, source_name, kind, at, message, code) VALUES (?, ?, ?, ?, ?, ?)
       RETURNING no`,
    );
    this.#forget = db.prepare("DELETE FROM health_notices WHERE no <= ?");
    this.#select = db.prepare("SELECT * FROM health_notices ORDER BY no DESC LIMIT ?");
  }

  note({ lease, at, notice }: Pick<PollRecord, "lease" | "at" | "notice">): void {
    if (notice === undefined) return;
    const { sourceName, kind, message, code } = notice;
    const row = this.#insert.get(lease.sourceId, sourceName, kind, at.getTime(), message, code);
    if (row !== undefined) this.#forget.run(readNumber(row, "no") - NOTICES_KEPT);
  }

  list(limit: number): readonly HealthNotice[] {
    return this.#select.all(limit).map((row) => ({
      sourceId: readText(row, "source_id"),
      sourceName: readText(row, "source_name"),
      kind: KINDS.find((kind) => kind === readText(row, "kind")) ?? "failing",
      at: readInstant(row, "at"),
      message: readText(row, "message"),
      code: readOptionalText(row, "code"),
    }));
  }
}
