"""The command line: one module to a command, `main` the way in. A door like the HTTP API, to the same flows."""
