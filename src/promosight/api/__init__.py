"""The HTTP door: routes, keys, bodies, problem documents. No SQL, no rules."""
