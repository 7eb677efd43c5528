/** Version 7 of the SQLite schema: subscriptions at our own hub, and the archives of outputs. */
export const SQLITE_7 = `
CREATE TABLE hub_subscriptions (
  -- A reader's subscription. The digest is of topic and callback; "request_" is what the reader has not confirmed yet.
  digest BLOB PRIMARY KEY,
  topic TEXT NOT NULL,
  callback TEXT NOT NULL,
  secret TEXT,
  expires_at INTEGER,
  request_mode TEXT CHECK (request_mode IN ('subscribe', 'unsubscribe')),
  request_secret TEXT,
  request_lease_ms INTEGER,
  requested_at INTEGER,
  delivered TEXT,
  failures INTEGER NOT NULL,
  failing_since INTEGER,
  next_try_at INTEGER
) STRICT;

CREATE TABLE archives (
  -- How far an output's archive has come. "scope" names what the output selected then.
  output TEXT PRIMARY KEY,
  pages INTEGER NOT NULL,
  position INTEGER NOT NULL,
  scope TEXT NOT NULL,
  swept_at INTEGER
) STRICT;

CREATE TABLE archive_pages (
  -- Documents that never change. "body" is compressed (zstd).
  output TEXT NOT NULL,
  number INTEGER NOT NULL,
  body BLOB NOT NULL,
  site_url TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (output, number)
) STRICT;

CREATE TABLE archived_stories (
  -- Which stories are on a page; numbers of stories that are gone since may stand here.
  output TEXT NOT NULL,
  story INTEGER NOT NULL,
  PRIMARY KEY (output, story)
) STRICT, WITHOUT ROWID;
`;
