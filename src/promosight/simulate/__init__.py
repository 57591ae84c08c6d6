"""A seeded, believable brand: promotions, customers, assignments and redemptions, dirt included.

The demo shows it, tests check against it and benchmarks are fed by it. Nothing here knows the
product: what comes out is plain dictionaries in the form the HTTP contract asks of any sender.
Start at `settings` (what a world is), then `brand` (the world told as records), `load` (the bare
benchmark form), `files` (written to a folder) and `stream` (a running demo's next event).
"""
