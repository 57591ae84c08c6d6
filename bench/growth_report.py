"""The report of growth: each figure at each size, and the last as a multiple of the first."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median

import msgspec

from bench.growth_ways import READS
from bench.report import say_about, say_faults, say_table
from bench.results import Results, Row

Value = Callable[[Row], float | None]


def finish(results: Results, about: dict[str, str], arguments: argparse.Namespace) -> int:
    """Prints the report, writes the file asked for, and returns the exit status."""
    keys = "random" if arguments.random_keys else "ordered"
    about |= {"work": f"growth, {arguments.size}: {keys} keys, {arguments.rounds} rounds"}
    rows = results.rows()
    say_about(about)
    _say("us of CPU an event (a read)", rows, lambda row: row.cpu_us, 2)
    _say("p50 of an answer, ms", rows, lambda row: row.p50_ms, 1)
    _say("p99 of an answer, ms", rows, lambda row: row.p99_ms, 1)
    writing = [row for row in rows if row.kind != READS]
    _say("peak memory, MB", writing, lambda row: row.peak_bytes / 1e6 or None, 0)
    _say_bytes(results)
    status = say_faults(results)
    if arguments.json is not None:
        content = {
            "machine": about,
            "rows": rows,
            "measurements": results.measurements,
            "stored": results.stored,
            "checks": results.checks,
            "faults": results.faults,
        }
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(content)))
    return status


def _say(title: str, rows: list[Row], value: Value, digits: int) -> None:
    found = {(row.store, row.way, row.kind, row.at): value(row) for row in rows}
    say_sizes(title, {key: one for key, one in found.items() if one is not None}, digits)


def _say_bytes(results: Results) -> None:
    groups: dict[tuple[str, str, str, int], list[float]] = {}
    for one in results.stored:
        key = (one.store, one.way, one.kind, one.at)
        groups.setdefault(key, []).append(one.bytes / max(1, one.rows))
    title = "bytes a stored row, indexes included"
    say_sizes(title, {key: median(values) for key, values in groups.items()}, 0)


def say_sizes(title: str, found: dict[tuple[str, str, str, int], float], digits: int) -> None:
    """Prints figures by store, way, kind and size, and how the last size's stands to the first's."""
    sizes = sorted({key[3] for key in found})
    lines = list(dict.fromkeys(key[:3] for key in found))
    table = []
    for line in lines:
        values = [found.get((*line, at)) for at in sizes]
        cells = ["" if one is None else f"{one:,.{digits}f}" for one in values]
        first, last = values[0], values[-1]
        grown = f"{last / first:.2f}" if first and last is not None else ""
        table.append((*line, *cells, grown))
    print(title)
    say_table(("store", "way", "kind", *(f"at {at:,}" for at in sizes), "growth"), table)
    print()
