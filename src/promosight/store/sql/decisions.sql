-- name: decisioning
-- How a workspace decides.
SELECT settings, version, updated_us FROM decisioning WHERE workspace_no = :workspace_no;

-- name: set_decisioning
-- Changes how a workspace decides.
INSERT INTO decisioning (workspace_no, settings, version, updated_us)
VALUES (:workspace_no, :settings, :version, :now_us)
ON CONFLICT (workspace_no) DO UPDATE
SET settings = excluded.settings, version = excluded.version, updated_us = excluded.updated_us;

-- name: history_given
-- What customers were given before a moment, by promotion: how often, how often lately, when last.
SELECT a.customer_no, a.promotion_no, COUNT(*),
       CAST(SUM(CASE WHEN a.assigned_us > batch.since_us THEN 1 ELSE 0 END) AS BIGINT),
       MAX(a.assigned_us)
FROM {{batch(bucket BIGINT, customer_no BIGINT, before_us BIGINT, since_us BIGINT)}}
CROSS JOIN promotion AS n
CROSS JOIN assignment AS a
WHERE n.workspace_no = :workspace_no
  AND a.bucket = batch.bucket AND a.promotion_no = n.promotion_no AND a.customer_no = batch.customer_no
  AND a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us <= batch.before_us
GROUP BY a.customer_no, a.promotion_no;

-- name: history_used
-- What customers redeemed before a moment, by promotion: how often and live, how often reversed, for how much, when last,
-- and how many of them named an order.
SELECT e.customer_no, e.promotion_no,
       CAST(SUM(e.live) AS BIGINT), CAST(SUM(1 - e.live) AS BIGINT),
       CAST(SUM(CASE WHEN e.live = 1 THEN COALESCE(e.order_micros, 0) / 1000000000 ELSE 0 END) AS BIGINT),
       CAST(SUM(CASE WHEN e.live = 1 THEN COALESCE(e.order_micros, 0) % 1000000000 ELSE 0 END) AS BIGINT),
       MAX(CASE WHEN e.live = 1 THEN e.redeemed_us END),
       COUNT(CASE WHEN e.live = 1 AND e.order_micros IS NOT NULL THEN 1 END)
FROM {{batch(bucket BIGINT, customer_no BIGINT, before_us BIGINT)}}
CROSS JOIN promotion AS n
CROSS JOIN event AS e
WHERE n.workspace_no = :workspace_no
  AND e.bucket = batch.bucket AND e.promotion_no = n.promotion_no AND e.customer_no = batch.customer_no
  AND e.reverses IS NULL AND e.outcome NOT IN ('pending', 'rejected') AND e.redeemed_us <= batch.before_us
GROUP BY e.customer_no, e.promotion_no;

-- name: decisions_by_id
-- Decisions by their ids.
SELECT d.decision_id, d.customer_no, d.decided_us, d.received_us, d.digest, d.mode, d.version, d.revision,
       d.board_no, d.promotion_no, d.tier_id, d.assignment_id, d.trace
FROM {{batch(decision_id TEXT)}}
CROSS JOIN decision AS d
WHERE d.workspace_no = :workspace_no AND d.decision_id = batch.decision_id;

-- name: add_decisions
-- Decisions, known to be new.
INSERT INTO decision (
    workspace_no, decision_id, customer_no, decided_us, received_us, digest, mode, version, revision, board_no,
    promotion_no, tier_id, assignment_id, trace
)
SELECT batch.workspace_no, batch.decision_id, batch.customer_no, batch.decided_us, batch.received_us, batch.digest,
       batch.mode, batch.version, batch.revision, batch.board_no, batch.promotion_no, batch.tier_id,
       batch.assignment_id, batch.trace
