-- What all slices of the facts come to: read once, after the last of them.
--
-- The tables that slices leave behind hold a row for each slice where a whole would have one; here they are added up.
-- Every number of usage and return stands under the place and the measure by which it is told, so that one comparison
-- serves all.

-- name: latest
-- The time of the latest accepted event of each promotion.
SELECT promotion_no, MAX(redeemed_us) AS redeemed_us FROM latest_seen GROUP BY promotion_no;

-- name: figure
-- One row for each measure of each cell: `measure` is its place among the counters' columns. Counts are added
-- up over currencies, amounts (11 to 13) never are.
SELECT
    c.promotion_no, c.dimension, c.key, m.measure,
    CASE WHEN m.measure >= 11 THEN c.currency ELSE '' END AS currency,
    CAST(SUM(CASE m.measure WHEN 0 THEN c.assigned WHEN 1 THEN c.redeemed
        WHEN 2 THEN c.customers_assigned WHEN 3 THEN c.customers_redeemed WHEN 4 THEN c.redemptions
        WHEN 5 THEN c.excess WHEN 6 THEN c.unassigned WHEN 7 THEN c.flagged WHEN 8 THEN c.pending
        WHEN 9 THEN c.reversed WHEN 10 THEN c.reported WHEN 11 THEN c.committed_micros
        WHEN 12 THEN c.cost_micros ELSE c.order_micros END) AS DECIMAL(38, 0)) AS amount
FROM cell AS c
CROSS JOIN (
    SELECT dimension AS measure FROM dimension
    UNION ALL SELECT 11 UNION ALL SELECT 12 UNION ALL SELECT 13
) AS m
GROUP BY c.promotion_no, c.dimension, c.key, m.measure,
    CASE WHEN m.measure >= 11 THEN c.currency ELSE '' END;

-- name: stored_figure
-- The same of the counters as they are stored.
SELECT
    c.promotion_no, c.dimension, COALESCE(c.key, '') AS key, m.measure,
    CASE WHEN m.measure >= 11 THEN COALESCE(c.currency, '') ELSE '' END AS currency,
    CAST(SUM(CASE m.measure WHEN 0 THEN c.assigned WHEN 1 THEN c.redeemed
        WHEN 2 THEN c.customers_assigned WHEN 3 THEN c.customers_redeemed WHEN 4 THEN c.redemptions
        WHEN 5 THEN c.excess WHEN 6 THEN c.unassigned WHEN 7 THEN c.flagged WHEN 8 THEN c.pending
        WHEN 9 THEN c.reversed WHEN 10 THEN c.reported WHEN 11 THEN c.committed_micros
        WHEN 12 THEN c.cost_micros ELSE c.order_micros END) AS DECIMAL(38, 0)) AS amount
FROM stored_cell AS c
CROSS JOIN (
    SELECT dimension AS measure FROM dimension
    UNION ALL SELECT 11 UNION ALL SELECT 12 UNION ALL SELECT 13
) AS m
GROUP BY c.promotion_no, c.dimension, COALESCE(c.key, ''), m.measure,
    CASE WHEN m.measure >= 11 THEN COALESCE(c.currency, '') ELSE '' END;

-- name: held_by_limit
-- What reservations hold that are neither confirmed nor over, by the day on which they were granted.
SELECT
    l.promotion_no, l.name, COUNT(*) AS grants,
    CAST(SUM(CASE WHEN r.currency = t.currency THEN COALESCE(r.reward_micros, 0) ELSE 0 END)
        AS DECIMAL(38, 0)) AS held_micros
FROM term_limit AS l
CROSS JOIN moment AS m
JOIN promotion_terms AS t ON t.promotion_no = l.promotion_no
JOIN ledger_reservation AS r
    ON r.promotion_no = l.promotion_no AND r.state = 'held' AND r.expires_us > m.as_of_us
