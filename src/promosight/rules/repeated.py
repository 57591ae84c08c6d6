"""Columns that say few different things in many rows: each of them once, and which of them a row says.

What is judged is judged once for each, and what is decided by several such columns is decided by small numbers. They
come from readers that see repetition before they make texts, such as that of CSV.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promosight.rules.numbers import Numbers


_MOST_KINDS = 1 << 20
"""So many may have a place each, whether there are any of them or not."""


_NEAR = 8
"""Numbers have a place each where no more than so many of them would have none for each that has one."""


class Repeated(Sequence[Any]):
    """A column as its different values, each of which some row says, and the place among them of what each row says.

    Two of the values may be equal, where a rule made one of two.
    """

    __slots__ = ("values", "which")

    def __init__(self, values: list[Any], which: Numbers) -> None:
        self.values = values
        self.which = which

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return _repeated(self.values, self.which[row])
        return self.values[self.which[row]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._spread(self.which))

    def __reversed__(self) -> Iterator[Any]:
        return iter(self._spread(self.which[::-1]))

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def count(self, value: Any) -> int:
        """How many rows say a value."""
        places = [place for place, one in enumerate(self.values) if one == value]
        if len(places) == len(self.values):
            return len(self)
        if not places:
            return 0
        import numpy as np  # as whoever made this has

        return int(np.bincount(self.which, minlength=len(self.values))[places].sum())

    def times(self) -> list[int]:
        """How many rows say each of the values."""
        import numpy as np

        times: list[int] = np.bincount(self.which, minlength=len(self.values)).tolist()
        return times

    def of(self, values: Iterable[Any]) -> Repeated:
        """The column that says another value in place of each."""
        return Repeated(list(values), self.which)

    def but(self, rows: Iterable[int]) -> Repeated:
        """The column that says nothing in some rows."""
        which = self.which.copy()
        which[list(rows)] = len(self.values)
        return _repeated([*self.values, None], which)

    def at(self, rows: Any) -> list[Any]:
        """What some rows say."""
        return self._spread(self.which[rows])

    def some(self, rows: Numbers) -> Repeated:
        """The column of some rows, in their order; its values stay, also those that none of them says."""
        return Repeated(self.values, self.which[rows])

    def rows_of(self, places: Iterable[int]) -> list[int]:
        """The rows that say one of the values at some places."""
        if not (some := list(places)):
            return []
        import numpy as np

        is_meant = np.zeros(len(self.values), np.bool_)
        is_meant[some] = True
        rows: list[int] = np.flatnonzero(is_meant[self.which]).tolist()
        return rows

    def _spread(self, which: Numbers) -> list[Any]:
        if len(self.values) == 1:
            return self.values * len(which)
        import numpy as np  # as whoever made this has

        spread: list[Any] = np.fromiter(self.values, object, len(self.values))[which].tolist()
        return spread


def _repeated(values: list[Any], which: Numbers) -> Repeated:
    """The column of values, of which those go that no row says."""
    import numpy as np

    is_said = np.bincount(which, minlength=len(values)) > 0
    if is_said.all():
        return Repeated(values, which)
    said = [values[place] for place in np.flatnonzero(is_said).tolist()]
    return Repeated(said, (np.cumsum(is_said) - 1)[which])


class Canonical(list[str | None]):
    """Objects that a reader saw as canonical JSON already."""

    __slots__ = ()


def values_of(column: Sequence[Any]) -> Sequence[Any]:
    """What a column says, each of it once where that is known."""
    return column.values if isinstance(column, Repeated) else column


def few_of(column: Sequence[Any]) -> Repeated:
    """A column as what it says again and again."""
    import numpy as np

    if isinstance(column, Repeated):
        return column
    places: dict[Any, int] = {}
    which = [places.setdefault(value, len(places)) for value in column]
    return Repeated([*places], np.array(which, np.int64))


def few_numbers_of(numbers: Numbers) -> Repeated:
    """The same of numbers, in their order."""
    import numpy as np

    low = int(numbers.min())
    if int(numbers.max()) - low > _NEAR * len(numbers):
        values, which = np.unique(numbers, return_inverse=True)
    else:
        at = numbers - low
        is_said = np.bincount(at) > 0
        values, which = np.flatnonzero(is_said) + low, (np.cumsum(is_said) - 1)[at]
    return Repeated(values.tolist(), which)


def chained(parts: Sequence[Repeated]) -> Repeated:
    """Columns one behind the other."""
    import numpy as np

    places: dict[Any, int] = {}
    which = []
    for part in parts:
        at = [places.setdefault(value, len(places)) for value in part.values]
        which.append(np.array(at, np.int64)[part.which])
    return Repeated(list(places), np.concatenate(which))


def firsts(which: Numbers, count: int) -> Numbers:
    """The first row that says each of so many values, by their places."""
    import numpy as np

    found = np.zeros(count, np.int64)
    found[which[::-1]] = np.arange(len(which) - 1, -1, -1)
    return found


def firsts_alike(columns: Sequence[Repeated], count: int) -> Numbers:
    """For each of so many rows the first that says the same in every column."""
    import numpy as np

    which, kinds = np.zeros(count, np.int64), 1
    for column in columns:
        which, kinds = which * len(column.values) + column.which, kinds * len(column.values)
        if kinds > _MOST_KINDS:
            present, which = np.unique(which, return_inverse=True)
            kinds = len(present)
    return firsts(which, kinds)[which]
