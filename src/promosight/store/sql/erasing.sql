-- name: promotions_of_customer
-- The promotions a customer has facts in, by two seeks for each; 0 where redemptions wait for their code.
SELECT n.promotion_no
FROM (
    SELECT p.promotion_no FROM promotion AS p WHERE p.workspace_no = :workspace_no
    UNION ALL
    SELECT CAST(0 AS BIGINT)
) AS n
WHERE EXISTS (
    SELECT 1 FROM assignment AS a
    WHERE a.bucket = :bucket AND a.promotion_no = n.promotion_no AND a.customer_no = :customer_no
) OR EXISTS (
    SELECT 1 FROM event AS e
    WHERE e.bucket = :bucket AND e.promotion_no = n.promotion_no AND e.customer_no = :customer_no
);

-- name: erase_customer
-- The customer under the token, without what the brand said of them.
UPDATE customer SET customer_no = :token_no, customer_id = :token, profile = NULL
WHERE customer_no = :customer_no;

-- name: forget_customers
-- Customers that were named a moment ago, in this transaction, and to whom nothing belongs.
DELETE FROM customer
WHERE customer_no IN (SELECT batch.customer_no FROM {{batch(customer_no BIGINT)}});

-- name: erase_assignments
-- Assignments in their new group, without what was said of the customer.
UPDATE assignment
SET bucket = batch.new_bucket, customer_no = batch.new_no, details = batch.details
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, slot BIGINT, new_bucket BIGINT, new_no BIGINT, details TEXT)}}
WHERE assignment.bucket = batch.bucket AND assignment.promotion_no = batch.promotion_no
  AND assignment.customer_no = batch.customer_no AND assignment.slot = batch.slot;

-- name: erase_events
-- Redemptions and reversals in their new group, without what was told beside.
UPDATE event
SET bucket = batch.new_bucket, customer_no = batch.new_no, named_customer_no = batch.named_no,
    assignment_id = batch.assignment_id, metadata = NULL
FROM {{batch(source_no BIGINT, event_id TEXT, new_bucket BIGINT, new_no BIGINT, named_no BIGINT, assignment_id TEXT)}}
WHERE event.source_no = batch.source_no AND event.event_id = batch.event_id;

-- name: erase_waiting_reversals
-- Reversals ahead of their redemption name nobody from here on: they take effect by the id of the event.
-- (Where a redemption waits for its code they lie with it, and whom they contradict is known.)
UPDATE event SET named_customer_no = 0
WHERE promotion_no = 0 AND customer_no = 0 AND workspace_no = :workspace_no AND named_customer_no = :customer_no;

