-- name: unredeemed_of_few
-- Of the assignments of one promotion that were not redeemed: how many have expired; how many are open and promise
-- another currency than `currency`, or that one; and of these how many promise nothing of it, and what they promise in
-- all. Found one by one, by their key.
SELECT
    CAST(COALESCE(SUM(u.expired), 0) AS BIGINT),
    CAST(COALESCE(SUM(1 - u.expired - u.own), 0) AS BIGINT),
    CAST(COALESCE(SUM(u.own), 0) AS BIGINT),
    CAST(COALESCE(SUM(CASE WHEN u.micros = 0 THEN u.own ELSE 0 END), 0) AS BIGINT),
    CAST(COALESCE(SUM(u.own * (u.micros / 1000000000)), 0) AS BIGINT),
    CAST(COALESCE(SUM(u.own * (u.micros % 1000000000)), 0) AS BIGINT)
FROM (
    SELECT
        CASE WHEN a.expires_us <= :now_us THEN 1 ELSE 0 END AS expired,
        CASE WHEN a.expires_us <= :now_us OR a.currency <> :currency THEN 0 ELSE 1 END AS own,
        a.committed_micros AS micros
    FROM assignment AS a
    WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
      AND a.promotion_no = :promotion_no
      AND a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us >= :tracking_from_us
      AND a.import_no <= :published_import_no
      AND NOT EXISTS (
          SELECT 1 FROM event AS e
          WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
            AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
            AND e.import_no <= :published_import_no
      )
) AS u;

-- name: unredeemed_of_many
-- The same of a promotion that has most of all assignments: the table is read from end to end (`+` hides the column
-- from the key), which costs a thirtieth for each row. Customers come in no order, so by key each row is a jump.
SELECT
    CAST(COALESCE(SUM(u.expired), 0) AS BIGINT),
    CAST(COALESCE(SUM(1 - u.expired - u.own), 0) AS BIGINT),
    CAST(COALESCE(SUM(u.own), 0) AS BIGINT),
    CAST(COALESCE(SUM(CASE WHEN u.micros = 0 THEN u.own ELSE 0 END), 0) AS BIGINT),
    CAST(COALESCE(SUM(u.own * (u.micros / 1000000000)), 0) AS BIGINT),
    CAST(COALESCE(SUM(u.own * (u.micros % 1000000000)), 0) AS BIGINT)
FROM (
    SELECT
        CASE WHEN a.expires_us <= :now_us THEN 1 ELSE 0 END AS expired,
        CASE WHEN a.expires_us <= :now_us OR a.currency <> :currency THEN 0 ELSE 1 END AS own,
        a.committed_micros AS micros
    FROM assignment AS a
    WHERE +a.promotion_no = :promotion_no
      AND a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us >= :tracking_from_us
      AND a.import_no <= :published_import_no
      AND NOT EXISTS (
          SELECT 1 FROM event AS e
          WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
            AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
            AND e.import_no <= :published_import_no
      )
) AS u;

-- name: open_in_others
-- The open ones that promise another currency than `currency`, by what they promise: how many, how many of nothing, and
-- what in all. With `many` 1 the table is read from end to end, as in unredeemed_of_many.
SELECT
    a.currency, CAST(COUNT(*) AS BIGINT),
    COUNT(CASE WHEN a.committed_micros = 0 THEN 1 END),
    CAST(SUM(a.committed_micros / 1000000000) AS BIGINT),
    CAST(SUM(a.committed_micros % 1000000000) AS BIGINT)
FROM (
    SELECT f.bucket, f.promotion_no, f.customer_no, f.slot, f.currency, f.committed_micros, f.expires_us, f.control,
           f.withdrawn_us, f.assigned_us, f.import_no
    FROM assignment AS f
    WHERE :many = 0 AND f.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
      AND f.promotion_no = :promotion_no
    UNION ALL
    SELECT f.bucket, f.promotion_no, f.customer_no, f.slot, f.currency, f.committed_micros, f.expires_us, f.control,
           f.withdrawn_us, f.assigned_us, f.import_no
    FROM assignment AS f
    WHERE :many = 1 AND +f.promotion_no = :promotion_no
) AS a
WHERE a.currency <> :currency AND (a.expires_us IS NULL OR a.expires_us > :now_us)
  AND a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us >= :tracking_from_us
  AND a.import_no <= :published_import_no
  AND NOT EXISTS (
      SELECT 1 FROM event AS e
      WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
        AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
        AND e.import_no <= :published_import_no
  )
GROUP BY a.currency;

