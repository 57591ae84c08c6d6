"""Thousands of rows in the binary form of PostgreSQL's COPY, packed column by column.

A row there is the number of its fields, then each field as its length and its bytes. Fields that are as long in every
row (numbers, what all rows share, ids of one length) lie at the same place in all of them, so numpy writes such a
column at once. The others are made piece by piece and joined behind that. What is NULL in every row need not be sent.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from promosight.rules.aligned import Aligned
from promosight.rules.numbered import Numbered
from promosight.rules.repeated import Repeated
from promosight.store.arrays import pack_number, pack_text

_BEFORE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_AFTER = b"\xff\xff"
_TOGETHER = 512
_FEW = 8
"""Values that occur so many times on average are packed once each, not once a row."""

_Column = npt.NDArray[Any]


class Field(NamedTuple):
    """A column of the table, and what its rows hold: a sequence, an array of numbers, or one value for all."""

    target: str
    kind: str
    column: Any
    same: bool = False


def packed(fields: Sequence[Field], count: int) -> tuple[list[str], Iterator[bytes]]:
    """The names of the table's columns in the order of sending, and the rows, some at a time."""
    rows = _Rows(count)
    said = [field for field in map(_seen, fields) if not (field.same and field.column is None)]
    for field in said:
        rows.add(field)
    return rows.targets, chain((_BEFORE,), rows.some(), (_AFTER,))


def order_of(
    column: Sequence[str | None], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64] | None:
    """The places among rows in the order of their texts, as `by_text`."""
    if not isinstance(column, Aligned):
        return by_text([column[row] for row in rows.tolist()])
    if not len(rows) or None in column.at(rows):
        return None
    rank = np.empty(len(column), np.int64)
    rank[column.order()] = np.arange(len(column))
    return np.argsort(rank[rows])


def by_text(texts: Sequence[str | None]) -> npt.NDArray[np.int64] | None:
    """The places of texts in the order of their bytes; None where one is missing."""
    if not texts or None in texts:
        return None
    if (alike := _alike(texts)) is not None:
        return np.argsort(alike.view(f"S{alike.itemsize}"))
    known: list[str] = texts  # type: ignore[assignment]
    return np.array(sorted(range(len(known)), key=known.__getitem__), np.int64)


class _Rows:
    def __init__(self, count: int) -> None:
        self._count = count
        self._at_once: list[str] = []
        self._parts: list[
            bytes | _Column
        ] = []  # of each row, one behind the other: the same in all, or not
        self._by_piece: list[str] = []
        self._pieces: list[Sequence[bytes]] = []

    @property
    def targets(self) -> list[str]:
        return self._at_once + self._by_piece

    def add(self, field: Field) -> None:
        column = field.column
        if field.same:
            self._parts.append(_one(field.kind, column))
        elif isinstance(column, Repeated):
            self._add_repeated(field)
            return
        elif field.kind == "BIGINT" and (isinstance(column, np.ndarray) or None not in column):
            self._parts += [struct.pack(">i", 8), np.asarray(column, np.int64)]
        elif field.kind == "TEXT" and (texts := _alike(column)) is not None:
            self._parts += [struct.pack(">i", texts.itemsize), texts]
        else:
            self._by_piece.append(field.target)
            self._pieces += _pieces(field.kind, column)
            return
        self._at_once.append(field.target)

    def _add_repeated(self, field: Field) -> None:
        """A column that says few things: each is packed once."""
        values = [_one(field.kind, value) for value in field.column.values]
        if len({*map(len, values)}) == 1:
            alike = np.frombuffer(b"".join(values), f"V{len(values[0])}")
            self._parts.append(alike[field.column.which])
            self._at_once.append(field.target)
        else:
            few = np.fromiter(values, object, len(values))
            self._by_piece.append(field.target)
            self._pieces.append(few[field.column.which].tolist())

    def some(self) -> Iterator[bytes]:
        """The rows, so many at a time that what they are made in stays near the processor."""
        parts = [struct.pack(">h", len(self.targets)), *self._parts]
        block = np.empty(
            _TOGETHER, [(f"part{place}", _type(one)) for place, one in enumerate(parts)]
        )
        varying = []
        for place, part in enumerate(parts):
            if isinstance(part, bytes):
                block[f"part{place}"] = np.void(part)
            else:
                varying.append((block[f"part{place}"], part))
        heads = block.view(f"V{block.itemsize}")
        for start in range(0, self._count, _TOGETHER):
            end = min(start + _TOGETHER, self._count)
            for into, column in varying:
                into[: end - start] = column[start:end]
            some = heads[: end - start]
            if self._pieces:
                pieces = [column[start:end] for column in self._pieces]
                yield b"".join(chain.from_iterable(zip(some.tolist(), *pieces, strict=True)))
            else:
                yield some.tobytes()


def _seen(field: Field) -> Field:
    """The field as one value for all rows, where it is."""
    column = field.column
    if field.same:
        return field
    if isinstance(column, Numbered):
        field = field._replace(column=column.numbers)
        column = field.column
    one = column[0]
    # Most that differ do so at once.
    if one == column[-1] == column[len(column) // 2]:
        if isinstance(column, np.ndarray):
            if (column == one).all():
                return field._replace(column=int(one), same=True)
        elif column.count(one) == len(column):
            return field._replace(column=one, same=True)
    return field


def _type(part: bytes | _Column) -> str:
    if isinstance(part, bytes):
        return f"V{len(part)}"
    return ">i8" if part.dtype.kind == "i" else part.dtype.str


def _one(kind: str, value: Any) -> bytes:
    return pack_number(value) if kind == "BIGINT" else pack_text(value)


def _alike(texts: Sequence[str | None]) -> _Column | None:
    """Texts of one length, all of them ASCII, as an array; None where they are not."""
    if isinstance(texts, Aligned):
        return texts.signs.view(f"V{texts.signs.itemsize}") if texts.even else None
    if not texts[0] or texts[-1] is None or len(texts[0]) != len(texts[-1]) or None in texts:
        return None
    joined, length = "".join(texts), len(texts[0])  # type: ignore[arg-type]
    if not joined.isascii() or set(map(len, texts)) != {length}:  # type: ignore[arg-type]
        return None
    return np.frombuffer(joined.encode(), f"V{length}")


def _pieces(kind: str, column: Sequence[Any]) -> list[Sequence[bytes]]:
    """Fields of which each has a length of its own."""
    if isinstance(column, Aligned):
        signs = column.signs.tolist()
        lengths = np.fromiter(map(len, signs), ">i4", len(signs))
        lengths[lengths == 0] = -1  # says nothing
        return [lengths.view("V4").tolist(), signs]
    values = set(column)
    if len(values) * _FEW <= len(column):
        few = {one: _one(kind, one) for one in values}
        return [list(map(few.__getitem__, column))]
    if kind == "TEXT" and None not in values:
        texts = [one.encode() for one in column]
        lengths = np.fromiter(map(len, texts), ">i4", len(texts))
        return [lengths.view("V4").tolist(), texts]
    return [[_one(kind, one) for one in column]]
