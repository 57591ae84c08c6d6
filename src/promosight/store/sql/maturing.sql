-- name: lives_of_few
-- One promotion's assignments by what the matured rate asks of each: age, life and delay of the redemption in whole days
-- (of life the last day counts whole), and the week of assignment. A week begins at local midnight, which is one of two
-- times of the day in UTC: told apart by both, assignments of one row lie in one local week.
SELECT
    f.age, f.week_before, f.week_after, f.life, f.delay, f.expired,
    MIN(f.assigned_us) AS assigned_us, CAST(SUM(f.past_s) AS BIGINT) AS past_s, COUNT(*) AS assignments
FROM (
    SELECT
        t.assigned_us AS assigned_us,
        (:now_us - t.assigned_us) / 86400000000 AS age,
        (:now_us - t.assigned_us) % 86400000000 / 1000000 AS past_s,
        (t.assigned_us + :before_us) / 604800000000 AS week_before,
        (t.assigned_us + :after_us) / 604800000000 AS week_after,
        CASE WHEN t.redeemed_us IS NULL
             THEN (t.expires_us - t.assigned_us + 86399999999) / 86400000000 END AS life,
        (t.redeemed_us - t.assigned_us) / 86400000000 AS delay,
        CASE WHEN t.redeemed_us IS NULL AND t.expires_us <= :now_us THEN 1 ELSE 0 END AS expired
    FROM (
        SELECT
            a.assigned_us AS assigned_us, a.expires_us AS expires_us,
            (
                SELECT MIN(e.redeemed_us) FROM event AS e
                WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
                  AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
                  AND e.import_no <= :published_import_no
            ) AS redeemed_us
        FROM assignment AS a
        WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND a.promotion_no = :promotion_no
          AND a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us >= :tracking_from_us
          AND a.import_no <= :published_import_no
    ) AS t
) AS f
GROUP BY f.age, f.week_before, f.week_after, f.life, f.delay, f.expired;

-- name: lives_of_many
-- The same of a promotion that has most of all assignments: read from end to end, as in unredeemed_of_many.
SELECT
    f.age, f.week_before, f.week_after, f.life, f.delay, f.expired,
    MIN(f.assigned_us) AS assigned_us, CAST(SUM(f.past_s) AS BIGINT) AS past_s, COUNT(*) AS assignments
FROM (
    SELECT
        t.assigned_us AS assigned_us,
        (:now_us - t.assigned_us) / 86400000000 AS age,
        (:now_us - t.assigned_us) % 86400000000 / 1000000 AS past_s,
        (t.assigned_us + :before_us) / 604800000000 AS week_before,
        (t.assigned_us + :after_us) / 604800000000 AS week_after,
        CASE WHEN t.redeemed_us IS NULL
             THEN (t.expires_us - t.assigned_us + 86399999999) / 86400000000 END AS life,
        (t.redeemed_us - t.assigned_us) / 86400000000 AS delay,
        CASE WHEN t.redeemed_us IS NULL AND t.expires_us <= :now_us THEN 1 ELSE 0 END AS expired
    FROM (
        SELECT
            a.assigned_us AS assigned_us, a.expires_us AS expires_us,
            (
                SELECT MIN(e.redeemed_us) FROM event AS e
                WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
                  AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
                  AND e.import_no <= :published_import_no
            ) AS redeemed_us
        FROM assignment AS a
        WHERE +a.promotion_no = :promotion_no
          AND a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us >= :tracking_from_us
          AND a.import_no <= :published_import_no
    ) AS t
) AS f
GROUP BY f.age, f.week_before, f.week_after, f.life, f.delay, f.expired;
