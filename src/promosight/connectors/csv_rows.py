"""The rows of CSV, one after the other; a row that is no CSV is told apart and the reader goes on with the next line.

A quote that is never closed would swallow what follows it. The line it stands in is given up alone: the lines
behind it are read again, as rows of their own.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from promosight.errors import Unreadable


class CsvRow(NamedTuple):
    """A row and the line it begins on; or, with `fault`, the text that is no row and why."""

    line: int
    cells: list[str]
    fault: str | None = None


class _Lines(Iterator[str]):
    """Lines that can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self._row: list[str] = []
        self._first = 1

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self._row.append(line)
        return line

    def end_row(self) -> int:
        """Ends the row being read; returns the number of the line it began on."""
        first = self._first
        self._first += len(self._row)
        self._row = []
        return first

    def give_up_row(self) -> tuple[int, str]:
        """Keeps the first line of the row being read out of it, and gives the others back."""
        failed, *rest = self._row or [""]
        self._returned.extendleft(reversed(rest))
        self._row = [failed]
        return self.end_row(), failed


def csv_rows(lines: Iterable[str], known: set[str]) -> Iterator[CsvRow]:
    """First the header, trimmed, then each row that is not blank. Raises Unreadable without a known column."""
    source = _Lines(lines)
    yield CsvRow(1, _header(source, known))
    while True:
        try:
            for cells in csv.reader(source, strict=True):
                line = source.end_row()
                if any(cells):
                    yield CsvRow(line, cells)
            return
        except csv.Error as error:
            line, text = source.give_up_row()
            yield CsvRow(line, [text], str(error))


def _header(source: _Lines, known: set[str]) -> list[str]:
    try:
        header = [name.strip() for name in next(csv.reader(source, strict=True), [])]
    except csv.Error as error:
        raise Unreadable(f"the header row is not CSV: {error}") from None
    source.end_row()
    if known.isdisjoint(header):
        raise Unreadable("the header row names no known column, such as customer_id")
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise Unreadable(f"the header row names {twice[0]} twice")
    return header