JOIN local_day AS d ON d.from_us <= r.created_us AND r.created_us < d.until_us
WHERE d.day >= l.first_day AND d.day <= l.last_day
    AND (l.tier_id IS NULL OR l.tier_id = r.tier_id)
GROUP BY l.promotion_no, l.name;

-- name: used_limit
-- Both figures of each limit: millionths of a reward, or a count.
SELECT
    l.promotion_no, l.name,
    CASE l.measure
        WHEN 'reward' THEN COALESCE(p.committed_micros, 0) + COALESCE(h.held_micros, 0)
        WHEN 'assignments' THEN COALESCE(p.assigned, 0) + COALESCE(h.grants, 0)
        ELSE COALESCE(s.redemptions, 0) + COALESCE(h.grants, 0) END AS committed,
    CASE l.measure
        WHEN 'reward' THEN COALESCE(s.cost_micros, 0)
        WHEN 'assignments' THEN COALESCE(k.redeemed, 0)
        ELSE COALESCE(s.redemptions, 0) END AS redeemed
FROM term_limit AS l
LEFT JOIN (
    SELECT promotion_no, name, CAST(SUM(assigned) AS BIGINT) AS assigned,
        CAST(SUM(committed_micros) AS DECIMAL(38, 0)) AS committed_micros
    FROM promised_by_limit
    GROUP BY promotion_no, name
) AS p ON p.promotion_no = l.promotion_no AND p.name = l.name
LEFT JOIN (
    SELECT promotion_no, name, CAST(SUM(redeemed) AS BIGINT) AS redeemed
    FROM taken_by_limit
    GROUP BY promotion_no, name
) AS k ON k.promotion_no = l.promotion_no AND k.name = l.name
LEFT JOIN (
    SELECT promotion_no, name, CAST(SUM(redemptions) AS BIGINT) AS redemptions,
        CAST(SUM(cost_micros) AS DECIMAL(38, 0)) AS cost_micros
    FROM spent_by_limit
    GROUP BY promotion_no, name
) AS s ON s.promotion_no = l.promotion_no AND s.name = l.name
LEFT JOIN held_by_limit AS h ON h.promotion_no = l.promotion_no AND h.name = l.name;

-- name: whole_arm
-- Both arms of each promotion.
SELECT
    promotion_no, measure, control, CAST(SUM(customers) AS BIGINT) AS customers,
    CAST(SUM(acted) AS BIGINT) AS acted, CAST(SUM(total) AS DECIMAL(38, 0)) AS total,
    MOD(CAST(SUM(squares) AS DECIMAL(38, 0)), 999999999999999989) AS squares
FROM arm
GROUP BY promotion_no, measure, control;

-- name: found_amount
-- All of it, number by number, in the columns of what is told.
SELECT promotion_no, name AS place, 'committed' AS measure, CAST(committed AS DECIMAL(38, 0)) AS amount
FROM used_limit
UNION ALL
SELECT promotion_no, name AS place, 'redeemed' AS measure, CAST(redeemed AS DECIMAL(38, 0)) AS amount
FROM used_limit
UNION ALL
SELECT
    a.promotion_no,
    'return by ' || a.measure || CASE WHEN a.control = 1 THEN ', control' ELSE ', treated' END AS place,
    n.measure,
    CASE n.measure WHEN 'customers' THEN CAST(a.customers AS DECIMAL(38, 0))
        WHEN 'acted' THEN CAST(a.acted AS DECIMAL(38, 0))
        WHEN 'total' THEN a.total
        ELSE a.squares END AS amount
FROM whole_arm AS a
CROSS JOIN (
    SELECT 'customers' AS measure UNION ALL SELECT 'acted' UNION ALL SELECT 'total'
    UNION ALL SELECT 'squares'
) AS n
UNION ALL
SELECT
    promotion_no, 'return, cost' AS place, currency AS measure,
    CAST(cost_micros AS DECIMAL(38, 0)) AS amount
FROM closed_cost;
