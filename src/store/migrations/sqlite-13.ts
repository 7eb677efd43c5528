/**
 * Version 13 of the SQLite schema: records in which nothing empty is written, which older versions cannot read, and words of more
 * sightings at once, also of those that were edited, see `sqlite-search.ts`.
 */
export const SQLITE_13 = `
-- Bytes of words that FTS5 gathers before it writes a part of the index; its own 1 MiB is full after some 200 entries of 2 KB, so that
-- most of the work was joining parts. The option stands in SQLite's source (fts5_config.c), not in its documentation.
INSERT INTO sighting_texts (sighting_texts, rank) VALUES ('hashsize', 8388608);
-- A part of the index is written anew when so many of a hundred of its sightings were edited or forgotten, instead of ten.
INSERT INTO sighting_texts (sighting_texts, rank) VALUES ('deletemerge', 40);

CREATE TABLE edited_words (
  -- Sightings whose words in "sighting_texts" are older than their record.
  sighting INTEGER PRIMARY KEY REFERENCES sightings (id) ON DELETE CASCADE
) STRICT;
`;