-- name: erase_refused_reversals
-- Reversals that named the customer but lie with somebody else's redemption contradict it as before.
-- (The list is the index's own condition: without it SQLite would read every event.)
UPDATE event SET named_customer_no = :token_no
WHERE workspace_no = :workspace_no AND (outcome = 'pending' OR outcome = 'flagged' OR outcome = 'rejected') AND outcome = 'rejected'
  AND named_customer_no = :customer_no;

-- name: reversals_elsewhere_naming
-- Reversals that name the customer and lie with nobody yet, or with the redemption of somebody else.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id, e.workspace_no,
    e.import_no, e.received_us, e.digest, e.reverses, e.named_customer_no, e.promotion_id, e.promo_code, e.assignment_id,
    e.campaign_id, e.tier_id, e.channel, e.reward_micros, e.reward_currency, e.order_id,
    e.order_micros, e.metadata, e.outcome, e.reason, e.slot, e.live, e.cost_micros, e.currency
FROM event_told AS e
WHERE e.workspace_no = :workspace_no AND (e.outcome = 'pending' OR e.outcome = 'flagged' OR e.outcome = 'rejected')
  AND e.named_customer_no = :customer_no AND e.customer_no <> :customer_no;

-- name: erase_codes
-- Personal codes issued to the customer.
UPDATE personal_code SET customer_no = batch.new_no
FROM {{batch(workspace_no BIGINT, code TEXT, customer_no BIGINT, new_no BIGINT)}}
WHERE personal_code.workspace_no = batch.workspace_no AND personal_code.code = batch.code
  AND personal_code.customer_no = batch.customer_no;

-- name: erase_outcomes
-- What the customer did.
UPDATE outcome SET customer_no = :token_no
WHERE customer_no = :customer_no AND workspace_no = :workspace_no;

-- name: traces_of_customer
-- What decisions about a customer were made of.
SELECT d.decision_id, d.assignment_id, d.trace FROM decision AS d
WHERE d.customer_no = :customer_no AND d.workspace_no = :workspace_no;

-- name: erase_decisions
-- Decisions about the customer.
UPDATE decision
SET customer_no = batch.new_no, assignment_id = batch.assignment_id, trace = batch.trace
FROM {{batch(workspace_no BIGINT, decision_id TEXT, new_no BIGINT, assignment_id TEXT, trace TEXT)}}
WHERE decision.workspace_no = batch.workspace_no AND decision.decision_id = batch.decision_id;

-- name: erase_news
-- What is to be learned of a group, under its new key.
UPDATE decision_news SET moved = REPLACE(moved, :before, :after)
WHERE workspace_no = :workspace_no AND REPLACE(moved, :before, '') <> moved;

-- name: erase_reservations
-- Rewards held for the customer.
UPDATE reservation
SET customer_id = :token, assignment_id = REPLACE(assignment_id, :number, :token_number)
WHERE workspace_no = :workspace_no AND customer_id = :customer_id;

-- name: erase_restatements
-- Causes of restatements that are assignments without an id of their own.
UPDATE restatement SET event_id = REPLACE(event_id, :number, :token_number)
WHERE workspace_no = :workspace_no AND REPLACE(event_id, :number, '') <> event_id;

-- name: erase_source_tests
-- Last tests of sources that named the customer.
UPDATE source_test SET customer_id = :token, detail = REPLACE(detail, :customer_id, :token), unknown_fields = '[]'
WHERE customer_id = :customer_id
  AND source_no IN (SELECT s.source_no FROM source AS s WHERE s.workspace_no = :workspace_no);

-- name: rejections_naming
-- Refused payloads that may name a customer: by their field, or anywhere in the text.
SELECT r.source_no, r.digest, r.customer_id, r.payload, r.detail FROM rejection AS r
WHERE r.workspace_no = :workspace_no
  AND (r.customer_id = :customer_id OR REPLACE(r.payload, :written, '') <> r.payload
       OR REPLACE(r.payload, :number, '') <> r.payload
       OR REPLACE(r.detail, :customer_id, '') <> r.detail);

-- name: erase_rejections
-- Refused payloads that named the customer.
UPDATE rejection
SET customer_id = batch.customer_id, payload = batch.payload, detail = batch.detail
FROM {{batch(workspace_no BIGINT, source_no BIGINT, digest BIGINT, customer_id TEXT, payload TEXT, detail TEXT)}}
WHERE rejection.workspace_no = batch.workspace_no AND rejection.source_no = batch.source_no
  AND rejection.digest = batch.digest;

-- name: answers_naming
-- Kept answers that may name a customer.
SELECT a.idempotency_key, a.body FROM idempotent_answer AS a
WHERE a.workspace_no = :workspace_no AND a.body IS NOT NULL
  AND (REPLACE(a.body, :written, '') <> a.body OR REPLACE(a.body, :number, '') <> a.body);

-- name: erase_answers
-- Kept answers that named the customer.
UPDATE idempotent_answer SET body = batch.body
FROM {{batch(workspace_no BIGINT, idempotency_key TEXT, body TEXT)}}
WHERE idempotent_answer.workspace_no = batch.workspace_no
  AND idempotent_answer.idempotency_key = batch.idempotency_key;

-- name: kept_under
-- How much is kept under a customer's name: customers, reservations, refused payloads.
SELECT
    (SELECT COUNT(*) FROM customer AS c WHERE c.customer_no = :customer_no AND c.workspace_no = :workspace_no),
    (SELECT COUNT(*) FROM reservation AS r WHERE r.workspace_no = :workspace_no AND r.customer_id = :customer_id),
    (SELECT COUNT(*) FROM rejection AS r WHERE r.workspace_no = :workspace_no AND r.customer_id = :customer_id);

-- name: outcomes_of_customer
-- What a customer did, in the order of time.
SELECT s.name, o.outcome_id, o.occurred_us, o.measure, o.value_micros, o.currency, o.order_id, o.received_us
FROM outcome AS o
JOIN source AS s ON s.source_no = o.source_no
WHERE o.customer_no = :customer_no AND o.workspace_no = :workspace_no
ORDER BY o.occurred_us, o.outcome_id;

-- name: decisions_of_customer
-- What was decided of a customer, in the order of time.
SELECT d.decision_id, d.decided_us, d.mode, p.promotion_id, d.tier_id, d.assignment_id, d.trace
FROM decision AS d
LEFT JOIN promotion AS p ON p.promotion_no = d.promotion_no
WHERE d.customer_no = :customer_no AND d.workspace_no = :workspace_no
ORDER BY d.decided_us, d.decision_id;

-- name: reservations_naming
-- Rewards held for a customer, in the order of time.
SELECT r.reservation_id, p.promotion_id, r.tier_id, r.state, r.created_us, r.expires_us, r.assignment_id
FROM reservation AS r
JOIN promotion AS p ON p.promotion_no = r.promotion_no
WHERE r.workspace_no = :workspace_no AND r.customer_id = :customer_id
ORDER BY r.created_us, r.reservation_id;

-- name: source_tests_naming
-- Last tests of sources that named a customer.
SELECT s.name, t.received_us, t.event_id, t.outcome
FROM source_test AS t
JOIN source AS s ON s.source_no = t.source_no
WHERE s.workspace_no = :workspace_no AND t.customer_id = :customer_id
ORDER BY s.name;
