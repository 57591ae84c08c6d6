-- name: groups_since
-- The groups of a workspace in which a fact came, or an assignment was withdrawn, after a moment; at most so many rows.
-- No index knows when facts came, so they are read from end to end, here and below: `+` keeps SQLite from walking an index
-- in its order, which visits every row by itself.
SELECT e.promotion_no, e.bucket, e.customer_no FROM event AS e
WHERE e.workspace_no = :workspace_no AND e.received_us > :known_us
UNION ALL
SELECT a.promotion_no, a.bucket, a.customer_no FROM assignment AS a
WHERE a.workspace_no = :workspace_no AND (a.received_us > :known_us OR a.withdrawn_us > :known_us)
LIMIT :most;

-- name: groups_used_before
-- Those of them in which an event had come before, or an assignment was withdrawn.
SELECT e.promotion_no, e.bucket, e.customer_no FROM event AS e
WHERE e.workspace_no = :workspace_no AND e.received_us > :known_us
  AND EXISTS (
      SELECT 1 FROM event AS o
      WHERE o.bucket = e.bucket AND o.promotion_no = e.promotion_no AND o.customer_no = e.customer_no
        AND o.received_us <= :known_us
  )
UNION
SELECT a.promotion_no, a.bucket, a.customer_no FROM assignment AS a
WHERE a.workspace_no = :workspace_no AND (a.received_us > :known_us OR a.withdrawn_us > :known_us)
  AND (a.withdrawn_us > :known_us OR EXISTS (
      SELECT 1 FROM event AS o
      WHERE o.bucket = a.bucket AND o.promotion_no = a.promotion_no AND o.customer_no = a.customer_no
        AND o.received_us <= :known_us
  ));

-- name: groups_judged_since
-- The groups in which no fact need have come since, but what facts are judged by has changed: an assignment had other
-- channels, or a code was loaded or issued that an event had named before.
SELECT s.promotion_no, s.bucket, s.customer_no
FROM promotion AS n
CROSS JOIN channels_past AS s
WHERE n.workspace_no = :workspace_no
  AND s.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND s.promotion_no = n.promotion_no
  AND s.until_us > :known_us
UNION
SELECT e.promotion_no, e.bucket, e.customer_no
FROM personal_code AS p
CROSS JOIN event AS e
WHERE p.workspace_no = :workspace_no AND p.loaded_us > :known_us
  AND e.workspace_no = p.workspace_no AND e.promo_code = p.code AND e.received_us <= :known_us
UNION
SELECT e.promotion_no, e.bucket, e.customer_no
FROM assignment AS a
CROSS JOIN event AS e
WHERE a.workspace_no = :workspace_no AND a.received_us > :known_us AND COALESCE(a.promo_code, '') <> ''
  AND e.workspace_no = a.workspace_no AND e.promo_code = a.promo_code AND e.received_us <= :known_us;

-- name: groups_naming
-- The groups with events that had come by a moment and name one of the codes given.
SELECT DISTINCT e.promotion_no, e.bucket, e.customer_no
FROM {{batch(code TEXT)}}
CROSS JOIN event AS e
WHERE e.workspace_no = :workspace_no AND e.promo_code = batch.code AND e.received_us <= :known_us;

-- name: waited_since
-- The customers who became known after a moment and whose redemptions had waited for them; at most so many.
SELECT w.customer_no FROM customer_waited AS w
WHERE w.workspace_no = :workspace_no AND w.known_us > :known_us
LIMIT :most;

-- name: groups_of_waited
-- The groups of a workspace with events of the customers given.
SELECT DISTINCT e.promotion_no, e.bucket, e.customer_no
FROM {{batch(bucket BIGINT, customer_no BIGINT)}}
CROSS JOIN promotion AS n
CROSS JOIN event AS e
WHERE n.workspace_no = :workspace_no AND e.bucket = batch.bucket AND e.promotion_no = n.promotion_no
  AND e.customer_no = batch.customer_no;

-- name: came_since
-- How many facts came to a workspace after a moment; at most twice so many.
SELECT CAST(SUM(t.came) AS BIGINT)
FROM (
    SELECT COUNT(*) AS came
    FROM (
        SELECT 1 FROM event AS e WHERE e.workspace_no = :workspace_no AND e.received_us > :known_us LIMIT :most
    ) AS f
    UNION ALL
    SELECT COUNT(*) AS came
    FROM (
        SELECT 1 FROM assignment AS a WHERE a.workspace_no = :workspace_no AND a.received_us > :known_us LIMIT :most
    ) AS g
) AS t;

