"""The certifier: a client that reports in disorder, counts by itself, and signs what it found. Knows HTTP alone."""
