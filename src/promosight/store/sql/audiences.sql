-- name: more_assigned_than
-- Whether a promotion has more than so many assignments.
SELECT 1 FROM assignment AS a
WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND a.promotion_no = :promotion_no
LIMIT 1 OFFSET :rows;

-- name: page_of_assigned
-- The customer of the assignment so many rows on, in one bucket of a promotion, after a customer.
SELECT a.customer_no FROM assignment AS a
WHERE a.bucket = :bucket AND a.promotion_no = :promotion_no AND a.customer_no > :after
ORDER BY a.customer_no LIMIT 1 OFFSET :rows;

-- name: assigned_customers
-- One promotion's assignments in the rate of a range of customers, by their keys. Ranges of instants include both ends.
-- With `everything` 1 those come too that were redeemed at other times, or withdrawn: while an import runs, the caller
-- finds out how they stood before.
SELECT a.bucket, a.customer_no, a.slot, c.customer_id, a.assignment_id, a.assigned_us, a.expires_us,
       a.redeemed_us, a.tier_id, a.segment, a.channels, a.campaign_id, a.promo_code,
       a.committed_micros, a.currency
FROM assignment_standing AS a
JOIN customer AS c ON c.customer_no = a.customer_no
WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND a.promotion_no = :promotion_no AND a.customer_no > :after AND a.customer_no <= :until
  AND a.control = 0 AND a.import_no <= :published_import_no
  AND a.assigned_us BETWEEN :assigned_from_us AND :assigned_until_us
  AND COALESCE(a.expires_us, 9223372036854775807) BETWEEN :expires_from_us AND :expires_until_us
  AND (CAST(:tier AS TEXT) IS NULL OR COALESCE(a.tier_id, '') = :tier)
  AND (CAST(:segment AS TEXT) IS NULL OR COALESCE(a.segment, '') = :segment)
  AND (CAST(:channel AS TEXT) IS NULL OR COALESCE(a.channels, '') = :channel)
  AND (CAST(:campaign AS TEXT) IS NULL OR COALESCE(a.campaign_id, '') = :campaign)
  AND (CAST(:source_no AS BIGINT) IS NULL OR a.source_no = :source_no)
  AND (:everything = 1
       OR (a.withdrawn_us IS NULL
           AND COALESCE(a.redeemed_us, :never_us) BETWEEN :redeemed_from_us AND :redeemed_until_us))
ORDER BY a.customer_no, a.slot;

-- name: more_redeemed_than
-- Whether a promotion has more than so many events.
SELECT 1 FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND e.promotion_no = :promotion_no
LIMIT 1 OFFSET :rows;

-- name: page_of_redeemed
-- The customer of the event so many rows on, in one bucket of a promotion, after a customer.
SELECT e.customer_no FROM event AS e
WHERE e.bucket = :bucket AND e.promotion_no = :promotion_no AND e.customer_no > :after
ORDER BY e.customer_no LIMIT 1 OFFSET :rows;

-- name: excess_customers
-- One promotion's live redemptions beyond what assignments allowed, of a range of customers, by customer and time.
-- With `everything` 1 its other redemptions come too.
SELECT e.bucket, e.customer_no, e.redeemed_us, e.source_no, e.event_id, c.customer_id, e.tier_id,
       e.channel, e.campaign_id, e.promo_code, e.cost_micros, e.currency
FROM event AS e
JOIN customer AS c ON c.customer_no = e.customer_no
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND e.promotion_no = :promotion_no AND e.customer_no > :after AND e.customer_no <= :until
  AND e.reverses IS NULL AND e.import_no <= :published_import_no
  AND e.redeemed_us BETWEEN :redeemed_from_us AND :redeemed_until_us
  AND (CAST(:tier AS TEXT) IS NULL OR COALESCE(e.tier_id, '') = :tier)
  AND (CAST(:campaign AS TEXT) IS NULL OR COALESCE(e.campaign_id, '') = :campaign)
  AND (CAST(:source_no AS BIGINT) IS NULL OR e.source_no = :source_no)
  AND (:everything = 1 OR (e.outcome = 'excess' AND e.live = 1))
ORDER BY e.customer_no, e.redeemed_us, e.source_no, e.event_id;