-- name: definitions_since
-- What promotions of a workspace were before each change after a moment; NULL: nobody had defined them.
SELECT p.promotion_no, p.definition
FROM promotion AS n
JOIN promotion_past AS p ON p.promotion_no = n.promotion_no
WHERE n.workspace_no = :workspace_no AND p.until_us > :known_us;

-- name: assigned_since
-- The assignments that came after a moment and are in the rate, of groups in which no event had come before, by where they
-- count, with what they commit. Quarters of an hour are counted from a moment before all times.
SELECT f.promotion_no, p.tier_id, p.segment, p.channels, p.campaign_id, f.source_no, f.quarter, f.currency,
       f.assigned, f.committed_high, f.committed_micros
FROM (
    SELECT t.promotion_no, t.place_no, t.source_no, t.quarter, t.currency, COUNT(*) AS assigned,
           CAST(SUM(t.committed_micros / 1000000000) AS BIGINT) AS committed_high,
           CAST(SUM(t.committed_micros % 1000000000) AS BIGINT) AS committed_micros
    FROM (
        SELECT a.promotion_no, a.place_no, a.source_no, a.currency, a.committed_micros,
               (a.assigned_us + 63072000000000000) / 900000000 AS quarter
        FROM assignment AS a
        WHERE a.workspace_no = :workspace_no AND a.received_us > :known_us
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us AND a.withdrawn_us IS NULL
          AND NOT EXISTS (
              SELECT 1 FROM event AS o
              WHERE o.bucket = a.bucket AND o.promotion_no = a.promotion_no AND o.customer_no = a.customer_no
                AND o.received_us <= :known_us
          )
    ) AS t
    GROUP BY t.promotion_no, t.place_no, t.source_no, t.quarter, t.currency
) AS f
LEFT JOIN place AS p ON p.place_no = f.place_no;

-- name: taken_since
-- The assignments in the rate that redemptions took, of groups in which every event came after a moment.
SELECT f.promotion_no, p.tier_id, p.segment, p.channels, p.campaign_id, f.source_no, f.quarter, f.used_quarter,
       f.currency, f.taken
FROM (
    SELECT t.promotion_no, t.place_no, t.source_no, t.quarter, t.used_quarter, t.currency, COUNT(*) AS taken
    FROM (
        SELECT a.promotion_no, a.place_no, a.source_no, a.currency,
               (a.assigned_us + 63072000000000000) / 900000000 AS quarter,
               (u.redeemed_us + 63072000000000000) / 900000000 AS used_quarter
        FROM (
            SELECT +e.bucket AS bucket, +e.promotion_no AS promotion_no, +e.customer_no AS customer_no, +e.slot AS slot,
                   MIN(e.redeemed_us) AS redeemed_us
            FROM event AS e
            WHERE e.workspace_no = :workspace_no AND e.received_us > :known_us AND e.slot IS NOT NULL AND e.live = 1
              AND NOT EXISTS (
                  SELECT 1 FROM event AS o
                  WHERE o.bucket = e.bucket AND o.promotion_no = e.promotion_no AND o.customer_no = e.customer_no
                    AND o.received_us <= :known_us
              )
            GROUP BY +e.bucket, +e.promotion_no, +e.customer_no, +e.slot
        ) AS u
        CROSS JOIN assignment AS a
        WHERE a.bucket = u.bucket AND a.promotion_no = u.promotion_no AND a.customer_no = u.customer_no
          AND a.slot = u.slot
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us AND a.withdrawn_us IS NULL
    ) AS t
    GROUP BY t.promotion_no, t.place_no, t.source_no, t.quarter, t.used_quarter, t.currency
) AS f
LEFT JOIN place AS p ON p.place_no = f.place_no;

-- name: redeemed_since
-- The redemptions of groups in which every event came after a moment, by where they count: the place of the assignment
-- they took, or else their own words.
SELECT f.promotion_no, COALESCE(p.tier_id, f.tier_id), p.segment, p.channels, COALESCE(p.campaign_id, f.campaign_id),
       f.source_no, f.quarter, f.used_quarter, f.outcome, f.live, f.currency, f.paid_in,
       f.redemptions, f.cost_high, f.cost_micros, f.order_high, f.order_micros
