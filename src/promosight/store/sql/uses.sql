-- name: assignments_to_settle
-- The assignments of the groups given, without what their events say, and what is kept of how each is used.
SELECT
    a.bucket, a.promotion_no, a.customer_no, a.slot, a.workspace_no, a.source_no, a.import_no,
    a.assigned_us, a.expires_us, a.received_us, a.digest, a.assignment_id, p.campaign_id, p.tier_id,
    p.segment, p.channels, a.promo_code, a.reward_micros, a.reward_currency, a.max_redemptions,
    a.control, a.withdrawn_us, a.details, k.redeemed_us, a.committed_micros, a.currency,
    k.import_no, k.uses, k.undone, k.first_use, k.last_use
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
CROSS JOIN assignment AS a
JOIN place AS p ON p.place_no = a.place_no
LEFT JOIN kept_uses AS k
    ON k.promotion_no = a.promotion_no AND k.customer_no = a.customer_no AND k.slot = a.slot
WHERE a.bucket = batch.bucket AND a.promotion_no = batch.promotion_no
  AND a.customer_no = batch.customer_no;

-- name: keep_uses
-- How assignments of busy groups are used now.
INSERT INTO kept_uses (
    promotion_no, customer_no, slot, import_no, uses, undone, redeemed_us, first_use, last_use
)
SELECT batch.promotion_no, batch.customer_no, batch.slot, batch.import_no, batch.uses, batch.undone,
       batch.redeemed_us, batch.first_use, batch.last_use
FROM {{batch(promotion_no BIGINT, customer_no BIGINT, slot BIGINT, import_no BIGINT, uses BIGINT, undone BIGINT, redeemed_us BIGINT, first_use TEXT, last_use TEXT)}}
WHERE true
ON CONFLICT (promotion_no, customer_no, slot) DO UPDATE
SET import_no = excluded.import_no, uses = excluded.uses, undone = excluded.undone,
    redeemed_us = excluded.redeemed_us, first_use = excluded.first_use, last_use = excluded.last_use;

-- name: forget_uses_of_promotions
-- Nothing is kept of the groups of these promotions: they are matched whole when something comes to them.
DELETE FROM kept_uses
WHERE promotion_no IN (SELECT batch.promotion_no FROM {{batch(promotion_no BIGINT)}});

-- name: forget_uses_of_no_promotion
-- The same of promotions that are not there.
DELETE FROM kept_uses
WHERE promotion_no NOT IN (SELECT p.promotion_no FROM promotion AS p);

-- name: forget_uses_of_groups
-- The same of some groups.
DELETE FROM kept_uses
WHERE (promotion_no, customer_no) IN (
    SELECT batch.promotion_no, batch.customer_no
    FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
);

-- name: kept_groups
-- The groups of a workspace of which something is kept, with the customer's name, where somebody is known by the number.
-- The last column is whether the promotion is there; one that is not is told in the workspace of the customer, or else
-- in the first.
SELECT DISTINCT k.promotion_no, k.customer_no, c.customer_id, CASE WHEN p.promotion_no IS NULL THEN 0 ELSE 1 END
FROM kept_uses AS k
LEFT JOIN promotion AS p ON p.promotion_no = k.promotion_no
LEFT JOIN customer AS c ON c.customer_no = k.customer_no
WHERE COALESCE(p.workspace_no, c.workspace_no, (SELECT MIN(w.workspace_no) FROM workspace AS w)) = :workspace_no
ORDER BY k.promotion_no, k.customer_no;

-- name: kept_of_group
-- What is kept of a group, also of slots without an assignment.
SELECT slot, redeemed_us, import_no, uses, undone, first_use, last_use
FROM kept_uses
WHERE promotion_no = :promotion_no AND customer_no = :customer_no
ORDER BY slot;

-- name: uses_of_group
-- What the redemptions of a group took, and those that are reversed: they may have taken something.
SELECT slot, live, redeemed_us, event_id, assignment_id, promo_code, campaign_id
FROM event_told
WHERE bucket = :bucket AND promotion_no = :promotion_no AND customer_no = :customer_no
  AND (slot IS NOT NULL OR live = 0) AND reverses IS NULL;

-- name: latest_import_of_group
-- The latest import by which an event of a group came, 0 for none; NULL where the group has no events.
SELECT MAX(import_no)
FROM event
WHERE bucket = :bucket AND promotion_no = :promotion_no AND customer_no = :customer_no;
