"""Worlds in which something goes wrong at a known moment, and who notices it."""
