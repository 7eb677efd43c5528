/**
 * Version 1 of the SQLite schema. The comments inside the SQL are kept by SQLite, so `.schema` shows them too.
 *
 * Instants are integers: milliseconds since 1970 UTC. Digests are the first 16 bytes of a key's SHA-256.
 */
export const SQLITE_1 = `
CREATE TABLE meta (
  -- One row. "revision" grows with every change that a reader may see; the totals spare counting large tables.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  revision INTEGER NOT NULL,
  stories INTEGER NOT NULL,
  aliases INTEGER NOT NULL
) STRICT;

INSERT INTO meta (id, revision, stories, aliases) VALUES (1, 0, 0, 0);

CREATE TABLE sources (
  -- A line of the config or of a followed OPML list. "no" is the short number other tables use.
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  location TEXT NOT NULL,
  name TEXT,
  tags TEXT NOT NULL,                 -- JSON array of text
  priority REAL NOT NULL,
  parent_id TEXT,                     -- the OPML source whose definition is in force; NULL: the config
  added_at INTEGER NOT NULL,
  is_retired INTEGER NOT NULL DEFAULT 0,
  -- The lease: a write is accepted only under the current generation while leased_at is set.
  generation INTEGER NOT NULL DEFAULT 0,
  leased_at INTEGER,
  lease_expires_at INTEGER,
  -- What a poll leaves behind.
  next_poll_at INTEGER NOT NULL,
  last_poll_at INTEGER,
  last_ok_at INTEGER,
  last_new_entry_at INTEGER,
  status TEXT NOT NULL,               -- as of the last poll: new, ok, failing or gone
  entry_count INTEGER NOT NULL DEFAULT 0,
  duplicate_count INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,                -- JSON: the rest of PollState
  feed TEXT                           -- JSON: FeedInfo
) STRICT;

CREATE INDEX sources_due ON sources (next_poll_at, no) WHERE is_retired = 0 AND status <> 'gone';
CREATE INDEX sources_polled ON sources (last_poll_at);

CREATE TABLE source_parents (
  -- Who lists a source: '' is the config, anything else the id of an OPML source. A source lives while one of them does.
  source_no INTEGER NOT NULL REFERENCES sources (no),
  parent_id TEXT NOT NULL,
  PRIMARY KEY (parent_id, source_no)
) STRICT, WITHOUT ROWID;

CREATE INDEX source_parents_source ON source_parents (source_no);

CREATE TABLE collapsed_keys (
  -- Keys that a source uses for different entries and that therefore name nothing for it.
  source_no INTEGER NOT NULL REFERENCES sources (no),
  digest BLOB NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (source_no, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE stories (
  -- What happened once. Numbers are never used again (AUTOINCREMENT); published_id, published_at and ordered_at are frozen.
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  published_digest BLOB NOT NULL UNIQUE,
  published_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ordered_at INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  pin INTEGER NOT NULL DEFAULT 0,     -- 0: none; 1: an operator merged into it; 2: an operator split it off
  published_id TEXT NOT NULL
) STRICT;

CREATE INDEX stories_order ON stories (ordered_at, number);

CREATE TABLE forwarded_ids (
  -- Published ids of stories that were merged into another one.
  digest BLOB PRIMARY KEY,
  id TEXT NOT NULL,
  story INTEGER NOT NULL REFERENCES stories (number)
) STRICT, WITHOUT ROWID;

CREATE INDEX forwarded_ids_story ON forwarded_ids (story);

CREATE TABLE sightings (
  -- An entry of a source. "variant" is empty, or tells apart entries for which a source used one guid twice.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_no INTEGER NOT NULL REFERENCES sources (no),
  story INTEGER NOT NULL REFERENCES stories (number),
  story_ordered_at INTEGER NOT NULL,  -- the story's, for reading one source's stories in order
  guid_digest BLOB NOT NULL,
  variant TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  identity_hash TEXT NOT NULL,
  is_own_host INTEGER NOT NULL,
  completeness REAL NOT NULL,
  first_seen_at INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ordered_at INTEGER NOT NULL,
  record TEXT NOT NULL                -- JSON: the entry, its identity and the keys it had before
) STRICT;

CREATE UNIQUE INDEX sightings_guid ON sightings (source_no, guid_digest, variant);
CREATE INDEX sightings_story ON sightings (story);
CREATE INDEX sightings_source_order ON sightings (source_no, story_ordered_at, story);

CREATE TABLE aliases (
  -- Every key that ever pointed at a story, with its first evidence. Looked up by digest, told by key.
  no INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  story INTEGER NOT NULL REFERENCES stories (number),
  source_no INTEGER REFERENCES sources (no),
  created_at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  rule TEXT NOT NULL,
  key TEXT NOT NULL,
  evidence TEXT NOT NULL
) STRICT;

CREATE INDEX aliases_story ON aliases (story);

CREATE TABLE pins (
  -- The operator's word on a key. "story" is NULL until the key is seen; keys merged before that share a group.
  digest BLOB PRIMARY KEY,
  key TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('merge', 'split')),
  story INTEGER REFERENCES stories (number),
  group_no INTEGER NOT NULL,
  alias_kind TEXT NOT NULL,
  rule TEXT NOT NULL,
  evidence TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX pins_story ON pins (story);
CREATE INDEX pins_group ON pins (group_no);

CREATE TABLE daily_counts (
  -- Sightings added per source and UTC day; "day" counts days since 1970-01-01.
  source_no INTEGER NOT NULL REFERENCES sources (no),
  day INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, source_no)
) STRICT, WITHOUT ROWID;
`;
