-- name: claim_answer
-- Claims an Idempotency-Key for a request; one that is claimed already is left alone.
INSERT INTO idempotent_answer (workspace_no, idempotency_key, request_digest, claimed_us, status, body)
VALUES (:workspace_no, :idempotency_key, :request_digest, :claimed_us, NULL, NULL)
ON CONFLICT DO NOTHING;

-- name: answer
-- What is kept under an Idempotency-Key; without a status while the request is in flight.
SELECT request_digest, claimed_us, status, body
FROM idempotent_answer
WHERE workspace_no = :workspace_no AND idempotency_key = :idempotency_key;

-- name: take_over_answer
-- Claims a request anew whose first bearer was not heard of for too long.
UPDATE idempotent_answer SET claimed_us = :claimed_us
WHERE workspace_no = :workspace_no AND idempotency_key = :idempotency_key AND status IS NULL
  AND claimed_us <= :dead_us;

-- name: keep_answer
-- Keeps the answer for those who ask again.
UPDATE idempotent_answer SET status = :status, body = :body
WHERE workspace_no = :workspace_no AND idempotency_key = :idempotency_key;

-- name: release_answer
-- Gives up a claim, so that the request may be sent again.
DELETE FROM idempotent_answer
WHERE workspace_no = :workspace_no AND idempotency_key = :idempotency_key AND status IS NULL;

-- name: forget_answers
-- Forgets answers nobody will ask for any more.
DELETE FROM idempotent_answer WHERE claimed_us < :before_us;
