-- Of an import that was begun anew: how many of its rows are facts since one of its earlier runs.
ALTER TABLE import ADD COLUMN taken_earlier BIGINT NOT NULL DEFAULT 0;

-- Names in a source's last test that are no field, as JSON: each with its pointer and what was probably meant.
ALTER TABLE source_test ADD COLUMN unknown_fields TEXT NOT NULL DEFAULT '[]';
