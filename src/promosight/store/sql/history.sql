-- name: add_promotion_past
-- What a promotion was until now. Of two changes in one moment the first says what was before.
INSERT INTO promotion_past (promotion_no, until_us, definition)
VALUES (:promotion_no, :until_us, CAST(:definition AS TEXT))
ON CONFLICT DO NOTHING;

-- name: add_channels_past
-- The channels that assignments had until now.
INSERT INTO channels_past (bucket, promotion_no, customer_no, slot, until_us, import_no, channels)
SELECT batch.bucket, batch.promotion_no, batch.customer_no, batch.slot, batch.until_us, batch.import_no, batch.channels
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, slot BIGINT, until_us BIGINT, import_no BIGINT, channels TEXT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: add_waited
-- Customers whose redemptions had waited for them, and who are known from now on.
INSERT INTO customer_waited (customer_no, workspace_no, known_us, import_no)
SELECT batch.customer_no, batch.workspace_no, batch.known_us, batch.import_no
FROM {{batch(customer_no BIGINT, workspace_no BIGINT, known_us BIGINT, import_no BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: erase_waited
-- The same under the token.
UPDATE customer_waited SET customer_no = :token_no WHERE customer_no = :customer_no;

-- name: erase_channels_past
-- The channels of erased assignments, in their new group.
UPDATE channels_past SET bucket = batch.new_bucket, customer_no = batch.new_no
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT, new_bucket BIGINT, new_no BIGINT)}}
WHERE channels_past.bucket = batch.bucket AND channels_past.promotion_no = batch.promotion_no
  AND channels_past.customer_no = batch.customer_no;

-- name: note_published
-- The facts of these runs go into the published figures now.
UPDATE import_run SET published_us = :now_us
WHERE published_us IS NULL AND import_no <= :import_no
  AND import_id IN (SELECT i.import_id FROM import AS i WHERE i.workspace_no = :workspace_no);

-- name: history_since
-- From when on history is kept of a workspace that was there before it was; no row for any other.
SELECT v.applied_us
FROM history_missing AS m
JOIN schema_version AS v ON v.name = '0016_history.sql'
WHERE m.workspace_no = :workspace_no;

-- name: definitions_then
-- The promotions of a workspace that were defined otherwise at a moment, as they were; NULL: nobody had defined them.
SELECT p.promotion_no, p.definition
FROM promotion AS n
JOIN promotion_past AS p ON p.promotion_no = n.promotion_no
WHERE n.workspace_no = :workspace_no
  AND p.until_us = (
      SELECT MIN(q.until_us) FROM promotion_past AS q
      WHERE q.promotion_no = n.promotion_no AND q.until_us > :known_us
  );

-- name: past_definitions
-- What a promotion was before, and until when, in the order of time.
SELECT p.until_us, p.definition FROM promotion_past AS p
WHERE p.promotion_no = :promotion_no AND p.definition IS NOT NULL
ORDER BY p.until_us;

-- name: published_then
-- The highest run whose facts were in a workspace's published figures at a moment.
SELECT COALESCE(MAX(r.import_no), 0)
FROM import AS i JOIN import_run AS r ON r.import_id = i.import_id
WHERE i.workspace_no = :workspace_no AND r.published_us <= :known_us;

-- name: runs_held_then
-- Whether a run had begun by a moment whose facts were not in them yet.
SELECT 1
FROM import AS i JOIN import_run AS r ON r.import_id = i.import_id
WHERE i.workspace_no = :workspace_no AND r.started_us <= :known_us AND r.import_no > :published_import_no
LIMIT 1;

-- name: assigned_then
-- How many assignments of a promotion had come by a moment and were in the rate, by where they count: with `places` 1 by
-- their place, with `days` other than 0 by the quarter of an hour of assignment, counted from a moment before all times.
SELECT p.tier_id, p.segment, p.channels, p.campaign_id, f.source_no, f.quarter, f.assigned
FROM (
    SELECT t.place_no, t.source_no, t.quarter, COUNT(*) AS assigned
    FROM (
        SELECT a.source_no, CASE WHEN :places = 1 THEN a.place_no END AS place_no,
               CASE WHEN :days = 0 THEN 0 ELSE (a.assigned_us + 63072000000000000) / 900000000 END AS quarter
        FROM assignment AS a
        WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND a.promotion_no = :promotion_no
          AND a.received_us <= :known_us AND a.import_no <= :published_import_no
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us
          AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
    ) AS t
    GROUP BY t.place_no, t.source_no, t.quarter
) AS f
LEFT JOIN place AS p ON p.place_no = f.place_no;

