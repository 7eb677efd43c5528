/** Version 11 of the SQLite schema: which source last offered what was forgotten, so that it need not be remembered for ever. */
export const SQLITE_11 = `
-- When a poll last read a whole document: what that did not list, the source does not offer any more.
ALTER TABLE sources ADD COLUMN read_at INTEGER;

CREATE TABLE forgotten_keys_11 (
  -- Alias keys and published ids of stories that were forgotten: nothing that carries one is new, no id is given twice.
  digest BLOB NOT NULL,
  source_no INTEGER NOT NULL,         -- who offered it; 0: nobody knows any more
  published_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,           -- about when the source last did
  PRIMARY KEY (digest, source_no)
) STRICT, WITHOUT ROWID;

INSERT INTO forgotten_keys_11 SELECT digest, 0, published_at, 0 FROM forgotten_keys;
DROP TABLE forgotten_keys;
ALTER TABLE forgotten_keys_11 RENAME TO forgotten_keys;
CREATE INDEX forgotten_keys_seen ON forgotten_keys (source_no, seen_at);
`;
