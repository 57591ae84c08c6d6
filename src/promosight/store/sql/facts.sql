-- name: assignments_of_groups
-- The assignments of the groups given.
SELECT
    a.bucket, a.promotion_no, a.customer_no, a.slot, a.workspace_no, a.source_no, a.import_no,
    a.assigned_us, a.expires_us, a.received_us, a.digest, a.assignment_id, a.campaign_id, a.tier_id,
    a.segment, a.channels, a.promo_code, a.reward_micros, a.reward_currency, a.max_redemptions,
    a.control, a.withdrawn_us, a.details, a.redeemed_us, a.committed_micros, a.currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
CROSS JOIN assignment_standing AS a
WHERE a.bucket = batch.bucket AND a.promotion_no = batch.promotion_no
  AND a.customer_no = batch.customer_no;

-- name: assignments_to_match
-- The assignments of the groups given as matching sees them; before that the import each came by, and whether a decision
-- made it.
SELECT
    a.bucket, a.promotion_no, a.customer_no, a.import_no,
    CASE WHEN a.details LIKE '%"decision_id":%' THEN 1 ELSE 0 END,
    a.slot, a.assigned_us, a.expires_us, a.max_redemptions, a.control,
    CASE WHEN a.withdrawn_us IS NULL THEN 0 ELSE 1 END,
    a.assignment_id, a.promo_code, p.campaign_id, p.tier_id, a.reward_micros, a.reward_currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
CROSS JOIN assignment AS a
JOIN place AS p ON p.place_no = a.place_no
WHERE a.bucket = batch.bucket AND a.promotion_no = batch.promotion_no
  AND a.customer_no = batch.customer_no;

-- name: plain_groups
-- The assignments of the groups given, as far as a first redemption needs them: whether it may be used at all, and
-- whether the group has an event.
SELECT
    batch.number, a.bucket, a.promotion_no, a.customer_no, a.slot, a.assigned_us, a.expires_us,
    CASE WHEN a.control = 0 AND a.withdrawn_us IS NULL THEN 1 ELSE 0 END,
    a.assignment_id, a.place_no, a.reward_micros, a.source_no, a.import_no, a.currency,
    CASE WHEN EXISTS (
        SELECT 1 FROM event AS e
        WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
          AND e.customer_no = a.customer_no
    ) THEN 1 ELSE 0 END,
    CASE WHEN a.details LIKE '%"decision_id":%' THEN 1 ELSE 0 END
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, number BIGINT)}}
CROSS JOIN assignment AS a
WHERE a.bucket = batch.bucket AND a.promotion_no = batch.promotion_no
  AND a.customer_no = batch.customer_no;

-- name: groups_to_use
-- The assignments of the groups given, as `plain_groups`, in fewer columns. The last is a sum: 1 where it may be used at
-- all, 2 where its group has an event (if that is asked), 4 where a decision made it, 8 where it carries a code.
SELECT
    batch.number, a.slot, a.assigned_us, a.expires_us, a.place_no, a.reward_micros, a.source_no, a.import_no, a.currency,
    CASE WHEN a.control = 0 AND a.withdrawn_us IS NULL THEN 1 ELSE 0 END
    + CASE WHEN :asking_events = 1 AND EXISTS (
        SELECT 1 FROM event AS e
        WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
          AND e.customer_no = a.customer_no
    ) THEN 2 ELSE 0 END
    + CASE WHEN a.details LIKE '%"decision_id":%' THEN 4 ELSE 0 END
    + CASE WHEN a.promo_code IS NULL THEN 0 ELSE 8 END
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, number BIGINT)}}
CROSS JOIN assignment AS a
WHERE a.bucket = batch.bucket AND a.promotion_no = batch.promotion_no
  AND a.customer_no = batch.customer_no;

-- name: groups_with_events_in_ranges
-- The groups that have events in the buckets of promotions given, once for each event; so many at the most.
SELECT e.promotion_no, e.customer_no
FROM {{batch(bucket BIGINT, promotion_no BIGINT)}}
CROSS JOIN event AS e
WHERE e.bucket = batch.bucket AND e.promotion_no = batch.promotion_no
LIMIT :most;

-- name: repeated_events
-- The events given that their groups hold already, with the assignment they took.
SELECT
    e.source_no, e.event_id, e.digest, e.outcome, e.reason, e.received_us, a.customer_no, a.slot,
    a.assignment_id
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, source_no BIGINT, event_id TEXT)}}
CROSS JOIN event AS e
LEFT JOIN assignment AS a
    ON a.bucket = e.bucket AND a.promotion_no = e.promotion_no AND a.customer_no = e.customer_no
    AND a.slot = e.slot
