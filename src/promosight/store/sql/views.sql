-- name: saved_views
-- The views of a list that somebody has: those of the workspace, and their own.
SELECT v.view_id, v.owner, v.name, v.query, v.created_by, v.created_us, v.updated_us
FROM saved_view AS v
WHERE v.workspace_no = :workspace_no AND v.list = :list AND v.owner IN ('', :owner)
ORDER BY v.owner, v.name;

-- name: saved_view
-- One view.
SELECT v.list, v.owner, v.name, v.query, v.created_by, v.created_us, v.updated_us
FROM saved_view AS v WHERE v.workspace_no = :workspace_no AND v.view_id = :view_id;

-- name: named_view
-- The view of a list that goes by a name.
SELECT v.view_id FROM saved_view AS v
WHERE v.workspace_no = :workspace_no AND v.list = :list AND v.owner = :owner AND v.name = :name;

-- name: count_views
-- How many views of a list somebody has.
SELECT COUNT(*) FROM saved_view AS v
WHERE v.workspace_no = :workspace_no AND v.list = :list AND v.owner = :owner;

-- name: add_view
-- A view under a name.
INSERT INTO saved_view (workspace_no, view_id, list, owner, name, query, created_by, created_us, updated_us)
VALUES (:workspace_no, :view_id, :list, :owner, :name, :query, :actor, :now_us, :now_us);

-- name: change_view
-- What a view is called and shows.
UPDATE saved_view SET name = :name, query = :query, updated_us = :now_us
WHERE workspace_no = :workspace_no AND view_id = :view_id;

-- name: delete_view
-- A view is gone.
DELETE FROM saved_view WHERE workspace_no = :workspace_no AND view_id = :view_id;

-- name: delete_views_of
-- The own views of somebody are gone.
DELETE FROM saved_view WHERE workspace_no = :workspace_no AND owner = :owner;
