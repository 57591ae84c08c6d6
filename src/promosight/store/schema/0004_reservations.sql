-- Reservations: rewards that Promosight holds back for a customer until they are confirmed, released or expire.

-- `state`: held, confirmed, released, expired. A held one past `expires_us` holds nothing; whoever grants next says so
-- in the row, so that nobody with a slower clock can still confirm it. The reward is what it was when it was granted.
CREATE TABLE reservation (
    reservation_id TEXT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    tier_id TEXT,
    reward_micros BIGINT,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    assignment_id TEXT
);
CREATE INDEX reservation_held ON reservation (workspace_no, promotion_no, expires_us) WHERE state = 'held';
CREATE INDEX reservation_confirmed ON reservation (workspace_no, promotion_no, created_us) WHERE state = 'confirmed';
