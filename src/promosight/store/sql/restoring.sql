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
