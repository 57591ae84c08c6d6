-- Every cell of every breakdown, added up from what the metrics found of each fact.
--
-- A fact adds to one cell in each dimension; dimensions bear the numbers of `rules/tallies`. Portable as the
-- metrics are, and read after them.

-- name: dimension
-- 0 total, 1 tier, 2 segment, 3 channel, 4 campaign, 5 source, 6 day assigned, 7 day redeemed, 8 outcome, 9 and 10 both
-- days of each tier: what has no tier is not in these.
SELECT 0 AS dimension UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
UNION ALL SELECT 10;

-- name: assignment_cell
-- What assignments add. By the day of redemption they are assigned on one day and redeemed on another.
SELECT
    found.promotion_no, found.dimension, found.key, found.currency,
    CAST(SUM(found.assigned) AS BIGINT) AS assigned,
    CAST(SUM(found.redeemed) AS BIGINT) AS redeemed,
    CAST(SUM(found.committed_micros) AS DECIMAL(38, 0)) AS committed_micros
FROM (
    SELECT
        a.promotion_no, d.dimension, a.currency, a.committed_micros, 1 AS assigned,
        CASE WHEN a.redeemed_us IS NULL OR d.dimension IN (7, 10) THEN 0 ELSE 1 END AS redeemed,
        CASE d.dimension WHEN 0 THEN '' WHEN 1 THEN a.tier WHEN 2 THEN a.segment
            WHEN 3 THEN a.channel WHEN 4 THEN a.campaign WHEN 5 THEN a.source
            WHEN 6 THEN a.day WHEN 7 THEN a.day ELSE a.day || ' ' || a.tier END AS key
    FROM granted AS a
    CROSS JOIN dimension AS d
    WHERE a.in_rate = 1 AND (d.dimension <= 7 OR (d.dimension >= 9 AND a.tier <> ''))
    UNION ALL
    SELECT
        a.promotion_no, 10 AS dimension, a.currency, 0 AS committed_micros, 0 AS assigned,
        1 AS redeemed, a.redeemed_day || ' ' || a.tier AS key
    FROM granted AS a
    WHERE a.in_rate = 1 AND a.redeemed_us IS NOT NULL AND a.tier <> ''
    UNION ALL
    SELECT
        a.promotion_no, 7 AS dimension, a.currency, 0 AS committed_micros, 0 AS assigned,
        1 AS redeemed, a.redeemed_day AS key
    FROM granted AS a
    WHERE a.in_rate = 1 AND a.redeemed_us IS NOT NULL
) AS found
GROUP BY found.promotion_no, found.dimension, found.key, found.currency;

-- name: customer_cell
-- The distinct customers of each promotion.
SELECT
    c.promotion_no, COUNT(*) AS customers_assigned,
    CAST(SUM(c.redeemed) AS BIGINT) AS customers_redeemed
FROM (
    SELECT
        bucket, promotion_no, customer_no,
        MAX(CASE WHEN redeemed_us IS NULL THEN 0 ELSE 1 END) AS redeemed
    FROM granted
    WHERE in_rate = 1
    GROUP BY bucket, promotion_no, customer_no
) AS c
GROUP BY c.promotion_no;

-- name: redemption_cell
-- What redemptions add. Rejected ones add nothing, pending ones only to `pending`, reversed ones no cost.
SELECT
    e.promotion_no, d.dimension, e.currency, e.order_currency,
    CASE d.dimension WHEN 0 THEN '' WHEN 1 THEN e.tier WHEN 2 THEN e.segment
        WHEN 3 THEN e.channel WHEN 4 THEN e.campaign WHEN 5 THEN e.source
        WHEN 6 THEN e.day WHEN 7 THEN e.redeemed_day WHEN 8 THEN e.standing
        WHEN 9 THEN e.day || ' ' || e.tier ELSE e.redeemed_day || ' ' || e.tier END AS key,
    CAST(SUM(CASE WHEN e.standing NOT IN ('pending', 'reversed') THEN 1 ELSE 0 END) AS BIGINT)
        AS redemptions,
    CAST(SUM(CASE WHEN e.standing = 'excess' THEN 1 ELSE 0 END) AS BIGINT) AS excess,
    CAST(SUM(CASE WHEN e.standing = 'unassigned' THEN 1 ELSE 0 END) AS BIGINT) AS unassigned,
    CAST(SUM(CASE WHEN e.standing = 'flagged' THEN 1 ELSE 0 END) AS BIGINT) AS flagged,
    CAST(SUM(CASE WHEN e.standing = 'pending' THEN 1 ELSE 0 END) AS BIGINT) AS pending,
    CAST(SUM(CASE WHEN e.standing = 'reversed' THEN 1 ELSE 0 END) AS BIGINT) AS reversed,
    CAST(SUM(CASE WHEN e.standing <> 'pending' THEN 1 ELSE 0 END) AS BIGINT) AS reported,
    CAST(SUM(CASE WHEN e.standing IN ('pending', 'reversed') THEN 0 ELSE e.cost_micros END)
        AS DECIMAL(38, 0)) AS cost_micros,
    CAST(SUM(CASE WHEN e.standing IN ('pending', 'reversed') THEN 0 ELSE e.order_micros END)
        AS DECIMAL(38, 0)) AS order_micros
