"""Facts that came together, kept as columns: an object is made of a row only where somebody asks for that row.

Making ten thousand objects and asking each for its fields costs more than all that is decided about them. A sheet is
read as a sequence of facts like any other; whoever takes thousands at once reads its columns instead. Rows that are
*alone* are in no column: what they became is kept as it is, such as a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from promosight.rules.aligned import Aligned, side_by_side
from promosight.rules.facts import Assignment, Event
from promosight.rules.numbered import Numbered, one_behind_the_other
from promosight.rules.repeated import Repeated, chained

if TYPE_CHECKING:
    from promosight.rules.numbers import Numbers


def says_nothing(column: Sequence[Any]) -> bool:
    """Whether a column says nothing in any row. Most that say something do so at once."""
    return not column or (column[0] is None and column.count(None) == len(column))


def says_one_thing(column: Sequence[Any]) -> bool:
    """Whether a column says the same in every row, as many do in what is sent together."""
    return not column or (column[0] == column[-1] and column.count(column[0]) == len(column))


def places_of(rows: Sequence[int]) -> Numbers:
    """Rows as an array, which chooses from others at once."""
    import numpy as np  # as whoever takes thousands has

    return np.fromiter(rows, np.int64, len(rows))


def chosen(column: Sequence[Any], rows: Sequence[int], places: Numbers) -> Sequence[Any]:
    """The values of some rows, in their order, for whoever takes a column in any form; `places` are the same rows."""
    if isinstance(column, Repeated):
        return column.some(places)
    if isinstance(column, Aligned | Numbered):
        return column.at(places)
    return picked(column, rows)


def picked(column: Sequence[Any], rows: Sequence[int]) -> Sequence[Any]:
    """The values of some rows, in their order."""
    if isinstance(column, Repeated):
        return column.at(rows)
    if isinstance(column, Aligned | Numbered):
        return column.at(places_of(rows))
    if says_one_thing(column):
        return list(column[:1]) * len(rows)
    if len(rows) > 1:
        values: Sequence[Any] = itemgetter(*rows)(column)
        return values
    return [column[row] for row in rows]


class Sheet(Sequence[Any]):
    """Facts of one kind in their order: a column for each field, which says nothing in rows that are `alone`."""

    __slots__ = ("alone", "columns", "kind")

    def __init__(
        self,
        kind: type[Event] | type[Assignment],
        columns: Sequence[Sequence[Any]],
        alone: Mapping[int, Any],
    ) -> None:
        self.kind = kind
        self.columns = dict(zip(kind.__struct_fields__, columns, strict=True))
        self.alone = alone

    def __len__(self) -> int:
        return len(self.columns["digest"])

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return self._facts(row)
        if row < 0:
            row += len(self)
        if row in self.alone:
            return self.alone[row]
        return self.kind(*[column[row] for column in self.columns.values()])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._facts(slice(None)))

    def _facts(self, some: slice) -> list[Any]:
        facts: list[Any] = list(map(self.kind, *(one[some] for one in self.columns.values())))
        if self.alone:
            rows = range(len(self))[some]
            for row in self.alone.keys() & rows:
                facts[rows.index(row)] = self.alone[row]
        return facts

    def part(self, start: int, end: int) -> Sheet:
        """Some rows that follow each other, as a sheet."""
        columns = [column[start:end] for column in self.columns.values()]
        alone = {row - start: item for row, item in self.alone.items() if start <= row < end}
        return Sheet(self.kind, columns, alone)

    def apart(self, alone: Mapping[int, Any]) -> Sheet:
        """The same, these rows alone."""
        if not alone:
            return self
        columns = [_but(column, alone) for column in self.columns.values()]
        return Sheet(self.kind, columns, {**self.alone, **alone})

    def spread(self, rows: Sequence[int], count: int) -> Sheet:
        """The same, each row moved to its place among so many; the others are still to be set apart."""
        if len(rows) == count:
            return self
        columns = [[None] * count for _ in self.columns]
        for wide, column in zip(columns, self.columns.values(), strict=True):
            for row, value in zip(rows, column, strict=True):
                wide[row] = value
        return Sheet(self.kind, columns, {rows[row]: item for row, item in self.alone.items()})


def sheet_of_nothing(kind: type[Event] | type[Assignment], count: int) -> Sheet:
    """So many rows of which nothing is known; all are still to be set apart."""
    return Sheet(kind, [[None] * count for _ in kind.__struct_fields__], {})


def joined(sheets: Sequence[Sheet]) -> Sheet:
    """Sheets of one kind as one, in their order."""
    if len(sheets) == 1:
        return sheets[0]
    kind = sheets[0].kind
    columns = [_chained(sheet.columns[name] for sheet in sheets) for name in kind.__struct_fields__]
    alone: dict[int, Any] = {}
    start = 0
    for sheet in sheets:
        alone |= {start + row: item for row, item in sheet.alone.items()}
        start += len(sheet)
    return Sheet(kind, columns, alone)


def _but(column: Sequence[Any], rows: Iterable[int]) -> Sequence[Any]:
    """A column that says nothing in some rows."""
    if isinstance(column, Repeated | Aligned):
        return column.but(rows)
    left = list(column)
    for row in rows:
        left[row] = None
    return left


def _chained(columns: Iterable[Sequence[Any]]) -> Sequence[Any]:
    parts = list(columns)
    few = [part for part in parts if isinstance(part, Repeated)]
    if len(few) == len(parts):
        return chained(few)
    aligned = [part for part in parts if isinstance(part, Aligned)]
    if len(aligned) == len(parts):
        return side_by_side(aligned)
    numbered = [part for part in parts if isinstance(part, Numbered)]
    if len(numbered) == len(parts):
        return one_behind_the_other(numbered)
    found: list[Any] = []
    for part in parts:
        found += part
    return found