FROM {{batch(workspace_no BIGINT, decision_id TEXT, customer_no BIGINT, decided_us BIGINT, received_us BIGINT, digest BIGINT, mode TEXT, version BIGINT, revision BIGINT, board_no BIGINT, promotion_no BIGINT, tier_id TEXT, assignment_id TEXT, trace TEXT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: add_board
-- The offers that decisions choose among from now on.
INSERT INTO offer_board (workspace_no, board_no, offers) VALUES (:workspace_no, :board_no, :offers)
ON CONFLICT DO NOTHING;

-- name: board
-- The offers that decisions chose among.
SELECT offers FROM offer_board WHERE workspace_no = :workspace_no AND board_no = :board_no;

-- name: note_news
-- Groups in which something moved that decisions are to be learned from.
INSERT INTO decision_news (workspace_no, noted_us, moved, taken) VALUES (:workspace_no, :noted_us, :moved, '');

-- name: workspaces_with_news
-- Where something is to be learned.
SELECT DISTINCT workspace_no FROM decision_news;

-- name: take_news
-- Somebody takes what there has been longest to be learned of a workspace, so much of it as has `most` characters
-- together, but something; also from whoever was at it before.
UPDATE decision_news SET taken = :taken
WHERE workspace_no = :workspace_no AND noted_us <= (
    SELECT COALESCE(MAX(CASE WHEN so_far.characters <= :most THEN so_far.noted_us END), MIN(so_far.noted_us))
    FROM (
        SELECT noted_us, SUM(LENGTH(moved)) OVER (ORDER BY noted_us) AS characters
        FROM decision_news WHERE workspace_no = :workspace_no
    ) AS so_far
);

-- name: news_taken
-- What somebody took.
SELECT moved, noted_us FROM decision_news WHERE workspace_no = :workspace_no AND taken = :taken;

-- name: drop_news
-- What somebody took was learned.
DELETE FROM decision_news WHERE workspace_no = :workspace_no AND taken = :taken;

-- name: news_waiting
-- How much waits to be learned, and since when.
SELECT COUNT(*), MIN(noted_us) FROM decision_news WHERE workspace_no = :workspace_no;

-- name: decided_of_groups
-- The assignments of decisions in the groups given, and what the live redemptions that took them came to.
SELECT a.promotion_no, a.customer_no, MAX(p.tier_id), MAX(a.details),
       MAX(CASE WHEN a.withdrawn_us IS NULL AND a.control = 0 THEN 0 ELSE 1 END), MIN(e.redeemed_us),
       CAST(COALESCE(SUM(e.order_micros / 1000000000), 0) AS BIGINT),
       CAST(COALESCE(SUM(e.order_micros % 1000000000), 0) AS BIGINT),
       CAST(COALESCE(SUM(e.cost_micros / 1000000000), 0) AS BIGINT),
       CAST(COALESCE(SUM(e.cost_micros % 1000000000), 0) AS BIGINT)
FROM {{batch(bucket BIGINT, promotion_no BIGINT, customer_no BIGINT)}}
CROSS JOIN assignment AS a
CROSS JOIN place AS p
LEFT JOIN event AS e
    ON e.bucket = a.bucket AND e.promotion_no = a.promotion_no AND e.customer_no = a.customer_no
    AND e.slot = a.slot AND e.live = 1
WHERE a.bucket = batch.bucket AND a.promotion_no = batch.promotion_no AND a.customer_no = batch.customer_no
  AND a.details LIKE '%"decision_id":%' AND p.place_no = a.place_no
GROUP BY a.bucket, a.promotion_no, a.customer_no, a.slot;

-- name: labels_of
-- What was learned of decisions.
SELECT l.decision_id, l.promotion_no, l.tier_id, l.redeemed, l.withdrawn, l.redeemed_us, l.order_high, l.order_micros,
       l.cost_high, l.cost_micros, l.first_revision, l.revision, l.learned_us
FROM {{batch(decision_id TEXT)}}
CROSS JOIN decision_label AS l
WHERE l.workspace_no = :workspace_no AND l.decision_id = batch.decision_id;

-- name: put_labels
-- What is learned of decisions now.
INSERT INTO decision_label (
    workspace_no, decision_id, promotion_no, tier_id, redeemed, withdrawn, redeemed_us, order_high, order_micros,
    cost_high, cost_micros, first_revision, revision, learned_us
)
SELECT batch.workspace_no, batch.decision_id, batch.promotion_no, batch.tier_id, batch.redeemed, batch.withdrawn,
       batch.redeemed_us, batch.order_high, batch.order_micros, batch.cost_high, batch.cost_micros,
       batch.revision, batch.revision, batch.learned_us
FROM {{batch(workspace_no BIGINT, decision_id TEXT, promotion_no BIGINT, tier_id TEXT, redeemed BIGINT, withdrawn BIGINT, redeemed_us BIGINT, order_high BIGINT, order_micros BIGINT, cost_high BIGINT, cost_micros BIGINT, revision BIGINT, learned_us BIGINT)}}
WHERE true
ON CONFLICT (workspace_no, decision_id, promotion_no, tier_id) DO UPDATE
SET redeemed = excluded.redeemed, withdrawn = excluded.withdrawn, redeemed_us = excluded.redeemed_us,
    order_high = excluded.order_high, order_micros = excluded.order_micros, cost_high = excluded.cost_high,
    cost_micros = excluded.cost_micros, revision = excluded.revision, learned_us = excluded.learned_us;

-- name: learned
-- What a workspace's policy has learned.
SELECT revision, state, decisions, redeemed, learned_us FROM learned WHERE workspace_no = :workspace_no;

-- name: learned_revision
-- The revision of what a workspace's policy has learned.
SELECT revision FROM learned WHERE workspace_no = :workspace_no;

-- name: counted_mark
-- Numbers that differ when counters have moved.
SELECT
    (SELECT t.version FROM tallied AS t WHERE t.workspace_no = :workspace_no),
    (SELECT COUNT(*) FROM movement AS m
     WHERE m.workspace_no = :workspace_no AND m.layer = 0 AND m.promotion_no = 0),
    (SELECT w.catalogue_version FROM workspace AS w WHERE w.workspace_no = :workspace_no);

-- name: learned_revisions
-- The same of every workspace.
SELECT workspace_no, revision FROM learned;

-- name: begin_learned
-- The first revision: nothing learned yet.
INSERT INTO learned (workspace_no, revision, state, decisions, redeemed, learned_us)
VALUES (:workspace_no, 0, '', 0, 0, :now_us)
ON CONFLICT DO NOTHING;

-- name: advance_learned
-- The next revision, unless somebody else wrote it first.
UPDATE learned
SET revision = :revision, state = :state, decisions = :decisions, redeemed = :redeemed, learned_us = :now_us
WHERE workspace_no = :workspace_no AND revision = CAST(:revision AS BIGINT) - 1;

-- name: forget_learned
-- Before everything is learned anew: no label is left.
DELETE FROM decision_label WHERE workspace_no = :workspace_no;

-- name: decided_groups
-- The groups that hold an assignment of a decision, whoever reported it. A bucket is the top of a customer's number.
SELECT DISTINCT a.bucket, a.promotion_no, a.customer_no
FROM decision AS d
CROSS JOIN promotion AS n
CROSS JOIN assignment AS a
WHERE d.workspace_no = :workspace_no AND n.workspace_no = :workspace_no
  AND a.bucket = d.customer_no / 576460752303423488 AND a.promotion_no = n.promotion_no
  AND a.customer_no = d.customer_no AND a.details LIKE '%"decision_id":%'
ORDER BY a.bucket, a.promotion_no, a.customer_no;

-- name: decision_counts
-- How many decisions there are, by who chose.
SELECT d.mode, COUNT(*), COUNT(d.promotion_no), COUNT(d.assignment_id), MAX(d.decided_us)
FROM decision AS d WHERE d.workspace_no = :workspace_no GROUP BY d.mode ORDER BY d.mode;

-- name: decision_log
-- Decisions of a period with what became of them, in the order they were decided; a page after one.
SELECT d.decision_id, d.customer_no, c.customer_id, d.decided_us, d.mode, d.version, d.revision, d.board_no,
       d.promotion_no, d.tier_id, d.assignment_id, d.trace, l.redeemed, l.withdrawn, l.redeemed_us,
       l.order_high, l.order_micros, l.cost_high, l.cost_micros, l.revision
FROM decision AS d
JOIN customer AS c ON c.customer_no = d.customer_no
LEFT JOIN decision_label AS l
    ON l.workspace_no = d.workspace_no AND l.decision_id = d.decision_id AND l.promotion_no = d.promotion_no
    AND l.tier_id = COALESCE(d.tier_id, '')
WHERE d.workspace_no = :workspace_no AND (d.decided_us, d.decision_id) > (:after_us, :after_id)
  AND d.decided_us < :to_us
ORDER BY d.decided_us, d.decision_id
LIMIT :limit;

-- name: decision_prices
-- The shadow prices of a workspace's budgets.
SELECT promotion_no, state, moved_us FROM decision_price WHERE workspace_no = :workspace_no;

-- name: put_prices
-- Shadow prices as they are now.
INSERT INTO decision_price (workspace_no, promotion_no, state, moved_us)
SELECT batch.workspace_no, batch.promotion_no, batch.state, batch.moved_us
FROM {{batch(workspace_no BIGINT, promotion_no BIGINT, state TEXT, moved_us BIGINT)}}
WHERE true
ON CONFLICT (workspace_no, promotion_no) DO UPDATE SET state = excluded.state, moved_us = excluded.moved_us;

-- name: settled
-- What became of what decisions promised of a workspace's budgets.
SELECT promotion_no, state FROM decision_settled WHERE workspace_no = :workspace_no;

-- name: put_settled
-- The same as it is now.
INSERT INTO decision_settled (workspace_no, promotion_no, state)
SELECT batch.workspace_no, batch.promotion_no, batch.state
FROM {{batch(workspace_no BIGINT, promotion_no BIGINT, state TEXT)}}
WHERE true
ON CONFLICT (workspace_no, promotion_no) DO UPDATE SET state = excluded.state;

-- name: timeline
-- What happened to a customer, and what was decided of it: the kinds side by side. `no` is the slot of an assignment
-- that came without an id.
SELECT t.kind, t.at_us, t.id, t.no, t.promotion_no, t.tier_id, t.what, t.micros, t.currency, t.order_micros,
       t.order_currency, t.about
FROM (
    SELECT 'assignment' AS kind, a.assigned_us AS at_us, COALESCE(a.assignment_id, '') AS id,
           CASE WHEN a.assignment_id IS NULL THEN a.slot END AS no, a.promotion_no AS promotion_no,
           p.tier_id AS tier_id,
           CASE WHEN a.withdrawn_us IS NOT NULL THEN 'withdrawn' WHEN a.control = 1 THEN 'control'
                ELSE 'assigned' END AS what,
           a.committed_micros AS micros, a.currency AS currency, CAST(NULL AS BIGINT) AS order_micros,
           CAST(NULL AS TEXT) AS order_currency, a.details AS about
    FROM promotion AS n
    CROSS JOIN assignment AS a
    CROSS JOIN place AS p
    WHERE n.workspace_no = :workspace_no AND a.bucket = :bucket AND a.promotion_no = n.promotion_no
      AND a.customer_no = :customer_no AND p.place_no = a.place_no
    UNION ALL
    SELECT CASE WHEN e.reverses IS NULL THEN 'redemption' ELSE 'reversal' END,
           CASE WHEN e.redeemed_us = 0 THEN e.received_us ELSE e.redeemed_us END, e.event_id,
           CAST(NULL AS BIGINT), e.promotion_no, e.tier_id,
           CASE WHEN e.reverses IS NULL AND e.live = 0 AND e.outcome NOT IN ('pending', 'rejected')
                THEN 'reversed' ELSE e.outcome END,
           CASE WHEN e.reverses IS NULL THEN e.cost_micros ELSE e.reward_micros END,
           CASE WHEN e.reverses IS NULL THEN e.currency ELSE COALESCE(
               (SELECT NULLIF(o.currency, '') FROM event AS o
                WHERE o.source_no = e.source_no AND o.event_id = e.reverses), e.reward_currency) END,
           e.order_micros, e.reward_currency, COALESCE(e.reverses, e.assignment_id)
    FROM promotion AS n
    CROSS JOIN event AS e
    WHERE n.workspace_no = :workspace_no AND e.bucket = :bucket AND e.promotion_no = n.promotion_no
      AND e.customer_no = :customer_no
    UNION ALL
    SELECT 'outcome', o.occurred_us, o.outcome_id, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
           CAST(NULL AS TEXT), o.measure, CAST(NULL AS BIGINT), CAST(NULL AS TEXT), o.value_micros, o.currency,
           o.order_id
    FROM outcome AS o
    WHERE o.customer_no = :customer_no AND o.workspace_no = :workspace_no
    UNION ALL
    SELECT 'decision', d.decided_us, d.decision_id, CAST(NULL AS BIGINT), d.promotion_no, d.tier_id, d.mode,
           CAST(NULL AS BIGINT), CAST(NULL AS TEXT), CAST(NULL AS BIGINT), CAST(NULL AS TEXT), d.assignment_id
    FROM decision AS d
    WHERE d.customer_no = :customer_no AND d.workspace_no = :workspace_no
) AS t
ORDER BY t.at_us, t.kind, t.id, t.no;
