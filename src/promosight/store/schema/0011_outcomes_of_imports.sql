-- Outcomes of a file count when its import has ended, as all facts do: they bear its number.

ALTER TABLE outcome ADD COLUMN import_no BIGINT NOT NULL DEFAULT 0;
DROP INDEX outcome_customer;
-- Holds all that the comparison reads, so that it never looks at the facts themselves.
CREATE INDEX outcome_customer ON outcome (customer_no, measure, occurred_us, value_micros, currency, import_no);
