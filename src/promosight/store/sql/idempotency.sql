-- name: answer_of
-- What is kept under an idempotency key.
SELECT request_digest, status, body FROM idempotent_answer
WHERE workspace_no = :workspace_no AND idempotency_key = :idempotency_key AND status IS NOT NULL;

-- name: keep_answer
-- The answer to the request that came under a key. (Rows without one were left by former versions.)
INSERT INTO idempotent_answer (workspace_no, idempotency_key, request_digest, claimed_us, status, body)
VALUES (:workspace_no, :idempotency_key, :request_digest, :now_us, :status, :body)
ON CONFLICT (workspace_no, idempotency_key) DO UPDATE
SET request_digest = excluded.request_digest, claimed_us = excluded.claimed_us,
    status = excluded.status, body = excluded.body
WHERE idempotent_answer.status IS NULL;
