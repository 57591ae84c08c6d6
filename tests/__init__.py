"""Every test of Promosight. Run them with `./dev test`, which also brings a PostgreSQL."""
