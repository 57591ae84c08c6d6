-- What the store says against what the metrics say. Each statement answers with the differences only; where
-- both sides stand in one row, each stored value is followed by the computed one.

-- name: differing_cells
-- Measures of cells that differ; a cell of zeros is as good as none.
SELECT
    both_sides.promotion_no, both_sides.dimension, both_sides.key, both_sides.measure,
    both_sides.currency, CAST(SUM(both_sides.stored) AS DECIMAL(38, 0)) AS stored,
    CAST(SUM(both_sides.computed) AS DECIMAL(38, 0)) AS computed
FROM (
    SELECT promotion_no, dimension, key, measure, currency, 0 AS stored, amount AS computed
    FROM figure
    UNION ALL
    SELECT promotion_no, dimension, key, measure, currency, amount AS stored, 0 AS computed
    FROM stored_figure
) AS both_sides
GROUP BY both_sides.promotion_no, both_sides.dimension, both_sides.key, both_sides.measure,
    both_sides.currency
HAVING SUM(both_sides.stored) <> SUM(both_sides.computed)
ORDER BY both_sides.promotion_no, both_sides.dimension, both_sides.key, both_sides.measure,
    both_sides.currency;

-- name: compared_cells
-- How many cells there are on either side.
SELECT COUNT(*) AS cells
FROM (
    SELECT promotion_no, dimension, key, currency FROM cell
    UNION
    SELECT promotion_no, dimension, COALESCE(key, ''), COALESCE(currency, '') FROM stored_cell
) AS either;

-- name: differing_last_events
-- Promotions whose latest event is another one.
SELECT
    COALESCE(s.promotion_no, c.promotion_no) AS promotion_no, s.redeemed_us AS stored,
    c.redeemed_us AS computed
FROM stored_last_event AS s
FULL JOIN latest AS c ON c.promotion_no = s.promotion_no
WHERE COALESCE(s.redeemed_us, -1) <> COALESCE(c.redeemed_us, -1)
ORDER BY COALESCE(s.promotion_no, c.promotion_no);

-- name: differing_events
-- Events whose outcome, match or cost differ, with both sides.
SELECT
    e.promotion_no, n.name, e.event_id,
    e.outcome, v.outcome AS computed_outcome, e.reason, v.reason AS computed_reason,
    e.slot, v.slot AS computed_slot, e.live, v.live AS computed_live,
    e.cost_micros, v.cost_micros AS computed_cost_micros,
    COALESCE(e.currency, '') AS currency, v.currency AS computed_currency
FROM stored_event AS e
LEFT JOIN verdict AS v ON v.source_no = e.source_no AND v.event_id = e.event_id
LEFT JOIN source_name AS n ON n.source_no = e.source_no
WHERE e.outcome <> COALESCE(v.outcome, '')
    OR COALESCE(e.reason, '') <> COALESCE(v.reason, '')
    OR COALESCE(e.slot, -1) <> COALESCE(v.slot, -1)
    OR e.live <> COALESCE(v.live, -1)
    OR e.cost_micros <> COALESCE(v.cost_micros, -1)
    OR COALESCE(e.currency, '') <> COALESCE(v.currency, '?')
ORDER BY e.promotion_no, n.name, e.event_id;

-- name: misplaced_events
-- Events that lie in another promotion than they name, that wait for a code somebody knows, or reversals that
-- lie apart from their redemption. What came by a code the promotion had then stays when it gives the code up.
SELECT e.promotion_no, s.name, e.event_id, e.promotion_no AS stored, n.promotion_no AS computed
FROM reported_event AS e
JOIN (
    SELECT e.source_no, e.event_id,
        CASE WHEN t.known = 1 THEN t.promotion_no
             ELSE COALESCE(m.promotion_no, a.promotion_no, t.promotion_no) END AS promotion_no
    FROM reported_event AS e
    JOIN promotion_terms AS t ON t.promotion_id = e.promotion_id
    LEFT JOIN word_meaning AS m
        ON m.field = 'promotion_id' AND m.word = e.promotion_id AND m.source_no = e.source_no
    LEFT JOIN word_meaning AS a
        ON a.field = 'promotion_id' AND a.word = e.promotion_id AND a.source_no = 0
    WHERE e.reverses IS NULL
    UNION ALL
    SELECT e.source_no, e.event_id,
        COALESCE(shared.promotion_no, issued.promotion_no, m.promotion_no, a.promotion_no, 0)
    FROM reported_event AS e
    LEFT JOIN (
        SELECT code, MIN(promotion_no) AS promotion_no
        FROM shared_code
        GROUP BY code
    ) AS shared ON shared.code = e.promo_code
    LEFT JOIN (
        SELECT code, MIN(promotion_no) AS promotion_no
        FROM issued_code
        GROUP BY code
    ) AS issued ON issued.code = e.promo_code
    LEFT JOIN word_meaning AS m
        ON m.field = 'promo_code' AND m.word = e.promo_code AND m.source_no = e.source_no
    LEFT JOIN word_meaning AS a
        ON a.field = 'promo_code' AND a.word = e.promo_code AND a.source_no = 0
    WHERE e.reverses IS NULL AND e.promotion_id IS NULL AND e.promotion_no = 0
    UNION ALL
    SELECT r.source_no, r.event_id, o.promotion_no
    FROM reversal AS r
    JOIN reported_event AS o ON o.source_no = r.source_no AND o.event_id = r.reverses
    WHERE r.outcome = 'counted'
) AS n ON n.source_no = e.source_no AND n.event_id = e.event_id
LEFT JOIN source_name AS s ON s.source_no = e.source_no
WHERE n.promotion_no <> e.promotion_no
ORDER BY e.promotion_no, s.name, e.event_id;

