"""The store: the only room that speaks SQL. Statements lie in `sql/`, the tables in `schema/`."""
