-- What figures of an earlier moment need of reservations, and views of lists that people name and keep.

-- When it was confirmed or released; NULL while neither, and of those that ended before this was written down.
ALTER TABLE reservation ADD COLUMN ended_us BIGINT;

-- A named view of a list. `query` is what its address says (filters, order, columns). `owner` is the user whose own it
-- is, empty where everybody in the workspace has it.
CREATE TABLE saved_view (
    workspace_no BIGINT NOT NULL,
    view_id TEXT NOT NULL,
    list TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    PRIMARY KEY (workspace_no, view_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX saved_view_name ON saved_view (workspace_no, list, owner, name);
