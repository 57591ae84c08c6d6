"""The rows of CSV, one after the other; a row that is no CSV is told apart and the reader goes on with the next line.

A quote that is never closed would swallow what follows it. The line it stands in is given up alone: the lines
behind it are read again, as rows of their own. A text full of such quotes would be read again and again, so only so
much may be read twice: once that is used up, a row has to end where its line does.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from promosight.connectors.csv_blocks import Blocks
from promosight.errors import Unreadable
from promosight.rules.likeness import folded

if TYPE_CHECKING:  # loads numpy
    from promosight.connectors.csv_order import Ordering

_LONGEST_ROW = 16 << 20
_READ_TWICE = 1 << 20
"""So many characters may be read twice in any case, and beside them a few for each that was read for good."""
_TWICE_OF_EACH = 4
_SIGNS = (";", "\t", "|")
"""Signs that part the cells of tables elsewhere."""
_SHOWN = 100


class Table(Sequence[list[str]]):
    """Rows of one width, kept as columns."""

    def __init__(self, columns: Sequence[Sequence[str]]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        return [column[row] for column in self.columns]


class CsvPart(NamedTuple):
    """Rows that are not blank, and the line each begins on.

    Where `faults` names one, it is the text of a line that is no row, with the reason.
    """

    lines: Sequence[int]
    rows: Sequence[list[str]]
    faults: dict[int, str]


class _Lines(Iterator[str]):
    """Lines that can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._blocks = lines if isinstance(lines, Blocks) else None
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self._row: list[str] = []
        self._ahead = 0
        self._spare = _READ_TWICE
        self.next_line = 1 if self._blocks is None else 1 + self._blocks.skip_blank_lines()

    def __next__(self) -> str:
        if self._row and self._ahead > min(self._spare, _LONGEST_ROW):
            raise csv.Error("a quote is not closed")
        line = self._returned.popleft() if self._returned else next(self._lines)
        self._row.append(line)
        self._ahead += len(line)
        return line

    def take(self, count: int) -> list[str]:
        """The next lines, all at once: rows of their own, unless they are given back."""
        returned = [self._returned.popleft() for _ in range(min(count, len(self._returned)))]
        missing = count - len(returned)
        if self._blocks is not None:
            missing = min(missing, self._blocks.lines_open)
        taken = [*returned, *islice(self._lines, missing)]
        self.next_line += len(taken)
        return taken

    def take_block(self, width: int) -> Table | None:
        """The next lines as a whole block, where one begins here and nothing in it is unusual.

        Where something is, the block is there to be taken line by line.
        """
        if self._blocks is None or self._blocks.lines_open or self._returned:
            return None
        text = self._blocks.block()
        table = _table_of_block(text, width) if self._blocks.is_worth_it(text) else None
        if table is None:
            self._blocks.open()
            return None
        self._blocks.take()
        self.next_line += len(table)
        return table

    def take_in_order(self, header: Sequence[str]) -> Iterator[CsvPart]:
        """The rows of the next blocks in the order of their promotions, as far as they need not stay as they come."""
        if self._blocks is None:
            return
        from promosight.connectors.csv_order import Ordering

        while not self._blocks.lines_open and not self._returned:
            with closing(Ordering(header)) as ordering:
                first = self.next_line
                failure = self._add_blocks(ordering, self._blocks)
                for rows, text in ordering.parts():
                    table = _table_of_block(text, len(header))
                    assert table is not None
                    yield CsvPart((first + rows).tolist(), table, {})
                if failure is not None:
                    raise failure
                if not len(ordering):
                    return

    def _add_blocks(self, ordering: Ordering, blocks: Blocks) -> Exception | None:
        """Adds as many of the next as are put in order together; returns why one could not be read."""
        try:
            while not ordering.is_full and (text := blocks.block()):
                added = ordering.add(text) if blocks.is_worth_it(text) else 0
                if not added:
                    break
                blocks.take()
                self.next_line += added
        except Exception as error:  # noqa: BLE001 - what was read before it is taken first
            return error
        return None

    def give_back(self, lines: list[str]) -> None:
        """Lines taken are to be read again, one by one."""
        self._returned.extendleft(reversed(lines))
        self.next_line -= len(lines)

    def end_row(self) -> int:
        """Ends the row being read; returns the number of the line it began on."""
        first = self.next_line
        self.next_line += len(self._row)
        self._spare += _TWICE_OF_EACH * self._ahead
        self._row, self._ahead = [], 0
        return first

    def give_up_row(self) -> tuple[int, str]:
        """Keeps the first line of the row being read out of it, and gives the others back."""
        failed, *rest = self._row or [""]
        self._returned.extendleft(reversed(rest))
        self._row = [failed]
        self._spare -= self._ahead - len(failed)
        self._ahead = len(failed)
        return self.end_row(), failed


