-- name: sources_heard
-- Every source that was ever heard, of every workspace: its number, its cadence, when.
SELECT source_no, cadence, last_heard_us FROM source WHERE last_heard_us IS NOT NULL ORDER BY source_no;

-- name: unfinished_imports_counted
-- How many files wait or are being read.
SELECT COUNT(*) FROM import WHERE state IN ('waiting', 'running');
