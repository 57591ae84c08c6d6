-- name: add_to_tallies
-- Adds a difference to the counters; rows come sorted by key.
INSERT INTO tally (
    layer, dimension, promotion_no, key, currency, assigned, redeemed, customers_assigned,
    customers_redeemed, redemptions, excess, unassigned, flagged, pending, reversed, reported,
    committed_micros, cost_micros, order_micros, committed_high, cost_high, order_high
)
SELECT
    batch.layer, batch.dimension, batch.promotion_no, batch.key, batch.currency,
    batch.assigned, batch.redeemed, batch.customers_assigned, batch.customers_redeemed,
    batch.redemptions, batch.excess, batch.unassigned, batch.flagged, batch.pending, batch.reversed,
    batch.reported, batch.committed_micros, batch.cost_micros, batch.order_micros, batch.committed_high,
    batch.cost_high, batch.order_high
FROM {{batch(layer BIGINT, dimension BIGINT, promotion_no BIGINT, key TEXT, currency TEXT, assigned BIGINT, redeemed BIGINT, customers_assigned BIGINT, customers_redeemed BIGINT, redemptions BIGINT, excess BIGINT, unassigned BIGINT, flagged BIGINT, pending BIGINT, reversed BIGINT, reported BIGINT, committed_micros BIGINT, cost_micros BIGINT, order_micros BIGINT, committed_high BIGINT, cost_high BIGINT, order_high BIGINT)}}
WHERE true
ON CONFLICT (layer, dimension, promotion_no, key, currency) DO UPDATE SET
    assigned = tally.assigned + excluded.assigned,
    redeemed = tally.redeemed + excluded.redeemed,
    customers_assigned = tally.customers_assigned + excluded.customers_assigned,
    customers_redeemed = tally.customers_redeemed + excluded.customers_redeemed,
    redemptions = tally.redemptions + excluded.redemptions,
    excess = tally.excess + excluded.excess,
    unassigned = tally.unassigned + excluded.unassigned,
    flagged = tally.flagged + excluded.flagged,
    pending = tally.pending + excluded.pending,
    reversed = tally.reversed + excluded.reversed,
    reported = tally.reported + excluded.reported,
    committed_micros = tally.committed_micros + excluded.committed_micros,
    cost_micros = tally.cost_micros + excluded.cost_micros,
    order_micros = tally.order_micros + excluded.order_micros,
    committed_high = tally.committed_high + excluded.committed_high,
    cost_high = tally.cost_high + excluded.cost_high,
    order_high = tally.order_high + excluded.order_high;

-- name: note_last_events
-- Keeps the time of the latest accepted event.
INSERT INTO last_event (layer, promotion_no, redeemed_us)
SELECT batch.layer, batch.promotion_no, batch.redeemed_us
FROM {{batch(layer BIGINT, promotion_no BIGINT, redeemed_us BIGINT)}}
WHERE true
ON CONFLICT (layer, promotion_no) DO UPDATE SET
    redeemed_us = CASE WHEN excluded.redeemed_us > last_event.redeemed_us
                       THEN excluded.redeemed_us ELSE last_event.redeemed_us END;

-- name: publish_tallies
-- Adds what imports held back to the published counters.
INSERT INTO tally (
    layer, dimension, promotion_no, key, currency, assigned, redeemed, customers_assigned,
    customers_redeemed, redemptions, excess, unassigned, flagged, pending, reversed, reported,
    committed_micros, cost_micros, order_micros, committed_high, cost_high, order_high
)
SELECT
    0, t.dimension, t.promotion_no, t.key, t.currency, t.assigned, t.redeemed,
    t.customers_assigned, t.customers_redeemed, t.redemptions, t.excess, t.unassigned, t.flagged,
    t.pending, t.reversed, t.reported, t.committed_micros, t.cost_micros, t.order_micros,
    t.committed_high, t.cost_high, t.order_high
FROM tally AS t
JOIN promotion AS p ON p.promotion_no = t.promotion_no
WHERE t.layer = 1 AND p.workspace_no = :workspace_no
ORDER BY t.dimension, t.promotion_no, t.key, t.currency
ON CONFLICT (layer, dimension, promotion_no, key, currency) DO UPDATE SET
    assigned = tally.assigned + excluded.assigned,
    redeemed = tally.redeemed + excluded.redeemed,
    customers_assigned = tally.customers_assigned + excluded.customers_assigned,
    customers_redeemed = tally.customers_redeemed + excluded.customers_redeemed,
    redemptions = tally.redemptions + excluded.redemptions,
    excess = tally.excess + excluded.excess,
    unassigned = tally.unassigned + excluded.unassigned,
    flagged = tally.flagged + excluded.flagged,
    pending = tally.pending + excluded.pending,
    reversed = tally.reversed + excluded.reversed,
    reported = tally.reported + excluded.reported,
    committed_micros = tally.committed_micros + excluded.committed_micros,
    cost_micros = tally.cost_micros + excluded.cost_micros,
    order_micros = tally.order_micros + excluded.order_micros,
    committed_high = tally.committed_high + excluded.committed_high,
    cost_high = tally.cost_high + excluded.cost_high,
    order_high = tally.order_high + excluded.order_high;

