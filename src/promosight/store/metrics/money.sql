-- Budgets and return: what the facts take of each limit, and what customers brought, added up by slice.
--
-- Read after the cells, and portable as they are. Without a moment in the inputs nothing is computed, and nothing
-- compared.

-- name: promised_by_limit
-- What assignments take of each limit in its window.
SELECT
    l.promotion_no, l.name, COUNT(*) AS assigned,
    CAST(SUM(CASE WHEN a.currency = t.currency THEN a.committed_micros ELSE 0 END) AS DECIMAL(38, 0))
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
        THEN j.gross_micros - j.undone_micros ELSE 0 END) AS DECIMAL(38, 0)) AS cost_micros
FROM term_limit AS l
JOIN promotion_terms AS t ON t.promotion_no = l.promotion_no
JOIN judged AS j ON j.promotion_no = l.promotion_no
WHERE j.live = 1 AND j.outcome NOT IN ('pending', 'rejected')
    AND j.redeemed_day >= l.first_day AND j.redeemed_day <= l.last_day
    AND (l.tier_id IS NULL OR l.tier_id = j.tier)
GROUP BY l.promotion_no, l.name;

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
    CAST(COALESCE(SUM(o.value_micros), 0) AS DECIMAL(38, 0)) AS value_micros
FROM first_assigned AS f
CROSS JOIN moment AS m
CROSS JOIN outcome_measure AS q
LEFT JOIN ledger_outcome AS o
    ON o.bucket = f.bucket AND o.customer_no = f.customer_no AND o.measure = q.measure
    AND o.occurred_us >= f.assigned_us AND o.occurred_us < f.assigned_us + m.horizon_us
WHERE f.assigned_us + m.horizon_us <= m.as_of_us
GROUP BY f.promotion_no, f.control, q.measure, f.bucket, f.customer_no;

-- name: arm
-- Those customers by arm, with the sums that means and intervals are made of. Squares of what thousands of the largest
-- amounts come to leave 38 digits: of their sum the remainder by a prime is compared.
SELECT
    b.promotion_no, b.measure, b.control, COUNT(*) AS customers,
    CAST(SUM(CASE WHEN b.outcomes > 0 THEN 1 ELSE 0 END) AS BIGINT) AS acted,
    CAST(SUM(b.value_micros) AS DECIMAL(38, 0)) AS total,
    CAST(SUM(MOD(
        CAST(MOD(b.value_micros, 999999999999999989) AS DECIMAL(19, 0))
        * CAST(MOD(b.value_micros, 999999999999999989) AS DECIMAL(19, 0)), 999999999999999989
    )) AS DECIMAL(38, 0)) AS squares
FROM brought AS b
GROUP BY b.promotion_no, b.measure, b.control;

-- name: closed_cost
-- What redemptions cost, without those of customers whose horizon is still open. Where nobody told an outcome there
-- is no return.
SELECT
    j.promotion_no, j.currency, CAST(SUM(j.gross_micros - j.undone_micros) AS DECIMAL(38, 0)) AS cost_micros
FROM judged AS j
CROSS JOIN moment AS m
LEFT JOIN first_assigned AS f
    ON f.bucket = j.bucket AND f.promotion_no = j.promotion_no AND f.customer_no = j.customer_no
WHERE j.live = 1 AND j.outcome NOT IN ('pending', 'rejected') AND j.gross_micros > j.undone_micros
    AND (f.assigned_us IS NULL OR f.assigned_us + m.horizon_us <= m.as_of_us)
    AND EXISTS (SELECT 1 FROM outcome_measure)
GROUP BY j.promotion_no, j.currency;

-- name: reserved
-- The assignments that reservations became, by the ids that these name.
SELECT a.public_id, a.promotion_no, a.customer_no, a.tier_id, a.assigned_us, a.reward_micros
FROM reported_assignment AS a
WHERE a.public_id IN (
    SELECT r.assignment_id FROM ledger_reservation AS r WHERE r.state = 'confirmed'
);
