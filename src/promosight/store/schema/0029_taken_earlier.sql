-- Of an import that was begun anew: how many of its rows are facts since one of its earlier runs.
ALTER TABLE import ADD COLUMN taken_earlier BIGINT NOT NULL DEFAULT 0;
