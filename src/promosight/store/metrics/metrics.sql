-- Every figure, computed anew from the facts as reported.
--
-- The second engine that proves the first: what `rules/matching` decides group by group and `rules/tallies`
-- adds up bit by bit is decided here for all facts at once. One text for DuckDB, PostgreSQL and Spark: each
-- statement is a plain SELECT whose rows become a table of that name, for the statements after it to read.
-- `repeat` adds its rows to a table that is already there, again and again until none come.
--
-- Integers only, no division, no date functions, SUM always cast; the group's key (bucket, promotion_no,
-- customer_no) is in every join of facts and every window, so that a sharded engine never leaves a bucket but
-- where a reversal looks for its redemption. Within its group a redemption is known by `seq`, its place in time.

-- name: quarter
-- The local day of each quarter of an hour in which anything happened: borders of days lie between quarters.
SELECT q.quarter_us, d.day
FROM (
    SELECT assigned_us - MOD(MOD(assigned_us, 900000000) + 900000000, 900000000) AS quarter_us
    FROM reported_assignment
    UNION
    SELECT redeemed_us - MOD(MOD(redeemed_us, 900000000) + 900000000, 900000000) AS quarter_us
    FROM reported_event
) AS q
JOIN local_day AS d ON d.from_us <= q.quarter_us AND q.quarter_us < d.until_us;

-- name: promised
-- Assignments with what they promise, how often they may be used, and whether they are in the rate.
SELECT
    a.bucket, a.promotion_no, a.customer_no, a.slot, a.assigned_us, a.expires_us, a.public_id,
    a.promo_code, a.campaign_id, a.control, a.withdrawn_us,
    COALESCE(a.tier_id, '') AS tier, COALESCE(a.segment, '') AS segment,
    COALESCE(a.channels, '') AS channel, COALESCE(a.campaign_id, '') AS campaign,
    s.name AS source, q.day,
    COALESCE(a.reward_micros, v.value_micros, t.value_micros) AS value_micros,
    COALESCE(a.max_redemptions, t.max_redemptions, 1) AS capacity,
    CASE WHEN t.unit = 1 THEN t.currency
         ELSE COALESCE(a.reward_currency, t.currency, '') END AS currency,
    CASE WHEN a.control = 0 AND a.withdrawn_us IS NULL AND a.assigned_us >= w.tracking_from_us
         THEN 1 ELSE 0 END AS in_rate
FROM reported_assignment AS a
CROSS JOIN workspace_terms AS w
LEFT JOIN promotion_terms AS t ON t.promotion_no = a.promotion_no
LEFT JOIN tier_terms AS v ON v.promotion_no = a.promotion_no AND v.tier_id = a.tier_id
LEFT JOIN source_name AS s ON s.source_no = a.source_no
LEFT JOIN quarter AS q
    ON q.quarter_us = a.assigned_us - MOD(MOD(a.assigned_us, 900000000) + 900000000, 900000000);

-- name: reversal
-- Reversals: in force when the redemption they name is there and is of the same customer and promotion, by its id or
-- by one that is said to mean it; a part of it is in its currency, or in that of an assignment where it says none.
SELECT
    r.source_no, r.event_id, r.reverses, r.reward_micros,
    o.bucket, o.promotion_no, o.customer_no,
    CASE WHEN o.event_id IS NULL THEN 'pending'
         WHEN r.customer_no <> 0 AND r.customer_no <> o.customer_no THEN 'rejected'
         WHEN r.promotion_id <> t.promotion_id
             AND COALESCE(m.promotion_no, a.promotion_no, 0) <> o.promotion_no THEN 'rejected'
         WHEN r.reward_micros IS NOT NULL AND COALESCE(t.unit, 0) = 0
             AND r.reward_currency <> COALESCE(o.reward_currency, NULLIF(t.currency, ''))
             AND g.currency IS NULL THEN 'rejected'
         ELSE 'counted' END AS outcome,
    CASE WHEN o.event_id IS NULL THEN 'unknown_original'
         WHEN r.customer_no <> 0 AND r.customer_no <> o.customer_no THEN 'identifier_conflict'
         WHEN r.promotion_id <> t.promotion_id
             AND COALESCE(m.promotion_no, a.promotion_no, 0) <> o.promotion_no THEN 'identifier_conflict'
         WHEN r.reward_micros IS NOT NULL AND COALESCE(t.unit, 0) = 0
             AND r.reward_currency <> COALESCE(o.reward_currency, NULLIF(t.currency, ''))
             AND g.currency IS NULL THEN 'invalid'
         END AS reason
