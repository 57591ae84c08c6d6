"""The floor of storing: the same rows into bare tables with two unique indexes, and nothing else.

What is in it: handing rows that lie decoded in memory to the database, 10,000 to a transaction, its two unique
indexes (the event's or assignment's own id; promotion, customer and that id), the commit, durable (SQLite: WAL,
synchronous FULL, by `executemany`; PostgreSQL: binary COPY, fsync on), and the CPU of the database's own
processes. What is not in it: reading, parsing, checking, matching, counting. SQLite passes over duplicates
(INSERT OR IGNORE). COPY cannot, so on PostgreSQL they are taken out beforehand, at no cost; the cost is still
told per line of the work. Both make the floor a little lower than anything that works could be.

Run as `python -m bench.floor`, a plan in JSON on standard input, the result in JSON on standard output.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from bench.floor_rows import Row, decoded
from bench.floor_tables import DRIVERS
from bench.measure import tree_cpu
from bench.servers import clean_environment, module

_ROWS = 10_000
_REMEMBERED = 100_000


class Part(msgspec.Struct):
    """Lines `start` to `start + count` of a file of a kind."""

    kind: str
    file: str
    start: int
    count: int


class Plan(msgspec.Struct, kw_only=True):
    """Parts to insert one after the other, each measured alone, into a place."""

    driver: str
    """`sqlite3`, `apsw` or `postgresql`."""
    target: str
    """A file, or the URL of a database."""
    postmaster: int = 0
    """The process whose tree's CPU is counted too."""
    parts: list[Part]


class Inserted(msgspec.Struct):
    """What one part took; `lines` includes duplicates, `rows` does not."""

    kind: str
    lines: int
    rows: int
    cpu_s: float
    wall_s: float
    peak_ms: float
    """The slowest transaction."""


def insert(plan: Plan) -> list[Inserted]:
    """Runs the plan in a process of its own."""
    done = subprocess.run(
        module("bench.floor"),
        input=msgspec.json.encode(plan),
        stdout=subprocess.PIPE,
        env=clean_environment(),
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=list[Inserted])


def _run(plan: Plan) -> Iterator[Inserted]:
    table = DRIVERS[plan.driver](plan.target)
    for part in plan.parts:
        known = _Recent()
        if not table.skips_duplicates:
            known.remember(part)
        before = table.count(part.kind)
        started_s = tree_cpu(plan.postmaster) if plan.postmaster else 0.0
        cpu_s = wall_s = slowest_s = 0.0
        lines = 0
        for rows in _chunks(part):
            lines += len(rows)
            if not table.skips_duplicates:
                rows = [row for row in rows if known.is_new(row[0])]
            cpu, wall = time.process_time(), time.perf_counter()
            table.add(part.kind, rows)
            cpu_s += time.process_time() - cpu
            took_s = time.perf_counter() - wall
            wall_s, slowest_s = wall_s + took_s, max(slowest_s, took_s)
        if plan.postmaster:
            cpu_s += tree_cpu(plan.postmaster) - started_s
        rows_added = table.count(part.kind) - before
        yield Inserted(part.kind, lines, rows_added, cpu_s, wall_s, slowest_s * 1_000)
    table.close()


def _chunks(part: Part) -> Iterator[list[Row]]:
    with Path(part.file).open("rb") as file:
        lines = islice(file, part.start, part.start + part.count)
        while chunk := list(islice(lines, _ROWS)):
            yield decoded(part.kind, chunk)


class _Recent:
    """Ids lately seen. The work repeats an event within 20,000 others, so older ones may be forgotten."""

    def __init__(self) -> None:
        self._new: set[str] = set()
        self._old: set[str] = set()

    def remember(self, part: Part) -> None:
        """The ids that lie before a part, which another process may have inserted."""
        first = max(0, part.start - _REMEMBERED)
        for rows in _chunks(Part(part.kind, part.file, first, part.start - first)):
            for row in rows:
                self.is_new(row[0])

    def is_new(self, identity: str) -> bool:
        """Whether it is seen for the first time."""
        if identity in self._new or identity in self._old:
            return False
        self._new.add(identity)
        if len(self._new) > _REMEMBERED:
            self._old, self._new = self._new, set()
        return True


def main() -> None:
    """Reads the plan, inserts, and tells the result."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(list(_run(plan))))


if __name__ == "__main__":
    main()
