"""Rows of a query as the CSV file that they would be: so they are read, judged and kept exactly like that file.

The column that says how far one has read is told apart. It is not reported unless it is a field of ours, for it moves
when nothing else does, and the same event would come again with other content.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from promosight.connectors.tables import COLUMNS, csv_lines
from promosight.errors import Invalid
from promosight.rules.outcomes import ReportedOutcome
from promosight.store.elsewhere import Cells, Found

_NUMBER = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?")


class Queried(io.RawIOBase):
    """A result as a file of CSV. `highest` is the highest value of the cursor's column that went by."""

    def __init__(self, found: Found, kind: str, cursor: str | None) -> None:
        names = [name.strip() for name in found.columns]
        if cursor is not None and cursor not in names:
            raise Invalid(f"--cursor-column {cursor}: the result has only {', '.join(names)}")
        self._at = None if cursor is None else names.index(cursor)
        self._left_out = self._at if cursor not in _fields(kind) else None
        self._blocks = self._made(names, found.pieces)
        self._rest = memoryview(b"")
        self.highest: str | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """What comes next, as far as there is room."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def _made(self, names: list[str], pieces: Iterator[list[Cells]]) -> Iterator[bytes]:
        yield csv_lines([self._told(names)])
        for piece in pieces:
            if self._at is not None:
                self._note([row[self._at] for row in piece])
            yield csv_lines(piece if self._left_out is None else map(self._told, piece))

    def _told(self, cells: Cells) -> Sequence[str]:
        if self._left_out is None:
            return cells
        return [*cells[: self._left_out], *cells[self._left_out + 1 :]]

    def _note(self, values: list[str]) -> None:
        said = [value for value in values if value]
        if self.highest is not None:
            said.append(self.highest)
        self.highest = max(said, key=_order, default=None)


def _order(value: str) -> tuple[bool, Decimal, str]:
    """Numbers by their size, all else as it is written: that is the order of instants of one zone, too."""
    if _NUMBER.fullmatch(value):
        return False, Decimal(value), ""
    return True, Decimal(0), value


def _fields(kind: str) -> frozenset[str]:
    if kind == "outcomes":
        return frozenset(ReportedOutcome.__struct_fields__)
    return frozenset(COLUMNS[kind])