FROM reported_event AS r
LEFT JOIN reported_event AS o
    ON o.source_no = r.source_no AND o.event_id = r.reverses AND o.reverses IS NULL
LEFT JOIN promotion_terms AS t ON t.promotion_no = o.promotion_no
LEFT JOIN (SELECT DISTINCT bucket, promotion_no, customer_no, currency FROM promised) AS g
    ON g.bucket = o.bucket AND g.promotion_no = o.promotion_no AND g.customer_no = o.customer_no
    AND g.currency = r.reward_currency AND o.reward_currency IS NULL
LEFT JOIN word_meaning AS m
    ON m.field = 'promotion_id' AND m.word = r.promotion_id AND m.source_no = r.source_no
LEFT JOIN word_meaning AS a
    ON a.field = 'promotion_id' AND a.word = r.promotion_id AND a.source_no = 0
WHERE r.reverses IS NOT NULL;

-- name: undone
-- What reversals in force undid of each redemption; beyond what any amount may be, that is all of it.
SELECT
    bucket, promotion_no, customer_no, source_no, reverses AS event_id,
    MAX(CASE WHEN reward_micros IS NULL THEN 1 ELSE 0 END) AS wholly,
    CAST(CASE WHEN SUM(COALESCE(reward_micros, 0)) < 1000000000000000000
        THEN SUM(COALESCE(reward_micros, 0)) ELSE 1000000000000000000 END AS BIGINT) AS micros
FROM reversal
WHERE outcome = 'counted'
GROUP BY bucket, promotion_no, customer_no, source_no, reverses;

-- name: spoken_code
-- What the code of a redemption says. Shared codes come first: one that anybody may use is nobody's own.
-- `elsewhere`: it belongs to another promotion only. `foreign_code`: it was issued, but to others.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.source_no, e.event_id,
    CASE WHEN own.code IS NOT NULL THEN 0
         WHEN shared.code IS NOT NULL THEN 1
         WHEN issued.code IS NOT NULL AND here.code IS NULL THEN 1
         ELSE 0 END AS elsewhere,
    CASE WHEN own.code IS NULL AND here.largest_customer_no > 0 AND mine.code IS NULL
         THEN 1 ELSE 0 END AS foreign_code
FROM reported_event AS e
LEFT JOIN shared_code AS own ON own.promotion_no = e.promotion_no AND own.code = e.promo_code
LEFT JOIN (SELECT DISTINCT code FROM shared_code) AS shared ON shared.code = e.promo_code
LEFT JOIN (SELECT DISTINCT code FROM issued_code) AS issued ON issued.code = e.promo_code
LEFT JOIN (
    SELECT promotion_no, code, MAX(customer_no) AS largest_customer_no
    FROM issued_code
    GROUP BY promotion_no, code
) AS here ON here.promotion_no = e.promotion_no AND here.code = e.promo_code
LEFT JOIN issued_code AS mine
    ON mine.promotion_no = e.promotion_no AND mine.code = e.promo_code
    AND mine.customer_no = e.customer_no
WHERE e.promo_code IS NOT NULL AND e.reverses IS NULL;

-- name: stated
-- Redemptions with what they state for themselves and what was undone of it.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id,
    e.promotion_id, e.promo_code, e.assignment_id, e.campaign_id, e.tier_id, e.reward_micros,
    s.name AS source,
    ROW_NUMBER() OVER (
        PARTITION BY e.bucket, e.promotion_no, e.customer_no
        ORDER BY e.redeemed_us, e.event_id, s.name
    ) AS seq,
    COALESCE(e.reward_micros, v.value_micros, t.value_micros, 0) AS stated_micros,
    COALESCE(u.wholly, 0) AS undone_wholly,
    COALESCE(u.micros, 0) AS undone_micros,
    CASE WHEN t.unit = 1 THEN t.currency
         ELSE COALESCE(e.reward_currency, t.currency, '') END AS currency, e.reward_currency,
    COALESCE(e.order_micros, 0) AS order_micros,
    COALESCE(e.reward_currency, w.currency) AS order_currency