WHERE e.source_no = batch.source_no AND e.event_id = batch.event_id AND e.bucket = batch.bucket
  AND e.promotion_no = batch.promotion_no AND e.customer_no = batch.customer_no;

-- name: events_said_again
-- The same, only as far as it tells a repeated one from another and what became of it.
SELECT e.source_no, e.event_id, e.digest, e.outcome, e.reason
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, source_no BIGINT, event_id TEXT)}}
CROSS JOIN event AS e
WHERE e.source_no = batch.source_no AND e.event_id = batch.event_id AND e.bucket = batch.bucket
  AND e.promotion_no = batch.promotion_no AND e.customer_no = batch.customer_no;

-- name: assignments_in_groups
-- The assignments of the groups given: enough to tell a repeated one and who counts as assigned already.
SELECT
    a.promotion_no, a.customer_no, a.slot, a.digest, a.assignment_id, a.place_no, a.import_no,
    a.received_us,
    CASE WHEN a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us >= w.tracking_from_us
         THEN 1 ELSE 0 END
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
CROSS JOIN assignment AS a
JOIN workspace AS w ON w.workspace_no = a.workspace_no
WHERE a.bucket = batch.bucket AND a.promotion_no = batch.promotion_no
  AND a.customer_no = batch.customer_no;

-- name: ranges_with_assignments
-- Which of the promotions given have assignments in the bucket; spares their first batch a look-up for each.
SELECT batch.bucket, batch.promotion_no
FROM {{batch(bucket BIGINT, promotion_no BIGINT)}}
WHERE EXISTS (
    SELECT 1 FROM assignment AS a
    WHERE a.bucket = batch.bucket AND a.promotion_no = batch.promotion_no
);

-- name: any_event_of_promotion
-- Whether any event lies in a promotion; spares the first load of its assignments a look-up for each.
SELECT 1 FROM event
WHERE promotion_no = :promotion_no
  AND bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
LIMIT 1;

-- name: groups_with_events
-- Which of the groups given have events.
SELECT DISTINCT e.promotion_no, e.customer_no
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
CROSS JOIN event AS e
WHERE e.bucket = batch.bucket AND e.promotion_no = batch.promotion_no
  AND e.customer_no = batch.customer_no;

-- name: events_of_groups
-- The redemptions and reversals of the groups given.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id, e.workspace_no,
    e.import_no, e.received_us, e.digest, e.reverses, e.named_customer_no, e.promotion_id, e.promo_code, e.assignment_id,
    e.campaign_id, e.tier_id, e.channel, e.reward_micros, e.reward_currency, e.order_id,
    e.order_micros, e.metadata, e.outcome, e.reason, e.slot, e.live, e.cost_micros, e.currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
CROSS JOIN event_told AS e
WHERE e.bucket = batch.bucket AND e.promotion_no = batch.promotion_no
  AND e.customer_no = batch.customer_no;

-- name: events_by_identity
-- The events that already bear the identities given.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id, e.workspace_no,
    e.import_no, e.received_us, e.digest, e.reverses, e.named_customer_no, e.promotion_id, e.promo_code, e.assignment_id,
    e.campaign_id, e.tier_id, e.channel, e.reward_micros, e.reward_currency, e.order_id,
    e.order_micros, e.metadata, e.outcome, e.reason, e.slot, e.live, e.cost_micros, e.currency
FROM {{batch(source_no BIGINT, event_id TEXT)}}
CROSS JOIN event_told AS e
WHERE e.source_no = batch.source_no AND e.event_id = batch.event_id;

-- name: assignments_by_identity
-- The assignments that already bear the caller's ids given.
SELECT
    a.bucket, a.promotion_no, a.customer_no, a.slot, a.workspace_no, a.source_no, a.import_no,
    a.assigned_us, a.expires_us, a.received_us, a.digest, a.assignment_id, a.campaign_id, a.tier_id,
    a.segment, a.channels, a.promo_code, a.reward_micros, a.reward_currency, a.max_redemptions,
    a.control, a.withdrawn_us, a.details, a.redeemed_us, a.committed_micros, a.currency
FROM {{batch(assignment_id TEXT)}}
CROSS JOIN assignment_standing AS a
WHERE a.workspace_no = :workspace_no AND a.assignment_id = batch.assignment_id;

