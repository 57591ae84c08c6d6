-- name: workspace
-- One workspace by number.
SELECT workspace_no, workspace_id, name, time_zone, currency, week_start, tracking_from_us,
       sandbox, created_us, catalogue_version, published_import_no, announced
FROM workspace WHERE workspace_no = :workspace_no;

-- name: workspace_by_id
-- The number of a workspace by its id.
SELECT workspace_no FROM workspace WHERE workspace_id = :workspace_id;

-- name: workspaces
-- Every workspace's number and id.
SELECT workspace_no, workspace_id FROM workspace ORDER BY workspace_no;

-- name: add_workspace
-- A new workspace.
INSERT INTO workspace (
    workspace_no, workspace_id, name, time_zone, currency, week_start, tracking_from_us, sandbox,
    created_us, catalogue_version, published_import_no
)
SELECT COALESCE(MAX(workspace_no), 0) + 1, :workspace_id, :name, :time_zone, :currency, :week_start,
       :tracking_from_us, :sandbox, :created_us, 1, 0
FROM workspace
WHERE true
ON CONFLICT DO NOTHING;

-- name: change_workspace
-- Name, zone, currency and week start may change; the start of tracking never.
UPDATE workspace
SET name = :name, time_zone = :time_zone, currency = :currency, week_start = :week_start,
    catalogue_version = catalogue_version + 1
WHERE workspace_no = :workspace_no;

-- name: touch_catalogue
-- Says that a promotion or source changed.
UPDATE workspace SET catalogue_version = catalogue_version + 1 WHERE workspace_no = :workspace_no;

-- name: sources
-- The sources of a workspace.
SELECT source_no, name, cadence, live_us, created_us, last_heard_us
FROM source WHERE workspace_no = :workspace_no ORDER BY name;

-- name: add_source
-- A new source; one of that name is left alone.
INSERT INTO source (source_no, workspace_no, name, cadence, live_us, created_us, last_heard_us)
SELECT COALESCE(MAX(source_no), 0) + 1, :workspace_no, :name, :cadence, CAST(:live_us AS BIGINT),
       :created_us, CAST(NULL AS BIGINT)
FROM source
WHERE true
ON CONFLICT (workspace_no, name) DO NOTHING;

-- name: change_cadence
-- How often a source means to report.
UPDATE source SET cadence = :cadence WHERE source_no = :source_no;

-- name: start_source
-- A source goes live; once.
UPDATE source SET live_us = :live_us WHERE source_no = :source_no AND live_us IS NULL;

-- name: hear_sources
-- Notes when sources were last heard.
UPDATE source SET last_heard_us = batch.heard_us
FROM {{batch(source_no BIGINT, heard_us BIGINT)}}
WHERE source.source_no = batch.source_no
  AND (source.last_heard_us IS NULL OR source.last_heard_us < batch.heard_us);

-- name: add_coverage
-- A source's word that it reported everything of a period.
INSERT INTO coverage (source_no, from_us, to_us, said_us) VALUES (:source_no, :from_us, :to_us, :said_us)
ON CONFLICT DO NOTHING;

-- name: coverage
-- The periods that sources of a workspace had declared covered by a moment.
SELECT c.from_us, c.to_us FROM coverage AS c
JOIN source AS s ON s.source_no = c.source_no
WHERE s.workspace_no = :workspace_no AND c.said_us <= :known_us;

-- name: promotions_since
-- The promotions that changed after a version of the catalogue.
SELECT promotion_no, promotion_id, definition, version, created_us, updated_us
FROM promotion WHERE workspace_no = :workspace_no AND version > :version
ORDER BY version, promotion_no;

-- name: add_promotion
-- A promotion's row; without a definition when only facts have named it.
INSERT INTO promotion (
    promotion_no, workspace_no, promotion_id, code, definition, version, created_us, updated_us
)
SELECT COALESCE(MAX(promotion_no), 0) + 1, :workspace_no, :promotion_id, CAST(:code AS TEXT),
       CAST(:definition AS TEXT),
       :version, :now_us, :now_us
FROM promotion
WHERE true
ON CONFLICT (workspace_no, promotion_id) DO NOTHING;

-- name: define_promotion
-- A promotion's new definition.
UPDATE promotion
SET code = :code, definition = :definition, version = :version, updated_us = :now_us
WHERE promotion_no = :promotion_no;

-- name: places_since
-- The places of a workspace numbered after one.
SELECT place_no, tier_id, segment, channels, campaign_id FROM place
WHERE place_no > :latest_no AND workspace_no + 0 = :workspace_no
ORDER BY place_no;

-- name: latest_place
-- The highest number of any place.
SELECT COALESCE(MAX(place_no), 0) FROM place;

-- name: add_places
-- Places that occur for the first time.
INSERT INTO place (place_no, workspace_no, digest, tier_id, segment, channels, campaign_id)
SELECT batch.place_no, batch.workspace_no, batch.digest, batch.tier_id, batch.segment,
       batch.channels, batch.campaign_id
