-- name: count_judged
-- How many decisions of a period the policy drew.
SELECT COUNT(*) FROM decision AS d
WHERE d.workspace_no = :workspace_no AND d.decided_us >= :from_us AND d.decided_us < :to_us AND d.mode = 'policy';

-- name: judged_decisions
-- Decisions of a period of some of the customers, each with what became of its own assignment.
SELECT d.customer_no, d.decided_us, d.board_no, d.assignment_id, d.trace, l.redeemed, l.withdrawn,
       l.redeemed_us
FROM decision AS d
LEFT JOIN decision_label AS l
    ON l.workspace_no = d.workspace_no AND l.decision_id = d.decision_id AND l.promotion_no = d.promotion_no
    AND l.tier_id = COALESCE(d.tier_id, '')
WHERE d.workspace_no = :workspace_no AND d.decided_us >= :from_us AND d.decided_us < :to_us
  AND d.mode = 'policy' AND d.customer_no % :every = 0
ORDER BY d.decided_us, d.customer_no;

-- name: decided_customers
-- The customers of a period by group, those whose group changed left out: how often and when first decided on, by whom.
SELECT d.customer_no, MAX(d.mode), MIN(d.decided_us), COUNT(*), COUNT(d.promotion_no)
FROM decision AS d
WHERE d.workspace_no = :workspace_no AND d.decided_us >= :from_us AND d.decided_us < :to_us
  AND d.mode IN ('policy', 'control')
GROUP BY d.customer_no
HAVING MIN(d.mode) = MAX(d.mode);

-- name: decided_redemptions
-- What the decisions of a period came to, by customer and offer: redemptions that stayed, and what they cost.
SELECT d.customer_no, d.promotion_no, d.tier_id, COUNT(*),
       CAST(SUM(l.cost_high + l.cost_micros / 1000000000) AS BIGINT), CAST(SUM(l.cost_micros % 1000000000) AS BIGINT)
FROM decision AS d
JOIN decision_label AS l
    ON l.workspace_no = d.workspace_no AND l.decision_id = d.decision_id AND l.promotion_no = d.promotion_no
    AND l.tier_id = COALESCE(d.tier_id, '')
WHERE d.workspace_no = :workspace_no AND d.decided_us >= :from_us AND d.decided_us < :to_us
  AND d.mode IN ('policy', 'control') AND l.redeemed = 1 AND l.withdrawn = 0
GROUP BY d.customer_no, d.promotion_no, d.tier_id;

-- name: outcomes_of_decided
-- What customers of a period did after they were first decided on, whether an offer was behind it or not.
SELECT f.customer_no, o.currency, CAST(SUM(o.value_micros / 1000000000) AS BIGINT),
       CAST(SUM(o.value_micros % 1000000000) AS BIGINT)
FROM (
    SELECT d.customer_no AS customer_no, MIN(d.decided_us) AS first_us
    FROM decision AS d
    WHERE d.workspace_no = :workspace_no AND d.decided_us >= :from_us AND d.decided_us < :to_us
      AND d.mode IN ('policy', 'control')
    GROUP BY d.customer_no
) AS f
JOIN outcome AS o
    ON o.customer_no = f.customer_no AND o.measure = :measure AND o.occurred_us >= f.first_us
    AND o.occurred_us < :to_us
WHERE o.workspace_no = :workspace_no
GROUP BY f.customer_no, o.currency;

-- name: control_decisions
-- Decisions of a period on some of the customers of the control group, and whether what they got was redeemed in time.
SELECT d.decided_us, d.promotion_no, d.tier_id,
       CASE WHEN l.redeemed = 1 AND l.withdrawn = 0 AND l.redeemed_us < d.decided_us + :horizon_us THEN 1 ELSE 0 END
FROM decision AS d
LEFT JOIN decision_label AS l
    ON l.workspace_no = d.workspace_no AND l.decision_id = d.decision_id AND l.promotion_no = d.promotion_no
    AND l.tier_id = COALESCE(d.tier_id, '')
WHERE d.workspace_no = :workspace_no AND d.decided_us >= :from_us AND d.decided_us < :to_us
  AND d.mode = 'control' AND d.customer_no % :every = 0;