-- name: assigned_then_of_many
-- The same of a promotion that has most of all assignments: read from end to end, as in unredeemed_of_many.
SELECT p.tier_id, p.segment, p.channels, p.campaign_id, f.source_no, f.quarter, f.assigned
FROM (
    SELECT t.place_no, t.source_no, t.quarter, COUNT(*) AS assigned
    FROM (
        SELECT a.source_no, CASE WHEN :places = 1 THEN a.place_no END AS place_no,
               CASE WHEN :days = 0 THEN 0 ELSE (a.assigned_us + 63072000000000000) / 900000000 END AS quarter
        FROM assignment AS a
        WHERE +a.promotion_no = :promotion_no
          AND a.received_us <= :known_us AND a.import_no <= :published_import_no
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us
          AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
    ) AS t
    GROUP BY t.place_no, t.source_no, t.quarter
) AS f
LEFT JOIN place AS p ON p.place_no = f.place_no;

-- name: taken_then
-- Which of them redemptions that had come took, as they are matched now. With `days` 1 by the quarter of assignment, with
-- 2 of the redemption.
SELECT p.tier_id, p.segment, p.channels, p.campaign_id, f.source_no, f.quarter, f.redeemed
FROM (
    SELECT t.place_no, t.source_no, t.quarter, COUNT(*) AS redeemed
    FROM (
        SELECT a.source_no, CASE WHEN :places = 1 THEN a.place_no END AS place_no,
               CASE WHEN :days = 0 THEN 0
                    WHEN :days = 1 THEN (a.assigned_us + 63072000000000000) / 900000000
                    ELSE (u.redeemed_us + 63072000000000000) / 900000000 END AS quarter
        FROM (
            SELECT e.bucket, e.customer_no, e.slot, MIN(e.redeemed_us) AS redeemed_us
            FROM event AS e
            WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
              AND e.promotion_no = :promotion_no AND e.slot IS NOT NULL AND e.live = 1
              AND e.received_us <= :known_us AND e.import_no <= :published_import_no
            GROUP BY e.bucket, e.customer_no, e.slot
        ) AS u
        CROSS JOIN assignment AS a
        WHERE a.bucket = u.bucket AND a.promotion_no = :promotion_no AND a.customer_no = u.customer_no
          AND a.slot = u.slot
          AND a.received_us <= :known_us AND a.import_no <= :published_import_no
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us
          AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
    ) AS t
    GROUP BY t.place_no, t.source_no, t.quarter
) AS f
LEFT JOIN place AS p ON p.place_no = f.place_no;

-- name: redeemed_then
-- The redemptions of a promotion that had come, as they are judged now, by where they count: the place of the assignment
-- they took, or else their own words. With `days` 1 by the quarter of that assignment, or else their own; with 2 by
-- their own.
SELECT COALESCE(p.tier_id, f.tier_id), p.segment, p.channels, COALESCE(p.campaign_id, f.campaign_id),
       f.source_no, f.quarter, f.outcome, f.live, f.currency, f.paid_in,
       f.redemptions, f.cost_high, f.cost_micros, f.order_high, f.order_micros