FROM reported_event AS e
CROSS JOIN workspace_terms AS w
LEFT JOIN promotion_terms AS t ON t.promotion_no = e.promotion_no
LEFT JOIN tier_terms AS v ON v.promotion_no = e.promotion_no AND v.tier_id = e.tier_id
LEFT JOIN source_name AS s ON s.source_no = e.source_no
LEFT JOIN undone AS u
    ON u.bucket = e.bucket AND u.promotion_no = e.promotion_no
    AND u.customer_no = e.customer_no AND u.source_no = e.source_no AND u.event_id = e.event_id
WHERE e.reverses IS NULL;

-- name: redemption
-- Redemptions with what is certain before their group is looked at: the outcome of those whose promotion, code or
-- customer decides it.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.seq, e.redeemed_us, e.source_no, e.event_id,
    e.promo_code, e.assignment_id, e.campaign_id, e.tier_id, e.reward_micros, e.source,
    e.stated_micros, e.undone_wholly, e.undone_micros, e.currency, e.reward_currency, e.order_micros,
    e.order_currency,
    CASE WHEN COALESCE(t.known, 0) = 0 THEN 'unknown_promotion'
         WHEN t.draft = 1 THEN 'draft_promotion'
         WHEN t.historical = 1 THEN 'historical_promotion'
         WHEN e.promotion_id IS NOT NULL AND c.elsewhere = 1 THEN 'identifier_conflict'
         WHEN k.customer_no IS NULL THEN 'unknown_customer'
         WHEN c.foreign_code = 1 THEN 'code_mismatch'
         END AS settled_by
FROM stated AS e
LEFT JOIN promotion_terms AS t ON t.promotion_no = e.promotion_no
LEFT JOIN known_customer AS k ON k.customer_no = e.customer_no
LEFT JOIN spoken_code AS c
    ON c.bucket = e.bucket AND c.promotion_no = e.promotion_no
    AND c.customer_no = e.customer_no AND c.source_no = e.source_no AND c.event_id = e.event_id;

-- name: choice
-- For each redemption the assignments it may take. `level` is how it was referred to: 1 by id, 2 by personal
-- code, 3 by campaign, 4 not at all, 5 nothing but a control; the best level that finds any is the one that binds.
SELECT
    found.bucket, found.promotion_no, found.customer_no, found.seq, found.level,
    found.slot, found.assigned_us, found.capacity, found.control, found.value_micros,
    COUNT(*) OVER (
        PARTITION BY found.bucket, found.promotion_no, found.customer_no, found.seq
    ) AS choices
FROM (
    SELECT
        paired.bucket, paired.promotion_no, paired.customer_no, paired.seq,
        paired.level, paired.slot, paired.assigned_us, paired.capacity, paired.control,
        paired.value_micros,
        MIN(paired.level) OVER (
            PARTITION BY paired.bucket, paired.promotion_no, paired.customer_no, paired.seq
        ) AS best_level
    FROM (
        SELECT
            e.bucket, e.promotion_no, e.customer_no, e.seq, a.slot, a.assigned_us,
            a.capacity, a.control, a.value_micros,
            CASE WHEN e.assignment_id = a.public_id THEN 1
                 WHEN a.control = 1 THEN 5
                 WHEN e.promo_code = a.promo_code THEN 2
                 WHEN e.campaign_id = a.campaign_id THEN 3
                 ELSE 4 END AS level
        FROM redemption AS e
        JOIN promised AS a
            ON a.bucket = e.bucket AND a.promotion_no = e.promotion_no
            AND a.customer_no = e.customer_no
        WHERE e.settled_by IS NULL AND a.withdrawn_us IS NULL
            AND a.assigned_us <= e.redeemed_us + 60000000
            AND (a.expires_us IS NULL OR e.redeemed_us < a.expires_us)
    ) AS paired
) AS found
WHERE found.level = found.best_level;

-- name: standing
-- Of each redemption whether it lives: parts undo it once they reach what it is worth. That is what it states; else
-- the most that any of its choices promises; else what its tier or promotion gives.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.seq, c.control,
    CASE WHEN e.undone_wholly = 1 THEN 0
         WHEN e.undone_micros > 0
             AND e.undone_micros >= COALESCE(e.reward_micros, c.promised_micros, e.stated_micros) THEN 0
         ELSE 1 END AS live
FROM redemption AS e
LEFT JOIN (
    SELECT
        bucket, promotion_no, customer_no, seq, MAX(control) AS control,
        MAX(CASE WHEN control = 0 THEN value_micros END) AS promised_micros
    FROM choice
    GROUP BY bucket, promotion_no, customer_no, seq
) AS c
    ON c.bucket = e.bucket AND c.promotion_no = e.promotion_no
    AND c.customer_no = e.customer_no AND c.seq = e.seq;

