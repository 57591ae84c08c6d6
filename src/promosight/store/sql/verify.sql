-- name: verify_assignments
-- The assignments of a workspace, in the columns of the second engine.
SELECT
    bucket, promotion_no, customer_no, slot, source_no, assigned_us, expires_us, assignment_id,
    campaign_id, tier_id, segment, channels, promo_code, reward_micros, reward_currency,
    max_redemptions, control, withdrawn_us, redeemed_us, committed_micros, currency
FROM assignment_standing
WHERE workspace_no = :workspace_no;

-- name: verify_size
-- How many facts there are of all workspaces.
SELECT (SELECT COUNT(*) FROM assignment) + (SELECT COUNT(*) FROM event);

-- name: verify_events
-- The redemptions of a workspace, in the columns of the second engine.
SELECT
    bucket, promotion_no, customer_no, redeemed_us, source_no, event_id, reverses, promotion_id,
    promo_code, assignment_id, campaign_id, tier_id, reward_micros, reward_currency, order_micros,
    outcome, reason, slot, live, cost_micros, currency
FROM event_told
WHERE workspace_no = :workspace_no AND reverses IS NULL;

-- name: verify_reversals
-- The reversals of a workspace, as above. The last column is the customer of the redemption they name, where there is
-- one: they are judged beside it, wherever they lie.
SELECT
    r.bucket, r.promotion_no, r.named_customer_no, r.redeemed_us, r.source_no, r.event_id, r.reverses, r.promotion_id,
    r.promo_code, r.assignment_id, r.campaign_id, r.tier_id, r.reward_micros, r.reward_currency, r.order_micros,
    r.outcome, r.reason, r.slot, r.live, r.cost_micros, r.currency, COALESCE(o.customer_no, r.customer_no)
FROM event_told AS r
LEFT JOIN event AS o
    ON o.source_no = r.source_no AND o.event_id = r.reverses AND o.reverses IS NULL
WHERE r.workspace_no = :workspace_no AND r.reverses IS NOT NULL;

-- name: verify_codes
-- The personal codes of a workspace.
SELECT code, customer_no, promotion_no FROM personal_code WHERE workspace_no = :workspace_no;

-- name: verify_customers
-- The known customers of a workspace.
SELECT customer_no FROM customer WHERE workspace_no = :workspace_no AND known = 1;

-- name: verify_cells
-- The counters of a workspace over both layers.
SELECT t.promotion_no, t.dimension, t.key, t.currency,
    CAST(SUM(t.assigned) AS BIGINT), CAST(SUM(t.redeemed) AS BIGINT),
    CAST(SUM(t.customers_assigned) AS BIGINT), CAST(SUM(t.customers_redeemed) AS BIGINT),
    CAST(SUM(t.redemptions) AS BIGINT), CAST(SUM(t.excess) AS BIGINT),
    CAST(SUM(t.unassigned) AS BIGINT), CAST(SUM(t.flagged) AS BIGINT),
    CAST(SUM(t.pending) AS BIGINT), CAST(SUM(t.reversed) AS BIGINT),
    CAST(SUM(t.reported) AS BIGINT), CAST(SUM(t.committed_micros) AS BIGINT),
    CAST(SUM(t.cost_micros) AS BIGINT), CAST(SUM(t.order_micros) AS BIGINT),
    CAST(SUM(t.committed_high) AS BIGINT), CAST(SUM(t.cost_high) AS BIGINT), CAST(SUM(t.order_high) AS BIGINT)
FROM tally AS t
JOIN promotion AS p ON p.promotion_no = t.promotion_no
WHERE p.workspace_no = :workspace_no
GROUP BY t.promotion_no, t.dimension, t.key, t.currency;

-- name: verify_last_events
-- The time of the latest accepted event of every promotion over both layers.
SELECT l.promotion_no, MAX(l.redeemed_us)
FROM last_event AS l
JOIN promotion AS p ON p.promotion_no = l.promotion_no
WHERE p.workspace_no = :workspace_no
GROUP BY l.promotion_no;

-- name: verify_reservations
-- The reservations of a workspace that hold room or have become assignments.
SELECT r.reservation_id, r.promotion_no, c.customer_no, r.tier_id, r.reward_micros, r.currency,
    r.state, r.created_us, r.expires_us, r.assignment_id
FROM reservation AS r
LEFT JOIN customer AS c ON c.workspace_no = r.workspace_no AND c.customer_id = r.customer_id
WHERE r.workspace_no = :workspace_no AND r.state IN ('held', 'confirmed');

-- name: verify_outcomes
-- What customers of a workspace did.
SELECT customer_no, occurred_us, measure, value_micros
FROM outcome
WHERE workspace_no = :workspace_no;

-- name: told_measures
-- The measures of which outcomes of a workspace were told.
SELECT DISTINCT measure FROM outcome WHERE workspace_no = :workspace_no ORDER BY measure;
