"""Columns of a batch, and their way to SQLite: in pieces, what all rows share told once, numbers as Python has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from promosight.rules.aligned import Aligned
from promosight.rules.numbered import Numbered
from promosight.rules.repeated import Repeated

if TYPE_CHECKING:  # heavy imports for batches of thousands
    import numpy as np
    import numpy.typing as npt

Column: TypeAlias = "Sequence[Any] | npt.NDArray[np.int64]"
Columns = Sequence[Column]
"""Rows of a batch as the columns it declares, each as long as the others."""


def sliced(scalars: tuple[Any, ...], columns: Columns, starts: range) -> Iterator[list[Any]]:
    """Pieces of columns, each as the values of one text. Numbers become Python's own just before they are bound."""
    for start in starts:
        values = list(scalars)
        for column in columns:
            values += listed(column[start : start + starts.step])
        yield values


def told(column: Column) -> Column:
    """A column as what each row says, where it is more than that."""
    if isinstance(column, Numbered):
        return column.numbers
    return [*column] if isinstance(column, Repeated | Aligned) else column


def listed(column: Column) -> Sequence[Any]:
    """A column as the numbers of Python, which SQLite's driver takes."""
    if isinstance(column, (list, tuple, Sequence)):  # the last of them takes longer to ask for
        return column
    numbers: list[int] = column.tolist()
    return numbers


def same_throughout(columns: Columns) -> tuple[int, ...]:
    """The places of columns that hold one value throughout, leaving one column at least that need not."""
    count = len(columns[0])
    if not count:
        return ()
    return tuple(place for place, column in enumerate(columns[1:], 1) if _is_same(column, count))


def _is_same(column: Column, count: int) -> bool:
    one = column[0]
    if one != column[-1] or one != column[count // 2]:  # most that differ do so at once
        return False
    if isinstance(column, Sequence):
        return column.count(one) == count
    return bool((column == one).all())
