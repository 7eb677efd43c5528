/** Version 4 of the SQLite schema: what the operator was told of the sources' health. */
export const SQLITE_4 = `
CREATE TABLE health_notices (
  no INTEGER PRIMARY KEY,
  source_id TEXT NOT NULL,
  source_name TEXT NOT NULL,          -- as it was called then
  kind TEXT NOT NULL CHECK (kind IN ('died', 'failing', 'moved', 'silent', 'recovered')),
  at INTEGER NOT NULL,
  message TEXT NOT NULL,
  code TEXT                           -- of the error, for advice
) STRICT;
`;
