-- What a redemption costs that says no currency is in that of the assignment it takes, and was in the promotion's. Workspaces
-- in which these differ are counted anew.
INSERT INTO recount_due (workspace_no)
SELECT DISTINCT e.workspace_no
FROM event AS e
JOIN assignment AS a
    ON a.bucket = e.bucket AND a.promotion_no = e.promotion_no AND a.customer_no = e.customer_no AND a.slot = e.slot
WHERE e.reverses IS NULL AND e.reward_currency IS NULL AND e.currency <> a.currency
  AND e.workspace_no NOT IN (SELECT workspace_no FROM recount_due);
