"""The rows of CSV, one after the other; a row that is no CSV is told apart and the reader goes on with the next line.

A quote that is never closed would swallow what follows it. The line it stands in is given up alone: the lines
behind it are read again, as rows of their own.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from promosight.errors import Unreadable


class CsvPart(NamedTuple):
    """Rows that are not blank, and the line each begins on.

    Where `faults` names one, it is the text of a line that is no row, with the reason.
    """

    lines: Sequence[int]
    rows: list[list[str]]
    faults: dict[int, str]


class _Lines(Iterator[str]):
    """Lines that can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self._row: list[str] = []
        self.next_line = 1

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self._row.append(line)
        return line

    def take(self, count: int) -> list[str]:
        """The next lines, all at once: rows of their own, unless they are given back."""
        returned = [self._returned.popleft() for _ in range(min(count, len(self._returned)))]
        taken = [*returned, *islice(self._lines, count - len(returned))]
        self.next_line += len(taken)
        return taken

    def give_back(self, lines: list[str]) -> None:
        """Lines taken are to be read again, one by one."""
        self._returned.extendleft(reversed(lines))
        self.next_line -= len(lines)

    def end_row(self) -> int:
        """Ends the row being read; returns the number of the line it began on."""
        first = self.next_line
        self.next_line += len(self._row)
        self._row = []
        return first

    def give_up_row(self) -> tuple[int, str]:
        """Keeps the first line of the row being read out of it, and gives the others back."""
        failed, *rest = self._row or [""]
        self._returned.extendleft(reversed(rest))
        self._row = [failed]
        return self.end_row(), failed


def csv_parts(
    lines: Iterable[str], known: set[str], size: int
) -> tuple[list[str], Iterator[CsvPart]]:
    """The header, trimmed, and the rows below it in parts of about so many lines.

    Raises Unreadable where the header has no known column.
    """
    source = _Lines(lines)
    header = _header(source, known)
    return header, _parts(source, size)


def _parts(source: _Lines, size: int) -> Iterator[CsvPart]:
    while True:
        first = source.next_line
        lines = source.take(size)
        if not lines:
            return
        rows = _rows_of_a_line_each(lines)
        if rows is None:
            source.give_back(lines)
            yield _row_by_row(source, first + len(lines))
        elif all(map(any, rows)):
            yield CsvPart(range(first, first + len(rows)), rows, {})
        else:
            said = [(line, row) for line, row in enumerate(rows, start=first) if any(row)]
            yield CsvPart([line for line, _ in said], [row for _, row in said], {})


def _rows_of_a_line_each(lines: list[str]) -> list[list[str]] | None:
    """The rows of lines, when each is one; None when a cell reaches over a line end, or one is no CSV."""
    try:
        rows = [*csv.reader(lines, strict=True)]
    except csv.Error:
        return None
    return rows if len(rows) == len(lines) else None


def _row_by_row(source: _Lines, until: int) -> CsvPart:
    """The rows that begin before a line, however many lines each has, and what is no row among them."""
    part = CsvPart([], [], {})
    numbers: list[int] = []
    while source.next_line < until:
        try:
            for cells in csv.reader(source, strict=True):
                line = source.end_row()
                if any(cells):
                    numbers.append(line)
                    part.rows.append(cells)
                if source.next_line >= until:
                    break
            else:
                break
        except csv.Error as error:
            line, text = source.give_up_row()
            part.faults[len(numbers)] = str(error)
            numbers.append(line)
            part.rows.append([text])
    return part._replace(lines=numbers)


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