FROM (
    SELECT t.place_no, t.tier_id, t.campaign_id, t.source_no, t.quarter, t.outcome, t.live, t.currency, t.paid_in,
           COUNT(*) AS redemptions,
           CAST(SUM(t.cost_micros / 1000000000) AS BIGINT) AS cost_high,
           CAST(SUM(t.cost_micros % 1000000000) AS BIGINT) AS cost_micros,
           CAST(SUM(t.order_micros / 1000000000) AS BIGINT) AS order_high,
           CAST(SUM(t.order_micros % 1000000000) AS BIGINT) AS order_micros
    FROM (
        SELECT e.source_no, e.outcome, e.live, e.currency,
               CASE WHEN :places = 1 THEN a.place_no END AS place_no,
               CASE WHEN :places = 1 AND a.place_no IS NULL THEN e.tier_id END AS tier_id,
               CASE WHEN :places = 1 AND a.place_no IS NULL THEN e.campaign_id END AS campaign_id,
               CASE WHEN :days = 0 THEN 0
                    WHEN :days = 1 THEN (COALESCE(a.assigned_us, e.redeemed_us) + 63072000000000000) / 900000000
                    ELSE (e.redeemed_us + 63072000000000000) / 900000000 END AS quarter,
               COALESCE(e.reward_currency, '') AS paid_in,
               e.cost_micros, COALESCE(e.order_micros, 0) AS order_micros
        FROM event AS e
        LEFT JOIN assignment AS a ON a.bucket = e.bucket AND a.promotion_no = e.promotion_no
            AND a.customer_no = e.customer_no AND a.slot = e.slot
        WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND e.promotion_no = :promotion_no AND e.reverses IS NULL AND e.outcome <> 'rejected'
          AND e.received_us <= :known_us AND e.import_no <= :published_import_no
    ) AS t
    GROUP BY t.place_no, t.tier_id, t.campaign_id, t.source_no, t.quarter, t.outcome, t.live, t.currency, t.paid_in
) AS f
LEFT JOIN place AS p ON p.place_no = f.place_no;

-- name: groups_moved_since
-- The groups of a promotion whose redemptions may have counted otherwise at a moment than they do now: something of the
-- group came or was published later; its customer became known, or was told of by one more channel, later; or a
-- redemption names a code that is not one of the two given and was not issued to its customer here. With `changed` 1
-- all that had redemptions, with `held` 1 also those in which something came after an import that was not published.
SELECT e.bucket, e.customer_no FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND e.promotion_no = :promotion_no
  AND (e.received_us > :known_us OR e.import_no > :published_import_no)
  AND EXISTS (
      SELECT 1 FROM event AS o
      WHERE o.bucket = e.bucket AND o.promotion_no = e.promotion_no AND o.customer_no = e.customer_no
        AND o.received_us <= :known_us AND o.import_no <= :published_import_no
  )
UNION
SELECT e.bucket, e.customer_no FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND e.promotion_no = :promotion_no
  AND e.received_us <= :known_us AND e.import_no <= :published_import_no
  AND (:changed = 1 OR EXISTS (
      SELECT 1 FROM assignment AS a
      WHERE a.bucket = e.bucket AND a.promotion_no = e.promotion_no AND a.customer_no = e.customer_no
        AND (a.received_us > :known_us OR a.import_no > :published_import_no OR a.withdrawn_us > :known_us)
  ) OR (
      e.promo_code IS NOT NULL AND e.promo_code <> :code AND e.promo_code <> :fallback_code
      AND NOT EXISTS (
          SELECT 1 FROM assignment AS a
          WHERE a.bucket = e.bucket AND a.promotion_no = e.promotion_no AND a.customer_no = e.customer_no
            AND a.promo_code = e.promo_code
      )
  ))
UNION
SELECT e.bucket, e.customer_no
FROM customer_waited AS w
CROSS JOIN event AS e
WHERE w.workspace_no = :workspace_no AND (w.known_us > :known_us OR w.import_no > :published_import_no)
  AND e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND e.promotion_no = :promotion_no
  AND e.customer_no = w.customer_no
UNION
SELECT s.bucket, s.customer_no FROM channels_past AS s
WHERE s.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND s.promotion_no = :promotion_no
  AND (s.until_us > :known_us OR s.import_no > :published_import_no OR :held = 1)
UNION
SELECT e.bucket, e.customer_no FROM event AS e
WHERE :held = 1 AND e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND e.promotion_no = :promotion_no
  AND e.received_us <= :known_us AND e.import_no > :published_import_no
  AND (EXISTS (
      SELECT 1 FROM event AS o
      WHERE o.bucket = e.bucket AND o.promotion_no = e.promotion_no AND o.customer_no = e.customer_no
        AND o.import_no <= :published_import_no AND o.received_us >= e.received_us AND o.received_us <= :known_us
  ) OR EXISTS (
      SELECT 1 FROM assignment AS o
      WHERE o.bucket = e.bucket AND o.promotion_no = e.promotion_no AND o.customer_no = e.customer_no
        AND o.import_no <= :published_import_no
        AND (o.received_us >= e.received_us OR o.withdrawn_us >= e.received_us) AND o.received_us <= :known_us
  ))
