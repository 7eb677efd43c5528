/** Version 5: full-text search over sightings. `entry_title` and `entry_body` are functions of ours, see `sqlite-search.ts`. */
export const SQLITE_5 = `
CREATE VIRTUAL TABLE sighting_texts USING fts5(
  -- Words only; the texts themselves stand in sightings.record. The rowid is the sighting's id.
  title, body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

INSERT INTO sighting_texts (rowid, title, body)
  SELECT id, entry_title(record), entry_body(record) FROM sightings;

CREATE TRIGGER sightings_forget_text AFTER DELETE ON sightings
BEGIN
  DELETE FROM sighting_texts WHERE rowid = old.id;
END;
`;
