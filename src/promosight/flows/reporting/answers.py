"""The receipts of thousands of items whose senders want to hear the outcome alone: most are one of a few.

They are kept as these few, and which of them each item has, so that nothing is done row by row that is the same for
all. Each item has its place from the beginning, and nothing there until it is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from promosight.flows.reporting.intake import Receipt
from promosight.rules.numbers import Marks, Numbers
from promosight.rules.repeated import Repeated

_NONE = -1


class Answers(Sequence[Any]):
    """A receipt for each of so many items, or None."""

    def __init__(self, items: int) -> None:
        self._which = np.full(items, _NONE, np.int64)
        self._receipts: list[Receipt] = []
        self._places: dict[int, int] = {}
        """Where a receipt is, by its address: those of many are one object."""

    def __len__(self) -> int:
        return len(self._which)

    def __getitem__(self, row: Any) -> Any:
        place = int(self._which[row])
        return None if place == _NONE else self._receipts[place]

    def __setitem__(self, row: int, receipt: Receipt) -> None:
        self._which[row] = self._place(receipt)

    def __iter__(self) -> Iterator[Receipt | None]:
        return map(self.__getitem__, range(len(self)))

    def put(self, rows: Any, receipts: Repeated) -> None:
        """Answers some items, each with its own of these."""
        places = np.fromiter(map(self._place, receipts.values), np.int64, len(receipts.values))
        self._which[rows] = places[receipts.which]

    def put_alike(self, rows: Any, receipt: Receipt) -> None:
        """Answers some items with one and the same."""
        self._which[rows] = self._place(receipt)

    def are_given(self, rows: Numbers) -> Marks:
        """Which of some items are answered."""
        found: Marks = self._which[rows] != _NONE
        return found

    def like(self, rows: Numbers, told: Callable[[Receipt], Receipt]) -> Repeated:
        """What is told those who come after some items that are answered, by what these were."""
        return Repeated(list(map(told, self._receipts)), self._which[rows])

    def unanswered(self) -> list[int]:
        """The items that have no receipt yet."""
        rows: list[int] = np.flatnonzero(self._which == _NONE).tolist()
        return rows

    def all(self) -> Repeated:
        """The receipts, now that each item has one."""
        return Repeated(self._receipts, self._which)

    def _place(self, receipt: Receipt) -> int:
        place = self._places.setdefault(id(receipt), len(self._receipts))
        if place == len(self._receipts):
            self._receipts.append(receipt)
        return place
