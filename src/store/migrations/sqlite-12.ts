/** Version 12 of the SQLite schema: the index of words is written for many sightings at a time, see `sqlite-search.ts`. */
export const SQLITE_12 = `
CREATE TABLE indexed_words (
  -- Sightings up to this one are in "sighting_texts", later ones are not yet.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  through INTEGER NOT NULL
) STRICT;

INSERT INTO indexed_words SELECT 1, coalesce(max(id), 0) FROM sightings;

-- Fewer parts are joined later (4 otherwise), always a little at a time: joining all of 16 at once would hold everything up.
INSERT INTO sighting_texts (sighting_texts, rank) VALUES ('automerge', 8);
INSERT INTO sighting_texts (sighting_texts, rank) VALUES ('crisismerge', 64);
`;