-- name: contender
-- The choices of live redemptions, and whether any redemption of the group has more than one.
SELECT
    c.bucket, c.promotion_no, c.customer_no, c.seq, c.level, c.slot, c.assigned_us, c.capacity,
    MAX(c.choices) OVER (PARTITION BY c.bucket, c.promotion_no, c.customer_no) AS most_choices
FROM choice AS c
JOIN standing AS l
    ON l.bucket = c.bucket AND l.promotion_no = c.promotion_no
    AND l.customer_no = c.customer_no AND l.seq = c.seq
WHERE l.live = 1 AND c.control = 0;

-- name: won
-- Which redemption took which assignment in the groups where they compete; filled by the rounds below.
SELECT c.bucket, c.promotion_no, c.customer_no, c.seq, c.slot
FROM contender AS c
WHERE 1 = 0;

-- repeat: won
-- One round: in each group the first redemption in line that still has a choice takes the best of it. An
-- assignment used up stays so, hence whoever is passed over can never have been meant to take anything.
SELECT pick.bucket, pick.promotion_no, pick.customer_no, pick.seq, pick.slot
FROM (
    SELECT
        c.bucket, c.promotion_no, c.customer_no, c.seq, c.slot,
        ROW_NUMBER() OVER (
            PARTITION BY c.bucket, c.promotion_no, c.customer_no
            ORDER BY c.level, c.seq, CASE WHEN u.uses IS NULL THEN 0 ELSE 1 END,
                c.assigned_us DESC, c.slot DESC
        ) AS place
    FROM contender AS c
    LEFT JOIN won AS done
        ON done.bucket = c.bucket AND done.promotion_no = c.promotion_no
        AND done.customer_no = c.customer_no AND done.seq = c.seq
    LEFT JOIN (
        SELECT bucket, promotion_no, customer_no, slot, COUNT(*) AS uses
        FROM won
        GROUP BY bucket, promotion_no, customer_no, slot
    ) AS u
        ON u.bucket = c.bucket AND u.promotion_no = c.promotion_no
        AND u.customer_no = c.customer_no AND u.slot = c.slot
    WHERE c.most_choices > 1 AND done.seq IS NULL AND COALESCE(u.uses, 0) < c.capacity
) AS pick
WHERE pick.place = 1;

-- name: taken
-- Which live redemption took which assignment. Where nobody has a choice, the first in line take it.
SELECT c.bucket, c.promotion_no, c.customer_no, c.seq, c.slot
FROM (
    SELECT
        bucket, promotion_no, customer_no, seq, slot, capacity,
        ROW_NUMBER() OVER (
            PARTITION BY bucket, promotion_no, customer_no, slot ORDER BY level, seq
        ) AS place
    FROM contender
    WHERE most_choices = 1
) AS c
WHERE c.place <= c.capacity
UNION ALL
SELECT bucket, promotion_no, customer_no, seq, slot FROM won;

-- name: used
-- How often each assignment was taken, and when first.
SELECT
    t.bucket, t.promotion_no, t.customer_no, t.slot, COUNT(*) AS uses,
    MIN(e.redeemed_us) AS redeemed_us
FROM taken AS t
JOIN redemption AS e
    ON e.bucket = t.bucket AND e.promotion_no = t.promotion_no
    AND e.customer_no = t.customer_no AND e.seq = t.seq
GROUP BY t.bucket, t.promotion_no, t.customer_no, t.slot;

-- name: matched
-- Every redemption with the assignment it took. Reversed ones come last and choose among what is left,
-- without using it up.
SELECT bucket, promotion_no, customer_no, seq, slot FROM taken
UNION ALL
SELECT late.bucket, late.promotion_no, late.customer_no, late.seq, late.slot
FROM (
    SELECT
        c.bucket, c.promotion_no, c.customer_no, c.seq, c.slot,
        ROW_NUMBER() OVER (
            PARTITION BY c.bucket, c.promotion_no, c.customer_no, c.seq
            ORDER BY CASE WHEN u.uses IS NULL THEN 0 ELSE 1 END, c.assigned_us DESC, c.slot DESC
        ) AS place
    FROM choice AS c
    JOIN standing AS l
        ON l.bucket = c.bucket AND l.promotion_no = c.promotion_no
        AND l.customer_no = c.customer_no AND l.seq = c.seq
    LEFT JOIN used AS u
        ON u.bucket = c.bucket AND u.promotion_no = c.promotion_no
        AND u.customer_no = c.customer_no AND u.slot = c.slot
    WHERE l.live = 0 AND c.control = 0 AND COALESCE(u.uses, 0) < c.capacity
) AS late
WHERE late.place = 1;

