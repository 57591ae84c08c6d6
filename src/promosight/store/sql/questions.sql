-- name: codes_after
-- The codes that one promotion's assignments and redemptions carry that had come by a moment, from one on, in order. A
-- redemption without a code carries that of the assignment it took, whether this counts or not. As of a moment before
-- now those come too that count for nothing now: they may have counted then.
SELECT f.code
FROM (
    SELECT g.code FROM (
        SELECT DISTINCT a.promo_code AS code
        FROM assignment AS a
        WHERE a.promotion_no = :promotion_no AND a.promo_code > :after AND a.received_us <= :known_us
          AND ((a.control = 0 AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
                AND a.assigned_us >= :tracking_from_us AND a.import_no <= :published_import_no)
               OR :known_us < 9223372036854775807
               OR EXISTS (
                   SELECT 1 FROM event AS e
                   WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
                     AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.promo_code IS NULL
                     AND e.reverses IS NULL AND e.outcome <> 'rejected'
                     AND e.import_no <= :published_import_no
               ))
        ORDER BY a.promo_code
        LIMIT :limit
    ) AS g
    UNION
    SELECT g.code FROM (
        SELECT DISTINCT e.promo_code AS code
        FROM event AS e
        WHERE e.promotion_no = :promotion_no AND e.promo_code > :after
          AND e.reverses IS NULL AND (e.outcome <> 'rejected' OR :known_us < 9223372036854775807)
          AND e.received_us <= :known_us AND e.import_no <= :published_import_no
        ORDER BY e.promo_code
        LIMIT :limit
    ) AS g
) AS f
ORDER BY f.code
LIMIT :limit;

-- name: codes_breakdown
-- One promotion's assignments and redemptions that had come by a moment, by the code they carry, as they are matched
-- now: codes after one up to another, and with `without` 1 those that carry none, which are looked for among all.
SELECT f.code, f.currency, f.order_currency,
       CAST(SUM(f.assigned) AS BIGINT),
       CAST(SUM(f.redeemed) AS BIGINT),
       CAST(SUM(f.redemptions) AS BIGINT),
       CAST(SUM(f.excess) AS BIGINT),
       CAST(SUM(f.unassigned) AS BIGINT),
       CAST(SUM(f.flagged) AS BIGINT),
       CAST(SUM(f.pending) AS BIGINT),
       CAST(SUM(f.reversed) AS BIGINT),
       CAST(SUM(f.cost_micros / 1000000000) AS BIGINT),
       CAST(SUM(f.cost_micros % 1000000000) AS BIGINT),
       CAST(SUM(f.order_micros / 1000000000) AS BIGINT),
       CAST(SUM(f.order_micros % 1000000000) AS BIGINT)
FROM (
    SELECT a.promo_code AS code, a.currency AS currency, '' AS order_currency, 1 AS assigned,
           CASE WHEN EXISTS (
               SELECT 1 FROM event AS e
               WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
                 AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
                 AND e.received_us <= :known_us AND e.import_no <= :published_import_no
           ) THEN 1 ELSE 0 END AS redeemed,
           0 AS redemptions, 0 AS excess, 0 AS unassigned, 0 AS flagged, 0 AS pending, 0 AS reversed,
           0 AS cost_micros, 0 AS order_micros
    FROM (
        SELECT a.* FROM assignment AS a
        WHERE a.promotion_no = :promotion_no AND a.promo_code > :after AND a.promo_code <= :last
        UNION ALL
        SELECT a.* FROM assignment AS a
        WHERE :without = 1
          AND a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND a.promotion_no = :promotion_no AND a.promo_code IS NULL
    ) AS a
    WHERE a.control = 0 AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
      AND a.assigned_us >= :tracking_from_us AND a.received_us <= :known_us
      AND a.import_no <= :published_import_no
    UNION ALL
    SELECT e.code, e.currency, COALESCE(e.reward_currency, ''), 0, 0,
           CASE WHEN e.live = 1 AND e.outcome <> 'pending' THEN 1 ELSE 0 END,
           CASE WHEN e.live = 1 AND e.outcome = 'excess' THEN 1 ELSE 0 END,
           CASE WHEN e.live = 1 AND e.outcome = 'unassigned' THEN 1 ELSE 0 END,
           CASE WHEN e.live = 1 AND e.outcome = 'flagged' THEN 1 ELSE 0 END,
           CASE WHEN e.outcome = 'pending' THEN 1 ELSE 0 END,
           CASE WHEN e.live = 0 AND e.outcome <> 'pending' THEN 1 ELSE 0 END,
           e.cost_micros,
           CASE WHEN e.live = 1 AND e.outcome <> 'pending' THEN COALESCE(e.order_micros, 0) ELSE 0 END
    FROM (
        SELECT e.promo_code AS code, e.* FROM event AS e
        WHERE e.promotion_no = :promotion_no AND e.promo_code > :after AND e.promo_code <= :last
        UNION ALL
        SELECT a.promo_code AS code, e.*
        FROM assignment AS a
        JOIN event AS e ON e.bucket = a.bucket AND e.promotion_no = a.promotion_no
            AND e.customer_no = a.customer_no AND e.slot = a.slot
        WHERE a.promotion_no = :promotion_no AND a.promo_code > :after AND a.promo_code <= :last
          AND e.promo_code IS NULL
        UNION ALL
        SELECT NULL AS code, e.*
        FROM event AS e
        LEFT JOIN assignment AS a ON a.bucket = e.bucket AND a.promotion_no = e.promotion_no
            AND a.customer_no = e.customer_no AND a.slot = e.slot
        WHERE :without = 1
          AND e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND e.promotion_no = :promotion_no AND e.promo_code IS NULL AND a.promo_code IS NULL
    ) AS e
    WHERE e.reverses IS NULL AND e.outcome <> 'rejected' AND e.received_us <= :known_us
      AND e.import_no <= :published_import_no
) AS f
GROUP BY f.code, f.currency, f.order_currency;

-- name: event_by_id
-- Events of a workspace that bear an id, in any source or in one.
SELECT s.name, e.source_no, e.event_id
FROM source AS s
JOIN event AS e ON e.source_no = s.source_no AND e.event_id = :event_id
WHERE s.workspace_no = :workspace_no AND (CAST(:source AS TEXT) IS NULL OR s.name = :source)
ORDER BY s.name;

-- name: rejections_by_id
-- Rejections that bear an event id, the latest first.
SELECT s.name, r.kind, r.reason, r.pointer, r.detail, r.payload, r.received_us, r.times
FROM rejection AS r
JOIN source AS s ON s.source_no = r.source_no
WHERE r.workspace_no = :workspace_no AND r.event_id = :event_id
  AND (CAST(:source AS TEXT) IS NULL OR s.name = :source)
ORDER BY r.received_us DESC, r.digest;

-- name: assignments_of_slots
-- The assignments with the whole keys given.
SELECT a.bucket, a.promotion_no, a.customer_no, a.slot, a.workspace_no, a.source_no, a.import_no,
       a.assigned_us, a.expires_us, a.received_us, a.digest, a.assignment_id, a.campaign_id, a.tier_id,
       a.segment, a.channels, a.promo_code, a.reward_micros, a.reward_currency, a.max_redemptions,
       a.control, a.withdrawn_us, a.details, a.redeemed_us, a.committed_micros, a.currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, slot BIGINT)}}
CROSS JOIN assignment_standing AS a
WHERE a.bucket = batch.bucket AND a.promotion_no = batch.promotion_no
  AND a.customer_no = batch.customer_no AND a.slot = batch.slot;
