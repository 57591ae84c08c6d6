-- name: problem_counts
-- How many problems of each kind there are, by source. The assignments of promotions nobody defined are found from
-- those promotions: the other way round all assignments would be looked at.
SELECT p.outcome, p.reason, s.name, CAST(SUM(p.problems) AS BIGINT)
FROM (
    SELECT e.outcome AS outcome, COALESCE(e.reason, '') AS reason, e.source_no AS source_no,
           COUNT(*) AS problems
    FROM event AS e
    WHERE e.workspace_no = :workspace_no AND (e.outcome = 'pending' OR e.outcome = 'flagged' OR e.outcome = 'rejected')
    GROUP BY e.outcome, e.reason, e.source_no
    UNION ALL
    SELECT 'rejected', r.reason, r.source_no, COUNT(*)
    FROM rejection AS r WHERE r.workspace_no = :workspace_no
    GROUP BY r.reason, r.source_no
    UNION ALL
    SELECT 'pending', 'unknown_promotion', a.source_no, COUNT(*)
    FROM promotion AS n CROSS JOIN assignment AS a
    WHERE n.workspace_no = :workspace_no AND n.definition IS NULL
      AND a.promotion_no = n.promotion_no AND a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    GROUP BY a.source_no
) AS p
JOIN source AS s ON s.source_no = p.source_no
GROUP BY p.outcome, p.reason, s.name
ORDER BY p.outcome, p.reason, s.name;

-- name: problem_events
-- The events that wait, are flagged or were refused, the latest first: those after a place, perhaps of an outcome, a
-- reason, a source, or of one id (as event, customer or promotion).
SELECT e.received_us, e.source_no, e.event_id, e.outcome, COALESCE(e.reason, '')
FROM event AS e
WHERE e.workspace_no = :workspace_no AND (e.outcome = 'pending' OR e.outcome = 'flagged' OR e.outcome = 'rejected')
  AND e.received_us <= :before_us
  AND (e.received_us < :before_us OR e.source_no > :after_source_no
       OR (e.source_no = :after_source_no AND e.event_id > :after_event_id))
  AND (CAST(:outcome AS TEXT) IS NULL OR e.outcome = :outcome)
  AND (CAST(:reason AS TEXT) IS NULL OR e.reason = :reason)
  AND (CAST(:source_no AS BIGINT) IS NULL OR e.source_no = :source_no)
  AND (CAST(:id AS TEXT) IS NULL OR e.event_id = :id OR e.customer_no = :customer_no
       OR e.promotion_no = :promotion_no)
ORDER BY e.received_us DESC, e.source_no, e.event_id
LIMIT :limit;

-- name: problem_rejections
-- What was refused and is no fact, the latest first, chosen as above.
SELECT r.received_us, r.source_no, r.digest, r.reason
FROM rejection AS r
WHERE r.workspace_no = :workspace_no AND r.received_us <= :before_us
  AND (r.received_us < :before_us OR r.source_no > :after_source_no
       OR (r.source_no = :after_source_no AND r.digest > :after_digest))
  AND (CAST(:reason AS TEXT) IS NULL OR r.reason = :reason)
  AND (CAST(:source_no AS BIGINT) IS NULL OR r.source_no = :source_no)
  AND (CAST(:id AS TEXT) IS NULL OR r.event_id = :id OR r.customer_id = :id OR r.promotion_id = :id)
ORDER BY r.received_us DESC, r.source_no, r.digest
LIMIT :limit;

-- name: rejections_left
-- How many more of them there are after a place.
SELECT COUNT(*)
FROM rejection AS r
WHERE r.workspace_no = :workspace_no AND r.received_us <= :before_us
  AND (r.received_us < :before_us OR r.source_no > :after_source_no
       OR (r.source_no = :after_source_no AND r.digest > :after_digest))
  AND (CAST(:reason AS TEXT) IS NULL OR r.reason = :reason)
  AND (CAST(:source_no AS BIGINT) IS NULL OR r.source_no = :source_no)
  AND (CAST(:id AS TEXT) IS NULL OR r.event_id = :id OR r.customer_id = :id OR r.promotion_id = :id);

-- name: problem_assignments
-- The assignments of promotions nobody defined, the latest first, chosen as above.
SELECT a.received_us, a.source_no, a.bucket, a.promotion_no, a.customer_no, a.slot
FROM promotion AS n CROSS JOIN assignment AS a
WHERE n.workspace_no = :workspace_no AND n.definition IS NULL
  AND a.promotion_no = n.promotion_no AND a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND a.received_us <= :before_us
  AND (a.received_us < :before_us
       OR (a.source_no, a.bucket, a.promotion_no, a.customer_no, a.slot)
        > (:after_source_no, :after_bucket, :after_promotion_no, :after_customer_no, :after_slot))
  AND (CAST(:source_no AS BIGINT) IS NULL OR a.source_no = :source_no)
  AND (CAST(:id AS TEXT) IS NULL OR a.assignment_id = :id OR a.customer_no = :customer_no
       OR a.promotion_no = :promotion_no
       OR (a.customer_no = :its_customer_no AND a.slot = :its_slot))
ORDER BY a.received_us DESC, a.source_no, a.bucket, a.promotion_no, a.customer_no, a.slot
LIMIT :limit;

-- name: rejections_of
-- The rejections given, whole.
SELECT r.source_no, r.digest, r.import_no, r.line, r.kind, r.event_id, r.reason, r.pointer, r.detail,
       r.payload, r.received_us, r.times
FROM {{batch(source_no BIGINT, digest BIGINT)}}
CROSS JOIN rejection AS r
WHERE r.workspace_no = :workspace_no AND r.source_no = batch.source_no AND r.digest = batch.digest;

-- name: remove_rejections
-- Rejections that a replay turned into facts.
DELETE FROM rejection
WHERE (workspace_no, source_no, digest) IN (
    SELECT batch.workspace_no, batch.source_no, batch.digest
    FROM {{batch(workspace_no BIGINT, source_no BIGINT, digest BIGINT)}}
);
