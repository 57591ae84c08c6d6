-- name: add_activity
-- So many more items were answered so.
INSERT INTO activity (source_no, hour_us, kind, outcome, lane, items)
SELECT batch.source_no, batch.hour_us, batch.kind, batch.outcome, batch.lane, batch.items
FROM {{batch(source_no BIGINT, hour_us BIGINT, kind TEXT, outcome TEXT, lane BIGINT, items BIGINT)}}
WHERE true
ON CONFLICT (source_no, hour_us, kind, outcome, lane) DO UPDATE
SET items = activity.items + excluded.items;

-- name: activity_of
-- What came of a source in a time, by hour, kind and outcome, over all lanes.
SELECT hour_us, kind, outcome, CAST(SUM(items) AS BIGINT)
FROM activity
WHERE source_no = :source_no AND hour_us >= :from_us AND hour_us < :to_us
GROUP BY hour_us, kind, outcome
ORDER BY hour_us, kind, outcome;

-- name: keep_test
-- What a source's last test came to.
INSERT INTO source_test (
    source_no, received_us, event_id, outcome, reason, detail, promotion_id, customer_id
)
VALUES (
    :source_no, :received_us, CAST(:event_id AS TEXT), :outcome, CAST(:reason AS TEXT), :detail,
    CAST(:promotion_id AS TEXT), CAST(:customer_id AS TEXT)
)
ON CONFLICT (source_no) DO UPDATE
SET received_us = excluded.received_us, event_id = excluded.event_id, outcome = excluded.outcome,
    reason = excluded.reason, detail = excluded.detail, promotion_id = excluded.promotion_id,
    customer_id = excluded.customer_id, unknown_fields = '[]'
WHERE source_test.received_us <= excluded.received_us;

-- name: note_unknown_fields
-- Which names in a source's last test are no field.
UPDATE source_test SET unknown_fields = :unknown_fields
WHERE source_no = :source_no AND received_us = :received_us;

-- name: tests_of_sources
-- What the last tests of a workspace's sources came to.
SELECT t.source_no, t.received_us, t.event_id, t.outcome, t.reason, t.detail, t.promotion_id, t.customer_id,
    t.unknown_fields
FROM source AS s JOIN source_test AS t ON t.source_no = s.source_no
WHERE s.workspace_no = :workspace_no;