-- name: reversals_of
-- The reversals that name the redemptions given, wherever they lie.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id, e.workspace_no,
    e.import_no, e.received_us, e.digest, e.reverses, e.named_customer_no, e.promotion_id, e.promo_code, e.assignment_id,
    e.campaign_id, e.tier_id, e.channel, e.reward_micros, e.reward_currency, e.order_id,
    e.order_micros, e.metadata, e.outcome, e.reason, e.slot, e.live, e.cost_micros, e.currency
FROM {{batch(source_no BIGINT, event_id TEXT)}}
CROSS JOIN event_told AS e
WHERE e.source_no = batch.source_no AND e.reverses = batch.event_id;

-- name: any_ahead
-- Whether any reversal waits for its original, where all of them lie; spares most batches the look-up.
SELECT 1 FROM event WHERE bucket = 0 AND promotion_no = 0 AND customer_no = 0 LIMIT 1;

-- name: groups_of_strangers
-- The groups in which events of these customers are pending, also those that wait for a code (promotion 0), or are refused,
-- and whether any is pending.
SELECT e.bucket, e.promotion_no, e.customer_no, MAX(CASE WHEN e.outcome = 'pending' THEN 1 ELSE 0 END)
FROM {{batch(customer_no BIGINT)}}
CROSS JOIN event AS e
WHERE e.customer_no = batch.customer_no AND (e.outcome = 'pending' OR e.outcome = 'rejected')
GROUP BY e.bucket, e.promotion_no, e.customer_no;

-- name: events_with_codes
-- The redemptions that name the codes given.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id, e.workspace_no,
    e.import_no, e.received_us, e.digest, e.reverses, e.named_customer_no, e.promotion_id, e.promo_code, e.assignment_id,
    e.campaign_id, e.tier_id, e.channel, e.reward_micros, e.reward_currency, e.order_id,
    e.order_micros, e.metadata, e.outcome, e.reason, e.slot, e.live, e.cost_micros, e.currency
FROM {{batch(promo_code TEXT)}}
CROSS JOIN event_told AS e
WHERE e.workspace_no = :workspace_no AND e.promo_code = batch.promo_code AND e.reverses IS NULL;

-- name: groups_of_promotion
-- The groups of one promotion in one bucket after a customer, in order; a page.
SELECT customer_no FROM (
    SELECT customer_no FROM assignment
    WHERE bucket = :bucket AND promotion_no = :promotion_no AND customer_no > :after
    UNION
    SELECT customer_no FROM event
    WHERE bucket = :bucket AND promotion_no = :promotion_no AND customer_no > :after
) AS found
ORDER BY customer_no
LIMIT :limit;

-- name: marks_of_groups
-- A number for each group of one promotion that changes with its facts and with what is derived of them, by customer.
SELECT customer_no, CAST(SUM(mark) AS BIGINT) FROM (
    SELECT customer_no, 1 + digest % 1000003 * (
        1000 + slot % 100003 + place_no % 100019 + committed_micros % 100043 + COALESCE(withdrawn_us, -1) % 100049
        + import_no % 100057 + LENGTH(currency) + LENGTH(COALESCE(details, ''))
    ) AS mark
    FROM assignment
    WHERE bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND promotion_no = :promotion_no
    UNION ALL
    SELECT customer_no, 1 + digest % 1000003 * (
        2000 + COALESCE(slot, -1) % 100003 + cost_micros % 100043 + live * 17 + import_no % 100057
        + LENGTH(currency) + LENGTH(COALESCE(reason, '')) * 31
        + CASE outcome WHEN 'counted' THEN 1 WHEN 'excess' THEN 2 WHEN 'unassigned' THEN 3 WHEN 'flagged' THEN 4
                       WHEN 'pending' THEN 5 ELSE 6 END * 1009
    ) AS mark
    FROM event
    WHERE bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND promotion_no = :promotion_no
) AS facts
GROUP BY customer_no
ORDER BY customer_no;

-- name: add_assignments
-- New assignments. One already there is left alone; the caller compares the count.
INSERT INTO assignment (
    bucket, promotion_no, customer_no, slot, workspace_no, source_no, import_no, assigned_us,
    expires_us, received_us, digest, assignment_id, place_no, promo_code, reward_micros, reward_currency, max_redemptions, control, withdrawn_us, details,
    committed_micros, currency
)
SELECT
    batch.bucket, batch.promotion_no, batch.customer_no, batch.slot, batch.workspace_no,
    batch.source_no, batch.import_no, batch.assigned_us, batch.expires_us, batch.received_us,
    batch.digest, batch.assignment_id, batch.place_no, batch.promo_code, batch.reward_micros, batch.reward_currency,
    batch.max_redemptions, batch.control, batch.withdrawn_us, batch.details,
    batch.committed_micros, batch.currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, slot BIGINT, workspace_no BIGINT, source_no BIGINT, import_no BIGINT, assigned_us BIGINT, expires_us BIGINT, received_us BIGINT, digest BIGINT, assignment_id TEXT, place_no BIGINT, promo_code TEXT, reward_micros BIGINT, reward_currency TEXT, max_redemptions BIGINT, control BIGINT, withdrawn_us BIGINT, details TEXT, committed_micros BIGINT, currency TEXT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: add_events
