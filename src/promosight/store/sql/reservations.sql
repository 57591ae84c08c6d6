-- name: reservations_of
-- Reservations by id.
SELECT r.reservation_id, r.workspace_no, r.promotion_no, p.promotion_id, r.customer_id, r.tier_id,
       r.reward_micros, r.currency, r.state, r.created_us, r.expires_us, r.assignment_id
FROM {{batch(reservation_id TEXT)}}
CROSS JOIN reservation AS r
JOIN promotion AS p ON p.promotion_no = r.promotion_no
WHERE r.reservation_id = batch.reservation_id AND r.workspace_no = :workspace_no;

-- name: add_reservations
-- Reservations granted.
INSERT INTO reservation (
    reservation_id, workspace_no, promotion_no, customer_id, tier_id, reward_micros, currency, state,
    created_us, expires_us, assignment_id
)
SELECT batch.reservation_id, batch.workspace_no, batch.promotion_no, batch.customer_id, batch.tier_id,
       batch.reward_micros, batch.currency, batch.state, batch.created_us, batch.expires_us, NULL
FROM {{batch(reservation_id TEXT, workspace_no BIGINT, promotion_no BIGINT, customer_id TEXT, tier_id TEXT, reward_micros BIGINT, currency TEXT, state TEXT, created_us BIGINT, expires_us BIGINT)}}
WHERE true;

-- name: expire_reservations
-- Says of reservations that their time is over.
UPDATE reservation SET state = 'expired'
FROM {{batch(workspace_no BIGINT, promotion_no BIGINT, now_us BIGINT)}}
WHERE reservation.workspace_no = batch.workspace_no AND reservation.promotion_no = batch.promotion_no
  AND reservation.state = 'held' AND reservation.expires_us <= batch.now_us;

-- name: release_reservations
-- Reservations give their room back.
UPDATE reservation SET state = 'released', ended_us = COALESCE(reservation.ended_us, batch.now_us)
FROM {{batch(reservation_id TEXT, now_us BIGINT)}}
WHERE reservation.reservation_id = batch.reservation_id AND reservation.state <> 'confirmed';

-- name: confirm_reservations
-- Reservations have become assignments.
UPDATE reservation SET state = 'confirmed', assignment_id = batch.assignment_id, ended_us = batch.now_us
FROM {{batch(reservation_id TEXT, assignment_id TEXT, now_us BIGINT)}}
WHERE reservation.reservation_id = batch.reservation_id AND reservation.state = 'held';

-- name: held_now
-- What is held at a moment, by promotion, tier, currency and the quarter of an hour in which it was granted.
SELECT r.promotion_no, r.tier_id, r.currency, r.created_us / 900000000, COUNT(*),
       CAST(COALESCE(SUM(r.reward_micros / 1000000000), 0) AS BIGINT),
       CAST(COALESCE(SUM(r.reward_micros % 1000000000), 0) AS BIGINT)
FROM reservation AS r
WHERE r.workspace_no = :workspace_no AND r.state = 'held' AND r.expires_us > :now_us
GROUP BY r.promotion_no, r.tier_id, r.currency, r.created_us / 900000000
ORDER BY 1, 2, 3, 4;

-- name: held_of
-- The same of some promotions, whatever the time: those of which nobody has said yet that they expired.
SELECT r.promotion_no, r.tier_id, r.currency, r.created_us / 900000000, COUNT(*),
       CAST(COALESCE(SUM(r.reward_micros / 1000000000), 0) AS BIGINT),
       CAST(COALESCE(SUM(r.reward_micros % 1000000000), 0) AS BIGINT)
FROM {{batch(promotion_no BIGINT)}}
CROSS JOIN reservation AS r
WHERE r.workspace_no = :workspace_no AND r.promotion_no = batch.promotion_no AND r.state = 'held'
GROUP BY r.promotion_no, r.tier_id, r.currency, r.created_us / 900000000;
