"""Cells side by side, as the model reads them, and each as a row, as they are kept: the same bytes for the same sums.

A row has the names it holds sums of in their own order, so that it does not matter in which order names were met.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from promosight.rules.cells import Cell, Whole, recent, unfolded
from promosight.rules.features import Offer


class Stack(NamedTuple):
    """The cells of an era side by side, in the order of their offers, over all columns of the evidence."""

    era: int
    offers: Sequence[Offer]
    second: Whole
    first: Whole
    delays: Whole
    made: list[dict[int, int]]
    decisions: list[int]
    redeemed: list[int]


def stacked(era: int, offers: Sequence[Offer], cells: Sequence[Cell]) -> Stack:
    """The cells of an era side by side, as they are."""
    return Stack(
        era,
        offers,
        np.array([cell.half for cell in cells])[:, unfolded(len(cells[0].first))],
        np.array([cell.first for cell in cells]),
        np.array([cell.delays for cell in cells]),
        [cell.made for cell in cells],
        [cell.decisions for cell in cells],
        [cell.redeemed for cell in cells],
    )


class Row(msgspec.Struct, array_like=True):
    """A cell as it is kept. States from before delays were learned lack the last two."""

    era: int
    promotion: str
    tier: str
    features: tuple[tuple[str, float], ...]
    names: list[str]
    decisions: int
    redeemed: int
    upper: bytes
    first: bytes
    delays: list[int] = []
    made: list[tuple[int, int]] = []

    def put_into(self, cell: Cell) -> None:
        """Makes a cell of as many columns hold what is kept."""
        at = unfolded(len(self.names))[upper_of(len(self.names))]
        cell.half[at] = np.frombuffer(self.upper, "<i8")
        cell.first[:] = np.frombuffer(self.first, "<i8")
        cell.decisions, cell.redeemed = self.decisions, self.redeemed
        if len(cell.delays):
            cell.delays[: len(self.delays)], cell.made = self.delays, dict(self.made)


@lru_cache(128)
def upper_of(width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the upper half of a square lies, its diagonal included."""
    return np.triu_indices(width)


class _Order(NamedTuple):
    """The names that a cell has sums of, sorted, and where its sums lie in that order."""

    names: list[str]
    first: NDArray[np.intp]
    upper: NDArray[np.intp]

    @classmethod
    def of(cls, used: NDArray[np.bool_], columns: list[str]) -> _Order:
        """Of the columns used."""
        at = np.array(sorted(np.flatnonzero(used).tolist(), key=columns.__getitem__), np.intp)
        rows, cols = upper_of(len(at))
        return cls([columns[i] for i in at], at, at[rows] * len(columns) + at[cols])


def rows_of(stack: Stack, columns: list[str], newest: int) -> Iterator[Row]:
    """The cells as they are kept. Most have sums of the same names: their order is found once."""
    used = (stack.second.diagonal(axis1=1, axis2=2) != 0) | (stack.first != 0)
    second = stack.second.reshape(len(used), -1)
    orders: dict[bytes, _Order] = {}
    for i, offer in enumerate(stack.offers):
        which = used[i].tobytes()
        order = orders.get(which)
        if order is None:
            order = orders[which] = _Order.of(used[i], columns)
        yield Row(
            stack.era,
            offer.promotion,
            offer.tier,
            offer.features,
            order.names,
            stack.decisions[i],
            stack.redeemed[i],
            second[i, order.upper].astype("<i8", copy=False).tobytes(),
            stack.first[i, order.first].astype("<i8", copy=False).tobytes(),
            stack.delays[i].tolist(),
            list(recent(stack.made[i], newest).items()),
        )
