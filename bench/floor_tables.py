"""The bare tables of the floor: one for each kind, two unique indexes, nothing else, on each store and driver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from bench.floor_rows import COLUMNS, Row

_CACHE_KIB = 131_072
"""As much page cache as the product gives its own writer."""


class Table(ABC):
    """Bare tables in some database, made when they are not there."""

    skips_duplicates = True

    @abstractmethod
    def add(self, kind: str, rows: list[Row]) -> None:
        """Inserts rows and commits."""

    @abstractmethod
    def add_missing(self, kind: str, rows: list[Row]) -> None:
        """The same of a few rows, whose duplicates are passed over on every store."""

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

    add_missing = add

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

        self._connection = psycopg.connect(url, autocommit=True)  # each statement is a transaction
        for kind in COLUMNS:
            for statement in schema(kind, "BIGINT"):
                self._connection.execute(statement)
        self._insert = {kind: _inserting(kind) for kind in COLUMNS}

    def add(self, kind: str, rows: list[Row]) -> None:
        """One transaction."""
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {kind} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["int8" if exact else "text" for _, exact in COLUMNS[kind]])
            for row in rows:
                copy.write_row(row)

    def add_missing(self, kind: str, rows: list[Row]) -> None:
        """One transaction, and one way there and back."""
        columns = list(map(list, zip(*rows, strict=True)))
        self._connection.execute(self._insert[kind], columns, prepare=True)

    def count(self, kind: str) -> int:
        """Rows there are."""
        row = self._connection.execute(f"SELECT COUNT(*) FROM {kind}").fetchone()
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        """Leaves."""
        self._connection.close()


def _inserting(kind: str) -> bytes:
    """Inserts columns, and passes over rows that are there already."""
    columns = (f"%b::{'bigint' if exact else 'text'}[]" for _, exact in COLUMNS[kind])
    text = f"INSERT INTO {kind} SELECT * FROM unnest({', '.join(columns)}) ON CONFLICT DO NOTHING"
    return text.encode()


def _sqlite3(target: str) -> Table:
    import sqlite3

    return SqliteTable(sqlite3.connect(target, isolation_level=None))


def _apsw(target: str) -> Table:
    import apsw

    return SqliteTable(apsw.Connection(target))


DRIVERS: dict[str, Callable[[str], Table]] = {
    "sqlite3": _sqlite3,
    "apsw": _apsw,
    "postgresql": PostgresqlTable,
}
