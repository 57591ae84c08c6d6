-- When each threshold of a limit was first seen crossed in each window, and the workspaces whose counters lack a
-- dimension that came later.

-- `alert_no` is a digest of what the alert is about: promotion, limit (measure, window, tier, amount), the window's
-- name, threshold. So it is raised once, however many processes see it. `ends_us` is when its window ends.
CREATE TABLE alert (
    workspace_no BIGINT NOT NULL,
    alert_no BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    measure TEXT NOT NULL,
    window_kind TEXT NOT NULL,
    tier_id TEXT,
    amount TEXT NOT NULL,
    window_name TEXT NOT NULL,
    threshold BIGINT NOT NULL,
    used TEXT NOT NULL,
    raised_us BIGINT NOT NULL,
    ends_us BIGINT NOT NULL,
    PRIMARY KEY (workspace_no, alert_no)
);
CREATE INDEX alert_raised ON alert (workspace_no, raised_us, alert_no);
CREATE INDEX alert_reached ON alert (workspace_no, ends_us) WHERE threshold = 100;

-- The counters count the days of each tier from now on: what has a tier already is counted anew once.
CREATE TABLE recount_due (
    workspace_no BIGINT NOT NULL PRIMARY KEY
);
INSERT INTO recount_due (workspace_no)
SELECT DISTINCT f.workspace_no
FROM (
    SELECT p.workspace_no FROM place AS p WHERE p.tier_id IS NOT NULL
    UNION
    SELECT e.workspace_no FROM event AS e WHERE e.tier_id IS NOT NULL
) AS f;
