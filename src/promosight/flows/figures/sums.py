"""Counters of a promotion, or of a line of its breakdown, added up over currencies: what every figure is made of."""

from __future__ import annotations

from collections.abc import Iterable
from operator import add

from promosight.rules.measures import MEASURES

_COUNTS = MEASURES[:-3]
PLACE = {measure: place for place, measure in enumerate(_COUNTS)}
"""Where each count stands among the counters of a cell."""


class Sums:
    """Counters added up: counts over all currencies, amounts for each. Only amounts that are not zero are there."""

    __slots__ = ("committed", "cost", "counts", "order")

    def __init__(self, cells: Iterable[tuple[str, list[int]]] = ()) -> None:
        self.committed: dict[str, int] = {}
        self.cost: dict[str, int] = {}
        self.order: dict[str, int] = {}
        counts: list[int] = []
        for currency, values in cells:
            committed, cost, order = values[-3:]
            counts = list(map(add, counts, values)) if counts else values[:-3]
            if committed:
                self.committed[currency] = self.committed.get(currency, 0) + committed
            if cost:
                self.cost[currency] = self.cost.get(currency, 0) + cost
            if order:
                self.order[currency] = self.order.get(currency, 0) + order
        self.counts = counts or [0] * len(_COUNTS)

    def __getitem__(self, measure: str) -> int:
        return self.counts[PLACE[measure]]

    def __setitem__(self, measure: str, count: int) -> None:
        self.counts[PLACE[measure]] = count
