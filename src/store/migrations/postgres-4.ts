/** Version 4 of the PostgreSQL schema: records as in version 13 of SQLite's, which older versions cannot read. */
export const POSTGRES_4 = `
COMMENT ON COLUMN sightings.record IS 'JSON: what is not empty of the entry, its identity and the keys it had before';
`;
