-- name: forget_assignments_after
-- Assignments received after an instant, for a restore of what was known then.
DELETE FROM assignment WHERE received_us > :until_us;

-- name: forget_withdrawals_after
-- Withdrawals made after an instant.
UPDATE assignment SET withdrawn_us = NULL WHERE withdrawn_us > :until_us;

-- name: forget_events_after
-- Redemptions and reversals received after an instant.
DELETE FROM event WHERE received_us > :until_us;

-- name: forget_outcomes_after
-- Outcomes received after an instant.
DELETE FROM outcome WHERE received_us > :until_us;

-- name: forget_rejections_after
-- What was refused for the first time after an instant.
DELETE FROM rejection WHERE received_us > :until_us;

-- name: forget_reservations_after
-- Reservations granted after an instant.
DELETE FROM reservation WHERE created_us > :until_us;

-- name: forget_decisions_after
-- Decisions received after an instant.
DELETE FROM decision WHERE received_us > :until_us;

-- name: forget_alerts_after
-- Alerts raised after an instant.
DELETE FROM alert WHERE raised_us > :until_us;

-- name: forget_restatements_after
-- Entries of the restatement log made after an instant.
DELETE FROM restatement WHERE restated_us > :until_us;

-- name: leave_reversals_waiting
-- Reversals whose redemption is not there lie where those lie that came ahead of theirs.
UPDATE event
SET bucket = 0, promotion_no = 0, customer_no = 0, outcome = 'pending', reason = 'unknown_original',
    slot = NULL, live = 0, cost_micros = 0, currency = ''
WHERE reverses IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM event AS o
    WHERE o.source_no = event.source_no AND o.event_id = event.reverses AND o.reverses IS NULL
);
