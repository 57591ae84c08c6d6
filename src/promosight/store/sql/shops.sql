-- name: add_shop
-- A new shop, whose secret is not known yet.
INSERT INTO shop (
    shop_no, workspace_no, shop_id, source_no, kind, customer_from, code_from, secret, former_secret,
    former_until_us, created_us, updated_us, last_us, last_event, last_outcome, last_reason
)
SELECT COALESCE(MAX(s.shop_no), 0) + 1, :workspace_no, :shop_id, :source_no, :kind, :customer_from, :code_from, '',
       NULL, NULL, :now_us, :now_us, NULL, NULL, NULL, NULL
FROM shop AS s
WHERE true
ON CONFLICT DO NOTHING;

-- name: shops
-- The shops of a workspace, the oldest first.
SELECT s.shop_no, s.workspace_no, s.shop_id, s.source_no, o.name, s.kind, s.customer_from, s.code_from, s.secret,
       s.former_secret, s.former_until_us, s.created_us, s.updated_us, s.last_us, s.last_event, s.last_outcome,
       s.last_reason
FROM shop AS s JOIN source AS o ON o.source_no = s.source_no
WHERE s.workspace_no = :workspace_no
ORDER BY s.shop_no;

-- name: shop_by_id
-- The shop that sends to an address, of whichever workspace.
SELECT s.shop_no, s.workspace_no, s.shop_id, s.source_no, o.name, s.kind, s.customer_from, s.code_from, s.secret,
       s.former_secret, s.former_until_us, s.created_us, s.updated_us, s.last_us, s.last_event, s.last_outcome,
       s.last_reason
FROM shop AS s JOIN source AS o ON o.source_no = s.source_no
WHERE s.shop_id = :shop_id;

-- name: change_shop
-- What somebody has set otherwise.
UPDATE shop
SET customer_from = :customer_from, code_from = :code_from, secret = :secret, former_secret = :former_secret,
    former_until_us = :former_until_us, updated_us = :now_us
WHERE shop_no = :shop_no;

-- name: drop_shop
-- A shop sends here no longer.
DELETE FROM shop WHERE shop_no = :shop_no;

-- name: drop_payment_notes
-- What it had said of payments.
DELETE FROM payment_note WHERE shop_no = :shop_no;

-- name: hear_shop
-- The last message of a shop, and what was done with it.
UPDATE shop SET last_us = :now_us, last_event = :event, last_outcome = :outcome, last_reason = :reason
WHERE shop_no = :shop_no;

-- name: note_payments
-- What a message says of payments; said again it is there already.
INSERT INTO payment_note (shop_no, payment, name, says, noted_us)
SELECT batch.shop_no, batch.payment, batch.name, batch.says, batch.noted_us
FROM {{batch(shop_no BIGINT, payment TEXT, name TEXT, says TEXT, noted_us BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: notes_of_payments
-- All that was said of payments.
SELECT n.payment, n.name, n.says
FROM {{batch(shop_no BIGINT, payment TEXT)}}
CROSS JOIN payment_note AS n
WHERE n.shop_no = batch.shop_no AND n.payment = batch.payment
ORDER BY n.payment, n.name;
