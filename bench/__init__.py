"""Benchmarks: what taking events in costs, beside the bare store below it and the textbook way above it.

`./dev bench ingest` and `./dev bench growth` are the commands; the other modules are their parts. They talk to
the product only through its HTTP contract and its command line, so the inside may change without them.
`docs/performance.md` says what each row means.
"""
