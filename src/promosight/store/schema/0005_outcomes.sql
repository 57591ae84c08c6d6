-- What customers did, whether an offer was behind it or not: orders, margins, deposits, told per customer. Facts are
-- appended; a promotion's return compares them between the assigned and the control group.

CREATE TABLE outcome (
    source_no BIGINT NOT NULL,
    outcome_id TEXT NOT NULL,
    workspace_no BIGINT NOT NULL,
    customer_no BIGINT NOT NULL,
    occurred_us BIGINT NOT NULL,
    measure TEXT NOT NULL,
    value_micros BIGINT NOT NULL,
    currency TEXT NOT NULL,
    order_id TEXT,
    digest BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    PRIMARY KEY (source_no, outcome_id)
);
-- Holds all that the comparison reads, so that it never looks at the facts themselves.
CREATE INDEX outcome_customer ON outcome (customer_no, measure, occurred_us, value_micros, currency);
