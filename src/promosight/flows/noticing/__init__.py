"""Noticing what is otherwise than expected: counters read by the hour, watched, and what is found in them traced."""