-- name: differing_assignments
-- Assignments whose redemption or promise differ, with both sides.
SELECT
    s.promotion_no, s.public_id, s.redeemed_us, c.redeemed_us AS computed_redeemed_us,
    s.committed_micros, c.committed_micros AS computed_committed_micros,
    COALESCE(s.currency, '') AS currency, c.currency AS computed_currency
FROM stored_assignment AS s
LEFT JOIN granted AS c
    ON c.bucket = s.bucket AND c.promotion_no = s.promotion_no
    AND c.customer_no = s.customer_no AND c.slot = s.slot
WHERE COALESCE(s.redeemed_us, -1) <> COALESCE(c.redeemed_us, -1)
    OR s.committed_micros <> COALESCE(c.committed_micros, -1)
    OR COALESCE(s.currency, '') <> COALESCE(c.currency, '?')
ORDER BY s.promotion_no, s.public_id;

-- name: differing_amounts
-- Numbers of usage and return that differ; one of zero is as good as none.
SELECT
    both_sides.promotion_no, both_sides.place, both_sides.measure, SUM(both_sides.told) AS told,
    SUM(both_sides.computed) AS computed
FROM (
    SELECT promotion_no, place, COALESCE(measure, '') AS measure, amount AS told,
        CAST(0 AS DECIMAL(38, 0)) AS computed
    FROM told_amount
    UNION ALL
    SELECT promotion_no, place, measure, CAST(0 AS DECIMAL(38, 0)) AS told, amount AS computed
    FROM found_amount
) AS both_sides
GROUP BY both_sides.promotion_no, both_sides.place, both_sides.measure
HAVING SUM(both_sides.told) <> SUM(both_sides.computed)
ORDER BY both_sides.promotion_no, both_sides.place, both_sides.measure;

-- name: compared_amounts
-- How many numbers of usage and return there are on either side.
SELECT COUNT(*) AS amounts
FROM (
    SELECT promotion_no, place, COALESCE(measure, '') AS measure FROM told_amount
    UNION
    SELECT promotion_no, place, measure FROM found_amount
) AS either;

-- name: differing_reservations
-- Confirmed reservations whose assignment is not there, or is not what was granted; what it is comes first.
SELECT
    r.promotion_no, r.reservation_id, a.public_id, r.assignment_id,
    a.promotion_no AS given_promotion_no, r.promotion_no AS granted_promotion_no,
    COALESCE(a.customer_no, r.customer_no) AS given_customer_no,
    COALESCE(r.customer_no, a.customer_no) AS granted_customer_no,
    a.tier_id, r.tier_id AS granted_tier_id, a.assigned_us, r.created_us,
    a.reward_micros, r.reward_micros AS granted_micros
FROM ledger_reservation AS r
LEFT JOIN reserved AS a ON a.public_id = r.assignment_id
WHERE r.state = 'confirmed' AND (
    a.public_id IS NULL
    OR a.promotion_no <> r.promotion_no
    OR a.customer_no <> COALESCE(r.customer_no, a.customer_no)
    OR COALESCE(a.tier_id, '') <> COALESCE(r.tier_id, '')
    OR a.assigned_us <> r.created_us
    OR COALESCE(a.reward_micros, -1) <> COALESCE(r.reward_micros, -1))
ORDER BY r.promotion_no, r.reservation_id;
