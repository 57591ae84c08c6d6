-- Budgets and return: how much of each limit is used, and what customers brought, added up from the facts.
--
-- Read after the cells, and portable as they are. Every number stands under the place and the measure by which it is
-- told, so that one comparison serves all. Without a moment in the inputs nothing is computed, and nothing compared.

-- name: promised_by_limit
-- What assignments take of each limit in its window.
SELECT
    l.promotion_no, l.name, COUNT(*) AS assigned,
    CAST(SUM(CASE WHEN a.currency = t.currency THEN a.committed_micros ELSE 0 END) AS BIGINT)
        AS committed_micros
FROM term_limit AS l
JOIN promotion_terms AS t ON t.promotion_no = l.promotion_no
JOIN granted AS a ON a.promotion_no = l.promotion_no
WHERE a.in_rate = 1 AND a.day >= l.first_day AND a.day <= l.last_day
    AND (l.tier_id IS NULL OR l.tier_id = a.tier)
GROUP BY l.promotion_no, l.name;

-- name: taken_by_limit
-- Assignments redeemed in the window of each limit; of a lifetime that is all of them.
SELECT l.promotion_no, l.name, COUNT(*) AS redeemed
FROM term_limit AS l
JOIN granted AS a ON a.promotion_no = l.promotion_no
WHERE a.in_rate = 1 AND a.redeemed_us IS NOT NULL
    AND a.redeemed_day >= l.first_day AND a.redeemed_day <= l.last_day
    AND (l.tier_id IS NULL OR l.tier_id = a.tier)
GROUP BY l.promotion_no, l.name;

-- name: spent_by_limit
-- Live redemptions in the window of each limit, matched or not, and their cost less what was undone.
SELECT
    l.promotion_no, l.name, COUNT(*) AS redemptions,
    CAST(SUM(CASE WHEN j.currency = t.currency AND j.gross_micros > j.undone_micros
        THEN j.gross_micros - j.undone_micros ELSE 0 END) AS BIGINT) AS cost_micros
FROM term_limit AS l
JOIN promotion_terms AS t ON t.promotion_no = l.promotion_no
JOIN judged AS j ON j.promotion_no = l.promotion_no
WHERE j.live = 1 AND j.outcome NOT IN ('pending', 'rejected')
    AND j.redeemed_day >= l.first_day AND j.redeemed_day <= l.last_day
    AND (l.tier_id IS NULL OR l.tier_id = j.tier)
GROUP BY l.promotion_no, l.name;

-- name: held_by_limit
-- What reservations hold that are neither confirmed nor over, by the day on which they were granted.
SELECT
    l.promotion_no, l.name, COUNT(*) AS grants,
    CAST(SUM(CASE WHEN r.currency = t.currency THEN COALESCE(r.reward_micros, 0) ELSE 0 END)
        AS BIGINT) AS held_micros
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
LEFT JOIN promised_by_limit AS p ON p.promotion_no = l.promotion_no AND p.name = l.name
LEFT JOIN taken_by_limit AS k ON k.promotion_no = l.promotion_no AND k.name = l.name
LEFT JOIN spent_by_limit AS s ON s.promotion_no = l.promotion_no AND s.name = l.name
LEFT JOIN held_by_limit AS h ON h.promotion_no = l.promotion_no AND h.name = l.name;

-- name: first_assigned
-- Each customer's first assignment of a promotion, which decides the arm; of two at one instant the control one.
SELECT f.bucket, f.promotion_no, f.customer_no, f.assigned_us, f.control
FROM (
    SELECT
        a.bucket, a.promotion_no, a.customer_no, a.assigned_us, a.control,
        ROW_NUMBER() OVER (
            PARTITION BY a.bucket, a.promotion_no, a.customer_no
            ORDER BY a.assigned_us, a.control DESC
        ) AS place
    FROM reported_assignment AS a
    CROSS JOIN workspace_terms AS w
    WHERE a.withdrawn_us IS NULL AND a.assigned_us >= w.tracking_from_us
) AS f
WHERE f.place = 1;

-- name: brought
-- What each customer whose horizon has closed brought within it, by measure, and whether it was anything at all.
SELECT
    f.promotion_no, f.control, q.measure, f.bucket, f.customer_no, COUNT(o.occurred_us) AS outcomes,
    CAST(COALESCE(SUM(o.value_micros), 0) AS BIGINT) AS value_micros
FROM first_assigned AS f
CROSS JOIN moment AS m
CROSS JOIN (SELECT DISTINCT measure FROM ledger_outcome) AS q
LEFT JOIN ledger_outcome AS o
    ON o.bucket = f.bucket AND o.customer_no = f.customer_no AND o.measure = q.measure
    AND o.occurred_us >= f.assigned_us AND o.occurred_us < f.assigned_us + m.horizon_us
WHERE f.assigned_us + m.horizon_us <= m.as_of_us
GROUP BY f.promotion_no, f.control, q.measure, f.bucket, f.customer_no;

-- name: arm
-- Those customers by arm, with the sums that means and intervals are made of.
SELECT
    b.promotion_no, b.measure, b.control, COUNT(*) AS customers,
    CAST(SUM(CASE WHEN b.outcomes > 0 THEN 1 ELSE 0 END) AS BIGINT) AS acted,
    SUM(CAST(b.value_micros AS DECIMAL(38, 0))) AS total,
    SUM(CAST(b.value_micros AS DECIMAL(19, 0)) * CAST(b.value_micros AS DECIMAL(19, 0))) AS squares
FROM brought AS b
GROUP BY b.promotion_no, b.measure, b.control;

-- name: closed_cost
-- What redemptions cost, without those of customers whose horizon is still open. Where nobody told an outcome there
-- is no return.
SELECT
    j.promotion_no, j.currency, CAST(SUM(j.gross_micros - j.undone_micros) AS BIGINT) AS cost_micros
FROM judged AS j
CROSS JOIN moment AS m
LEFT JOIN first_assigned AS f
    ON f.bucket = j.bucket AND f.promotion_no = j.promotion_no AND f.customer_no = j.customer_no
WHERE j.live = 1 AND j.outcome NOT IN ('pending', 'rejected') AND j.gross_micros > j.undone_micros
    AND (f.assigned_us IS NULL OR f.assigned_us + m.horizon_us <= m.as_of_us)
    AND EXISTS (SELECT 1 FROM ledger_outcome)
GROUP BY j.promotion_no, j.currency;

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
        WHEN 'total' THEN CAST(a.total AS DECIMAL(38, 0))
        ELSE CAST(a.squares AS DECIMAL(38, 0)) END AS amount
FROM arm AS a
CROSS JOIN (
    SELECT 'customers' AS measure UNION ALL SELECT 'acted' UNION ALL SELECT 'total'
    UNION ALL SELECT 'squares'
) AS n
UNION ALL
SELECT
    promotion_no, 'return, cost' AS place, currency AS measure,
    CAST(cost_micros AS DECIMAL(38, 0)) AS amount
FROM closed_cost;
