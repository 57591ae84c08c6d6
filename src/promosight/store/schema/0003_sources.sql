-- What sources did and how they were answered: their tests, their activity, and problems as they are looked through.

-- What the last test of a source came to (`dry_run`): all that is kept of it.
CREATE TABLE source_test (
    source_no BIGINT NOT NULL PRIMARY KEY,
    received_us BIGINT NOT NULL,
    event_id TEXT,
    outcome TEXT NOT NULL,
    reason TEXT,
    detail TEXT NOT NULL,
    promotion_id TEXT,
    customer_id TEXT
);

-- How many items of a source were answered how, by the hour they came in. Hours begin on the hour of the workspace's
-- zone. `lane` keeps processes from waiting for each other's rows; whoever reads adds the lanes up.
CREATE TABLE activity (
    source_no BIGINT NOT NULL,
    hour_us BIGINT NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    lane BIGINT NOT NULL,
    items BIGINT NOT NULL,
    PRIMARY KEY (source_no, hour_us, kind, outcome, lane)
) WITHOUT ROWID;
