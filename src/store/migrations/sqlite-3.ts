/** Version 3 of the SQLite schema: whether a copy tells a story under the title of the first. */
export const SQLITE_3 = `
-- A digest of the title's letters; NULL: it says nothing, or was stored before this version.
ALTER TABLE sightings ADD COLUMN title_key TEXT;
`;
