/** Version 3 of the PostgreSQL schema: which source last offered what was forgotten, as in version 11 of SQLite's. */
export const POSTGRES_3 = `
ALTER TABLE sources ADD COLUMN read_at BIGINT;

ALTER TABLE forgotten_keys ADD COLUMN source_no BIGINT NOT NULL DEFAULT 0;
ALTER TABLE forgotten_keys ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE forgotten_keys ALTER COLUMN source_no DROP DEFAULT;
ALTER TABLE forgotten_keys ALTER COLUMN seen_at DROP DEFAULT;
ALTER TABLE forgotten_keys DROP CONSTRAINT forgotten_keys_pkey;
ALTER TABLE forgotten_keys ADD PRIMARY KEY (digest, source_no);
CREATE INDEX forgotten_keys_seen ON forgotten_keys (source_no, seen_at);
`;
