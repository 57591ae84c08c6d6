-- name: running_imports
-- Imports of a workspace that are being run, and whether each came over HTTP.
SELECT import_id, import_no, name, heartbeat_us, CASE WHEN spool IS NULL THEN 0 ELSE 1 END FROM import
WHERE workspace_no = :workspace_no AND state = 'running' ORDER BY import_no;

-- name: unfinished_imports
-- Files that came over HTTP and have not ended, the first to come first.
SELECT i.import_id, i.workspace_no, i.source_no, i.kind, i.name, i.import_no, i.spool, i.form,
       i.received_us, i.bytes_total
FROM import AS i
WHERE i.spool IS NOT NULL AND i.state IN ('waiting', 'running')
ORDER BY i.received_us, i.import_id;

-- name: add_import
-- A new import, which waits until it is run.
INSERT INTO import (
    import_id, workspace_no, source_no, kind, name, state, import_no, runs, spool, form, received_us,
    started_us, heartbeat_us, finished_us, rows_read, bytes_read, bytes_total, outcomes, reasons, detail
)
VALUES (
    :import_id, :workspace_no, :source_no, :kind, :name, 'waiting', 0, 0, CAST(:spool AS TEXT),
    CAST(:form AS TEXT), :now_us, NULL, :now_us, NULL, 0, 0, CAST(:bytes_total AS BIGINT), '{}', '{}', NULL
);

-- name: next_import_no
-- The number for a new run, higher than any before.
SELECT COALESCE(MAX(import_no), 0) + 1 FROM import_run;

-- name: add_import_run
-- A new run of an import.
INSERT INTO import_run (import_no, import_id, started_us) VALUES (:import_no, :import_id, :now_us);

-- name: run_import
-- An import begins to run, perhaps again, from its start. Nobody else may have begun or ended it meanwhile.
UPDATE import
SET state = 'running', import_no = :import_no, runs = runs + 1, started_us = :now_us,
    heartbeat_us = :now_us, rows_read = 0, bytes_read = 0, outcomes = '{}', reasons = '{}',
    taken_earlier = 0
WHERE import_id = :import_id AND import_no = :former_no AND state IN ('waiting', 'running');

-- name: note_import
-- How far a running import is.
UPDATE import
SET rows_read = :rows_read, bytes_read = :bytes_read, outcomes = :outcomes, reasons = :reasons,
    taken_earlier = :taken_earlier, heartbeat_us = :now_us
WHERE import_no = :import_no AND state = 'running';

-- name: end_import
-- The end of an import: done, failed or abandoned.
UPDATE import
SET state = :state, detail = CAST(:detail AS TEXT), finished_us = :now_us, heartbeat_us = :now_us
WHERE import_no = :import_no AND state = 'running';

-- name: leave_import
-- A run ends before its import does: what lies in a spool folder waits for the next run.
UPDATE import
SET state = CASE WHEN spool IS NULL THEN 'abandoned' ELSE 'waiting' END,
    finished_us = CASE WHEN spool IS NULL THEN CAST(:now_us AS BIGINT) ELSE NULL END,
    heartbeat_us = :now_us
WHERE import_no = :import_no AND state = 'running';

-- name: give_up_import
-- A file that is lost can be run no more.
UPDATE import
SET state = 'failed', detail = CAST(:detail AS TEXT), finished_us = :now_us, heartbeat_us = :now_us
WHERE import_id = :import_id AND import_no = :import_no AND state IN ('waiting', 'running');

-- name: publish_import
-- From here on the facts of this import, and of all before it, are in the published figures.
UPDATE workspace SET published_import_no = :import_no
WHERE workspace_no = :workspace_no AND published_import_no < :import_no;

-- name: imports
-- The imports of a workspace, the newest first.
SELECT i.import_no, s.name, i.kind, i.name, i.state, i.started_us, i.heartbeat_us, i.finished_us,
       i.rows_read, i.outcomes, i.reasons, i.bytes_read, i.bytes_total, i.runs, i.received_us, i.detail,
       i.import_id, i.taken_earlier
FROM import AS i JOIN source AS s ON s.source_no = i.source_no
WHERE i.workspace_no = :workspace_no ORDER BY i.received_us DESC, i.import_id DESC;

-- name: imports_before
-- A page of the imports of a workspace, the newest first.
SELECT i.import_no, s.name, i.kind, i.name, i.state, i.started_us, i.heartbeat_us, i.finished_us,
       i.rows_read, i.outcomes, i.reasons, i.bytes_read, i.bytes_total, i.runs, i.received_us, i.detail,
       i.import_id, i.taken_earlier
FROM import AS i JOIN source AS s ON s.source_no = i.source_no
WHERE i.workspace_no = :workspace_no
  AND (i.received_us < :before_us OR (i.received_us = :before_us AND i.import_id < :before_id))
ORDER BY i.received_us DESC, i.import_id DESC
LIMIT :limit;

