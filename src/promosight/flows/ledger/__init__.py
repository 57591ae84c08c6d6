"""Facts and what is derived of them: groups are settled, counters moved and read. All other flows build on it."""
