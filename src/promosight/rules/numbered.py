"""Columns of whole numbers that lie side by side as an array: Python's own are made of them only where asked for.

Cutting, joining and choosing takes no step for each row then, and neither does handing them to the store. They come
from rules that judge a whole column at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promosight.rules.numbers import Numbers


class Numbered(Sequence[Any]):
    """A column that says a number in each row."""

    __slots__ = ("numbers",)

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, row: Any) -> Any:
        found = self.numbers[row]
        return Numbered(found) if isinstance(row, slice) else int(found)

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers.tolist())

    def __contains__(self, value: object) -> bool:
        return value is not None and value in self.numbers.tolist()

    def count(self, value: Any) -> int:
        """How many rows say a number."""
        return 0 if value is None else int((self.numbers == value).sum())

    def at(self, rows: Numbers) -> Numbered:
        """What some rows say."""
        return Numbered(self.numbers[rows])


def one_behind_the_other(parts: Sequence[Numbered]) -> Numbered:
    """Columns as one."""
    import numpy as np  # as whoever made these has

    return Numbered(np.concatenate([part.numbers for part in parts]))


def least_and_most(column: Sequence[int]) -> tuple[int, int]:
    """The least and the largest number of a column."""
    if isinstance(column, Numbered):
        return int(column.numbers.min()), int(column.numbers.max())
    return min(column), max(column)
