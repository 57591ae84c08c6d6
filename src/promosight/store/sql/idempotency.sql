-- name: claim_answer
-- Claims an idempotency key; one that was claimed long ago and never answered may be taken over.
INSERT INTO idempotent_answer (workspace_no, idempotency_key, request_digest, claimed_us, status, body)
VALUES (:workspace_no, :idempotency_key, :request_digest, :now_us, NULL, NULL)
ON CONFLICT (workspace_no, idempotency_key) DO UPDATE SET claimed_us = excluded.claimed_us
WHERE idempotent_answer.status IS NULL
  AND idempotent_answer.request_digest = excluded.request_digest
  AND idempotent_answer.claimed_us < :stale_us;

-- name: answer_of
-- What is kept under an idempotency key.
SELECT request_digest, status, body FROM idempotent_answer
WHERE workspace_no = :workspace_no AND idempotency_key = :idempotency_key;

-- name: keep_answer
-- The answer to the request that claimed the key.
UPDATE idempotent_answer SET status = :status, body = :body
WHERE workspace_no = :workspace_no AND idempotency_key = :idempotency_key;

-- name: release_answer
-- Gives a key back whose request came to nothing.
DELETE FROM idempotent_answer
WHERE workspace_no = :workspace_no AND idempotency_key = :idempotency_key AND status IS NULL;