FROM (
    SELECT
        j.promotion_no, j.tier, j.segment, j.channel, j.campaign, j.source, j.day,
        j.redeemed_day, j.order_micros, j.order_currency,
        CASE WHEN j.outcome = 'pending' THEN '' ELSE j.currency END AS currency,
        CASE WHEN j.gross_micros > j.undone_micros THEN j.gross_micros - j.undone_micros
             ELSE 0 END AS cost_micros,
        CASE WHEN j.outcome = 'pending' OR j.live = 1 THEN j.outcome
             ELSE 'reversed' END AS standing
    FROM judged AS j
    WHERE j.outcome <> 'rejected' AND j.promotion_no <> 0
) AS e
CROSS JOIN dimension AS d
WHERE d.dimension <= 8 OR e.tier <> ''
GROUP BY e.promotion_no, d.dimension, e.currency, e.order_currency,
    CASE d.dimension WHEN 0 THEN '' WHEN 1 THEN e.tier WHEN 2 THEN e.segment
        WHEN 3 THEN e.channel WHEN 4 THEN e.campaign WHEN 5 THEN e.source
        WHEN 6 THEN e.day WHEN 7 THEN e.redeemed_day WHEN 8 THEN e.standing
        WHEN 9 THEN e.day || ' ' || e.tier ELSE e.redeemed_day || ' ' || e.tier END;

-- name: cell
-- All measures side by side, in the columns of the store's counters.
SELECT
    promotion_no, dimension, key, currency, assigned, redeemed, 0 AS customers_assigned,
    0 AS customers_redeemed, 0 AS redemptions, 0 AS excess, 0 AS unassigned, 0 AS flagged,
    0 AS pending, 0 AS reversed, 0 AS reported, committed_micros, 0 AS cost_micros,
    0 AS order_micros
FROM assignment_cell
UNION ALL
SELECT
    promotion_no, 0 AS dimension, '' AS key, '' AS currency, 0 AS assigned, 0 AS redeemed,
    customers_assigned, customers_redeemed, 0 AS redemptions, 0 AS excess, 0 AS unassigned,
    0 AS flagged, 0 AS pending, 0 AS reversed, 0 AS reported, 0 AS committed_micros,
    0 AS cost_micros, 0 AS order_micros
FROM customer_cell
UNION ALL
SELECT
    promotion_no, dimension, key, currency, 0 AS assigned, 0 AS redeemed, 0 AS customers_assigned,
    0 AS customers_redeemed, redemptions, excess, unassigned, flagged, pending, reversed, reported,
    0 AS committed_micros, cost_micros, 0 AS order_micros
FROM redemption_cell
UNION ALL
SELECT
    promotion_no, dimension, key, order_currency AS currency, 0 AS assigned, 0 AS redeemed,
    0 AS customers_assigned, 0 AS customers_redeemed, 0 AS redemptions, 0 AS excess,
    0 AS unassigned, 0 AS flagged, 0 AS pending, 0 AS reversed, 0 AS reported,
    0 AS committed_micros, 0 AS cost_micros, order_micros
FROM redemption_cell;

-- name: latest_seen
-- The time of the latest accepted event of each promotion, reversed or not; a row for each slice.
SELECT promotion_no, MAX(redeemed_us) AS redeemed_us
FROM judged
WHERE outcome NOT IN ('pending', 'rejected') AND promotion_no <> 0
GROUP BY promotion_no;
