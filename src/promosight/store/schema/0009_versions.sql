-- Versions of the policy: who made one, whether it may be promoted by itself, and how it was last seen to do.

ALTER TABLE policy_version ADD COLUMN made_by TEXT;
ALTER TABLE policy_version ADD COLUMN automatic BIGINT;
-- What it was last estimated to bring more than the running one, as JSON, and when.
ALTER TABLE policy_version ADD COLUMN shown TEXT;
ALTER TABLE policy_version ADD COLUMN shown_us BIGINT;

-- What was done about versions, by whom. Appended, never changed.
CREATE TABLE policy_event (
    workspace_no BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    event_no BIGINT NOT NULL,
    version BIGINT NOT NULL,
    action TEXT NOT NULL,
    made_by TEXT NOT NULL,
    forced BIGINT NOT NULL,
    note TEXT,
    shown TEXT,
    PRIMARY KEY (workspace_no, event_no)
);

-- Decisions of a mode over time, some of the customers of them picked without a look at the rows.
CREATE INDEX decision_mode ON decision (workspace_no, mode, decided_us, customer_no, promotion_no);
