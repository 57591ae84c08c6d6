-- The facts of a promotion by the code they carry, for a page of its breakdown by code. Facts without a code pay nothing.

CREATE INDEX assignment_code ON assignment (promotion_no, promo_code) WHERE promo_code IS NOT NULL;
CREATE INDEX event_code ON event (promotion_no, promo_code) WHERE promo_code IS NOT NULL;
