-- name: running_imports
-- Imports of a workspace that have not ended.
SELECT import_no, kind, name, heartbeat_us FROM import
WHERE workspace_no = :workspace_no AND state = 'running' ORDER BY import_no;

-- name: add_import
-- A new import; its number is higher than any before.
INSERT INTO import (
    import_no, workspace_no, source_no, kind, name, state, started_us, heartbeat_us, finished_us,
    rows_read, outcomes
)
SELECT COALESCE(MAX(import_no), 0) + 1, :workspace_no, :source_no, :kind, :name, 'running', :now_us,
       :now_us, CAST(NULL AS BIGINT), 0, '{}'
FROM import;

-- name: latest_import
-- The number of the newest import of a workspace.
SELECT MAX(import_no) FROM import WHERE workspace_no = :workspace_no;

-- name: note_import
-- How far a running import is.
UPDATE import SET rows_read = :rows_read, outcomes = :outcomes, heartbeat_us = :now_us
WHERE import_no = :import_no;

-- name: end_import
-- The end of an import: done, failed or abandoned.
UPDATE import SET state = :state, finished_us = :now_us, heartbeat_us = :now_us
WHERE import_no = :import_no AND state = 'running';

-- name: publish_import
-- From here on the facts of this import, and of all before it, are in the published figures.
UPDATE workspace SET published_import_no = :import_no
WHERE workspace_no = :workspace_no AND published_import_no < :import_no;

-- name: imports
-- The imports of a workspace, the newest first.
SELECT i.import_no, s.name, i.kind, i.name, i.state, i.started_us, i.heartbeat_us, i.finished_us,
       i.rows_read, i.outcomes
FROM import AS i JOIN source AS s ON s.source_no = i.source_no
WHERE i.workspace_no = :workspace_no ORDER BY i.import_no DESC;
