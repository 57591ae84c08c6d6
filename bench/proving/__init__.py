"""Simulated logs and budgets with a known truth, to see whether estimates and pacing keep their word."""
