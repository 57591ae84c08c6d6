-- name: assigned_customers
-- A page of one promotion's assignments in the rate, in the order of their keys, with their customers. Ranges include
-- both ends. With `everything` 1 those come too that were redeemed at other times, or withdrawn: while an import runs,
-- the caller finds out how they stood before.
SELECT a.bucket, a.customer_no, a.slot, c.customer_id, a.assignment_id, a.assigned_us, a.expires_us,
       a.redeemed_us, a.tier_id, a.segment, a.channels, a.campaign_id, a.promo_code,
       a.committed_micros, a.currency
FROM assignment_standing AS a
JOIN customer AS c ON c.customer_no = a.customer_no
WHERE a.promotion_no = :promotion_no AND a.bucket = :bucket
  AND (a.customer_no, a.slot) > (:customer_no, :slot)
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
ORDER BY a.customer_no, a.slot
LIMIT :limit;

-- name: excess_customers
-- A page of one promotion's live redemptions beyond what assignments allowed, in the order of their customers and
-- times. With `everything` 1 its other redemptions come too.
SELECT e.bucket, e.customer_no, e.redeemed_us, e.source_no, e.event_id, c.customer_id, e.tier_id,
       e.channel, e.campaign_id, e.promo_code, e.cost_micros, e.currency
FROM event AS e
JOIN customer AS c ON c.customer_no = e.customer_no
WHERE e.promotion_no = :promotion_no AND e.bucket = :bucket
  AND (e.customer_no, e.redeemed_us, e.source_no, e.event_id)
      > (:customer_no, :redeemed_us, :after_source_no, :event_id)
  AND e.reverses IS NULL AND e.import_no <= :published_import_no
  AND e.redeemed_us BETWEEN :redeemed_from_us AND :redeemed_until_us
  AND (CAST(:tier AS TEXT) IS NULL OR COALESCE(e.tier_id, '') = :tier)
  AND (CAST(:campaign AS TEXT) IS NULL OR COALESCE(e.campaign_id, '') = :campaign)
  AND (CAST(:source_no AS BIGINT) IS NULL OR e.source_no = :source_no)
  AND (:everything = 1 OR (e.outcome = 'excess' AND e.live = 1))
ORDER BY e.customer_no, e.redeemed_us, e.source_no, e.event_id
LIMIT :limit;
