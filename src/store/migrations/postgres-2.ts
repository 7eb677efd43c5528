/** Version 2 of the PostgreSQL schema: which process delivers for the hub, and the order of changes to its subscriptions. */
export const POSTGRES_2 = `
ALTER TABLE hub_subscriptions ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

CREATE TABLE hub_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  changes BIGINT NOT NULL,
  holder TEXT,
  leased_at BIGINT,
  lease_expires_at BIGINT
);

-- What was there before counts as one change.
INSERT INTO hub_state (id, changes) SELECT 1, 1 WHERE EXISTS (SELECT 1 FROM hub_subscriptions);
`;
