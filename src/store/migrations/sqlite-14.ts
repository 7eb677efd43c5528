/** Version 14 of the SQLite schema: leases in a table of their own. */
export const SQLITE_14 = `
CREATE TABLE source_leases (
  -- Sources that are being polled, and those whose poll never came to its end. So few that a claim changes one page or two,
  -- where it changed one of each source's; those are written only when a poll has ended.
  source_no INTEGER PRIMARY KEY REFERENCES sources (no),
  -- A write is accepted under this one only. That of the last lease that ended is in "sources".
  generation INTEGER NOT NULL,
  leased_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- Whoever migrates has the store for itself: no lease holds.
ALTER TABLE sources DROP COLUMN leased_at;
ALTER TABLE sources DROP COLUMN lease_expires_at;
`;
