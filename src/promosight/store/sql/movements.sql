-- name: add_movement
-- What one transaction adds to the counters.
INSERT INTO movement (workspace_no, layer, promotion_no, size, cells)
VALUES (:workspace_no, :layer, 0, :size, :cells);

-- name: outstanding
-- How much of what small transactions did is in the log.
SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM movement
WHERE workspace_no = :workspace_no AND layer = :layer AND promotion_no = 0;

-- name: add_piles
-- What many transactions, or a large one, add to promotions.
INSERT INTO movement (workspace_no, layer, promotion_no, size, cells)
SELECT batch.workspace_no, batch.layer, batch.promotion_no, batch.size, batch.cells
FROM {{batch(workspace_no BIGINT, layer BIGINT, promotion_no BIGINT, size BIGINT, cells TEXT)}}
WHERE true;

-- name: take_movements
-- Takes what small transactions did out of the log. What another process commits meanwhile stays for the next.
DELETE FROM movement
WHERE workspace_no = :workspace_no AND layer = :layer AND promotion_no = 0
RETURNING cells;

-- name: largest_piles
-- The promotions with piles, the largest first, and how many piles each has.
SELECT promotion_no, COUNT(*)
FROM movement
WHERE workspace_no = :workspace_no AND layer = :layer AND promotion_no > 0
GROUP BY promotion_no
ORDER BY SUM(size) DESC, promotion_no;

-- name: take_piles
-- Takes the piles of promotions out of the log.
DELETE FROM movement
WHERE workspace_no = :workspace_no AND layer = :layer
  AND promotion_no IN (SELECT batch.promotion_no FROM {{batch(promotion_no BIGINT)}})
RETURNING promotion_no, cells;

-- name: publish_piles
-- Publishes the piles that imports held back.
UPDATE movement SET layer = 0 WHERE workspace_no = :workspace_no AND layer = 1;

-- name: drop_movements
-- Empties the log of a workspace, to be counted again from the facts.
DELETE FROM movement WHERE workspace_no = :workspace_no;

-- name: tally_anew
-- Marks the published totals and times of latest events as changed.
INSERT INTO tallied (workspace_no, version) VALUES (:workspace_no, 1)
ON CONFLICT (workspace_no) DO UPDATE SET version = tallied.version + 1;

-- name: tallied
-- The version of the published totals and times of latest events.
SELECT version FROM tallied WHERE workspace_no = :workspace_no;

-- name: movements
-- What small transactions did that is published and not in the tallies.
SELECT cells FROM movement WHERE workspace_no = :workspace_no AND layer = 0 AND promotion_no = 0;

-- name: piles_of
-- The published piles of promotions.
SELECT m.promotion_no, m.cells
FROM {{batch(promotion_no BIGINT)}}
CROSS JOIN movement AS m
WHERE m.workspace_no = :workspace_no AND m.layer = 0 AND m.promotion_no = batch.promotion_no;

-- name: every_movement
-- All that is outstanding, published or held.
SELECT promotion_no, cells FROM movement WHERE workspace_no = :workspace_no;