-- name: drop_held_tallies
-- Empties what imports held back. All dimensions are named, for the key of a cell begins with layer and dimension:
-- without them PostgreSQL looked through every cell for each of the promotions.
DELETE FROM tally
WHERE layer = 1 AND dimension IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
  AND promotion_no IN (SELECT promotion_no FROM promotion WHERE workspace_no = :workspace_no);

-- name: publish_last_events
-- Publishes the times of the latest events of imports.
INSERT INTO last_event (layer, promotion_no, redeemed_us)
SELECT 0, l.promotion_no, l.redeemed_us
FROM last_event AS l
JOIN promotion AS p ON p.promotion_no = l.promotion_no
WHERE l.layer = 1 AND p.workspace_no = :workspace_no
ON CONFLICT (layer, promotion_no) DO UPDATE SET
    redeemed_us = CASE WHEN excluded.redeemed_us > last_event.redeemed_us
                       THEN excluded.redeemed_us ELSE last_event.redeemed_us END;

-- name: drop_held_last_events
-- Empties the times that imports held back.
DELETE FROM last_event
WHERE layer = 1
  AND promotion_no IN (SELECT promotion_no FROM promotion WHERE workspace_no = :workspace_no);

-- name: drop_tallies
-- Empties every counter of a workspace, to be counted again from the facts; by their whole key, too.
DELETE FROM tally
WHERE layer IN (0, 1) AND dimension IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
  AND promotion_no IN (SELECT promotion_no FROM promotion WHERE workspace_no = :workspace_no);

-- name: drop_last_events
-- Empties the times of latest events of a workspace.
DELETE FROM last_event
WHERE layer IN (0, 1)
  AND promotion_no IN (SELECT promotion_no FROM promotion WHERE workspace_no = :workspace_no);

-- name: drop_last_events_of
-- Empties the times of latest events of one promotion.
DELETE FROM last_event WHERE promotion_no = :promotion_no;

-- name: find_last_event
-- The latest accepted event of one promotion, from the facts, by layer.
INSERT INTO last_event (layer, promotion_no, redeemed_us)
SELECT CASE WHEN e.import_no > :published_import_no THEN 1 ELSE 0 END, e.promotion_no,
       MAX(e.redeemed_us)
FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND e.promotion_no = :promotion_no AND e.reverses IS NULL
  AND e.outcome NOT IN ('pending', 'rejected')
GROUP BY CASE WHEN e.import_no > :published_import_no THEN 1 ELSE 0 END, e.promotion_no;

-- name: totals
-- The published totals of every promotion of a workspace, by currency.
SELECT
    t.promotion_no, t.currency, t.assigned, t.redeemed, t.customers_assigned, t.customers_redeemed,
    t.redemptions, t.excess, t.unassigned, t.flagged, t.pending, t.reversed, t.reported,
    t.committed_micros, t.cost_micros, t.order_micros, t.committed_high, t.cost_high, t.order_high
FROM promotion AS p
JOIN tally AS t ON t.layer = 0 AND t.dimension = 0 AND t.promotion_no = p.promotion_no
WHERE p.workspace_no = :workspace_no;

-- name: cells_of
-- The published cells of one promotion in one dimension.
SELECT
    t.key, t.currency, t.assigned, t.redeemed, t.customers_assigned, t.customers_redeemed,
    t.redemptions, t.excess, t.unassigned, t.flagged, t.pending, t.reversed, t.reported,
    t.committed_micros, t.cost_micros, t.order_micros, t.committed_high, t.cost_high, t.order_high
FROM tally AS t
WHERE t.layer = 0 AND t.dimension = :dimension AND t.promotion_no = :promotion_no
ORDER BY t.key, t.currency;

-- name: cells_since
-- The published cells of several promotions in some dimensions, each from a key on.
SELECT
    t.promotion_no, t.dimension, t.key, t.currency, t.assigned, t.redeemed, t.customers_assigned,
    t.customers_redeemed, t.redemptions, t.excess, t.unassigned, t.flagged, t.pending, t.reversed,
    t.reported, t.committed_micros, t.cost_micros, t.order_micros, t.committed_high, t.cost_high,
    t.order_high
FROM {{batch(promotion_no BIGINT, dimension BIGINT, first_key TEXT)}}
CROSS JOIN tally AS t
WHERE t.layer = 0 AND t.dimension = batch.dimension AND t.promotion_no = batch.promotion_no
  AND t.key >= batch.first_key;

-- name: last_events
-- The time of the latest accepted event of every promotion of a workspace.
SELECT l.promotion_no, l.redeemed_us
FROM promotion AS p
JOIN last_event AS l ON l.layer = 0 AND l.promotion_no = p.promotion_no
WHERE p.workspace_no = :workspace_no;
