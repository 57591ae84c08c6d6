-- Shops: Shopify and Stripe, which send webhooks of their own, sign them, and can be given no key.

-- `shop_id` stands in the address that a shop sends to and is not to be guessed. The secrets are the shop's and kept as
-- they are: its signatures are made with them. `former_secret` is good too until `former_until_us`. `customer_from` and
-- `code_from` say where in its messages these stand. The last message, and what was done with it, is all that is kept
-- of messages.
CREATE TABLE shop (
    shop_no BIGINT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    shop_id TEXT NOT NULL UNIQUE,
    source_no BIGINT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    customer_from TEXT NOT NULL,
    code_from TEXT NOT NULL,
    secret TEXT NOT NULL,
    former_secret TEXT,
    former_until_us BIGINT,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    last_us BIGINT,
    last_event TEXT,
    last_outcome TEXT,
    last_reason TEXT
);

-- What messages say of a payment that means nothing alone: a redemption was paid with it, or money of it went back.
CREATE TABLE payment_note (
    shop_no BIGINT NOT NULL,
    payment TEXT NOT NULL,
    name TEXT NOT NULL,
    says TEXT NOT NULL,
    PRIMARY KEY (shop_no, payment, name)
) WITHOUT ROWID;
