-- What figures of an earlier moment need beside the facts: since when things are as they are, and what they were before.
-- Kept from here on.

-- The workspaces that were there before: of the time until this file was applied nothing is told of them.
CREATE TABLE history_missing (
    workspace_no BIGINT NOT NULL PRIMARY KEY
);
INSERT INTO history_missing (workspace_no) SELECT workspace_no FROM workspace;

-- A definition that a promotion had until a moment; NULL: until then nobody had defined it.
CREATE TABLE promotion_past (
    promotion_no BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    definition TEXT,
    PRIMARY KEY (promotion_no, until_us)
) WITHOUT ROWID;

-- The channels that an assignment had until a moment, or until the import that brought one more was published.
CREATE TABLE channels_past (
    bucket BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    customer_no BIGINT NOT NULL,
    slot BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    import_no BIGINT NOT NULL,
    channels TEXT,
    PRIMARY KEY (bucket, promotion_no, customer_no, slot, until_us)
) WITHOUT ROWID;

-- Customers whose redemptions had waited for them: when they became known, and by which import.
CREATE TABLE customer_waited (
    customer_no BIGINT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    known_us BIGINT NOT NULL,
    import_no BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX customer_waited_known ON customer_waited (workspace_no, known_us);

-- When the facts of a run went into the published figures; NULL while they are held back.
ALTER TABLE import_run ADD COLUMN published_us BIGINT;
UPDATE import_run SET published_us = started_us
WHERE import_no <= (
    SELECT w.published_import_no FROM import AS i JOIN workspace AS w ON w.workspace_no = i.workspace_no
    WHERE i.import_id = import_run.import_id
);

-- When a code came into the pool; 0 for codes that assignments issue.
ALTER TABLE personal_code ADD COLUMN loaded_us BIGINT NOT NULL DEFAULT 0;

-- When a source said so.
ALTER TABLE coverage ADD COLUMN said_us BIGINT NOT NULL DEFAULT 0;
