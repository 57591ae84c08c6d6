-- What promotions and sources count by the hour, as the counters were read at its end, and the anomalies found in it.

-- How far the counters have been read. `whole` is 1 where what was counted in this hour is known, because it was read at
-- its beginning and at its end; 2 where facts said it for the first time; else 0.
CREATE TABLE pace_hour (
    workspace_no BIGINT NOT NULL,
    hour_us BIGINT NOT NULL,
    taken_us BIGINT NOT NULL,
    whole BIGINT NOT NULL,
    PRIMARY KEY (workspace_no, hour_us)
);

-- By how much the counters of a promotion and a source moved in an hour; nothing where they did not.
CREATE TABLE pace (
    workspace_no BIGINT NOT NULL,
    hour_us BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    source TEXT NOT NULL,
    assigned BIGINT NOT NULL,
    redeemed BIGINT NOT NULL,
    reported BIGINT NOT NULL,
    unassigned BIGINT NOT NULL,
    pending BIGINT NOT NULL,
    PRIMARY KEY (workspace_no, hour_us, promotion_no, source)
) WITHOUT ROWID;

-- The counters as they were read last.
CREATE TABLE pace_read (
    workspace_no BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    source TEXT NOT NULL,
    assigned BIGINT NOT NULL,
    redeemed BIGINT NOT NULL,
    reported BIGINT NOT NULL,
    unassigned BIGINT NOT NULL,
    pending BIGINT NOT NULL,
    PRIMARY KEY (workspace_no, promotion_no, source)
) WITHOUT ROWID;

-- An anomaly. `kind`: redemptions (of a promotion; of one source where that reports in batches), stream or unmatched (of a
-- source). `promotion_no` is 0, `source` empty, where it is not about one. `details`: what was found, as JSON.
CREATE TABLE anomaly (
    workspace_no BIGINT NOT NULL,
    anomaly_no BIGINT NOT NULL,
    kind TEXT NOT NULL,
    direction TEXT NOT NULL,
    promotion_no BIGINT NOT NULL,
    source TEXT NOT NULL,
    began_us BIGINT NOT NULL,
    found_us BIGINT NOT NULL,
    ended_us BIGINT,
    details TEXT NOT NULL,
    acknowledged_us BIGINT,
    acknowledged_by TEXT,
    note TEXT NOT NULL,
    PRIMARY KEY (workspace_no, anomaly_no)
);
-- One series has one anomaly at a time, however many servers look.
CREATE UNIQUE INDEX anomaly_open ON anomaly (workspace_no, kind, promotion_no, source) WHERE ended_us IS NULL;
CREATE INDEX anomaly_found ON anomaly (workspace_no, found_us, anomaly_no);
