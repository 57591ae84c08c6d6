-- name: add_alerts
-- Alerts that nobody has raised yet.
INSERT INTO alert (
    workspace_no, alert_no, promotion_no, measure, window_kind, tier_id, amount, window_name,
    threshold, used, raised_us, ends_us
)
SELECT
    batch.workspace_no, batch.alert_no, batch.promotion_no, batch.measure, batch.window_kind,
    batch.tier_id, batch.amount, batch.window_name, batch.threshold, batch.used, batch.raised_us,
    batch.ends_us
FROM {{batch(workspace_no BIGINT, alert_no BIGINT, promotion_no BIGINT, measure TEXT, window_kind TEXT, tier_id TEXT, amount TEXT, window_name TEXT, threshold BIGINT, used TEXT, raised_us BIGINT, ends_us BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: alerts_there
-- Which of these alerts were raised.
SELECT a.workspace_no, a.alert_no
FROM {{batch(workspace_no BIGINT, alert_no BIGINT)}}
CROSS JOIN alert AS a
WHERE a.workspace_no = batch.workspace_no AND a.alert_no = batch.alert_no;

-- name: alert_by_no
-- One alert.
SELECT
    a.alert_no, a.promotion_no, a.measure, a.window_kind, a.tier_id, a.amount, a.window_name,
    a.threshold, a.used, a.raised_us
FROM alert AS a WHERE a.workspace_no = :workspace_no AND a.alert_no = :alert_no;

-- name: alerts_before
-- Alerts of a workspace, the newest first, from a place on; perhaps of one promotion (0: of all).
SELECT
    a.alert_no, a.promotion_no, a.measure, a.window_kind, a.tier_id, a.amount, a.window_name,
    a.threshold, a.used, a.raised_us
FROM alert AS a
WHERE a.workspace_no = :workspace_no AND a.threshold >= :threshold
  AND (:promotion_no = 0 OR a.promotion_no = :promotion_no)
  AND (a.raised_us < :before_us OR (a.raised_us = :before_us AND a.alert_no < :before_no))
ORDER BY a.raised_us DESC, a.alert_no DESC
LIMIT :limit;

-- name: limits_reached
-- When limits were seen used up, of windows that have not ended.
SELECT a.promotion_no, a.alert_no, a.raised_us
FROM alert AS a
WHERE a.workspace_no = :workspace_no AND a.threshold = 100 AND a.ends_us > :now_us;

-- name: alerts_mark
-- Numbers that differ when an alert was raised.
SELECT COUNT(*), MAX(a.raised_us) FROM alert AS a WHERE a.workspace_no = :workspace_no;

-- name: recounts_due
-- The workspaces whose counters lack a dimension.
SELECT d.workspace_no FROM recount_due AS d ORDER BY d.workspace_no;

-- name: recounted
-- A workspace's counters are whole.
DELETE FROM recount_due WHERE workspace_no = :workspace_no;
