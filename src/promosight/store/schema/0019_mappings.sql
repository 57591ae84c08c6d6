-- Mappings: what a word means that events name and nobody defined. Events keep what they say; these say where they lie.

-- `field` is where the word is told (promotion_id, promo_code), source 0: by any. In force until `ended_us`, and kept
-- afterwards, for figures of the time before. What starts and ends in one moment was never in force.
CREATE TABLE mapping (
    mapping_no BIGINT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    mapping_id TEXT NOT NULL,
    field TEXT NOT NULL,
    word TEXT NOT NULL,
    source_no BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    ended_us BIGINT,
    ended_by TEXT,
    UNIQUE (workspace_no, mapping_id)
);
CREATE UNIQUE INDEX mapping_in_force ON mapping (workspace_no, field, word, source_no) WHERE ended_us IS NULL;
