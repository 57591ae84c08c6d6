-- name: retentions
-- The settings of every workspace that has some.
SELECT r.workspace_no, r.settings FROM retention AS r ORDER BY r.workspace_no;

-- name: retention
-- The settings of one.
SELECT r.settings FROM retention AS r WHERE r.workspace_no = :workspace_no;

-- name: set_retention
-- Settings from here on.
INSERT INTO retention (workspace_no, settings) VALUES (:workspace_no, :settings)
ON CONFLICT (workspace_no) DO UPDATE SET settings = excluded.settings;

-- name: old_payloads
-- Refused payloads that came before a moment.
SELECT r.source_no, r.digest FROM rejection AS r
WHERE r.workspace_no = :workspace_no AND r.received_us < :before_us AND r.payload <> '{}'
LIMIT :limit;

-- name: empty_payloads
-- What is left of a refused payload: that there was one, when, and why it was refused.
UPDATE rejection SET payload = '{}', customer_id = NULL, detail = reason
FROM {{batch(workspace_no BIGINT, source_no BIGINT, digest BIGINT)}}
WHERE rejection.workspace_no = batch.workspace_no AND rejection.source_no = batch.source_no
  AND rejection.digest = batch.digest;

-- name: forget_source_tests
-- Last tests of sources that came before a moment.
DELETE FROM source_test
WHERE received_us < :before_us
  AND source_no IN (SELECT s.source_no FROM source AS s WHERE s.workspace_no = :workspace_no);

-- name: old_answers
-- Answers to retries whose first request came before a moment.
SELECT a.workspace_no, a.idempotency_key, a.claimed_us FROM idempotent_answer AS a
WHERE a.workspace_no = :workspace_no AND a.claimed_us < :before_us
LIMIT :limit;

-- name: forget_answers
-- Answers to retries.
DELETE FROM idempotent_answer
WHERE (workspace_no, idempotency_key, claimed_us) IN (
    SELECT batch.workspace_no, batch.idempotency_key, batch.claimed_us
    FROM {{batch(workspace_no BIGINT, idempotency_key TEXT, claimed_us BIGINT)}}
);

-- name: payments_after
-- Payments of which something was noted, in the order of their ids, from one on, and when last.
SELECT n.shop_no, n.payment, MAX(n.noted_us)
FROM payment_note AS n JOIN shop AS s ON s.shop_no = n.shop_no
WHERE s.workspace_no = :workspace_no
  AND (n.shop_no > :after_no OR (n.shop_no = :after_no AND n.payment > :after))
GROUP BY n.shop_no, n.payment
ORDER BY n.shop_no, n.payment
LIMIT :limit;

-- name: forget_payments
-- All that was noted of payments.
DELETE FROM payment_note
WHERE (shop_no, payment) IN (
    SELECT batch.shop_no, batch.payment FROM {{batch(shop_no BIGINT, payment TEXT)}}
);

-- name: old_traces
-- Decisions made before a moment, in the order of time, from one on.
SELECT d.decided_us, d.decision_id, d.trace FROM decision AS d
WHERE d.workspace_no = :workspace_no AND d.decided_us < :before_us
  AND (d.decided_us > :after_us OR (d.decided_us = :after_us AND d.decision_id > :after_id))
ORDER BY d.decided_us, d.decision_id
LIMIT :limit;

-- name: shorten_traces
-- Decisions, with what is left of their traces.
UPDATE decision SET trace = batch.trace
FROM {{batch(workspace_no BIGINT, decision_id TEXT, trace TEXT)}}
WHERE decision.workspace_no = batch.workspace_no AND decision.decision_id = batch.decision_id;

-- name: named_customers_after
-- Customers under their own names, in the order of their numbers.
SELECT c.customer_no, c.customer_id FROM customer AS c
WHERE c.customer_no > :after_no AND c.workspace_no = :workspace_no AND c.customer_id NOT LIKE 'erased-%'
ORDER BY c.customer_no
LIMIT :limit;

-- name: customer_heard_since
-- Whether a customer did, was offered or reserved anything from a moment on.
SELECT 1 WHERE EXISTS (
    SELECT 1 FROM outcome AS o WHERE o.customer_no = :customer_no AND o.occurred_us >= :since_us
) OR EXISTS (
    SELECT 1 FROM decision AS d WHERE d.customer_no = :customer_no AND d.decided_us >= :since_us
) OR EXISTS (
    SELECT 1 FROM reservation AS r
    WHERE r.workspace_no = :workspace_no AND r.customer_id = :customer_id AND r.created_us >= :since_us
);