UNION
SELECT a.bucket, a.customer_no FROM assignment AS a
WHERE :held = 1 AND a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND a.promotion_no = :promotion_no
  AND a.received_us <= :known_us AND a.import_no > :published_import_no
  AND (EXISTS (
      SELECT 1 FROM event AS o
      WHERE o.bucket = a.bucket AND o.promotion_no = a.promotion_no AND o.customer_no = a.customer_no
        AND o.import_no <= :published_import_no AND o.received_us >= a.received_us AND o.received_us <= :known_us
  ) OR EXISTS (
      SELECT 1 FROM assignment AS o
      WHERE o.bucket = a.bucket AND o.promotion_no = a.promotion_no AND o.customer_no = a.customer_no
        AND o.import_no <= :published_import_no
        AND (o.received_us >= a.received_us OR o.withdrawn_us >= a.received_us) AND o.received_us <= :known_us
  ));

-- name: known_then
-- Which of the customers given were known at a moment.
SELECT c.customer_no
FROM {{batch(customer_no BIGINT)}}
CROSS JOIN customer AS c
LEFT JOIN customer_waited AS w ON w.customer_no = c.customer_no
WHERE c.customer_no = batch.customer_no AND c.known = 1
  AND COALESCE(w.known_us, 0) <= :known_us AND COALESCE(w.import_no, 0) <= :published_import_no;

-- name: codes_then
-- Of the codes given those that are personal ones: the promotion, whether it lay in the pool at a moment, and whether
-- somebody had it.
SELECT batch.code,
       (
           SELECT p.promotion_no FROM personal_code AS p
           WHERE p.workspace_no = :workspace_no AND p.code = batch.code LIMIT 1
       ),
       CASE WHEN EXISTS (
           SELECT 1 FROM personal_code AS p
           WHERE p.workspace_no = :workspace_no AND p.code = batch.code AND p.customer_no = 0
             AND p.loaded_us <= :known_us
       ) THEN 1 ELSE 0 END,
       CASE WHEN EXISTS (
           SELECT 1 FROM assignment AS a
           WHERE a.promotion_no = (
                   SELECT p.promotion_no FROM personal_code AS p
                   WHERE p.workspace_no = :workspace_no AND p.code = batch.code LIMIT 1
               )
             AND a.promo_code = batch.code
             AND a.received_us <= :known_us AND a.import_no <= :published_import_no
       ) THEN 1 ELSE 0 END
FROM {{batch(code TEXT)}}
WHERE EXISTS (
    SELECT 1 FROM personal_code AS p WHERE p.workspace_no = :workspace_no AND p.code = batch.code
);

-- name: channels_until
-- The channels that assignments of the groups given had before others came, the latest first.
SELECT s.customer_no, s.slot, s.until_us, s.import_no, s.channels
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
CROSS JOIN channels_past AS s
WHERE s.bucket = batch.bucket AND s.promotion_no = batch.promotion_no AND s.customer_no = batch.customer_no
ORDER BY s.until_us DESC;

