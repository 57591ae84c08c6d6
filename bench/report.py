"""The report of a run: the machine, a table of ratios, bytes per row, and everything that was wrong.

Ratios are of CPU time per event: `of table` is what the bare table with two unique indexes takes (of single events:
what the handler takes that writes them down there), `of handler` what the handler takes that only reads the same
body, `of decoding` what the one takes that decodes it, too, each divided by what this way takes. `rate` compares
requests a second with that handler's. `x textbook` says how many times the textbook takes what this way takes, and how
many times as many events a second this way acknowledged.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from statistics import median
from typing import Any

import msgspec

from bench.floors import BODIES, DECODING, ROW, table_way
from bench.results import Results, Row
from bench.run import Run
from bench.textbook_ways import BATCH
from bench.textbook_ways import SINGLE as TEXTBOOK_SINGLE

BASELINE = {"sqlite": table_way("sqlite3"), "postgresql": table_way("postgresql")}


class Compared(msgspec.Struct, kw_only=True):
    """A row with its ratios; None where there is nothing to compare with."""

    row: Row
    of_table: float | None
    of_handler: float | None
    of_decoding: float | None
    rate_of_handler: float | None
    textbook_cpu: float | None
    textbook_rate: float | None


class PerRow(msgspec.Struct, kw_only=True):
    """Bytes a stored row took, indexes included; the median."""

    store: str
    way: str
    kind: str
    bytes: float


def compared(rows: list[Row]) -> list[Compared]:
    """Every row beside its baselines."""
    named = {(row.store, row.way, row.kind): row for row in rows}
    return [_compare(row, named) for row in rows]


def _compare(row: Row, named: dict[tuple[str, str, str], Row]) -> Compared:
    table = named.get((row.store, _table_of(row), row.kind))
    handler = decoding = textbook = None
    if row.kind == "redemptions" and (row.way.startswith("HTTP") or row.way in (ROW, DECODING)):
        handler = named.get(("none", _handler_of(row.way), row.kind))
    if row.way == ROW or row.way.startswith("HTTP single"):
        decoding = named.get(("none", DECODING, row.kind))
    if row.kind == "redemptions" and not row.way.startswith(("bare", "textbook")):
        alike = TEXTBOOK_SINGLE if "single" in row.way else BATCH
        textbook = named.get((row.store, alike, row.kind))
    return Compared(
        row=row,
        of_table=_of_cpu(table, row),
        of_handler=_of_cpu(handler, row),
        of_decoding=_of_cpu(decoding, row),
        rate_of_handler=_of_rate(handler, row),
        textbook_cpu=_of_cpu(textbook, row),
        textbook_rate=_of_rate(textbook, row),
    )


def _table_of(row: Row) -> str:
    return ROW if "single" in row.way else BASELINE.get(row.store, "")


def _handler_of(way: str) -> str:
    events = 1 if "single" in way else int(way.split()[1].replace(",", ""))
    return f"bare handler, {BODIES[events]}"


def _of_cpu(baseline: Row | None, row: Row) -> float | None:
    return baseline.cpu_us / row.cpu_us if baseline and row.cpu_us else None


def _of_rate(baseline: Row | None, row: Row) -> float | None:
    return row.per_second / baseline.per_second if baseline and baseline.per_second else None


def per_row(results: Results) -> list[PerRow]:
    """Bytes per stored row of each kind, by store and way."""
    groups: dict[tuple[str, str, str], list[float]] = {}
    for one in results.stored:
        groups.setdefault((one.store, one.way, one.kind), []).append(one.bytes / max(1, one.rows))
    return [
        PerRow(store=store, way=way, kind=kind, bytes=median(found))
        for (store, way, kind), found in groups.items()
    ]


def finish(run: Run, about: dict[str, str], arguments: argparse.Namespace) -> int:
    """Prints the report, writes the file asked for, and returns the exit status."""
    results, size = run.results, run.size
    keys = "random" if arguments.random_keys else "ordered"
    about |= {
        "work": f"{size.name}: {size.assignments:,} assignments, {size.redemptions:,} redemptions, "
        f"{keys} keys, {arguments.rounds} rounds, {arguments.workers} workers on PostgreSQL"
    }
    rows, stored = compared(results.rows()), per_row(results)
    say_about(about)
    say_table(_HEADING, [_cells(one) for one in rows])
    print("\nBytes a stored row, indexes included")
    say_table(
        ("store", "way", "kind", "bytes"),
        [(one.store, one.way, one.kind, f"{one.bytes:,.0f}") for one in stored],
    )
    said = say_faults(results)
    if arguments.json is not None:
        content = {
            "machine": about,
            "rows": rows,
            "bytes": stored,
            "measurements": results.measurements,
            "checks": results.checks,
            "faults": results.faults,
        }
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(content)))
    return said


def say_about(about: dict[str, str]) -> None:
    """The machine."""
    for name, value in about.items():
        print(f"{name:13} {value}")
    print()


def say_faults(results: Results) -> int:
    """What was wrong; 1 when anything was."""
    print(f"\n{results.checks:,} checks, {len(results.faults):,} of them failed")
    for fault in results.faults:
        print(f"  {fault}")
    partial = sorted({one.way for one in results.measurements if not one.complete})
    if partial:
        print(f"cut off by --seconds: {', '.join(partial)}")
    if retried := sum(one.retried for one in results.measurements):
        print(f"{retried:,} requests were turned away once and sent again")
    return 1 if results.faults else 0


def say_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows with their columns aligned, figures to the right."""
    widths = [max(len(row[column]) for row in (heading, *rows)) for column in range(len(heading))]
    for row in (heading, *rows):
        cells = [
            cell.ljust(width) if column < 3 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


_HEADING = (
    "store",
    "way",
    "kind",
    "events",
    "us CPU each",
    "a second",
    "of table",
    "of handler",
    "of decoding",
    "rate",
    "x textbook CPU",
    "x rate",
    "p50 ms",
    "p99 ms",
    "peak MB",
)


def _cells(one: Compared) -> tuple[str, ...]:
    row = one.row
    return (
        row.store,
        row.way,
        row.kind,
        f"{row.events:,}",
        f"{row.cpu_us:,.2f}",
        f"{row.per_second:,.0f}",
        _shown(one.of_table, 3),
        _shown(one.of_handler, 3),
        _shown(one.of_decoding, 3),
        _shown(one.rate_of_handler, 2),
        _shown(one.textbook_cpu, 0),
        _shown(one.textbook_rate, 0),
        _shown(row.p50_ms, 1),
        _shown(row.p99_ms, 1),
        _shown(row.peak_bytes / 1e6 if row.peak_bytes else None, 0),
    )


def _shown(value: Any, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
