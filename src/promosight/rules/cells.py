"""Cells: the sums of one offer in one era, in whole numbers (rules/evidence.py says of what)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from promosight.rules.delays import BINS, DAYS

Whole = NDArray[np.int64]
_NO_DELAYS: Whole = np.zeros(0, np.int64)
"""One for all sums of what was learned lately."""


class Cell:
    """The sums of one offer in one era, over the columns the evidence knows."""

    __slots__ = ("decisions", "delays", "first", "half", "made", "redeemed")

    def __init__(self, width: int, bins: int = BINS) -> None:
        self.half: Whole = np.zeros(width * (width + 1) // 2, np.int64)
        """Half of the second moments, which are symmetric: column by column, so that more columns stand behind."""
        self.first: Whole = np.zeros(width, np.int64)
        self.decisions = 0
        self.redeemed = 0
        self.delays: Whole = np.zeros(bins, np.int64) if bins else _NO_DELAYS
        self.made: dict[int, int] = {}
        """The information of decisions by day, of recent ones only."""

    def counted(self, day: int, information: int) -> None:
        """Decisions of a day, more or fewer. Days long gone are dropped."""
        self.made[day] = self.made.get(day, 0) + information
        if len(self.made) > 3 * DAYS:
            self.made = recent(self.made, max(self.made))

    def widened(self, width: int) -> None:
        """Room for more columns."""
        more = width - len(self.first)
        if more > 0:
            self.first = np.pad(self.first, (0, more))
            self.half = np.pad(self.half, (0, len(halved(len(self.first))[0]) - len(self.half)))

    def add_second(self, at: Whole | Sequence[int], second: Whole) -> None:
        """More second moments, of these columns."""
        rows, cols = halved(len(at))
        columns = np.asarray(at, np.intp)
        self.half[unfolded(len(self.first))[columns[rows], columns[cols]]] += second[rows, cols]

    def add(self, theirs: Cell, held: Sequence[tuple[int, int]]) -> None:
        """All of another, of these columns of both."""
        at, of = [a for a, _ in held], [i for _, i in held]
        self.add_second(at, theirs.half[unfolded(len(theirs.first))[np.ix_(of, of)]])
        self.first[at] += theirs.first[of]
        self.decisions += theirs.decisions
        self.redeemed += theirs.redeemed
        self.delays += theirs.delays
        for day, information in theirs.made.items():
            self.counted(day, information)


@lru_cache
def halved(width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which of a square's numbers a cell keeps, in that order."""
    return np.tril_indices(width)


@lru_cache
def unfolded(width: int) -> NDArray[np.intp]:
    """For each place of a square where a cell keeps its number."""
    rows, cols = halved(width)
    found = np.zeros((width, width), np.intp)
    found[rows, cols] = found[cols, rows] = np.arange(len(rows))
    return found


def recent(made: Mapping[int, int], newest: int) -> dict[int, int]:
    """Only the days that can still matter."""
    return {day: mass for day, mass in sorted(made.items()) if mass and day > newest - DAYS}
