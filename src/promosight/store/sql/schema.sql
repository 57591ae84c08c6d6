-- name: create_schema_version
-- Where the applied schema files are noted.
CREATE TABLE IF NOT EXISTS schema_version (
    name TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL,
    applied_us BIGINT NOT NULL
);

-- name: schema_versions
-- The schema files applied so far.
SELECT name, digest FROM schema_version;

-- name: add_schema_version
-- Notes a schema file as applied.
INSERT INTO schema_version (name, digest, applied_us) VALUES (:name, :digest, :applied_us);

-- name: write_probe
-- Writes, to see whether it can be done.
INSERT INTO probe (probe_no, written_us) VALUES (1, :written_us)
ON CONFLICT (probe_no) DO UPDATE SET written_us = excluded.written_us;