-- name: unredeemed_then
-- The assignments that were in the rate at a moment and were not redeemed as they are matched now, by tier, currency of their own, and
-- whether they had expired by it: how many, what they carry of a value of their own, how many carry none, and how many one of zero.
SELECT p.tier_id, f.currency, f.expired, CAST(SUM(f.number) AS BIGINT), CAST(SUM(f.own_high) AS BIGINT),
       CAST(SUM(f.own_low) AS BIGINT), CAST(SUM(f.without) AS BIGINT), CAST(SUM(f.zero) AS BIGINT)
FROM (
    SELECT t.place_no, t.currency, t.expired, COUNT(*) AS number,
           SUM(COALESCE(t.reward_micros / 1000000000, 0)) AS own_high,
           SUM(COALESCE(t.reward_micros % 1000000000, 0)) AS own_low,
           COUNT(*) - COUNT(t.reward_micros) AS without,
           COUNT(CASE WHEN t.reward_micros = 0 THEN 1 END) AS zero
    FROM (
        SELECT a.place_no, COALESCE(a.reward_currency, '') AS currency, a.reward_micros,
               CASE WHEN a.expires_us <= :known_us THEN 1 ELSE 0 END AS expired
        FROM assignment AS a
        WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND a.promotion_no = :promotion_no
          AND a.received_us <= :known_us AND a.import_no <= :published_import_no
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us
          AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
          AND NOT EXISTS (
              SELECT 1 FROM event AS e
              WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
                AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
                AND e.received_us <= :known_us AND e.import_no <= :published_import_no
          )
    ) AS t
    GROUP BY t.place_no, t.currency, t.expired
) AS f
LEFT JOIN place AS p ON p.place_no = f.place_no
GROUP BY p.tier_id, f.currency, f.expired;

-- name: assigned_in_store
-- How many assignments there are in the rates of all workspaces, nearly: what is outstanding is not counted.
SELECT CAST(COALESCE(SUM(t.assigned), 0) AS BIGINT)
FROM tally AS t WHERE t.layer = 0 AND t.dimension = 0;

-- name: unpublished_import
-- Whether a workspace has facts of an import that has not been published.
SELECT 1 FROM import AS i
WHERE i.workspace_no = :workspace_no AND i.import_no > :published_import_no LIMIT 1;

-- name: entangled_groups
-- The groups of one promotion that an import not published yet has touched, and in which it may have changed whether an
-- assignment counts as redeemed: it came or was withdrawn since, or there were events beside it. Where it is
-- the only one of its group and all of these take it now, they took it before, too. With `many` 1 both tables are read
-- from end to end, as in unredeemed_of_many.
SELECT h.bucket, h.customer_no
FROM (
    SELECT f.bucket AS bucket, f.customer_no AS customer_no, MIN(f.received_us) AS since_us
    FROM (
        SELECT a.bucket AS bucket, a.customer_no AS customer_no, a.received_us AS received_us
        FROM assignment AS a
        WHERE :many = 0 AND a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND a.promotion_no = :promotion_no AND a.import_no > :published_import_no
        UNION ALL
        SELECT a.bucket, a.customer_no, a.received_us
        FROM assignment AS a
        WHERE :many = 1 AND +a.promotion_no = :promotion_no AND a.import_no > :published_import_no
        UNION ALL
        SELECT e.bucket, e.customer_no, e.received_us
        FROM event AS e
        WHERE :many = 0 AND e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND e.promotion_no = :promotion_no AND e.import_no > :published_import_no
        UNION ALL
        SELECT e.bucket, e.customer_no, e.received_us
        FROM event AS e
        WHERE :many = 1 AND +e.promotion_no = :promotion_no AND e.import_no > :published_import_no
    ) AS f
    GROUP BY f.bucket, f.customer_no
) AS h
WHERE EXISTS (
    SELECT 1 FROM assignment AS a
    WHERE a.bucket = h.bucket AND a.promotion_no = :promotion_no AND a.customer_no = h.customer_no
      AND a.import_no <= :published_import_no
      AND (
          a.received_us >= h.since_us OR a.withdrawn_us >= h.since_us
          OR EXISTS (
              SELECT 1 FROM event AS e
              WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
                AND e.customer_no = a.customer_no AND e.import_no <= :published_import_no
                AND (e.slot IS NULL OR e.slot <> a.slot OR e.live = 0
                     OR EXISTS (
                         SELECT 1 FROM assignment AS o
                         WHERE o.bucket = a.bucket AND o.promotion_no = a.promotion_no
                           AND o.customer_no = a.customer_no AND o.slot <> a.slot
                           AND o.import_no <= :published_import_no
                     ))
          )
      )
)
ORDER BY h.bucket, h.customer_no;
