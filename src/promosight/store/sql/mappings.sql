-- name: mappings
-- The mappings of a workspace, those that ended too, the newest first.
SELECT m.mapping_no, m.mapping_id, m.field, m.word, m.source_no, m.promotion_no, m.created_us, m.created_by,
       m.ended_us, m.ended_by
FROM mapping AS m WHERE m.workspace_no = :workspace_no
ORDER BY m.mapping_no DESC;

-- name: mappings_in_force
-- What words mean in a workspace.
SELECT m.field, m.word, m.source_no, m.promotion_no
FROM mapping AS m WHERE m.workspace_no = :workspace_no AND m.ended_us IS NULL;

-- name: add_mapping
-- A word means a promotion from now on.
INSERT INTO mapping (
    mapping_no, workspace_no, mapping_id, field, word, source_no, promotion_no, created_us, created_by, ended_us, ended_by
)
SELECT COALESCE(MAX(m.mapping_no), 0) + 1, :workspace_no, :mapping_id, :field, :word, :source_no, :promotion_no,
       :now_us, :actor, CAST(NULL AS BIGINT), CAST(NULL AS TEXT)
FROM mapping AS m;

-- name: end_mapping
-- A word does not mean it any more.
UPDATE mapping SET ended_us = :now_us, ended_by = :actor WHERE mapping_no = :mapping_no AND ended_us IS NULL;

-- name: told_and_waiting
-- The events in a promotion that nobody defined, reversals left out.
SELECT e.source_no, e.event_id FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND e.promotion_no = :promotion_no
  AND e.reverses IS NULL;

-- name: told_elsewhere
-- The events in a promotion that name it, or another one, by an id given: redemptions and reversals.
SELECT e.source_no, e.event_id FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND e.promotion_no = :promotion_no
  AND e.promotion_id = :word;

-- name: move_told
-- Brings events into the promotion that their word means, or out of it; there they count as nothing until settled.
UPDATE event
SET promotion_no = batch.promotion_no, promotion_id = batch.promotion_id, outcome = 'rejected', reason = 'moved',
    slot = NULL, live = 0, cost_micros = 0, currency = ''
FROM {{batch(source_no BIGINT, event_id TEXT, promotion_no BIGINT, promotion_id TEXT)}}
WHERE event.source_no = batch.source_no AND event.event_id = batch.event_id;
