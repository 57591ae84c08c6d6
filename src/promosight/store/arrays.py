"""Columns on their way to PostgreSQL: numbers and texts as binary arrays, each column in one parameter.

The driver's own lists are typed by the values they happen to hold (small numbers travel as `smallint[]`,
nothing but NULL as `text[]`). Here the type is the column's, always.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # loaded by whoever takes thousands
    import numpy as np
    import numpy.typing as npt

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


def pack_number(value: int | None) -> bytes:
    """A number behind its length."""
    return _NULL if value is None else _number(8, value)


def pack_text(value: str | None) -> bytes:
    """A text behind its length."""
    if value is None:
        return _NULL
    encoded = value.encode()
    return _length(len(encoded)) + encoded


def pack_numbers(column: Numbers) -> bytes:
    """The column as PostgreSQL's binary form of BIGINT[]."""
    if None not in column:
        pairs = chain.from_iterable(zip(repeat(8), column))
        body = struct.pack(">" + "iq" * len(column), *pairs)
    else:
        body = b"".join([_NULL if one is None else _number(8, one) for one in column])
    return _head(_INT8, len(column)) + body


def pack_array(column: npt.NDArray[np.int64]) -> bytes:
    """The same of an array of numpy."""
    import numpy as np

    body = np.empty(len(column), [("length", ">i4"), ("value", ">i8")])
    body["length"], body["value"] = 8, column
    return _head(_INT8, len(column)) + body.tobytes()


def pack_texts(column: Texts) -> bytes:
    """The column as PostgreSQL's binary form of TEXT[]."""
    encoded = [None if one is None else one.encode() for one in column]
    body = b"".join([_NULL if one is None else _length(len(one)) + one for one in encoded])
    return _head(_TEXT, len(column)) + body


def _head(element: int, length: int) -> bytes:
    # One dimension that may hold NULL, of so many elements, counted from 1.
    return struct.pack(">iiIii", 1, 1, element, length, 1)
