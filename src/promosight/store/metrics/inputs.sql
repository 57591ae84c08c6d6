-- The tables that the metrics read. Each is filled from a CSV file with its columns in this order.
--
-- The ledger's rows come whole, but what is derived in them can be seen only through the views named
-- `stored_`, which the metrics never read: they are for the comparison afterwards.

-- name: workspace_terms
-- One row: the start of tracking and the currency of orders that name none.
CREATE TEMPORARY TABLE workspace_terms (
    tracking_from_us BIGINT,
    currency TEXT
);

-- name: promotion_terms
-- The terms of every promotion; `unit` says that the currency is a unit, whatever an event says.
CREATE TEMPORARY TABLE promotion_terms (
    promotion_no BIGINT,
    promotion_id TEXT,
    known BIGINT,
    draft BIGINT,
    historical BIGINT,
    max_redemptions BIGINT,
    currency TEXT,
    unit BIGINT,
    value_micros BIGINT
);

-- name: tier_terms
-- The value of each tier that has one of its own.
CREATE TEMPORARY TABLE tier_terms (
    promotion_no BIGINT,
    tier_id TEXT,
    value_micros BIGINT
);

-- name: shared_code
-- The codes that anybody may use: a promotion's own and its fallback.
CREATE TEMPORARY TABLE shared_code (
    promotion_no BIGINT,
    code TEXT
);

-- name: issued_code
-- Personal codes; customer 0 while a code is still in the pool.
CREATE TEMPORARY TABLE issued_code (
    code TEXT,
    customer_no BIGINT,
    promotion_no BIGINT
);

-- name: word_meaning
-- What words were said to mean that nobody defined, told in a field (promotion_id, promo_code) by a source, 0 by any.
CREATE TEMPORARY TABLE word_meaning (
    field TEXT,
    word TEXT,
    source_no BIGINT,
    promotion_no BIGINT
);

-- name: known_customer
-- The customers that are not only hearsay of redemptions.
CREATE TEMPORARY TABLE known_customer (
    customer_no BIGINT
);

-- name: source_name
-- The names of sources, which break ties.
CREATE TEMPORARY TABLE source_name (
    source_no BIGINT,
    name TEXT
);

-- name: ledger_assignment
-- Assignments as they lie in the store; `public_id` is the caller's id or the derived one.
CREATE TEMPORARY TABLE ledger_assignment (
    bucket BIGINT,
    promotion_no BIGINT,
    customer_no BIGINT,
    slot BIGINT,
    source_no BIGINT,
    assigned_us BIGINT,
    expires_us BIGINT,
    public_id TEXT,
    campaign_id TEXT,
    tier_id TEXT,
    segment TEXT,
    channels TEXT,
    promo_code TEXT,
    reward_micros BIGINT,
    reward_currency TEXT,
    max_redemptions BIGINT,
    control BIGINT,
    withdrawn_us BIGINT,
    redeemed_us BIGINT,
    committed_micros BIGINT,
    currency TEXT
);

-- name: ledger_event
-- Redemptions and reversals as they lie in the store.
CREATE TEMPORARY TABLE ledger_event (
    bucket BIGINT,
    promotion_no BIGINT,
    customer_no BIGINT,
    redeemed_us BIGINT,
    source_no BIGINT,
    event_id TEXT,
    reverses TEXT,
    promotion_id TEXT,
    promo_code TEXT,
    assignment_id TEXT,
    campaign_id TEXT,
    tier_id TEXT,
    reward_micros BIGINT,
    reward_currency TEXT,
    order_micros BIGINT,
    outcome TEXT,
    reason TEXT,
    slot BIGINT,
    live BIGINT,
    cost_micros BIGINT,
    currency TEXT
);

-- name: stored_cell
-- The counters of the store, added up over buckets and layers; an empty text may be NULL here.
CREATE TEMPORARY TABLE stored_cell (
    promotion_no BIGINT,
    dimension BIGINT,
    key TEXT,
    currency TEXT,
    assigned BIGINT,
    redeemed BIGINT,
    customers_assigned BIGINT,
    customers_redeemed BIGINT,
    redemptions BIGINT,
    excess BIGINT,
    unassigned BIGINT,
    flagged BIGINT,
    pending BIGINT,
    reversed BIGINT,
    reported BIGINT,
    committed_micros DECIMAL(38, 0),
    cost_micros DECIMAL(38, 0),
    order_micros DECIMAL(38, 0)
);

