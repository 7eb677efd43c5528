/** Version 2 of the PostgreSQL schema: which process delivers for the hub, and the order of changes to its subscriptions. */
export const POSTGRES_2 = `
ALTER TABLE hub_subscriptions ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

CREATE TABLE hub_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  changes BIGINT NOT NULL,
  holder TEXT,
  leased_at BIGINT,
  lease_expires_at BIGINT
);
`;