-- name: import_by_id
-- One import of a workspace.
SELECT i.import_no, s.name, i.kind, i.name, i.state, i.started_us, i.heartbeat_us, i.finished_us,
       i.rows_read, i.outcomes, i.reasons, i.bytes_read, i.bytes_total, i.runs, i.received_us, i.detail,
       i.import_id, i.taken_earlier
FROM import AS i JOIN source AS s ON s.source_no = i.source_no
WHERE i.workspace_no = :workspace_no AND i.import_id = :import_id;

-- name: import_state
-- Whether an import has ended, whosever it is.
SELECT state FROM import WHERE import_id = :import_id;

-- name: import_runs
-- The runs of an import, the first first.
SELECT import_no, started_us FROM import_run WHERE import_id = :import_id ORDER BY import_no;

-- name: earlier_runs
-- The runs of the same import before this one. Of the command line it is the same when it is begun anew with the same
-- files, after it was stopped and before it came to its end.
SELECT r.import_no
FROM import AS own
JOIN import AS i ON i.import_id = own.import_id
    OR (own.spool IS NULL AND i.spool IS NULL AND i.state IN ('abandoned', 'failed')
        AND i.workspace_no = own.workspace_no AND i.source_no = own.source_no
        AND i.kind = own.kind AND i.name = own.name AND i.bytes_total = own.bytes_total
        AND NOT EXISTS (
            SELECT 1 FROM import AS d
            WHERE d.workspace_no = i.workspace_no AND d.source_no = i.source_no AND d.kind = i.kind
              AND d.name = i.name AND d.state = 'done' AND d.import_no > i.import_no))
JOIN import_run AS r ON r.import_id = i.import_id
WHERE own.import_no = :import_no AND r.import_no < :import_no;

-- name: assignments_of_run
-- How many assignments came with a run of an import. All are looked through: no fact pays for an index that only an
-- import that was stopped has a use for.
SELECT COUNT(*) FROM assignment WHERE import_no = :import_no;

-- name: redemptions_of_run
-- The same of redemptions and reversals; those that are refused by now are refused again.
SELECT COUNT(*) FROM event WHERE outcome <> 'rejected' AND import_no = :import_no;

-- name: outcomes_of_run
-- The same of outcomes.
SELECT COUNT(*) FROM outcome WHERE import_no = :import_no;

-- name: rejections_of_import
-- What one run refused, by line.
SELECT r.line, r.event_id, r.reason, r.pointer, r.detail
FROM rejection AS r WHERE r.import_no = :import_no AND r.import_no > 0 ORDER BY r.line;

-- name: problem_events_of_import
-- The events that came with one run and wait, are flagged or count for nothing, by line; those without one last.
SELECT l.line, e.event_id, e.outcome, COALESCE(e.reason, '')
FROM event AS e LEFT JOIN import_line AS l ON l.import_no = e.import_no AND l.fact_id = e.event_id
WHERE e.workspace_no = :workspace_no AND (e.outcome = 'pending' OR e.outcome = 'flagged' OR e.outcome = 'rejected')
  AND e.received_us >= :from_us AND e.received_us <= :to_us AND e.import_no = :import_no
ORDER BY CASE WHEN l.line IS NULL THEN 1 ELSE 0 END, l.line, e.event_id;

-- name: waiting_assignments_of_import
-- The assignments that came with one run and whose promotion nobody has defined.
SELECT l.line, a.customer_no, a.slot, a.assignment_id
FROM promotion AS n
JOIN assignment AS a ON a.promotion_no = n.promotion_no
     AND a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
LEFT JOIN import_line AS l ON l.import_no = a.import_no AND l.fact_id = a.assignment_id
WHERE n.workspace_no = :workspace_no AND n.definition IS NULL AND a.import_no = :import_no
ORDER BY CASE WHEN l.line IS NULL THEN 1 ELSE 0 END, l.line, a.customer_no, a.slot;

-- name: add_import_lines
-- Where rows stand that were taken and are a problem all the same.
INSERT INTO import_line (import_no, fact_id, line)
SELECT batch.import_no, batch.fact_id, batch.line
FROM {{batch(import_no BIGINT, fact_id TEXT, line BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: lines_of_facts
-- Where facts stand in the files they came with, of those that were a problem then.
SELECT l.import_no, l.fact_id, l.line
FROM {{batch(import_no BIGINT, fact_id TEXT)}}
CROSS JOIN import_line AS l
WHERE l.import_no = batch.import_no AND l.fact_id = batch.fact_id;

-- name: line_rejections
-- Where rows stand that were refused for a reason outside them.
UPDATE rejection SET line = batch.line
FROM {{batch(workspace_no BIGINT, event_id TEXT, import_no BIGINT, line BIGINT)}}
WHERE rejection.workspace_no = batch.workspace_no AND rejection.event_id = batch.event_id
  AND rejection.import_no = batch.import_no AND rejection.line IS NULL;