-- name: stored_last_event
-- The times of the latest events, as the store has them.
CREATE TEMPORARY TABLE stored_last_event (
    promotion_no BIGINT,
    redeemed_us BIGINT
);

-- name: local_day
-- The days of the workspace's zone, each from its first instant until the next day's.
CREATE TEMPORARY TABLE local_day (
    day TEXT,
    from_us BIGINT,
    until_us BIGINT
);

-- name: moment
-- One row where usage and return are compared: when they were asked for, and the end of the horizons that closed.
CREATE TEMPORARY TABLE moment (
    as_of_us BIGINT,
    horizon_us BIGINT
);

-- name: term_limit
-- The limits of promotions, as people are told of them, and the first and last day of their window.
CREATE TEMPORARY TABLE term_limit (
    promotion_no BIGINT,
    name TEXT,
    measure TEXT,
    tier_id TEXT,
    first_day TEXT,
    last_day TEXT
);

-- name: ledger_reservation
-- Reservations that hold room or have become assignments; the customer's number where there is one.
CREATE TEMPORARY TABLE ledger_reservation (
    reservation_id TEXT,
    promotion_no BIGINT,
    customer_no BIGINT,
    tier_id TEXT,
    reward_micros BIGINT,
    currency TEXT,
    state TEXT,
    created_us BIGINT,
    expires_us BIGINT,
    assignment_id TEXT
);

-- name: ledger_outcome
-- What customers did.
CREATE TEMPORARY TABLE ledger_outcome (
    bucket BIGINT,
    customer_no BIGINT,
    occurred_us BIGINT,
    measure TEXT,
    value_micros BIGINT
);

-- name: outcome_measure
-- The measures that anything was told of, whoever did it.
CREATE TEMPORARY TABLE outcome_measure (
    measure TEXT
);

-- name: told_amount
-- What the product says of usage and return, number by number.
CREATE TEMPORARY TABLE told_amount (
    promotion_no BIGINT,
    place TEXT,
    measure TEXT,
    amount DECIMAL(38, 0)
);

-- name: reported_assignment
-- An assignment without what is derived.
CREATE TEMPORARY VIEW reported_assignment AS
SELECT
    bucket, promotion_no, customer_no, slot, source_no, assigned_us, expires_us, public_id,
    campaign_id, tier_id, segment, channels, promo_code, reward_micros, reward_currency,
    max_redemptions, control, withdrawn_us
FROM ledger_assignment;

-- name: reported_event
-- An event without what is derived.
CREATE TEMPORARY VIEW reported_event AS
SELECT
    bucket, promotion_no, customer_no, redeemed_us, source_no, event_id, reverses, promotion_id,
    promo_code, assignment_id, campaign_id, tier_id, reward_micros, reward_currency, order_micros
FROM ledger_event;

-- name: stored_assignment
-- What the store derived for an assignment.
CREATE TEMPORARY VIEW stored_assignment AS
SELECT
    bucket, promotion_no, customer_no, slot, public_id, redeemed_us, committed_micros, currency
FROM ledger_assignment;

-- name: stored_event
-- What the store derived for an event.
CREATE TEMPORARY VIEW stored_event AS
SELECT
    source_no, event_id, promotion_no, outcome, reason, slot, live, cost_micros, currency
FROM ledger_event;

-- name: utc_day
-- The first instant of every day of UTC on which anything happened.
CREATE TEMPORARY VIEW utc_day AS
SELECT assigned_us - MOD(MOD(assigned_us, 86400000000) + 86400000000, 86400000000) AS from_us
FROM reported_assignment
UNION
SELECT redeemed_us - MOD(MOD(redeemed_us, 86400000000) + 86400000000, 86400000000) AS from_us
FROM reported_event
UNION
SELECT created_us - MOD(MOD(created_us, 86400000000) + 86400000000, 86400000000) AS from_us
FROM ledger_reservation;