-- name: judged
-- Every redemption with its outcome, the place where it counts, and what it cost before anything was undone.
SELECT
    e.bucket, e.promotion_no, e.customer_no, e.seq, e.redeemed_us, e.source_no, e.event_id,
    c.live, e.settled_by, e.undone_micros, e.order_micros, e.order_currency, m.slot,
    CASE WHEN e.reward_currency IS NULL AND m.slot IS NOT NULL THEN a.currency ELSE e.currency END AS currency,
    CASE WHEN e.settled_by IN ('unknown_promotion', 'unknown_customer') THEN 'pending'
         WHEN e.settled_by = 'code_mismatch' THEN 'flagged'
         WHEN e.settled_by IS NOT NULL THEN 'rejected'
         WHEN c.control IS NULL THEN 'unassigned'
         WHEN c.control = 1 THEN 'flagged'
         WHEN m.slot IS NULL THEN 'excess'
         ELSE 'counted' END AS outcome,
    CASE WHEN e.settled_by IS NOT NULL THEN e.settled_by
         WHEN c.control = 1 THEN 'control_contamination'
         WHEN m.slot IS NOT NULL AND e.reward_micros <> a.value_micros THEN 'value_mismatch'
         END AS reason,
    CASE WHEN e.reward_micros IS NOT NULL THEN e.reward_micros
         WHEN m.slot IS NOT NULL THEN COALESCE(a.value_micros, 0)
         ELSE e.stated_micros END AS gross_micros,
    CASE WHEN m.slot IS NULL THEN COALESCE(e.tier_id, '') ELSE a.tier END AS tier,
    CASE WHEN m.slot IS NULL THEN COALESCE(e.campaign_id, '') ELSE a.campaign END AS campaign,
    COALESCE(a.segment, '') AS segment, COALESCE(a.channel, '') AS channel, e.source,
    COALESCE(a.day, q.day) AS day, q.day AS redeemed_day
FROM redemption AS e
JOIN standing AS c
    ON c.bucket = e.bucket AND c.promotion_no = e.promotion_no
    AND c.customer_no = e.customer_no AND c.seq = e.seq
LEFT JOIN matched AS m
    ON m.bucket = e.bucket AND m.promotion_no = e.promotion_no
    AND m.customer_no = e.customer_no AND m.seq = e.seq
LEFT JOIN promised AS a
    ON a.bucket = m.bucket AND a.promotion_no = m.promotion_no
    AND a.customer_no = m.customer_no AND a.slot = m.slot
LEFT JOIN quarter AS q
    ON q.quarter_us = e.redeemed_us - MOD(MOD(e.redeemed_us, 900000000) + 900000000, 900000000);

-- name: verdict
-- What each event counts as. Pending and rejected ones cost nothing and have no currency, nor has a reversal.
SELECT
    source_no, event_id, outcome, reason, slot, live,
    CASE WHEN outcome IN ('pending', 'rejected') OR live = 0 THEN 0
         WHEN gross_micros > undone_micros THEN gross_micros - undone_micros
         ELSE 0 END AS cost_micros,
    CASE WHEN outcome IN ('pending', 'rejected') THEN '' ELSE currency END AS currency
FROM judged
UNION ALL
SELECT
    source_no, event_id, outcome, reason, CAST(NULL AS BIGINT) AS slot, 0 AS live, 0 AS cost_micros,
    '' AS currency
FROM reversal;

-- name: granted
-- What is derived for each assignment.
SELECT
    a.bucket, a.promotion_no, a.customer_no, a.slot, a.in_rate, a.tier, a.segment, a.channel,
    a.campaign, a.source, a.day, a.currency, u.redeemed_us, q.day AS redeemed_day,
    COALESCE(a.value_micros, 0) AS committed_micros
FROM promised AS a
LEFT JOIN used AS u
    ON u.bucket = a.bucket AND u.promotion_no = a.promotion_no
    AND u.customer_no = a.customer_no AND u.slot = a.slot
LEFT JOIN quarter AS q
    ON q.quarter_us = u.redeemed_us - MOD(MOD(u.redeemed_us, 900000000) + 900000000, 900000000);
