-- name: profiles_of
-- Whether the customers given are known, and their profiles.
SELECT c.customer_no, c.known, c.profile
FROM {{batch(customer_no BIGINT)}}
CROSS JOIN customer AS c
WHERE c.customer_no = batch.customer_no;

-- name: export_customers
-- The known customers of a workspace and their profiles.
SELECT c.customer_id, c.profile
FROM customer AS c
WHERE c.workspace_no = :workspace_no AND c.known = 1
ORDER BY c.customer_no;

-- name: export_assignments
-- The assignments of a workspace (of one source, when given) as reported, with the customer's id.
SELECT p.promotion_id, c.customer_id, s.name,
    a.bucket, a.promotion_no, a.customer_no, a.slot, a.workspace_no, a.source_no, a.import_no,
    a.assigned_us, a.expires_us, a.received_us, a.digest, a.assignment_id, a.campaign_id, a.tier_id,
    a.segment, a.channels, a.promo_code, a.reward_micros, a.reward_currency, a.max_redemptions,
    a.control, a.withdrawn_us, a.details, a.redeemed_us, a.committed_micros, a.currency
FROM assignment_standing AS a
JOIN promotion AS p ON p.promotion_no = a.promotion_no
JOIN customer AS c ON c.customer_no = a.customer_no
JOIN source AS s ON s.source_no = a.source_no
WHERE a.workspace_no = :workspace_no
  AND (CAST(:source AS TEXT) IS NULL OR s.name = :source)
ORDER BY a.bucket, a.promotion_no, a.customer_no, a.slot;

-- name: export_events
-- The redemptions and reversals of a workspace (of one source, when given) as reported, with the id of the customer
-- they were told of, which of a reversal need not be that of its redemption, and the promotion they were found to be of.
SELECT p.promotion_id, c.customer_id, s.name, t.assignment_id,
    e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id, e.workspace_no,
    e.import_no, e.received_us, e.digest, e.reverses, e.named_customer_no, e.promotion_id, e.promo_code, e.assignment_id,
    e.campaign_id, e.tier_id, e.channel, e.reward_micros, e.reward_currency, e.order_id,
    e.order_micros, e.metadata, e.outcome, e.reason, e.slot, e.live, e.cost_micros, e.currency
FROM event_told AS e
JOIN source AS s ON s.source_no = e.source_no
LEFT JOIN promotion AS p ON p.promotion_no = e.promotion_no
LEFT JOIN customer AS c ON c.customer_no = CASE WHEN e.reverses IS NULL THEN e.customer_no ELSE e.named_customer_no END
LEFT JOIN assignment AS t ON t.bucket = e.bucket AND t.promotion_no = e.promotion_no
    AND t.customer_no = e.customer_no AND t.slot = e.slot
WHERE e.workspace_no = :workspace_no
  AND (CAST(:source AS TEXT) IS NULL OR s.name = :source)
ORDER BY e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id;

-- name: export_outcomes
-- The outcomes of a workspace (of one source, when given) as reported, with the customer's id.
SELECT c.customer_id, s.name, o.outcome_id, o.occurred_us, o.measure, o.value_micros, o.currency, o.order_id, o.received_us
FROM outcome AS o
JOIN source AS s ON s.source_no = o.source_no
JOIN customer AS c ON c.customer_no = o.customer_no
WHERE o.workspace_no = :workspace_no
  AND (CAST(:source AS TEXT) IS NULL OR s.name = :source)
ORDER BY o.source_no, o.outcome_id;
