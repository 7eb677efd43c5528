/** Version 6 of the SQLite schema: subscriptions to the hubs of sources. */
export const SQLITE_6 = `
CREATE TABLE push_subscriptions (
  source_id TEXT PRIMARY KEY,
  callback TEXT NOT NULL UNIQUE,
  secret TEXT NOT NULL,
  hub TEXT NOT NULL,
  topic TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('asked', 'active', 'refused')),
  failures INTEGER NOT NULL,
  expires_at INTEGER,
  pushed_at INTEGER,
  missed_at INTEGER,
  next_try_at INTEGER NOT NULL
) STRICT;
`;
