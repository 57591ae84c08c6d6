-- name: figures_mark
-- Numbers that differ when published figures do, and cost next to nothing to read: small transactions only append
-- to the log while the version of the tallies stays.
SELECT
    (SELECT t.version FROM tallied AS t WHERE t.workspace_no = :workspace_no),
    (SELECT COUNT(*) FROM movement AS m
     WHERE m.workspace_no = :workspace_no AND m.layer = 0 AND m.promotion_no = 0),
    (SELECT COUNT(*) FROM coverage AS c JOIN source AS s ON s.source_no = c.source_no
     WHERE s.workspace_no = :workspace_no),
    (SELECT COUNT(*) FROM reservation AS r
     WHERE r.workspace_no = :workspace_no AND r.state = 'held' AND r.expires_us > :now_us),
    (SELECT CAST(COALESCE(SUM(r.expires_us % 1000000007), 0) AS BIGINT) FROM reservation AS r
     WHERE r.workspace_no = :workspace_no AND r.state = 'held' AND r.expires_us > :now_us),
    (SELECT COUNT(*) FROM alert AS a
     WHERE a.workspace_no = :workspace_no AND a.threshold = 100 AND a.ends_us > :now_us);

-- name: imports_mark
-- Numbers that differ when an import has come, gone on or ended.
SELECT COUNT(*), MAX(i.heartbeat_us) FROM import AS i WHERE i.workspace_no = :workspace_no;

-- name: problems_mark
-- Numbers that differ when problems have come or gone, as long as there are fewer than `most`.
SELECT
    (SELECT COUNT(*) FROM (
        SELECT 1 AS one FROM event AS e
        WHERE e.workspace_no = :workspace_no AND (e.outcome = 'pending' OR e.outcome = 'flagged' OR e.outcome = 'rejected')
        LIMIT :most
    ) AS waiting),
    (SELECT COUNT(*) FROM (
        SELECT 1 AS one FROM rejection AS r WHERE r.workspace_no = :workspace_no LIMIT :most
    ) AS refused),
    -- One that waits for something else than before has another reason, of another length.
    (SELECT SUM(LENGTH(COALESCE(standing.reason, ''))) FROM (
        SELECT e.reason FROM event AS e
        WHERE e.workspace_no = :workspace_no AND (e.outcome = 'pending' OR e.outcome = 'flagged' OR e.outcome = 'rejected')
        LIMIT :most
    ) AS standing),
    (SELECT e.received_us FROM event AS e
     WHERE e.workspace_no = :workspace_no AND (e.outcome = 'pending' OR e.outcome = 'flagged' OR e.outcome = 'rejected')
     ORDER BY e.received_us DESC LIMIT 1);
