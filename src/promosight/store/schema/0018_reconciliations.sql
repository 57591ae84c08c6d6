-- What sources said they had reported, what was found, and in which events the two differ.

-- One statement of a source about a time: a receipt, which nothing changes afterwards but `narrowed_us`, when its events
-- were last compared one by one. `day` is '' for a time that is no day. `said` and `found` are JSON as they are shown;
-- `fields` are the fields compared, parted by spaces; `differing` names what differed, `different` the buckets (of so many
-- `buckets`, 0 for none).
CREATE TABLE reconciliation (
    source_no BIGINT NOT NULL,
    made_us BIGINT NOT NULL,
    reconciliation_id TEXT NOT NULL,
    made_by TEXT NOT NULL,
    day TEXT NOT NULL,
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    fields TEXT NOT NULL,
    said TEXT NOT NULL,
    found TEXT NOT NULL,
    differing TEXT NOT NULL,
    buckets BIGINT NOT NULL,
    different TEXT NOT NULL,
    narrowed_us BIGINT,
    PRIMARY KEY (source_no, made_us, reconciliation_id)
);
CREATE UNIQUE INDEX reconciliation_named ON reconciliation (source_no, reconciliation_id);

-- The events in which they differ, as far as these were compared. `state` is `missing_here`, `missing_there`, `differs`,
-- `rejected`, or `pending`, which is no difference; `fields` names those that differ. `said` and `found`: JSON.
CREATE TABLE difference (
    source_no BIGINT NOT NULL,
    reconciliation_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    bucket BIGINT NOT NULL,
    state TEXT NOT NULL,
    fields TEXT NOT NULL,
    reason TEXT,
    said TEXT,
    found TEXT,
    PRIMARY KEY (source_no, reconciliation_id, event_id)
) WITHOUT ROWID;
