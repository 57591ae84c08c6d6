-- name: outcomes_by_identity
-- The outcomes given that are there already.
SELECT o.source_no, o.outcome_id, o.digest, o.received_us
FROM {{batch(source_no BIGINT, outcome_id TEXT)}}
CROSS JOIN outcome AS o
WHERE o.source_no = batch.source_no AND o.outcome_id = batch.outcome_id;

-- name: add_outcomes
-- New outcomes. One already there is left alone; the caller compares the count.
INSERT INTO outcome (
    source_no, outcome_id, workspace_no, customer_no, occurred_us, measure, value_micros, currency,
    order_id, digest, received_us, import_no
)
SELECT
    batch.source_no, batch.outcome_id, batch.workspace_no, batch.customer_no, batch.occurred_us,
    batch.measure, batch.value_micros, batch.currency, batch.order_id, batch.digest,
    batch.received_us, batch.import_no
FROM {{batch(source_no BIGINT, outcome_id TEXT, workspace_no BIGINT, customer_no BIGINT, occurred_us BIGINT, measure TEXT, value_micros BIGINT, currency TEXT, order_id TEXT, digest BIGINT, received_us BIGINT, import_no BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: return_of_customers
-- One promotion's customers by what they did within the horizon after their first assignment, those who did the same
-- together: control or not, horizon closed or not, acted or not, sum, least and greatest currency, how many. The first
-- assignment and its flag are one number, so that of two at one instant the control one is the first.
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
          AND a.promotion_no = :promotion_no AND a.withdrawn_us IS NULL
          AND a.assigned_us >= :tracking_from_us AND a.import_no <= :published_import_no
        GROUP BY a.bucket, a.customer_no
    ) AS f
    LEFT JOIN outcome AS o
        ON o.customer_no = f.customer_no AND o.measure = :measure
        AND o.occurred_us >= f.first_key / 2 AND o.occurred_us < f.first_key / 2 + :horizon_us
        AND o.import_no <= :published_import_no
    GROUP BY f.customer_no, f.first_key
) AS r
GROUP BY r.control, r.closed, r.acted, r.value_high, r.value_micros, r.least_currency, r.most_currency;

-- name: return_cost
-- What one promotion's redemptions cost, by currency, without those of customers whose horizon has not closed: their
-- outcomes do not count yet. Each redemption looks its group up: joined with all groups, which PostgreSQL takes for one
-- while it does not know a promotion that was just loaded, each would be compared with all of them.
SELECT e.currency, CAST(SUM(e.cost_micros / 1000000000) AS BIGINT),
       CAST(SUM(e.cost_micros % 1000000000) AS BIGINT)
FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND e.promotion_no = :promotion_no AND e.live = 1 AND e.reverses IS NULL AND e.cost_micros <> 0
  AND e.import_no <= :published_import_no
  AND COALESCE((
      SELECT MIN(a.assigned_us) FROM assignment AS a
      WHERE a.bucket = e.bucket AND a.promotion_no = e.promotion_no AND a.customer_no = e.customer_no
        AND a.withdrawn_us IS NULL AND a.assigned_us >= :tracking_from_us
        AND a.import_no <= :published_import_no
  ), :closed_us) <= :closed_us
GROUP BY e.currency
ORDER BY e.currency;

-- name: any_control
-- Whether a promotion has a control group; without one there is nothing to compare.
SELECT 1 FROM assignment
WHERE promotion_no = :promotion_no AND control = 1 AND withdrawn_us IS NULL
  AND bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
LIMIT 1;