class StrictRows(Iterator[list[str]]):
    """The rows of CSV that has to be right all through. Raises csv.Error, also for a row that does not end.

    `line` is the last line that was read.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._reader = csv.reader(self._counted(), strict=True)
        self._size = 0
        self.line = 0

    def __next__(self) -> list[str]:
        self._size = 0
        return next(self._reader)

    def header(self) -> list[str]:
        """The names in the first row that is not blank; none where there is no such row."""
        return next(filter(None, map(_names, self)), [])

    def _counted(self) -> Iterator[str]:
        for line in self._lines:
            self.line += 1
            self._size += len(line)
            if self._size > _LONGEST_ROW:
                raise csv.Error("a row is longer than 16 MB; is a quote not closed?")
            yield line


def csv_parts(
    lines: Iterable[str], known: set[str], size: int, *, in_order: bool = False
) -> tuple[list[str], Iterator[CsvPart]]:
    """The header, trimmed, and the rows below it in parts of about so many lines.

    `in_order`: they are redemptions, and may be given in the order of their promotions.
    Raises Unreadable where the header has no known column.
    """
    source = _Lines(lines)
    header = _header(source, known)
    return header, _parts(source, header, size, in_order=in_order and "promotion_id" in header)


def _parts(
    source: _Lines, header: Sequence[str], size: int, *, in_order: bool
) -> Iterator[CsvPart]:
    width = len(header)
    while True:
        if in_order:
            yield from source.take_in_order(header)
        first = source.next_line
        if (block := source.take_block(width)) is not None:
            yield CsvPart(range(first, first + len(block)), block, {})
            continue
        lines = source.take(size)
        if not lines:
            return
        if (table := _table(lines, width)) is not None:
            yield CsvPart(range(first, first + len(lines)), table, {})
            continue
        rows = _rows_of_a_line_each(lines)
        if rows is None:
            source.give_back(lines)
            yield _row_by_row(source, first + len(lines))
        elif all(map(any, rows)):
            yield CsvPart(range(first, first + len(rows)), rows, {})
        else:
            said = [(line, row) for line, row in enumerate(rows, start=first) if any(row)]
            yield CsvPart([line for line, _ in said], [row for _, row in said], {})


def _table_of_block(text: bytes, width: int) -> Table | None:
    from promosight.connectors.csv_cells import columns_of_block  # loads numpy

    columns = columns_of_block(text, width)
    return None if columns is None else Table(columns)


def _table(lines: list[str], width: int) -> Table | None:
    """The rows of lines in which nothing is quoted, none is blank and all have as many cells as the header; else None.

    A mark for each line's end lies between the cells: where it is in its place in all of them, they are of that width.
    """
    text = "".join(lines).replace("\r\n", "\n")
    if width < 2 or '"' in text or "\r" in text or _may_be_too_long(text, lines):
        return None
    cells = (text if text.endswith("\n") else text + "\n").replace("\n", ",\n,").split(",")
    step, end = width + 1, len(lines) * (width + 1)
    if len(cells) != end + 1 or cells[width::step].count("\n") != len(lines):
        return None
    columns = [cells[place:end:step] for place in range(width)]
    if "" in columns[0] and not all(map(any, zip(*columns, strict=True))):
        return None
    return Table(columns)


def _may_be_too_long(text: str, lines: list[str]) -> bool:
    """Whether one may have a cell that is longer than the reader of CSV takes."""
    longest = csv.field_size_limit()
    return len(text) > longest and max(map(len, lines)) > longest


def _rows_of_a_line_each(lines: list[str]) -> list[list[str]] | None:
    """The rows of lines, when each is one; None when a cell reaches over a line end, or one is no CSV."""
    try:
        rows = [*csv.reader(lines, strict=True)]
    except csv.Error:
        return None
    return rows if len(rows) == len(lines) else None


def _row_by_row(source: _Lines, until: int) -> CsvPart:
    """The rows that begin before a line, however many lines each has, and what is no row among them."""
    faults: dict[int, str] = {}
    rows: list[list[str]] = []
    numbers: list[int] = []
    while source.next_line < until:
        try:
            for cells in csv.reader(source, strict=True):
                line = source.end_row()
                if any(cells):
                    numbers.append(line)
                    rows.append(cells)
                if source.next_line >= until:
                    break
            else:
                break
        except csv.Error as error:
            line, text = source.give_up_row()
            faults[len(numbers)] = str(error)
            numbers.append(line)
            rows.append([text])
    return CsvPart(numbers, rows, faults)


def _names(row: list[str]) -> list[str]:
    """The names of a header; none of a blank row, which may stand before it."""
    names = [name.strip() for name in row]
    return names if any(names) else []


def _header(source: _Lines, known: set[str]) -> list[str]:
    header: list[str] = []
    try:
        for row in csv.reader(source, strict=True):
            source.end_row()
            if header := _names(row):
                break
    except csv.Error as error:
        raise Unreadable(f"the header row is not CSV: {error}") from None
    check_spelling(header, known)
    if known.isdisjoint(header):
        why = "the header row names no known column, such as customer_id"
        otherwise = len(header) == 1 and any(sign in header[0] for sign in _SIGNS)
        raise Unreadable(f"{why}; cells are parted by commas" if otherwise else why)
    if twice := sorted(name for name, times in Counter(header).items() if name and times > 1):
        raise Unreadable(f"the header row names {twice[0]} twice")
    return header


def check_spelling(header: list[str], known: set[str]) -> None:
    """Raises Unreadable for a column that is a known one written otherwise (`Event ID`), where that is not there.

    It would be kept as something that is no field, and rows without their ids would be named by their content.
    """
    forms, there = {folded(name): name for name in known}, set(header)
    for name in sorted(there - known):
        meant = forms.get(folded(name), name)
        if meant not in there:
            raise Unreadable(f"the header row names {name[:_SHOWN]}; the column is called {meant}")
