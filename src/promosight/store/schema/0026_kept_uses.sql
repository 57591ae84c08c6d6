-- How the assignments of a busy group are used, one with hundreds of events: enough to judge one more redemption without
-- the others (rules/one_more.py). A group has a row for each of its assignments, or none, and then is matched whole.
-- `import_no` is the latest of the events judged so far; `first_use` and `last_use` say when these had their turn, as
-- [rank, redeemed_us, event_id].
CREATE TABLE kept_uses (
    promotion_no BIGINT NOT NULL,
    customer_no BIGINT NOT NULL,
    slot BIGINT NOT NULL,
    import_no BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    undone BIGINT NOT NULL,
    redeemed_us BIGINT,
    first_use TEXT,
    last_use TEXT,
    PRIMARY KEY (promotion_no, customer_no, slot)
) WITHOUT ROWID;
