-- name: last_pace_hour
-- The last hour up to which the counters of a workspace were read, and when.
SELECT h.hour_us, h.taken_us, h.whole FROM pace_hour AS h
WHERE h.workspace_no = :workspace_no ORDER BY h.hour_us DESC LIMIT 1;

-- name: add_pace_hour
-- The counters were read at the end of an hour, unless somebody else has read them.
INSERT INTO pace_hour (workspace_no, hour_us, taken_us, whole)
SELECT :workspace_no, :hour_us, :taken_us, :whole
WHERE NOT EXISTS (
    SELECT 1 FROM pace_hour AS h WHERE h.workspace_no = :workspace_no AND h.hour_us > :last_us
)
ON CONFLICT DO NOTHING;

-- name: add_past_pace_hours
-- Hours of which facts tell what was counted.
INSERT INTO pace_hour (workspace_no, hour_us, taken_us, whole)
SELECT batch.workspace_no, batch.hour_us, batch.taken_us, batch.whole
FROM {{batch(workspace_no BIGINT, hour_us BIGINT, taken_us BIGINT, whole BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: add_pace
-- By how much counters moved in an hour.
INSERT INTO pace (
    workspace_no, hour_us, promotion_no, source, assigned, redeemed, reported, unassigned, pending
)
SELECT
    batch.workspace_no, batch.hour_us, batch.promotion_no, batch.source, batch.assigned,
    batch.redeemed, batch.reported, batch.unassigned, batch.pending
FROM {{batch(workspace_no BIGINT, hour_us BIGINT, promotion_no BIGINT, source TEXT, assigned BIGINT, redeemed BIGINT, reported BIGINT, unassigned BIGINT, pending BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: set_pace_read
-- The counters as they were read now.
INSERT INTO pace_read (
    workspace_no, promotion_no, source, assigned, redeemed, reported, unassigned, pending
)
SELECT
    batch.workspace_no, batch.promotion_no, batch.source, batch.assigned, batch.redeemed,
    batch.reported, batch.unassigned, batch.pending
FROM {{batch(workspace_no BIGINT, promotion_no BIGINT, source TEXT, assigned BIGINT, redeemed BIGINT, reported BIGINT, unassigned BIGINT, pending BIGINT)}}
WHERE true
ON CONFLICT (workspace_no, promotion_no, source) DO UPDATE SET
    assigned = excluded.assigned, redeemed = excluded.redeemed, reported = excluded.reported,
    unassigned = excluded.unassigned, pending = excluded.pending;

-- name: pace_read
-- The counters as they were read last.
SELECT r.promotion_no, r.source, r.assigned, r.redeemed, r.reported, r.unassigned, r.pending
FROM pace_read AS r WHERE r.workspace_no = :workspace_no;

-- name: pace_hours_after
-- The first hours that were read after one.
SELECT h.hour_us, h.whole FROM pace_hour AS h
WHERE h.workspace_no = :workspace_no AND h.hour_us > :after_us ORDER BY h.hour_us
LIMIT :limit;

-- name: pace_after
-- What was counted in the hours after one and up to another.
SELECT
    p.hour_us, p.promotion_no, p.source, p.assigned, p.redeemed, p.reported, p.unassigned, p.pending
FROM pace AS p
WHERE p.workspace_no = :workspace_no AND p.hour_us > :after_us AND p.hour_us <= :until_us
ORDER BY p.hour_us, p.promotion_no, p.source;

-- name: forget_pace_hours
-- Hours that are no part of what anything is expected from any more.
DELETE FROM pace_hour WHERE workspace_no = :workspace_no AND hour_us < :before_us;

-- name: forget_pace
-- What was counted in them.
DELETE FROM pace WHERE workspace_no = :workspace_no AND hour_us < :before_us;

-- name: unmatched_after
-- How the redemptions that sources sent were answered in the hours after one, over all lanes.
SELECT s.name, a.hour_us, a.outcome, CAST(SUM(a.items) AS BIGINT)
FROM source AS s JOIN activity AS a ON a.source_no = s.source_no
WHERE s.workspace_no = :workspace_no AND a.hour_us > :after_us AND a.hour_us <= :until_us
  AND a.kind = 'redemptions' AND a.outcome <> 'duplicate' AND a.outcome <> 'test'
GROUP BY s.name, a.hour_us, a.outcome
ORDER BY a.hour_us, s.name, a.outcome;

-- name: imports_published_after
-- The sources of imports of redemptions that ended since a moment, and when.
SELECT s.name, i.finished_us
FROM import AS i JOIN source AS s ON s.source_no = i.source_no
WHERE i.workspace_no = :workspace_no AND i.finished_us >= :after_us AND i.kind = 'redemptions';

-- name: pace_of_events
-- What facts of a workspace say was redeemed since a moment, by promotion, source and quarter of an hour.
SELECT
    e.promotion_no, e.source_no, (e.redeemed_us / 900000000) * 900000000,
    CAST(SUM(CASE WHEN e.outcome = 'counted' THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN e.outcome = 'pending' THEN 0 ELSE 1 END) AS BIGINT),
    CAST(SUM(CASE WHEN e.outcome = 'unassigned' THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN e.outcome = 'pending' THEN 1 ELSE 0 END) AS BIGINT)
FROM event AS e
WHERE e.workspace_no = :workspace_no AND e.redeemed_us >= :from_us AND e.redeemed_us < :until_us
  AND e.reverses IS NULL AND e.outcome <> 'rejected' AND e.promotion_no > 0
  AND e.import_no <= :published_import_no
GROUP BY e.promotion_no, e.source_no, (e.redeemed_us / 900000000) * 900000000;

-- name: pace_of_assignments
-- The same of what was assigned.
SELECT
    a.promotion_no, a.source_no, (a.assigned_us / 900000000) * 900000000, CAST(COUNT(*) AS BIGINT)
FROM assignment AS a
WHERE a.workspace_no = :workspace_no AND a.assigned_us >= :from_us AND a.assigned_us < :until_us
  AND a.control = 0 AND a.withdrawn_us IS NULL AND a.import_no <= :published_import_no
GROUP BY a.promotion_no, a.source_no, (a.assigned_us / 900000000) * 900000000;

-- name: words_of_events
-- The redemptions of one promotion since a moment by their words, and by the quarter of an hour they lie in; from
-- `fine_us` on by five minutes.
SELECT
    CASE WHEN e.redeemed_us >= :fine_us THEN (e.redeemed_us / 300000000) * 300000000
         ELSE (e.redeemed_us / 900000000) * 900000000 END AS bin_us,
    e.source_no, COALESCE(p.tier_id, e.tier_id), p.segment, COALESCE(p.channels, e.channel),
    COALESCE(p.campaign_id, e.campaign_id), CAST(COUNT(*) AS BIGINT)
FROM event AS e
LEFT JOIN assignment AS a
    ON a.bucket = e.bucket AND a.promotion_no = e.promotion_no AND a.customer_no = e.customer_no
   AND a.slot = e.slot
LEFT JOIN place AS p ON p.place_no = a.place_no
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  AND e.promotion_no = :promotion_no AND e.redeemed_us >= :from_us AND e.redeemed_us < :until_us
  AND e.reverses IS NULL AND e.outcome <> 'rejected' AND e.outcome <> 'pending'
  AND e.import_no <= :published_import_no
GROUP BY 1, 2, 3, 4, 5, 6;

-- name: assigned_of
-- How many assignments the published counters of a promotion have, nearly: what is outstanding is not counted.
SELECT CAST(COALESCE(SUM(t.assigned), 0) AS BIGINT)
FROM tally AS t WHERE t.layer = 0 AND t.dimension = 0 AND t.promotion_no = :promotion_no;

-- name: add_anomaly
-- An anomaly, unless its series has one that is not over, or had one at that time.
INSERT INTO anomaly (
    workspace_no, anomaly_no, kind, direction, promotion_no, source, began_us, found_us, details, note
)
SELECT
    :workspace_no, :anomaly_no, CAST(:kind AS TEXT), CAST(:direction AS TEXT), :promotion_no,
    CAST(:source AS TEXT), :began_us, :found_us, CAST(:details AS TEXT), ''
WHERE NOT EXISTS (
    SELECT 1 FROM anomaly AS a
    WHERE a.workspace_no = :workspace_no AND a.kind = :kind AND a.promotion_no = :promotion_no
      AND a.source = :source AND (a.ended_us IS NULL OR a.ended_us > :began_us)
)
ON CONFLICT DO NOTHING;

-- name: update_anomaly
-- How an anomaly goes on, or that it is over.
UPDATE anomaly SET details = :details, ended_us = :ended_us
WHERE workspace_no = :workspace_no AND anomaly_no = :anomaly_no AND ended_us IS NULL;

-- name: open_anomalies
-- The anomalies that are not over.
SELECT a.anomaly_no, a.kind, a.promotion_no, a.source, a.details FROM anomaly AS a
WHERE a.workspace_no = :workspace_no AND a.ended_us IS NULL;

-- name: acknowledge_anomaly
-- Somebody has seen it.
UPDATE anomaly
SET acknowledged_us = :now_us, acknowledged_by = :actor, note = :note
WHERE workspace_no = :workspace_no AND anomaly_no = :anomaly_no;

-- name: anomaly_by_no
-- One anomaly.
SELECT
    a.anomaly_no, a.kind, a.direction, a.promotion_no, a.source, a.began_us, a.found_us, a.ended_us,
    a.details, a.acknowledged_us, a.acknowledged_by, a.note
FROM anomaly AS a WHERE a.workspace_no = :workspace_no AND a.anomaly_no = :anomaly_no;

-- name: anomalies_before
-- Anomalies of a workspace, the newest first, from a place on; perhaps of one promotion (0: of all), of one source
-- (empty: of all), or only those that are not over.
SELECT
    a.anomaly_no, a.kind, a.direction, a.promotion_no, a.source, a.began_us, a.found_us, a.ended_us,
    a.details, a.acknowledged_us, a.acknowledged_by, a.note
FROM anomaly AS a
WHERE a.workspace_no = :workspace_no
  AND (:promotion_no = 0 OR a.promotion_no = :promotion_no)
  AND (:source = '' OR a.source = :source)
  AND (:open = 0 OR a.ended_us IS NULL)
  AND (a.found_us < :before_us OR (a.found_us = :before_us AND a.anomaly_no < :before_no))
ORDER BY a.found_us DESC, a.anomaly_no DESC
LIMIT :limit;

-- name: anomalies_mark
-- Numbers that differ when an anomaly was found, is over, or was acknowledged.
SELECT COUNT(*), MAX(a.found_us), MAX(a.ended_us), MAX(a.acknowledged_us)
FROM anomaly AS a WHERE a.workspace_no = :workspace_no;
