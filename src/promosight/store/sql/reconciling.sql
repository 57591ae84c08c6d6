-- name: taken_in
-- The events a source reported of a time, and that were taken. One pass over the table: `+` keeps the index of identities
-- out, which would look every event of the source up by itself. A reversal that told no time is of its redemption's.
SELECT
    e.event_id, e.reverses, e.promotion_id, e.promo_code, e.redeemed_us, e.reward_micros, e.order_micros,
    e.reward_currency, e.promotion_no, e.outcome
FROM event AS e
WHERE +e.source_no = :source_no AND e.outcome <> 'rejected'
  AND ((e.redeemed_us >= :from_us AND e.redeemed_us < :until_us)
       OR (e.redeemed_us = 0 AND (
           SELECT o.redeemed_us FROM event AS o
           WHERE o.source_no = e.source_no AND o.event_id = e.reverses AND o.reverses IS NULL
       ) BETWEEN :from_us AND CAST(:until_us AS BIGINT) - 1));

-- name: taken_of
-- The events of a source that bear the ids given, taken or not, as above; the last is the time of the redemption that a
-- reversal names.
SELECT
    e.event_id, e.reverses, e.promotion_id, e.promo_code, e.redeemed_us, e.reward_micros, e.order_micros,
    e.reward_currency, e.promotion_no, e.outcome, e.reason,
    (SELECT o.redeemed_us FROM event AS o
     WHERE o.source_no = e.source_no AND o.event_id = e.reverses AND o.reverses IS NULL)
FROM {{batch(event_id TEXT)}}
CROSS JOIN event AS e
WHERE e.source_no = :source_no AND e.event_id = batch.event_id;

-- name: refused_of
-- Why redemptions and reversals of a source that bear the ids given were refused, the latest last.
SELECT r.event_id, r.reason
FROM {{batch(event_id TEXT)}}
CROSS JOIN rejection AS r
WHERE r.workspace_no = :workspace_no AND r.event_id = batch.event_id AND r.source_no = :source_no
  AND r.kind = 'redemptions'
ORDER BY r.received_us, r.digest;

-- name: add_reconciliation
-- What a source said, and what was found.
INSERT INTO reconciliation (
    source_no, made_us, reconciliation_id, made_by, day, from_us, until_us, fields, said, found, differing, buckets,
    different
)
VALUES (
    :source_no, :made_us, :reconciliation_id, :made_by, :day, :from_us, :until_us, :fields, :said, :found, :differing,
    :buckets, :different
);

-- name: reconciliation_named
-- One of them.
SELECT
    r.made_us, r.reconciliation_id, r.made_by, r.day, r.from_us, r.until_us, r.fields, r.said, r.found, r.differing,
    r.buckets, r.different, r.narrowed_us
FROM reconciliation AS r
WHERE r.source_no = :source_no AND r.reconciliation_id = :reconciliation_id;

-- name: reconciliations_before
-- Those of a source, the latest first, perhaps of one day: the ones before a place.
SELECT
    r.made_us, r.reconciliation_id, r.made_by, r.day, r.from_us, r.until_us, r.fields, r.said, r.found, r.differing,
    r.buckets, r.different, r.narrowed_us
FROM reconciliation AS r
WHERE r.source_no = :source_no AND r.made_us <= :before_us
  AND (r.made_us < :before_us OR r.reconciliation_id < :before_id)
  AND (:day = '' OR r.day = :day)
ORDER BY r.made_us DESC, r.reconciliation_id DESC
LIMIT :limit;

-- name: narrow_reconciliation
-- The events of one were compared.
UPDATE reconciliation SET narrowed_us = :narrowed_us
WHERE source_no = :source_no AND reconciliation_id = :reconciliation_id;

-- name: forget_differences
-- The differences of the buckets given are about to be told anew.
DELETE FROM difference
WHERE (source_no, reconciliation_id, event_id) IN (
    SELECT d.source_no, d.reconciliation_id, d.event_id
    FROM {{batch(source_no BIGINT, reconciliation_id TEXT, bucket BIGINT)}}
    CROSS JOIN difference AS d
    WHERE d.source_no = batch.source_no AND d.reconciliation_id = batch.reconciliation_id AND d.bucket = batch.bucket
);

-- name: add_differences
-- Events in which the two sides differ.
INSERT INTO difference (
    source_no, reconciliation_id, event_id, bucket, state, fields, reason, said, found
)
SELECT
    batch.source_no, batch.reconciliation_id, batch.event_id, batch.bucket, batch.state, batch.fields, batch.reason,
    batch.said, batch.found
FROM {{batch(source_no BIGINT, reconciliation_id TEXT, event_id TEXT, bucket BIGINT, state TEXT, fields TEXT, reason TEXT, said TEXT, found TEXT)}}
WHERE true
ON CONFLICT (source_no, reconciliation_id, event_id) DO NOTHING;

-- name: differences_counted
-- How many events of the reconciliations given are in which state.
SELECT d.reconciliation_id, d.state, COUNT(*)
FROM {{batch(reconciliation_id TEXT)}}
CROSS JOIN difference AS d
WHERE d.source_no = :source_no AND d.reconciliation_id = batch.reconciliation_id
GROUP BY d.reconciliation_id, d.state;

-- name: differences_after
-- The differences of a reconciliation by event id: those after one.
SELECT d.event_id, d.state, d.fields, d.reason, d.said, d.found
FROM difference AS d
WHERE d.source_no = :source_no AND d.reconciliation_id = :reconciliation_id AND d.event_id > :after
ORDER BY d.event_id
LIMIT :limit;
