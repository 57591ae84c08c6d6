-- The restatement log: what moved figures that had been told before, and why. Appended to in the transaction that moves
-- them.

-- `lines`: the differences by day, tier and currency, as in rules/restatements.py. `held`: moved by a running import,
-- not published yet. `about`: the redemption that a reversal undoes. The cause is a fact, which is new only once.
CREATE TABLE restatement (
    promotion_no BIGINT NOT NULL,
    restated_us BIGINT NOT NULL,
    kind TEXT NOT NULL,
    source_no BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    workspace_no BIGINT NOT NULL,
    held BIGINT NOT NULL,
    facts BIGINT NOT NULL,
    about TEXT,
    lines TEXT NOT NULL,
    PRIMARY KEY (promotion_no, restated_us, kind, source_no, event_id)
) WITHOUT ROWID;
CREATE INDEX restatement_held ON restatement (workspace_no) WHERE held = 1;