-- name: load_codes
-- Personal codes for the pool of a promotion.
INSERT INTO personal_code (workspace_no, code, customer_no, promotion_no, loaded_us)
SELECT batch.workspace_no, batch.code, 0, batch.promotion_no, batch.loaded_us
FROM {{batch(workspace_no BIGINT, code TEXT, promotion_no BIGINT, loaded_us BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: promised_then
-- What the assignments that assigned_then counts carry of a value of their own, in all, and how many carry none: by tier,
-- currency and, with `days` 1, the quarter of assignment.
SELECT p.tier_id, f.currency, f.quarter,
       CAST(SUM(f.own_high) AS BIGINT), CAST(SUM(f.own_low) AS BIGINT), CAST(SUM(f.without) AS BIGINT)
FROM (
    SELECT t.place_no, t.currency, t.quarter,
           SUM(COALESCE(t.reward_micros / 1000000000, 0)) AS own_high,
           SUM(COALESCE(t.reward_micros % 1000000000, 0)) AS own_low,
           COUNT(*) - COUNT(t.reward_micros) AS without
    FROM (
        SELECT a.place_no, COALESCE(a.reward_currency, '') AS currency, a.reward_micros,
               CASE WHEN :days = 0 THEN 0 ELSE (a.assigned_us + 63072000000000000) / 900000000 END AS quarter
        FROM assignment AS a
        WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND a.promotion_no = :promotion_no
          AND a.received_us <= :known_us AND a.import_no <= :published_import_no
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us
          AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
    ) AS t
    GROUP BY t.place_no, t.currency, t.quarter
) AS f
LEFT JOIN place AS p ON p.place_no = f.place_no
GROUP BY p.tier_id, f.currency, f.quarter;

-- name: customers_then
-- How many customers had an assignment in the rate, and how many of them one that redemptions took as they are matched now.
SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(c.redeemed), 0) AS BIGINT)
FROM (
    SELECT a.bucket, a.customer_no,
           MAX(CASE WHEN EXISTS (
               SELECT 1 FROM event AS e
               WHERE e.bucket = a.bucket AND e.promotion_no = :promotion_no AND e.customer_no = a.customer_no
                 AND e.slot = a.slot AND e.live = 1
                 AND e.received_us <= :known_us AND e.import_no <= :published_import_no
           ) THEN 1 ELSE 0 END) AS redeemed
    FROM assignment AS a
    WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
      AND a.promotion_no = :promotion_no
      AND a.received_us <= :known_us AND a.import_no <= :published_import_no
      AND a.control = 0 AND a.assigned_us >= :tracking_from_us
      AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
    GROUP BY a.bucket, a.customer_no
) AS c;

-- name: last_events_then
-- The latest redemptions that had come and are accepted as they are judged now.
SELECT e.redeemed_us, e.source_no, e.event_id
FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND e.promotion_no = :promotion_no AND e.reverses IS NULL AND e.outcome NOT IN ('pending', 'rejected')
  AND e.received_us <= :known_us AND e.import_no <= :published_import_no
ORDER BY e.redeemed_us DESC
LIMIT :limit;

-- name: redefined_then
-- When each promotion of a workspace was last defined otherwise by a moment.
SELECT p.promotion_no, MAX(p.until_us)
FROM promotion AS n
JOIN promotion_past AS p ON p.promotion_no = n.promotion_no
WHERE n.workspace_no = :workspace_no AND p.until_us <= :known_us
GROUP BY p.promotion_no;

-- name: held_then
-- What reservations held at a moment, as held_now has it.
SELECT r.promotion_no, r.tier_id, r.currency, r.created_us / 900000000, COUNT(*),
       CAST(COALESCE(SUM(r.reward_micros / 1000000000), 0) AS BIGINT),
       CAST(COALESCE(SUM(r.reward_micros % 1000000000), 0) AS BIGINT)
FROM reservation AS r
WHERE r.workspace_no = :workspace_no AND r.created_us <= :known_us AND r.expires_us > :known_us
  AND (r.state NOT IN ('confirmed', 'released') OR r.ended_us > :known_us)
GROUP BY r.promotion_no, r.tier_id, r.currency, r.created_us / 900000000
ORDER BY 1, 2, 3, 4;

-- name: held_untold
-- The promotions of which it was not written down when reservations ended that may have held something at a moment.
SELECT DISTINCT r.promotion_no
FROM reservation AS r
WHERE r.workspace_no = :workspace_no AND r.created_us <= :known_us AND r.expires_us > :known_us
  AND r.state IN ('confirmed', 'released') AND r.ended_us IS NULL;

-- name: limits_reached_then
-- When limits had been seen used up by a moment, of windows that had not ended.
SELECT a.promotion_no, a.alert_no, a.raised_us
FROM alert AS a
WHERE a.workspace_no = :workspace_no AND a.threshold = 100 AND a.ends_us > :known_us AND a.raised_us <= :known_us;

-- name: return_of_customers_then
-- The same as return_of_customers, of what had come by a moment.
SELECT r.control, r.closed, r.acted, r.value_high, r.value_micros, r.least_currency, r.most_currency,
       CAST(COUNT(*) AS BIGINT)
FROM (
    SELECT 1 - f.first_key % 2 AS control,
           CASE WHEN f.first_key / 2 <= :closed_us THEN 1 ELSE 0 END AS closed,
           CASE WHEN COUNT(o.occurred_us) > 0 THEN 1 ELSE 0 END AS acted,
           CAST(COALESCE(SUM(o.value_micros / 1000000000), 0) AS BIGINT) AS value_high,
           CAST(COALESCE(SUM(o.value_micros % 1000000000), 0) AS BIGINT) AS value_micros,
           COALESCE(MIN(o.currency), '') AS least_currency,
           COALESCE(MAX(o.currency), '') AS most_currency
    FROM (
        SELECT a.customer_no AS customer_no, MIN(a.assigned_us * 2 + 1 - a.control) AS first_key
        FROM assignment AS a
        WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND a.promotion_no = :promotion_no
          AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
          AND a.assigned_us >= :tracking_from_us
          AND a.received_us <= :known_us AND a.import_no <= :published_import_no
        GROUP BY a.bucket, a.customer_no
    ) AS f
    LEFT JOIN outcome AS o
        ON o.customer_no = f.customer_no AND o.measure = :measure
        AND o.occurred_us >= f.first_key / 2 AND o.occurred_us < f.first_key / 2 + :horizon_us
        AND o.received_us <= :known_us AND o.import_no <= :published_import_no
    GROUP BY f.customer_no, f.first_key
) AS r
GROUP BY r.control, r.closed, r.acted, r.value_high, r.value_micros, r.least_currency, r.most_currency;

-- name: return_cost_then
-- The same as return_cost, of what had come by a moment, as it is matched now.
SELECT e.currency, CAST(SUM(e.cost_micros / 1000000000) AS BIGINT),
       CAST(SUM(e.cost_micros % 1000000000) AS BIGINT)
FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND e.promotion_no = :promotion_no AND e.live = 1 AND e.reverses IS NULL AND e.cost_micros <> 0
  AND e.received_us <= :known_us AND e.import_no <= :published_import_no
  AND COALESCE((
      SELECT MIN(a.assigned_us) FROM assignment AS a
      WHERE a.bucket = e.bucket AND a.promotion_no = e.promotion_no AND a.customer_no = e.customer_no
        AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
        AND a.assigned_us >= :tracking_from_us
        AND a.received_us <= :known_us AND a.import_no <= :published_import_no
  ), :closed_us) <= :closed_us
GROUP BY e.currency
ORDER BY e.currency;

-- name: lives_then
-- The same as lives_of_few, of what had come by a moment, as it is matched now.
SELECT
    f.age, f.week_before, f.week_after, f.life, f.delay, f.expired,
    MIN(f.assigned_us) AS assigned_us, CAST(SUM(f.past_s) AS BIGINT) AS past_s, COUNT(*) AS assignments
FROM (
    SELECT
        t.assigned_us AS assigned_us,
        (:known_us - t.assigned_us) / 86400000000 AS age,
        (:known_us - t.assigned_us) % 86400000000 / 1000000 AS past_s,
        (t.assigned_us + :before_us) / 604800000000 AS week_before,
        (t.assigned_us + :after_us) / 604800000000 AS week_after,
        CASE WHEN t.redeemed_us IS NULL
             THEN (t.expires_us - t.assigned_us + 86399999999) / 86400000000 END AS life,
        (t.redeemed_us - t.assigned_us) / 86400000000 AS delay,
        CASE WHEN t.redeemed_us IS NULL AND t.expires_us <= :known_us THEN 1 ELSE 0 END AS expired
    FROM (
        SELECT
            a.assigned_us AS assigned_us, a.expires_us AS expires_us,
            (
                SELECT MIN(e.redeemed_us) FROM event AS e
                WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
                  AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
                  AND e.received_us <= :known_us AND e.import_no <= :published_import_no
            ) AS redeemed_us
        FROM assignment AS a
        WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          AND a.promotion_no = :promotion_no
          AND a.received_us <= :known_us AND a.import_no <= :published_import_no
          AND a.control = 0 AND a.assigned_us >= :tracking_from_us
          AND (a.withdrawn_us IS NULL OR a.withdrawn_us > :known_us)
    ) AS t
) AS f
GROUP BY f.age, f.week_before, f.week_after, f.life, f.delay, f.expired;

-- name: any_control_then
-- Whether a promotion had a control group by a moment.
SELECT 1 FROM assignment
WHERE promotion_no = :promotion_no AND control = 1 AND (withdrawn_us IS NULL OR withdrawn_us > :known_us)
  AND received_us <= :known_us AND import_no <= :published_import_no
  AND bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
LIMIT 1;
