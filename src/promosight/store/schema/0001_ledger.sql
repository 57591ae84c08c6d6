-- The ledger: facts as reported, what is derived from them, and the definitions they refer to.
--
-- One text for SQLite and PostgreSQL. On PostgreSQL the reader adds COLLATE "C" to text columns and drops
-- the two words SQLite alone knows (WITHOUT ROWID, STRICT). Times are microseconds UTC (`_us`), amounts
-- millionths (`_micros`), yes/no is 0/1.
--
-- Facts are appended: their rows are never moved and, but for a late settling, never touched again, so that a
-- new fact costs the end of a table and two thin indexes, its identity's and its group's, however large the
-- store has grown. Keys of groups lead with `bucket` (the top bits of the customer's number), then
-- the promotion: a (promotion, customer) group lies in one bucket, and a promotion's facts are one range in each.

CREATE TABLE workspace (
    workspace_no BIGINT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    week_start TEXT NOT NULL,
    tracking_from_us BIGINT NOT NULL,
    sandbox BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    -- Moves with every change of a promotion, so that a process knows when its catalogue is out of date.
    catalogue_version BIGINT NOT NULL,
    -- Facts of imports with a higher number are not in the published figures yet.
    published_import_no BIGINT NOT NULL
);

CREATE TABLE source (
    source_no BIGINT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    name TEXT NOT NULL,
    cadence TEXT NOT NULL,
    live_us BIGINT,
    created_us BIGINT NOT NULL,
    last_heard_us BIGINT,
    UNIQUE (workspace_no, name)
);

-- A source's word that it reported everything of a period, even if that was nothing.
CREATE TABLE coverage (
    source_no BIGINT NOT NULL,
    from_us BIGINT NOT NULL,
    to_us BIGINT NOT NULL,
    PRIMARY KEY (source_no, from_us, to_us)
);

CREATE TABLE api_key (
    key_id TEXT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    source_no BIGINT,
    name TEXT NOT NULL,
    secret_digest TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    ip_ranges TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT,
    revoked_us BIGINT
);

-- A promotion that facts have named but nobody has defined has a row without a definition.
CREATE TABLE promotion (
    promotion_no BIGINT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    promotion_id TEXT NOT NULL,
    code TEXT,
    definition TEXT,
    version BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    UNIQUE (workspace_no, promotion_id)
);
CREATE UNIQUE INDEX promotion_code ON promotion (workspace_no, code) WHERE code IS NOT NULL;
CREATE INDEX promotion_version ON promotion (workspace_no, version);

-- Every customer any fact has named. `known` is 0 while only redemptions have: those wait.
CREATE TABLE customer (
    customer_no BIGINT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    known BIGINT NOT NULL,
    profile TEXT
) WITHOUT ROWID;

-- A personal code and whom it was issued to; customer 0 while it is still in the pool.
CREATE TABLE personal_code (
    workspace_no BIGINT NOT NULL,
    code TEXT NOT NULL,
    customer_no BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    PRIMARY KEY (workspace_no, code, customer_no)
) WITHOUT ROWID;

-- Where assignments count: every combination of these words that occurs, numbered. `digest` is of the words.
CREATE TABLE place (
    place_no BIGINT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    digest BIGINT NOT NULL,
    tier_id TEXT,
    segment TEXT,
    channels TEXT,
    campaign_id TEXT,
    UNIQUE (workspace_no, digest)
);

-- `slot` identifies an assignment within its group. Derived: committed_micros, currency. Whether it was redeemed
-- is said by the events that took its slot (view assignment_standing): a redemption touches no assignment.
CREATE TABLE assignment (
    bucket BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    customer_no BIGINT NOT NULL,
    slot BIGINT NOT NULL,
    workspace_no BIGINT NOT NULL,
    source_no BIGINT NOT NULL,
    import_no BIGINT NOT NULL,
    assigned_us BIGINT NOT NULL,
    expires_us BIGINT,
    received_us BIGINT NOT NULL,
    digest BIGINT NOT NULL,
    assignment_id TEXT,
    place_no BIGINT NOT NULL,
    promo_code TEXT,
    reward_micros BIGINT,
    reward_currency TEXT,
    max_redemptions BIGINT,
    control BIGINT NOT NULL,
    withdrawn_us BIGINT,
    details TEXT,
    committed_micros BIGINT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (bucket, promotion_no, customer_no, slot)
);
CREATE UNIQUE INDEX assignment_identity ON assignment (workspace_no, assignment_id) WHERE assignment_id IS NOT NULL;

-- A redemption, or a reversal (`reverses` is set). Promotion 0: a code nobody knows yet, or a reversal ahead of
-- its redemption. A reversal lies in its original's group. Derived: promotion_no, outcome, reason, slot, live,
-- cost_micros (net of reversals), currency.
CREATE TABLE event (
    bucket BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    customer_no BIGINT NOT NULL,
    redeemed_us BIGINT NOT NULL,
    source_no BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    workspace_no BIGINT NOT NULL,
    import_no BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    digest BIGINT NOT NULL,
    reverses TEXT,
    -- The customer a reversal names, 0 for none: it lies with its original, whoever it names.
    named_customer_no BIGINT NOT NULL,
    promotion_id TEXT,
    promo_code TEXT,
    assignment_id TEXT,
    campaign_id TEXT,
    tier_id TEXT,
    channel TEXT,
    reward_micros BIGINT,
    reward_currency TEXT,
    order_id TEXT,
    order_micros BIGINT,
    metadata TEXT,
    outcome TEXT NOT NULL,
    reason TEXT,
    slot BIGINT,
    live BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (source_no, event_id)
);
CREATE INDEX event_group ON event (bucket, promotion_no, customer_no);
CREATE INDEX event_reverses ON event (source_no, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX event_promo_code ON event (workspace_no, promo_code) WHERE promo_code IS NOT NULL;
CREATE INDEX event_ahead ON event (source_no) WHERE promotion_no = 0;
CREATE INDEX event_waiting ON event (customer_no) WHERE outcome = 'pending';
CREATE INDEX event_problem ON event (workspace_no, received_us) WHERE outcome IN ('pending', 'flagged', 'rejected');

-- Events as they were told. One that names its promotion and no code lies in that promotion, so that its row need
-- not repeat the id.
CREATE VIEW event_told AS
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id, e.workspace_no,
    e.import_no, e.received_us, e.digest, e.reverses, e.named_customer_no,
    COALESCE(
        e.promotion_id,
        CASE WHEN e.promo_code IS NULL AND e.reverses IS NULL
             THEN (SELECT p.promotion_id FROM promotion AS p WHERE p.promotion_no = e.promotion_no)
             END
    ) AS promotion_id,
    e.promo_code, e.assignment_id, e.campaign_id, e.tier_id, e.channel, e.reward_micros,
    e.reward_currency, e.order_id, e.order_micros, e.metadata, e.outcome, e.reason, e.slot, e.live,
    e.cost_micros, e.currency
FROM event AS e;

-- Assignments as they stand: with the words of their place, and the time of the first live redemption that
-- took them.
CREATE VIEW assignment_standing AS
SELECT
    a.bucket, a.promotion_no, a.customer_no, a.slot, a.workspace_no, a.source_no, a.import_no,
    a.assigned_us, a.expires_us, a.received_us, a.digest, a.assignment_id, p.campaign_id, p.tier_id,
    p.segment, p.channels, a.promo_code, a.reward_micros, a.reward_currency, a.max_redemptions,
    a.control, a.withdrawn_us, a.details,
    (
        SELECT MIN(e.redeemed_us) FROM event AS e
        WHERE e.bucket = a.bucket AND e.promotion_no = a.promotion_no
          AND e.customer_no = a.customer_no AND e.slot = a.slot AND e.live = 1
    ) AS redeemed_us,
    a.committed_micros, a.currency
FROM assignment AS a JOIN place AS p ON p.place_no = a.place_no;

-- What was reported but is no fact: kept with its payload, listed, replayable. `digest` is of the payload and
-- reason, so that a sender that retries is listed once.
CREATE TABLE rejection (
    workspace_no BIGINT NOT NULL,
    source_no BIGINT NOT NULL,
    digest BIGINT NOT NULL,
    import_no BIGINT NOT NULL,
    line BIGINT,
    kind TEXT NOT NULL,
    event_id TEXT,
    reason TEXT NOT NULL,
    pointer TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (workspace_no, source_no, digest)
);
CREATE INDEX rejection_event ON rejection (workspace_no, event_id) WHERE event_id IS NOT NULL;
CREATE INDEX rejection_import ON rejection (import_no, line) WHERE import_no > 0;

-- The counters. Layer 0 is published; layer 1 holds what running imports will add when they end.
CREATE TABLE tally (
    layer BIGINT NOT NULL,
    dimension BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    key TEXT NOT NULL,
    currency TEXT NOT NULL,
    assigned BIGINT NOT NULL,
    redeemed BIGINT NOT NULL,
    customers_assigned BIGINT NOT NULL,
    customers_redeemed BIGINT NOT NULL,
    redemptions BIGINT NOT NULL,
    excess BIGINT NOT NULL,
    unassigned BIGINT NOT NULL,
    flagged BIGINT NOT NULL,
    pending BIGINT NOT NULL,
    reversed BIGINT NOT NULL,
    reported BIGINT NOT NULL,
    committed_micros BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL,
    order_micros BIGINT NOT NULL,
    PRIMARY KEY (layer, dimension, promotion_no, key, currency)
) WITHOUT ROWID;

-- The time of the latest accepted event of a promotion, by layer as above.
CREATE TABLE last_event (
    layer BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    redeemed_us BIGINT NOT NULL,
    PRIMARY KEY (layer, promotion_no)
) WITHOUT ROWID;

-- Moves with every change of published totals or times of latest events, so that readers know what they remember
-- to be still true.
CREATE TABLE tallied (
    workspace_no BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);

-- What was added to the counters and is not in `tally` yet: appended, read beside the tallies, folded into them
-- when there is much of it. Promotion 0: what one small transaction did. Else a pile: what many did to one
-- promotion, whose totals and latest event are in the tallies already. `size` is the number of entries in `cells`.
CREATE TABLE movement (
    workspace_no BIGINT NOT NULL,
    layer BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    size BIGINT NOT NULL,
    cells TEXT NOT NULL
);
CREATE INDEX movement_outstanding ON movement (workspace_no, layer, promotion_no, size);

-- One load of a file. Running ones publish their figures when they end. `import_no` is the number of its latest
-- run, 0 before the first. A file that came over HTTP lies in a spool folder (`spool`: the machine and the folder)
-- until it has ended, and is run again from its start when the server was stopped meanwhile.
CREATE TABLE import (
    import_id TEXT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    source_no BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    import_no BIGINT NOT NULL,
    runs BIGINT NOT NULL,
    spool TEXT,
    form TEXT,
    received_us BIGINT NOT NULL,
    started_us BIGINT,
    heartbeat_us BIGINT NOT NULL,
    finished_us BIGINT,
    rows_read BIGINT NOT NULL,
    bytes_read BIGINT NOT NULL,
    bytes_total BIGINT,
    outcomes TEXT NOT NULL,
    reasons TEXT NOT NULL,
    detail TEXT
);
CREATE INDEX import_received ON import (workspace_no, received_us, import_id);
CREATE INDEX import_unfinished ON import (workspace_no) WHERE state IN ('waiting', 'running');

-- Each run of an import has a number of its own, higher than any before: facts bear it.
CREATE TABLE import_run (
    import_no BIGINT NOT NULL PRIMARY KEY,
    import_id TEXT NOT NULL,
    started_us BIGINT NOT NULL
);
CREATE INDEX import_run_of ON import_run (import_id, import_no);

-- Answers kept for callers that repeat a POST with the same Idempotency-Key.
CREATE TABLE idempotent_answer (
    workspace_no BIGINT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_digest BIGINT NOT NULL,
    claimed_us BIGINT NOT NULL,
    status BIGINT,
    body TEXT,
    PRIMARY KEY (workspace_no, idempotency_key)
);
