"""Rows of somebody else's database, of a shop or a warehouse: by a statement, as the text that CSV would have.

What is read is read in a transaction that may not write. Rows are streamed, so that millions of them need no more
memory than some hundred. `$1` stands, in all three, for the value that is given along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw
import apsw.ext

from promosight.errors import Invalid, Unreadable

if TYPE_CHECKING:  # heavy imports, each for its own
    import duckdb
    import psycopg

Cells = Sequence[str]
TOGETHER = 2_000
_ASKED = re.compile(r"\$1(?!\d)")
_POSTGRES = ("postgresql://", "postgres://")
_SQLITE, _DUCKDB = "sqlite:///", "duckdb:"
_TRUTH = {"t": "true", "f": "false"}


class Found(NamedTuple):
    """The columns of a result, and its rows in pieces."""

    columns: list[str]
    pieces: Iterator[list[Cells]]


def asks_for_value(query: str) -> bool:
    """Whether a statement has `$1` in it."""
    return _ASKED.search(query) is not None


def rows_elsewhere(dsn: str, query: str, value: str | None) -> AbstractContextManager[Found]:
    """The rows of a statement. Raises Invalid for what cannot be asked, Unreadable when the database fails."""
    given = (value,) if asks_for_value(query) else ()
    if dsn.startswith(_POSTGRES):
        return _postgres(dsn, query, given)
    if dsn.startswith(_SQLITE):
        return _sqlite(dsn.removeprefix(_SQLITE), query, given)
    if dsn.startswith(_DUCKDB):
        return _duckdb(dsn.removeprefix(_DUCKDB).removeprefix("//"), query, given)
    raise Invalid("--dsn must begin with postgresql://, sqlite:/// or duckdb:")


@contextmanager
def _postgres(dsn: str, query: str, given: Sequence[Any]) -> Iterator[Found]:
    import psycopg

    try:
        with psycopg.connect(dsn) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute("SET TIME ZONE 'UTC'")
            connection.execute("SET datestyle = 'ISO'")
            _read_as_text(connection)
            with psycopg.RawServerCursor(connection, "promosight") as cursor:
                cursor.itersize = TOGETHER
                cursor.execute(query.encode(), given or None)
                columns = [one.name for one in cursor.description or ()]
                yield Found(columns, _fetched(cursor))
    except psycopg.Error as error:
        raise Unreadable(_said("PostgreSQL", error.diag.message_primary or error)) from None


def _read_as_text(connection: psycopg.Connection[Any]) -> None:
    """Has all values come as PostgreSQL writes them: none is out of range, and no number changes its form."""
    from psycopg import postgres
    from psycopg.types.string import TextLoader

    lists = {postgres.types[name].array_oid for name in ("text", "varchar")}
    for kind in postgres.types:
        connection.adapters.register_loader(kind.oid, TextLoader)
        if kind.array_oid and kind.array_oid not in lists:
            connection.adapters.register_loader(kind.array_oid, TextLoader)
    connection.adapters.register_loader("bool", _truth_loader(TextLoader))


def _truth_loader(text: Any) -> Any:
    class Truth(text):  # type: ignore[misc]  # made where psycopg is loaded
        """Yes and no as everybody writes them."""

        def load(self, data: Any) -> str:
            """`true` or `false`."""
            return _TRUTH[bytes(data).decode()]

    return Truth


def _fetched(cursor: Any) -> Iterator[list[Cells]]:
    while piece := cursor.fetchmany(TOGETHER):
        yield [[*map(_cell, row)] for row in piece]


@contextmanager
def _sqlite(path: str, query: str, given: Sequence[Any]) -> Iterator[Found]:
    if not Path(path).exists():
        raise Invalid(f"there is no file {path}")
    try:
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
        try:
            connection.set_busy_timeout(60_000)
            asked = apsw.ext.query_info(connection, query)
            if asked.query_remaining or not asked.is_readonly or not asked.description:
                raise Invalid("--query must be one SELECT")
            columns = [one[0] for one in asked.description]
            yield Found(columns, _in_pieces(connection.execute(query, given)))
        finally:
            connection.close()
    except apsw.Error as error:
        raise Unreadable(_said("SQLite", error)) from None


def _in_pieces(rows: Iterator[Any]) -> Iterator[list[Cells]]:
    while piece := [row for _, row in zip(range(TOGETHER), rows, strict=False)]:
        yield [[*map(_cell, row)] for row in piece]


@contextmanager
def _duckdb(path: str, query: str, given: Sequence[Any]) -> Iterator[Found]:
    """Its own file, or none: files named in the statement. What comes of it is cast to text around the statement."""
    import duckdb

    path = path.removeprefix("/") if path.startswith("//") else path
    if path and not Path(path).exists():
        raise Invalid(f"there is no file {path}")
    try:
        with duckdb.connect(path or ":memory:", read_only=bool(path)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET threads TO 1")
            connection.execute("SET enable_progress_bar = false")  # it would stand in our answer
            kinds = [one.type for one in connection.extract_statements(query)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise Invalid("--query must be one SELECT")
            inner = f"(\n{query.rstrip().rstrip(';')}\n) AS pulled"
            yield _cast(connection, inner, given)
    except duckdb.Error as error:
        raise Unreadable(_said("DuckDB", error)) from None


def _cast(connection: duckdb.DuckDBPyConnection, inner: str, given: Sequence[Any]) -> Found:
    told = connection.execute(f"DESCRIBE SELECT * FROM {inner}", given).fetchall()
    columns = [(str(name), str(kind)) for name, kind, *_ in told]
    picked = ", ".join(_as_text(name, kind) for name, kind in columns)
    rows = connection.execute(f"SELECT {picked} FROM {inner}", given)
    return Found([name for name, _ in columns], _fetched(rows))


def _as_text(name: str, kind: str) -> str:
    column = '"' + name.replace('"', '""') + '"'
    if kind == "VARCHAR[]":
        return f"array_to_string({column}, '|')"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"to_json({column})::VARCHAR"
    return f"{column}::VARCHAR"


def _cell(value: Any) -> str:
    """A value as CSV has it; nothing for what is absent."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(map(_cell, value))
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _said(name: str, error: object) -> str:
    return f"{name} says: {' '.join(str(error).split())}"
