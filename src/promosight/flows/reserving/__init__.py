"""Rewards granted within their caps and held for a while: reserved, then confirmed or let go."""
