-- The tables of an archive that no figure is counted from: what models are trained on and policies judged by.

-- name: decision
-- What was decided for whom, by which chances, and what came of it. `features`, `arms` and `propensities` are JSON on
-- their way here; in an archive the latter two are lists, the last propensity that of no offer.
CREATE TEMPORARY TABLE decision (
    decision_id TEXT,
    customer_no BIGINT,
    decided_us BIGINT,
    mode TEXT,
    version BIGINT,
    revision BIGINT,
    promotion_id TEXT,
    tier_id TEXT,
    assignment_id TEXT,
    features TEXT,
    arms TEXT,
    propensities TEXT,
    chosen BIGINT,
    propensity DOUBLE PRECISION,
    explored BIGINT,
    redeemed BIGINT,
    reward DOUBLE PRECISION,
    redeemed_us BIGINT,
    order_micros BIGINT,
    cost_micros BIGINT
);
