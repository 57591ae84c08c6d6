-- name: add_audit
-- Notes one change.
INSERT INTO audit (workspace_no, changed_us, audit_id, actor, address, request_id, action, target, before, after)
VALUES (:workspace_no, :changed_us, :audit_id, :actor, :address, :request_id, :action, :target, :before, :after);

-- name: audit_before
-- A page of changes, the newest first.
SELECT changed_us, audit_id, actor, address, request_id, action, target, before, after
FROM audit
WHERE workspace_no = :workspace_no AND (changed_us < :before_us OR (changed_us = :before_us AND audit_id < :before_id))
  AND changed_us >= :since_us AND (:target = '' OR target = :target) AND (:actor = '' OR actor = :actor)
ORDER BY changed_us DESC, audit_id DESC
LIMIT :limit;
