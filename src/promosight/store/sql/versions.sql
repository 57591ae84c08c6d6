-- name: version_state
-- What a version adds to what was learned.
SELECT state FROM policy_version WHERE workspace_no = :workspace_no AND version = :version;

-- name: versions
-- The versions of a workspace, the newest first.
SELECT version, origin, note, settings, made_by, automatic, created_us, promoted_us, retired_us, shown, shown_us,
       CASE WHEN state IS NULL THEN 0 ELSE 1 END
FROM policy_version WHERE workspace_no = :workspace_no ORDER BY version DESC;

-- name: latest_version
-- The greatest number of a version.
SELECT MAX(version) FROM policy_version WHERE workspace_no = :workspace_no;

-- name: add_version
-- A version, unless somebody else has taken its number.
INSERT INTO policy_version (
    workspace_no, version, origin, note, settings, revision, state, created_us, promoted_us, made_by, automatic
)
VALUES (
    :workspace_no, :version, :origin, :note, :settings, :revision, :state, :created_us, :promoted_us, :made_by,
    :automatic
)
ON CONFLICT DO NOTHING;

-- name: promote_version
-- A version runs from now on.
UPDATE policy_version SET promoted_us = :now_us, retired_us = NULL
WHERE workspace_no = :workspace_no AND version = :version;

-- name: retire_version
-- A version runs no longer, with the settings it had in the end; a candidate is given up.
UPDATE policy_version SET retired_us = :now_us, settings = :settings
WHERE workspace_no = :workspace_no AND version = :version;

-- name: show_version
-- How a candidate was last seen to do.
UPDATE policy_version SET shown = :shown, shown_us = :now_us
WHERE workspace_no = :workspace_no AND version = :version;

-- name: run_version
-- Another version runs, unless somebody else was first.
UPDATE decisioning SET version = :version, settings = :settings, updated_us = :now_us
WHERE workspace_no = :workspace_no AND version = :before;

-- name: note_version
-- Something was done about a version.
INSERT INTO policy_event (workspace_no, at_us, event_no, version, action, made_by, forced, note, shown)
SELECT CAST(:workspace_no AS BIGINT), CAST(:now_us AS BIGINT),
       (SELECT COALESCE(MAX(e.event_no), 0) + 1 FROM policy_event AS e
        WHERE e.workspace_no = CAST(:workspace_no AS BIGINT)),
       CAST(:version AS BIGINT), CAST(:action AS TEXT), CAST(:made_by AS TEXT), CAST(:forced AS BIGINT),
       CAST(:note AS TEXT), CAST(:shown AS TEXT)
WHERE true
ON CONFLICT DO NOTHING;

-- name: version_history
-- What was done about versions, the latest first.
SELECT at_us, version, action, made_by, forced, note, shown FROM policy_event
WHERE workspace_no = :workspace_no ORDER BY event_no DESC LIMIT :limit;

-- name: waiting_versions
-- Candidates that may be promoted by themselves.
SELECT workspace_no, version, shown_us FROM policy_version
WHERE automatic = 1 AND promoted_us IS NULL AND retired_us IS NULL ORDER BY workspace_no, version;

-- name: refits_due
-- Where enough was learned, and no refit was made lately. A sandbox is left to whoever plays with it.
SELECT l.workspace_no, w.time_zone FROM learned AS l
JOIN workspace AS w ON w.workspace_no = l.workspace_no
WHERE w.sandbox = 0 AND l.decisions >= :least AND l.learned_us >= :before_us
  AND NOT EXISTS (
      SELECT 1 FROM policy_version AS v
      WHERE v.workspace_no = l.workspace_no AND v.origin = 'refit' AND v.created_us > :before_us
  )
ORDER BY l.workspace_no;

-- name: give_up_versions
-- Candidates of somebody that never ran are given up.
UPDATE policy_version SET retired_us = :now_us
WHERE workspace_no = :workspace_no AND made_by = :made_by AND promoted_us IS NULL AND retired_us IS NULL;

-- name: apprentice_decisions
-- The latest decisions that were only watched, with what the brand is known to have done instead.
SELECT d.decision_id, d.trace, d.promotion_no, d.tier_id, l.promotion_no, l.tier_id
FROM decision AS d
LEFT JOIN decision_label AS l
    ON l.workspace_no = d.workspace_no AND l.decision_id = d.decision_id AND l.withdrawn = 0
WHERE d.workspace_no = :workspace_no AND d.mode = 'apprentice'
ORDER BY d.decided_us DESC, d.decision_id DESC, l.promotion_no, l.tier_id
LIMIT :limit;