FROM (
    SELECT t.promotion_no, t.place_no, t.tier_id, t.campaign_id, t.source_no, t.quarter, t.used_quarter, t.outcome, t.live,
           t.currency, t.paid_in,
           COUNT(*) AS redemptions,
           CAST(SUM(t.cost_micros / 1000000000) AS BIGINT) AS cost_high,
           CAST(SUM(t.cost_micros % 1000000000) AS BIGINT) AS cost_micros,
           CAST(SUM(t.order_micros / 1000000000) AS BIGINT) AS order_high,
           CAST(SUM(t.order_micros % 1000000000) AS BIGINT) AS order_micros
    FROM (
        SELECT e.promotion_no, e.source_no, e.outcome, e.live, e.currency, a.place_no,
               CASE WHEN a.place_no IS NULL THEN e.tier_id END AS tier_id,
               CASE WHEN a.place_no IS NULL THEN e.campaign_id END AS campaign_id,
               (COALESCE(a.assigned_us, e.redeemed_us) + 63072000000000000) / 900000000 AS quarter,
               (e.redeemed_us + 63072000000000000) / 900000000 AS used_quarter,
               COALESCE(e.reward_currency, '') AS paid_in,
               e.cost_micros, COALESCE(e.order_micros, 0) AS order_micros
        FROM event AS e
        LEFT JOIN assignment AS a ON a.bucket = e.bucket AND a.promotion_no = e.promotion_no
            AND a.customer_no = e.customer_no AND a.slot = e.slot
        WHERE e.workspace_no = :workspace_no AND e.received_us > :known_us
          AND e.reverses IS NULL AND e.outcome <> 'rejected'
          AND NOT EXISTS (
              SELECT 1 FROM event AS o
              WHERE o.bucket = e.bucket AND o.promotion_no = e.promotion_no AND o.customer_no = e.customer_no
                AND o.received_us <= :known_us
          )
    ) AS t
    GROUP BY t.promotion_no, t.place_no, t.tier_id, t.campaign_id, t.source_no, t.quarter, t.used_quarter, t.outcome,
             t.live, t.currency, t.paid_in
) AS f
LEFT JOIN place AS p ON p.place_no = f.place_no;

-- name: customers_since
-- How many customers by promotion have an assignment in the rate now and had none at a moment, and how many a redeemed one,
-- of groups in which every event came after it.
SELECT c.promotion_no, CAST(SUM(c.assigned) AS BIGINT), CAST(SUM(c.redeemed) AS BIGINT)
FROM (
    SELECT g.promotion_no, 1 AS assigned, 0 AS redeemed
    FROM (
        SELECT DISTINCT +a.bucket AS bucket, +a.promotion_no AS promotion_no, +a.customer_no AS customer_no
        FROM assignment AS a
        WHERE a.workspace_no = :workspace_no AND a.received_us > :known_us
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us AND a.withdrawn_us IS NULL
          AND NOT EXISTS (
              SELECT 1 FROM event AS o
              WHERE o.bucket = a.bucket AND o.promotion_no = a.promotion_no AND o.customer_no = a.customer_no
                AND o.received_us <= :known_us
          )
    ) AS g
    WHERE NOT EXISTS (
        SELECT 1 FROM assignment AS b
        WHERE b.bucket = g.bucket AND b.promotion_no = g.promotion_no AND b.customer_no = g.customer_no
          AND b.received_us <= :known_us
          AND b.control = 0 AND b.assigned_us >= :tracking_from_us AND b.withdrawn_us IS NULL
    )
    UNION ALL
    SELECT u.promotion_no, 0 AS assigned, 1 AS redeemed
    FROM (
        SELECT DISTINCT +e.bucket AS bucket, +e.promotion_no AS promotion_no, +e.customer_no AS customer_no
        FROM event AS e
        CROSS JOIN assignment AS a
        WHERE e.workspace_no = :workspace_no AND e.received_us > :known_us AND e.slot IS NOT NULL AND e.live = 1
          AND a.bucket = e.bucket AND a.promotion_no = e.promotion_no AND a.customer_no = e.customer_no
          AND a.slot = e.slot
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us AND a.withdrawn_us IS NULL
          AND NOT EXISTS (
              SELECT 1 FROM event AS o
              WHERE o.bucket = e.bucket AND o.promotion_no = e.promotion_no AND o.customer_no = e.customer_no
                AND o.received_us <= :known_us
          )
    ) AS u
) AS c
GROUP BY c.promotion_no;

-- name: latest_then
-- The latest time of the redemptions of each promotion that had come by a moment and are accepted as they are judged now.
SELECT e.promotion_no, MAX(e.redeemed_us) FROM event AS e
WHERE e.workspace_no = :workspace_no AND e.received_us <= :known_us AND e.reverses IS NULL
  AND e.outcome NOT IN ('pending', 'rejected')
GROUP BY e.promotion_no;
