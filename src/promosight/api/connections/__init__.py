"""Connections as the server sees them, before any request is known: taken in, read in rounds, bounded in time."""
