-- The audit log: who changed what, and what it was before and after. Rows are added in the transaction that makes the
-- change, so that there is no change without its row and no row without its change; nothing changes them afterwards.

CREATE TABLE audit (
    workspace_no BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    audit_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT,
    request_id TEXT,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    before TEXT,
    after TEXT,
    PRIMARY KEY (workspace_no, changed_us, audit_id)
);
