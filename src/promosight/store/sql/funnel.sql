-- name: expired_of_few
-- How many assignments of one promotion have expired and were not redeemed: found one by one, by their key.
SELECT CAST(COUNT(*) AS BIGINT)
FROM assignment AS a
WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND a.promotion_no = :promotion_no AND a.expires_us <= :now_us
  AND a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us >= :tracking_from_us
  AND a.import_no <= :published_import_no
  AND NOT EXISTS (
      SELECT 1 FROM event AS e
      WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
        AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
        AND e.import_no <= :published_import_no
  );

-- name: expired_of_many
-- The same of a promotion that has most of all assignments: the table is read from end to end (`+` hides the column
-- from the key), which costs a thirtieth for each row. Customers come in no order, so by key each row is a jump.
SELECT CAST(COUNT(*) AS BIGINT)
FROM assignment AS a
WHERE +a.promotion_no = :promotion_no AND a.expires_us <= :now_us
  AND a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us >= :tracking_from_us
  AND a.import_no <= :published_import_no
  AND NOT EXISTS (
      SELECT 1 FROM event AS e
      WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
        AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
        AND e.import_no <= :published_import_no
  );

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
-- expired assignment counts as redeemed: it came or was withdrawn since, or there were events beside it. Where it is
-- the only one of its group and all of these take it now, they took it before, too. With `many` 1 both tables are read
-- from end to end, as in expired_of_many.
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
      AND a.import_no <= :published_import_no AND a.expires_us <= :now_us
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
