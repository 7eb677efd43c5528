/** Version 10 of the SQLite schema: which process delivers for the hub, and the order of changes to its subscriptions. */
export const SQLITE_10 = `
ALTER TABLE hub_subscriptions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE TABLE hub_state (
  -- One row, once there is a subscription. "changes" counts writes to hub_subscriptions; each row's "version" is its count.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  changes INTEGER NOT NULL,
  holder TEXT,
  leased_at INTEGER,
  lease_expires_at INTEGER
) STRICT;

-- What was there before counts as one change.
INSERT INTO hub_state (id, changes) SELECT 1, 1 WHERE EXISTS (SELECT 1 FROM hub_subscriptions);
`;
