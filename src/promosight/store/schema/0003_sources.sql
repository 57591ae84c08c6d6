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

-- Problems are looked through page by page, the latest first, and counted by kind: neither looks at the facts. Only
-- problems have entries here.
DROP INDEX event_problem;
CREATE INDEX event_problem ON event (
    workspace_no, received_us DESC, source_no, event_id, outcome, reason, promotion_no, customer_no
) WHERE outcome IN ('pending', 'flagged', 'rejected');
CREATE INDEX event_problem_kind ON event (workspace_no, outcome, reason, source_no)
WHERE outcome IN ('pending', 'flagged', 'rejected');
CREATE INDEX rejection_received ON rejection (workspace_no, received_us DESC, source_no, digest, reason);
CREATE INDEX rejection_kind ON rejection (workspace_no, reason, source_no);

-- The promotion and the customer that a refused payload names, where it names them.
ALTER TABLE rejection ADD COLUMN promotion_id TEXT;
ALTER TABLE rejection ADD COLUMN customer_id TEXT;
