"""The rules: pure functions of facts. Nothing here reads a clock, a random number, a setting or a store."""
