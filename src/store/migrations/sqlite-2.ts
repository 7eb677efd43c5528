/** Version 2 of the SQLite schema: what is asked of the network about stored sightings, and by which rules keys were made. */
export const SQLITE_2 = `
CREATE TABLE questions (
  -- What only the network can tell: where an opaque URL leads ("link"), how a page names itself ("page"). Asked once for good.
  no INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,        -- of kind and URL
  kind TEXT NOT NULL CHECK (kind IN ('link', 'page')),
  url TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'found', 'nothing', 'given-up')),
  noted_at INTEGER NOT NULL,
  next_try_at INTEGER NOT NULL,       -- while waiting; pushed on by a claim, so that one left behind comes back
  attempts INTEGER NOT NULL DEFAULT 0,
  answered_at INTEGER,
  answer TEXT,                        -- once found: the target of a link, JSON for a page
  note TEXT                           -- the last outcome, in words for the operator
) STRICT;

CREATE INDEX questions_due ON questions (next_try_at, no) WHERE state = 'waiting';

CREATE TABLE question_sightings (
  -- The sightings that wait for an answer; gone when it came.
  question INTEGER NOT NULL REFERENCES questions (no),
  sighting INTEGER NOT NULL REFERENCES sightings (id),
  PRIMARY KEY (question, sighting)
) STRICT, WITHOUT ROWID;

CREATE INDEX question_sightings_sighting ON question_sightings (sighting);

-- The version of the identity rules that made the keys; 0: not told.
ALTER TABLE meta ADD COLUMN identity_version INTEGER NOT NULL DEFAULT 0;
`;
