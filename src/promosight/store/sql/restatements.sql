-- name: add_restatements
-- What a transaction restated. One that is there already is left alone.
INSERT INTO restatement (
    promotion_no, restated_us, kind, source_no, event_id, workspace_no, held, facts, about, lines
)
SELECT
    batch.promotion_no, batch.restated_us, batch.kind, batch.source_no, batch.event_id,
    batch.workspace_no, batch.held, batch.facts, batch.about, batch.lines
FROM {{batch(promotion_no BIGINT, restated_us BIGINT, kind TEXT, source_no BIGINT, event_id TEXT, workspace_no BIGINT, held BIGINT, facts BIGINT, about TEXT, lines TEXT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: restatements_before
-- A promotion's published restatements before one of them, the newest first.
SELECT r.restated_us, r.kind, r.source_no, r.event_id, r.facts, r.about, r.lines
FROM restatement AS r
WHERE r.promotion_no = :promotion_no AND r.held = 0
  AND (r.restated_us, r.kind, r.source_no, r.event_id) < (:restated_us, :kind, :source_no, :event_id)
ORDER BY r.restated_us DESC, r.kind DESC, r.source_no DESC, r.event_id DESC
LIMIT :limit;

-- name: restatements_since
-- What was restated of a promotion after a moment, and published.
SELECT r.kind, r.facts, r.lines FROM restatement AS r
WHERE r.promotion_no = :promotion_no AND r.held = 0 AND r.restated_us > :known_us
ORDER BY r.restated_us;

-- name: changes_since
-- What was changed of a workspace's settings, and whom of its people were erased, after a moment: the action, and what was before and after.
SELECT a.action, a.before, a.after FROM audit AS a
WHERE a.workspace_no = :workspace_no AND a.changed_us > :known_us
  AND a.action IN ('workspace.change', 'customer.erase')
ORDER BY a.changed_us;

-- name: held_restatements
-- What running imports have restated so far.
SELECT promotion_no, lines FROM restatement WHERE workspace_no = :workspace_no AND held = 1;

-- name: publish_restatements
-- Publishes them: they are true from now on. Where one cause moved figures several times meanwhile, each is told a
-- microsecond after the one before.
UPDATE restatement SET held = 0, restated_us = :now_us + h.place
FROM (
    SELECT r.promotion_no, r.restated_us, r.kind, r.source_no, r.event_id,
           ROW_NUMBER() OVER (
               PARTITION BY r.promotion_no, r.kind, r.source_no, r.event_id ORDER BY r.restated_us
           ) - 1 AS place
    FROM restatement AS r
    WHERE r.workspace_no = :workspace_no AND r.held = 1
) AS h
WHERE restatement.promotion_no = h.promotion_no AND restatement.restated_us = h.restated_us
  AND restatement.kind = h.kind AND restatement.source_no = h.source_no AND restatement.event_id = h.event_id;

-- name: held_days
-- What running imports will add to the figures of days before one.
SELECT
    t.promotion_no, t.key, t.currency, t.assigned, t.redeemed, t.customers_assigned,
    t.customers_redeemed, t.redemptions, t.excess, t.unassigned, t.flagged, t.pending, t.reversed,
    t.reported, t.committed_micros, t.cost_micros, t.order_micros, t.committed_high, t.cost_high,
    t.order_high
FROM tally AS t
JOIN promotion AS p ON p.promotion_no = t.promotion_no
WHERE t.layer = 1 AND t.dimension = :dimension AND p.workspace_no = :workspace_no
  AND t.key < :today;

-- name: held_piles
-- The same that is not in the tallies yet.
SELECT promotion_no, cells FROM movement
WHERE workspace_no = :workspace_no AND layer = 1 AND promotion_no > 0;

-- name: import_of_run
-- The import of a run, and its source.
SELECT i.import_id, i.source_no
FROM import_run AS r JOIN import AS i ON i.import_id = r.import_id
WHERE r.import_no = :import_no;
