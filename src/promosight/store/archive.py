"""The whole store, table by table, without knowing what the tables mean: what backups are made of.

One form for both engines, so that what was backed up from one can be restored into the other. The tables and
their columns are read off the store itself: a new one is in the next backup without a word here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from promosight.store.tx import PostgresTx, Row, SqliteTx, Tx

_PIECE = 5_000
_KEPT_APART = ("schema_version",)
"""Tables that whoever makes the schema fills."""
_SQLITE_TABLES = """
    SELECT m.name, c.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid
"""
_POSTGRES_TABLES = """
    SELECT c.table_name, c.column_name
    FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
    WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
    ORDER BY c.table_name, c.ordinal_position
"""


class Table(NamedTuple):
    """A table and its columns, in order."""

    name: str
    columns: tuple[str, ...]


def tables(tx: Tx) -> list[Table]:
    """Every table of the store."""
    found: dict[str, list[str]] = {}
    if isinstance(tx, SqliteTx):
        rows: Iterable[Row] = tx.connection.execute(_SQLITE_TABLES)
    else:
        assert isinstance(tx, PostgresTx)
        rows = tx.connection.execute(_POSTGRES_TABLES)
    for name, column in rows:
        found.setdefault(name, []).append(column)
    return [
        Table(name, tuple(columns)) for name, columns in found.items() if name not in _KEPT_APART
    ]


def rows_of(tx: Tx, table: Table) -> Iterator[list[Row]]:
    """The rows of a table, as the transaction sees it, in pieces and in constant memory."""
    text = f"SELECT {', '.join(map(_quoted, table.columns))} FROM {_quoted(table.name)}"
    if isinstance(tx, SqliteTx):
        cursor = tx.connection.execute(text)
        while piece := [row for _, row in zip(range(_PIECE), cursor, strict=False)]:
            yield piece
        return
    assert isinstance(tx, PostgresTx)
    with tx.connection.cursor(name="archive") as stream:
        stream.execute(text.encode())
        while piece := stream.fetchmany(_PIECE):
            yield piece


def fill(tx: Tx, table: Table, rows: list[Row]) -> None:
    """Adds rows to a table as they are."""
    columns = ", ".join(map(_quoted, table.columns))
    if isinstance(tx, SqliteTx):
        places = ", ".join("?" * len(table.columns))
        text = f"INSERT INTO {_quoted(table.name)} ({columns}) VALUES ({places})"
        tx.connection.executemany(text, rows)
        return
    assert isinstance(tx, PostgresTx)
    text = f"COPY {_quoted(table.name)} ({columns}) FROM STDIN"
    with tx.connection.cursor() as cursor, cursor.copy(text.encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
