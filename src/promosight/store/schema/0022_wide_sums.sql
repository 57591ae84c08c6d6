-- Sums of amounts in two halves of 64 bits: a sum is `_high` * 1000000000 + `_micros`, and nothing is carried from one to
-- the other. What was there stays where it is, as the lower half.

ALTER TABLE tally ADD COLUMN committed_high BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN cost_high BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN order_high BIGINT NOT NULL DEFAULT 0;
ALTER TABLE decision_label ADD COLUMN order_high BIGINT NOT NULL DEFAULT 0;
ALTER TABLE decision_label ADD COLUMN cost_high BIGINT NOT NULL DEFAULT 0;

-- Where a counter is half full or more, SQLite may have rounded it already: those workspaces are counted anew.
INSERT INTO recount_due (workspace_no)
SELECT DISTINCT p.workspace_no
FROM tally AS t
JOIN promotion AS p ON p.promotion_no = t.promotion_no
WHERE t.layer IN (0, 1) AND t.dimension = 0
  AND (t.committed_micros >= 4611686018427387904 OR t.cost_micros >= 4611686018427387904
       OR t.order_micros >= 4611686018427387904)
  AND p.workspace_no NOT IN (SELECT workspace_no FROM recount_due);
