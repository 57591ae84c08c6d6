-- What is a problem is said in words that cost a new event nothing: for a list of three SQLite builds a table anew with
-- every row it inserts, for each of the two indexes.

DROP INDEX event_problem;
DROP INDEX event_problem_kind;
CREATE INDEX event_problem ON event (
    workspace_no, received_us DESC, source_no, event_id, outcome, reason, promotion_no, customer_no
) WHERE (outcome = 'pending' OR outcome = 'flagged' OR outcome = 'rejected');
CREATE INDEX event_problem_kind ON event (workspace_no, outcome, reason, source_no)
WHERE (outcome = 'pending' OR outcome = 'flagged' OR outcome = 'rejected');
