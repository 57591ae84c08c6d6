"""Columns on their way to PostgreSQL: numbers and texts as binary arrays, each column in one parameter.

The driver's own lists are typed by the values they happen to hold (small numbers travel as `smallint[]`,
nothing but NULL as `text[]`), so that one statement would be parsed and planned anew for every mixture.
Here the type is the column's, always.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_INT8, _TEXT = 20, 25  # PostgreSQL's numbers for the types of the elements
_NULL = b"\xff\xff\xff\xff"  # the length that means none
_length = struct.Struct(">i").pack
_number = struct.Struct(">iq").pack


class Numbers(tuple[int | None, ...]):
    """A column of BIGINT."""

    __slots__ = ()


class Texts(tuple[str | None, ...]):
    """A column of TEXT."""

    __slots__ = ()


COLUMN_TYPES: dict[str, Callable[[Sequence[Any]], tuple[Any, ...]]] = {
    "BIGINT": Numbers,
    "TEXT": Texts,
}
"""How a column of a batch is wrapped, by its declared type."""


class _NumbersDumper(Dumper):
    format = Format.BINARY
    oid = 1016  # int8[]

    def dump(self, obj: Numbers) -> Buffer | None:
        if None not in obj:
            pairs = chain.from_iterable(zip(repeat(8), obj))
            body = struct.pack(">" + "iq" * len(obj), *pairs)
        else:
            body = b"".join([_NULL if one is None else _number(8, one) for one in obj])
        return _head(_INT8, len(obj)) + body


class _TextsDumper(Dumper):
    format = Format.BINARY
    oid = 1009  # text[]

    def dump(self, obj: Texts) -> Buffer | None:
        encoded = [None if one is None else one.encode() for one in obj]
        body = b"".join([_NULL if one is None else _length(len(one)) + one for one in encoded])
        return _head(_TEXT, len(obj)) + body


def _head(element: int, length: int) -> bytes:
    # One dimension that may hold NULL, of so many elements, counted from 1.
    return struct.pack(">iiIii", 1, 1, element, length, 1)


def register(connection: Connection[Any]) -> None:
    """Lets a connection send `Numbers` and `Texts`."""
    connection.adapters.register_dumper(Numbers, _NumbersDumper)
    connection.adapters.register_dumper(Texts, _TextsDumper)
