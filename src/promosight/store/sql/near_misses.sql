-- name: waiting_of_promotion
-- How many redemptions wait in a promotion that nobody defined.
SELECT COUNT(*) FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND e.promotion_no = :promotion_no
  AND e.reverses IS NULL AND e.outcome = 'pending';

-- name: waiting_of_code
-- How many redemptions wait for a code that nobody knows.
SELECT COUNT(*) FROM event AS e
WHERE e.workspace_no = :workspace_no AND e.promo_code = :code AND e.promotion_no = 0 AND e.reverses IS NULL;

-- name: customers_of_promotion
-- Some customers whose redemptions wait in a promotion that nobody defined, each with the greatest code they name.
SELECT e.bucket, e.customer_no, MAX(e.promo_code) FROM event AS e
WHERE e.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND e.promotion_no = :promotion_no
  AND e.reverses IS NULL AND e.outcome = 'pending'
GROUP BY e.bucket, e.customer_no
ORDER BY e.bucket, e.customer_no
LIMIT :most;

-- name: customers_of_code
-- Some customers whose redemptions wait for a code that nobody knows.
SELECT DISTINCT e.bucket, e.customer_no FROM event AS e
WHERE e.workspace_no = :workspace_no AND e.promo_code = :code AND e.promotion_no = 0 AND e.reverses IS NULL
ORDER BY e.bucket, e.customer_no
LIMIT :most;

-- name: customers_waiting
-- Some customers of a source whom nothing but redemptions names.
SELECT c.customer_no, c.customer_id
FROM (
    SELECT DISTINCT e.customer_no FROM event AS e
    WHERE e.workspace_no = :workspace_no AND e.outcome = 'pending' AND e.reason = 'unknown_customer'
      AND e.source_no = :source_no
    ORDER BY e.customer_no
    LIMIT :most
) AS w
JOIN customer AS c ON c.customer_no = w.customer_no
ORDER BY c.customer_no;

-- name: some_customers
-- Some customers who are known, as they come: their numbers are of chance.
SELECT c.customer_no FROM customer AS c
WHERE c.workspace_no = :workspace_no AND c.known = 1
ORDER BY c.customer_no
LIMIT :most;

-- name: assignments_of_promotion
-- How many assignments a promotion has.
SELECT COUNT(*) FROM assignment AS a
WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND a.promotion_no = :promotion_no;

-- name: is_assigned
-- Whether a promotion has any assignment.
SELECT 1 FROM assignment AS a
WHERE a.bucket IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) AND a.promotion_no = :promotion_no
LIMIT 1;

-- name: promotions_held
-- The promotions that a customer was given.
SELECT p.promotion_no FROM promotion AS p
WHERE p.workspace_no = :workspace_no AND EXISTS (
    SELECT 1 FROM assignment AS a
    WHERE a.bucket = :bucket AND a.promotion_no = p.promotion_no AND a.customer_no = :customer_no
)
ORDER BY p.promotion_no;