FROM {{batch(place_no BIGINT, workspace_no BIGINT, digest BIGINT, tier_id TEXT, segment TEXT, channels TEXT, campaign_id TEXT)}}
WHERE true
ON CONFLICT (workspace_no, digest) DO NOTHING;

-- name: customers_of
-- The customers that bear the numbers given.
SELECT c.customer_no, c.customer_id, c.workspace_no, c.known
FROM {{batch(customer_no BIGINT)}}
CROSS JOIN customer AS c
WHERE c.customer_no = batch.customer_no;

-- name: customers_to_name
-- Of each of the customers given whether it is known under its number (1) or not (0); NULL where nobody bears that.
SELECT
    batch.number,
    (
        SELECT CASE WHEN c.customer_id = batch.customer_id AND c.workspace_no = :workspace_no AND c.known = 1
                    THEN 1 ELSE 0 END
        FROM customer AS c WHERE c.customer_no = batch.customer_no
    )
FROM {{batch(customer_no BIGINT, customer_id TEXT, number BIGINT)}};

-- name: add_customers
-- Customers named for the first time.
INSERT INTO customer (customer_no, workspace_no, customer_id, known, profile)
SELECT batch.customer_no, batch.workspace_no, batch.customer_id, batch.known, NULL
FROM {{batch(customer_no BIGINT, workspace_no BIGINT, customer_id TEXT, known BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: know_customers
-- Customers that only redemptions had named are now known.
UPDATE customer SET known = 1
FROM {{batch(customer_no BIGINT)}}
WHERE customer.customer_no = batch.customer_no;

-- name: leave_customers_unknown
-- Customers whom nothing made known after all, in the transaction that had said so.
UPDATE customer SET known = 0
FROM {{batch(customer_no BIGINT)}}
WHERE customer.customer_no = batch.customer_no;

-- name: profile_customers
-- What the brand says of customers: attributes, segments, opt-outs.
UPDATE customer SET profile = batch.profile
FROM {{batch(customer_no BIGINT, profile TEXT)}}
WHERE customer.customer_no = batch.customer_no;

-- name: customer
-- One customer by number.
SELECT customer_no, customer_id, workspace_no, known, profile FROM customer
WHERE customer_no = :customer_no;

-- name: codes_issued_to
-- Which of the personal codes given were issued to the customers given.
SELECT p.code, p.customer_no, p.promotion_no
FROM {{batch(code TEXT, customer_no BIGINT)}}
CROSS JOIN personal_code AS p
WHERE p.workspace_no = :workspace_no AND p.code = batch.code AND p.customer_no = batch.customer_no;

-- name: codes_of_customers
-- The promotions of the codes given that were issued to their customers.
SELECT batch.number, p.promotion_no
FROM {{batch(code TEXT, customer_no BIGINT, number BIGINT)}}
CROSS JOIN personal_code AS p
WHERE p.workspace_no = :workspace_no AND p.code = batch.code AND p.customer_no = batch.customer_no;

-- name: code_samples
-- For each code one customer it was issued to (the largest number, 0 only while in the pool) and its promotion.
SELECT p.code, MAX(p.customer_no), MAX(p.promotion_no)
FROM {{batch(code TEXT)}}
CROSS JOIN personal_code AS p
WHERE p.workspace_no = :workspace_no AND p.code = batch.code
GROUP BY p.code;

-- name: add_codes
-- Personal codes issued to customers.
INSERT INTO personal_code (workspace_no, code, customer_no, promotion_no)
SELECT batch.workspace_no, batch.code, batch.customer_no, batch.promotion_no
FROM {{batch(workspace_no BIGINT, code TEXT, customer_no BIGINT, promotion_no BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: add_rejections
-- What was reported but is no fact; said again it is only counted, and listed with the latest import that said it.
INSERT INTO rejection (
    workspace_no, source_no, digest, import_no, line, kind, event_id, reason, pointer, detail,
    payload, received_us, times, promotion_id, customer_id
)
SELECT batch.workspace_no, batch.source_no, batch.digest, batch.import_no, batch.line, batch.kind,
       batch.event_id, batch.reason, batch.pointer, batch.detail, batch.payload, batch.received_us,
       batch.times, batch.promotion_id, batch.customer_id
FROM {{batch(workspace_no BIGINT, source_no BIGINT, digest BIGINT, import_no BIGINT, line BIGINT, kind TEXT, event_id TEXT, reason TEXT, pointer TEXT, detail TEXT, payload TEXT, received_us BIGINT, promotion_id TEXT, customer_id TEXT, times BIGINT)}}
WHERE true
ON CONFLICT (workspace_no, source_no, digest) DO UPDATE
SET times = rejection.times + excluded.times,
    line = CASE WHEN excluded.import_no > 0 THEN excluded.line ELSE rejection.line END,
    import_no = CASE WHEN excluded.import_no > 0 THEN excluded.import_no ELSE rejection.import_no END;
