-- One row that is written to see whether the store takes changes.

CREATE TABLE probe (
    probe_no BIGINT NOT NULL PRIMARY KEY,
    written_us BIGINT NOT NULL
);