-- New redemptions and reversals. One already there is left alone; the caller compares the count.
INSERT INTO event (
    bucket, promotion_no, customer_no, redeemed_us, source_no, event_id, workspace_no, import_no,
    received_us, digest, reverses, named_customer_no, promotion_id, promo_code, assignment_id, campaign_id, tier_id,
    channel, reward_micros, reward_currency, order_id, order_micros, metadata, outcome, reason,
    slot, live, cost_micros, currency
)
SELECT
    batch.bucket, batch.promotion_no, batch.customer_no, batch.redeemed_us, batch.source_no,
    batch.event_id, batch.workspace_no, batch.import_no, batch.received_us, batch.digest,
    batch.reverses, batch.named_customer_no, batch.promotion_id, batch.promo_code, batch.assignment_id, batch.campaign_id,
    batch.tier_id, batch.channel, batch.reward_micros, batch.reward_currency, batch.order_id,
    batch.order_micros, batch.metadata, batch.outcome, batch.reason, batch.slot, batch.live,
    batch.cost_micros, batch.currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, redeemed_us BIGINT, source_no BIGINT, event_id TEXT, workspace_no BIGINT, import_no BIGINT, received_us BIGINT, digest BIGINT, reverses TEXT, named_customer_no BIGINT, promotion_id TEXT, promo_code TEXT, assignment_id TEXT, campaign_id TEXT, tier_id TEXT, channel TEXT, reward_micros BIGINT, reward_currency TEXT, order_id TEXT, order_micros BIGINT, metadata TEXT, outcome TEXT, reason TEXT, slot BIGINT, live BIGINT, cost_micros BIGINT, currency TEXT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: add_grants
-- New assignments of one import that are there to be redeemed and issue no code, as add_assignments.
INSERT INTO assignment (
    bucket, promotion_no, customer_no, slot, workspace_no, source_no, import_no, assigned_us,
    expires_us, received_us, digest, assignment_id, place_no, promo_code, reward_micros, reward_currency,
    max_redemptions, control, withdrawn_us, details, committed_micros, currency
)
SELECT
    batch.bucket, batch.promotion_no, batch.customer_no, batch.slot, :workspace_no, batch.source_no,
    :import_no, batch.assigned_us, batch.expires_us, batch.received_us, batch.digest,
    batch.assignment_id, batch.place_no, NULL, batch.reward_micros, batch.reward_currency,
    batch.max_redemptions, batch.control, NULL, batch.details, batch.committed_micros, batch.currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, slot BIGINT, assigned_us BIGINT, expires_us BIGINT, digest BIGINT, assignment_id TEXT, reward_micros BIGINT, reward_currency TEXT, max_redemptions BIGINT, control BIGINT, details TEXT, source_no BIGINT, received_us BIGINT, place_no BIGINT, committed_micros BIGINT, currency TEXT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: add_uses
-- New redemptions of one import that count, as add_events. Their id of the promotion is told only beside a code.
INSERT INTO event (
    bucket, promotion_no, customer_no, redeemed_us, source_no, event_id, workspace_no, import_no,
    received_us, digest, reverses, named_customer_no, promotion_id, promo_code, assignment_id,
    campaign_id, tier_id, channel, reward_micros, reward_currency, order_id, order_micros, metadata,
    outcome, reason, slot, live, cost_micros, currency
)
SELECT
    batch.bucket, batch.promotion_no, batch.customer_no, batch.redeemed_us, batch.source_no,
    batch.event_id, :workspace_no, :import_no, batch.received_us, batch.digest, NULL, 0,
    batch.promotion_id, batch.promo_code, batch.assignment_id, batch.campaign_id, batch.tier_id, batch.channel, batch.reward_micros,
    batch.reward_currency, batch.order_id, batch.order_micros, batch.metadata, 'counted',
    batch.reason, batch.slot, 1, batch.cost_micros, batch.currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, redeemed_us BIGINT, event_id TEXT, digest BIGINT, assignment_id TEXT, campaign_id TEXT, tier_id TEXT, channel TEXT, reward_micros BIGINT, reward_currency TEXT, order_id TEXT, order_micros BIGINT, metadata TEXT, source_no BIGINT, received_us BIGINT, slot BIGINT, reason TEXT, cost_micros BIGINT, currency TEXT, promotion_id TEXT, promo_code TEXT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: add_unmatched
