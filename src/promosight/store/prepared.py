"""Statements on PostgreSQL, each prepared once on a connection and then run by one blocking call of its library.

The driver's cursors serve any program: they look at each parameter's type, wait in Python and may be interrupted.
A transaction of a few events is a dozen statements, and that cost it more than the database. Here a statement's
types are the server's own business, parameters and rows travel in binary where that is cheaper, and waiting is
done in C with other threads running.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer

from promosight.store.arrays import Numbers, Texts, pack_numbers, pack_texts

Row = tuple[Any, ...]
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_DONE = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class Prepared:
    """The prepared statements of one connection. One thread uses it at a time; errors are those of psycopg."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._library = connection.pgconn
        self._loading = Transformer(connection)
        self._names: dict[str, bytes] = {}

    def rows(self, text: str, values: Sequence[Any]) -> list[Row]:
        """The rows of a statement whose parameters are `$1`, `$2` ..."""
        result = self._run(text, values)
        self._loading.set_pgresult(result)
        rows = self._loading.load_rows(0, result.ntuples, tuple)
        self._loading.set_pgresult(None)  # or it stays in memory until the next
        return rows

    def count(self, text: str, values: Sequence[Any]) -> int:
        """Runs a statement; the number of rows it changed."""
        return self._run(text, values).command_tuples or 0

    def order(self, text: bytes) -> None:
        """Runs something without parameters or rows, such as COMMIT."""
        self._checked(self._library.exec_(text))

    def _run(self, text: str, values: Sequence[Any]) -> pq.abc.PGresult:
        name = self._names.get(text) or self._prepare(text)
        packed: list[Any] = []  # NULL is None, which the declared type forgets
        formats: list[pq.Format] = []
        for value in values:
            data, form = _packed(value)
            packed.append(data)
            formats.append(form)
        return self._checked(self._library.exec_prepared(name, packed, formats, _BINARY))

    def _prepare(self, text: str) -> bytes:
        name = b"promosight_%d" % len(self._names)
        self._checked(self._library.prepare(name, text.encode()))
        self._names[text] = name
        return name

    def _checked(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status in _DONE:
            return result
        # Where there is no code it is not the server that speaks: it is gone.
        told = result.error_field(pq.DiagnosticField.SQLSTATE) is not None
        if not told or self._library.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError(self._library.get_error_message())
        raise psycopg.errors.error_from_result(result)


def _packed(value: Any) -> tuple[bytes | None, pq.Format]:
    """One parameter. Texts go as bytes with a length: in the other form they would end at a NUL."""
    if isinstance(value, str):
        return value.encode(), _BINARY
    if isinstance(value, bytes):  # an array, packed already
        return value, _BINARY
    if isinstance(value, Numbers):
        return pack_numbers(value), _BINARY
    if isinstance(value, Texts):
        return pack_texts(value), _BINARY
    return (None if value is None else str(value).encode()), _TEXT
