/** Version 9 of the SQLite schema: syndicated copies. */
export const SQLITE_9 = `
CREATE TABLE reports (
  -- What copies of an entry are found by, for the 72 hours after it was seen. Copies that were found have no row: they
  -- stand behind the first of their group. "sample" holds hashes of the text, 4 bytes each, little endian.
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  sighting INTEGER NOT NULL UNIQUE REFERENCES sightings (id) ON DELETE CASCADE,
  seen_at INTEGER NOT NULL,
  title_hash INTEGER,
  sample BLOB NOT NULL
) STRICT;

CREATE TABLE copies (
  -- A story that prints the report of another one, and what shows it. "original" is never a copy itself.
  story INTEGER PRIMARY KEY REFERENCES stories (number) ON DELETE CASCADE,
  original INTEGER NOT NULL REFERENCES stories (number) ON DELETE CASCADE,
  found_at INTEGER NOT NULL,
  rule TEXT NOT NULL,
  share REAL NOT NULL,
  shared INTEGER NOT NULL,
  agency TEXT
) STRICT;

CREATE INDEX copies_original ON copies (original);
`;