-- New redemptions of one import that take no assignment, as add_uses.
INSERT INTO event (
    bucket, promotion_no, customer_no, redeemed_us, source_no, event_id, workspace_no, import_no,
    received_us, digest, reverses, named_customer_no, promotion_id, promo_code, assignment_id,
    campaign_id, tier_id, channel, reward_micros, reward_currency, order_id, order_micros, metadata,
    outcome, reason, slot, live, cost_micros, currency
)
SELECT
    batch.bucket, batch.promotion_no, batch.customer_no, batch.redeemed_us, batch.source_no,
    batch.event_id, :workspace_no, :import_no, batch.received_us, batch.digest, NULL, 0,
    batch.promotion_id, batch.promo_code, batch.assignment_id, batch.campaign_id, batch.tier_id, batch.channel, batch.reward_micros,
    batch.reward_currency, batch.order_id, batch.order_micros, batch.metadata, batch.outcome,
    batch.reason, NULL, 1, batch.cost_micros, batch.currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, redeemed_us BIGINT, event_id TEXT, digest BIGINT, assignment_id TEXT, campaign_id TEXT, tier_id TEXT, channel TEXT, reward_micros BIGINT, reward_currency TEXT, order_id TEXT, order_micros BIGINT, metadata TEXT, source_no BIGINT, received_us BIGINT, outcome TEXT, reason TEXT, cost_micros BIGINT, currency TEXT, promotion_id TEXT, promo_code TEXT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: settle_assignments
-- What is derived for assignments, and the place, whose channels may grow.
UPDATE assignment
SET place_no = batch.place_no, committed_micros = batch.committed_micros, currency = batch.currency
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, slot BIGINT, place_no BIGINT, committed_micros BIGINT, currency TEXT)}}
WHERE assignment.bucket = batch.bucket AND assignment.promotion_no = batch.promotion_no
  AND assignment.customer_no = batch.customer_no AND assignment.slot = batch.slot;

-- name: settle_events
-- What is derived for events.
UPDATE event
SET outcome = batch.outcome, reason = batch.reason, slot = batch.slot, live = batch.live,
    cost_micros = batch.cost_micros, currency = batch.currency
FROM {{batch(source_no BIGINT, event_id TEXT, outcome TEXT, reason TEXT, slot BIGINT, live BIGINT, cost_micros BIGINT, currency TEXT)}}
WHERE event.source_no = batch.source_no AND event.event_id = batch.event_id;

-- name: move_events
-- Brings events into the group they turned out to belong to; there they count as nothing until settled.
UPDATE event
SET bucket = batch.bucket, promotion_no = batch.promotion_no, customer_no = batch.customer_no,
    outcome = 'rejected', reason = 'moved'
FROM {{batch(source_no BIGINT, event_id TEXT, bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
WHERE event.source_no = batch.source_no AND event.event_id = batch.event_id;

-- name: remove_events
-- Takes back events that were rejected and whose sender has corrected them.
DELETE FROM event
WHERE (source_no, event_id) IN (
    SELECT batch.source_no, batch.event_id FROM {{batch(source_no BIGINT, event_id TEXT)}}
);

-- name: withdraw_assignment
-- Marks an assignment as withdrawn, once.
UPDATE assignment SET withdrawn_us = :withdrawn_us
WHERE bucket = :bucket AND promotion_no = :promotion_no AND customer_no = :customer_no
  AND slot = :slot AND withdrawn_us IS NULL;

-- name: assignment_by_slot
-- One assignment of a customer by its slot, in whichever promotion.
SELECT
    a.bucket, a.promotion_no, a.customer_no, a.slot, a.workspace_no, a.source_no, a.import_no,
    a.assigned_us, a.expires_us, a.received_us, a.digest, a.assignment_id, a.campaign_id, a.tier_id,
    a.segment, a.channels, a.promo_code, a.reward_micros, a.reward_currency, a.max_redemptions,
    a.control, a.withdrawn_us, a.details, a.redeemed_us, a.committed_micros, a.currency
FROM promotion AS p
CROSS JOIN assignment_standing AS a
WHERE p.workspace_no = :workspace_no AND a.bucket = :bucket AND a.promotion_no = p.promotion_no
  AND a.customer_no = :customer_no AND a.slot = :slot;
