-- When something was noted of a payment, so that it is forgotten when the workspace wants it. Of what was noted before,
-- the latest it can have been: when its shop was last heard.
ALTER TABLE payment_note ADD COLUMN noted_us BIGINT NOT NULL DEFAULT 0;
UPDATE payment_note SET noted_us = COALESCE(
    (SELECT COALESCE(s.last_us, s.updated_us) FROM shop AS s WHERE s.shop_no = payment_note.shop_no), 0
);

-- Assignments from before channels were bounded, whose key PostgreSQL takes into no index: their counters could not be
-- written, nor counted anew. Counting them anew gives them the key they would have today.
INSERT INTO recount_due (workspace_no)
SELECT DISTINCT p.workspace_no FROM place AS p
WHERE LENGTH(p.channels) > 400 AND p.workspace_no NOT IN (SELECT workspace_no FROM recount_due);

-- Where the rows of a file stand that were taken and are a problem all the same: those that wait, or are flagged. Most
-- files have none. `fact_id` is an event's own id, or an assignment's public one.
CREATE TABLE import_line (
    import_no BIGINT NOT NULL,
    fact_id TEXT NOT NULL,
    line BIGINT NOT NULL,
    PRIMARY KEY (import_no, fact_id)
) WITHOUT ROWID;
