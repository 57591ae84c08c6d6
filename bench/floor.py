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
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from bench.floor_rows import COLUMNS, Row, decoded
from bench.measure import tree_cpu
from bench.servers import clean_environment, module

_ROWS = 10_000
_REMEMBERED = 100_000
_CACHE_KIB = 131_072
"""As much page cache as the product gives its own writer."""


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


class Table(ABC):
    """Bare tables in some database, made when they are not there."""

    skips_duplicates = True

    @abstractmethod
    def add(self, kind: str, rows: list[Row]) -> None:
        """Inserts rows and commits."""

    @abstractmethod
    def count(self, kind: str) -> int:
        """Rows there are."""

    @abstractmethod
    def close(self) -> None:
        """Leaves."""


def schema(kind: str, integer: str) -> list[str]:
    """The statements that make the table of a kind and its two unique indexes."""
    columns = ", ".join(f"{name} {integer if exact else 'TEXT'}" for name, exact in COLUMNS[kind])
    identity = COLUMNS[kind][0][0]
    return [
        f"CREATE TABLE IF NOT EXISTS {kind} ({columns})",
        f"CREATE UNIQUE INDEX IF NOT EXISTS {kind}_id ON {kind} ({identity})",
        f"CREATE UNIQUE INDEX IF NOT EXISTS {kind}_group ON {kind} "
        f"(promotion_id, customer_id, {identity})",
    ]


_PRAGMAS = (
    "PRAGMA page_size = 8192",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA cache_size = -{_CACHE_KIB}",
)


class SqliteTable(Table):
    """SQLite, by the standard module or by APSW: both know execute, executemany and transactions by SQL."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        for statement in (*_PRAGMAS, *schema("assignments", "INTEGER")):
            connection.execute(statement)
        for statement in schema("redemptions", "INTEGER"):
            connection.execute(statement)
        self._insert = {
            kind: f"INSERT OR IGNORE INTO {kind} VALUES ({', '.join('?' * len(columns))})"
            for kind, columns in COLUMNS.items()
        }

    def add(self, kind: str, rows: list[Row]) -> None:
        """One transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(self._insert[kind], rows)
        self._connection.execute("COMMIT")

    def count(self, kind: str) -> int:
        """Rows there are."""
        return int(next(iter(self._connection.execute(f"SELECT COUNT(*) FROM {kind}")))[0])

    def close(self) -> None:
        """Leaves."""
        self._connection.close()


class PostgresqlTable(Table):
    """PostgreSQL, by psycopg."""

    skips_duplicates = False

    def __init__(self, url: str) -> None:
        import psycopg  # needed on this store only

        self._connection = psycopg.connect(url)
        for kind in COLUMNS:
            for statement in schema(kind, "BIGINT"):
                self._connection.execute(statement)
        self._connection.commit()

    def add(self, kind: str, rows: list[Row]) -> None:
        """One transaction."""
        with self._connection.cursor() as cursor:
            with cursor.copy(f"COPY {kind} FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int8" if exact else "text" for _, exact in COLUMNS[kind]])
                for row in rows:
                    copy.write_row(row)
            self._connection.commit()

    def count(self, kind: str) -> int:
        """Rows there are."""
        row = self._connection.execute(f"SELECT COUNT(*) FROM {kind}").fetchone()
        self._connection.rollback()
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        """Leaves."""
        self._connection.close()


def _sqlite3(target: str) -> Table:
    import sqlite3

    return SqliteTable(sqlite3.connect(target, isolation_level=None))


def _apsw(target: str) -> Table:
    import apsw

    return SqliteTable(apsw.Connection(target))


_DRIVERS: dict[str, Callable[[str], Table]] = {
    "sqlite3": _sqlite3,
    "apsw": _apsw,
    "postgresql": PostgresqlTable,
}


def _run(plan: Plan) -> Iterator[Inserted]:
    table = _DRIVERS[plan.driver](plan.target)
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
