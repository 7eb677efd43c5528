/** Version 8 of the SQLite schema: what is left of forgotten stories, and questions about the text of pages. */
export const SQLITE_8 = `
CREATE TABLE forgotten_keys (
  -- Alias keys and published ids of stories that were forgotten: nothing that carries one is new, no id is given twice.
  digest BLOB PRIMARY KEY,
  published_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The same two tables, for a third kind of question: what a page says ("text").
CREATE TABLE questions_8 (
  -- What only the network can tell: where an opaque URL leads ("link"), how a page names itself ("page"), what it says ("text").
  no INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,        -- of kind and URL
  kind TEXT NOT NULL CHECK (kind IN ('link', 'page', 'text')),
  url TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'found', 'nothing', 'given-up')),
  noted_at INTEGER NOT NULL,
  next_try_at INTEGER NOT NULL,       -- while waiting; pushed on by a claim, so that one left behind comes back
  attempts INTEGER NOT NULL DEFAULT 0,
  answered_at INTEGER,
  answer TEXT,                        -- once found: the target of a link, JSON for a page, HTML for a text
  note TEXT                           -- the last outcome, in words for the operator
) STRICT;

INSERT INTO questions_8 SELECT no, digest, kind, url, state, noted_at, next_try_at, attempts, answered_at, answer, note
  FROM questions;

CREATE TABLE question_sightings_8 (
  -- The sightings that wait for an answer; gone when it came.
  question INTEGER NOT NULL REFERENCES questions_8 (no),
  sighting INTEGER NOT NULL REFERENCES sightings (id),
  PRIMARY KEY (question, sighting)
) STRICT, WITHOUT ROWID;

INSERT INTO question_sightings_8 SELECT question, sighting FROM question_sightings;

DROP TABLE question_sightings;
DROP TABLE questions;
ALTER TABLE questions_8 RENAME TO questions;
ALTER TABLE question_sightings_8 RENAME TO question_sightings;

CREATE INDEX questions_due ON questions (next_try_at, no) WHERE state = 'waiting';
CREATE INDEX question_sightings_sighting ON question_sightings (sighting);
`;
