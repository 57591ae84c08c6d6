"""The flows: one verb to a file. Each owns its part of a transaction; none knows HTTP or SQL text."""
