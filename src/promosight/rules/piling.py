"""Counting thousands of facts together: column by column, into piles.

What one fact adds is said in `tallies`. Of thousands that came together most add to the same few cells; here they
are sorted by what they have in common and added up as numbers, and only the sums are put into piles. Loading numpy
takes a tenth of a second, so this is loaded where it is needed (`counting`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from promosight.rules.counted import AssignedColumns, Names, UseColumns
from promosight.rules.instants import QUARTER_US
from promosight.rules.repeated import Repeated, few_numbers_of, values_of
from promosight.rules.tallies import ASSIGNED_DAY, PLACED, REDEEMED_DAY, Cells, PileKey

if TYPE_CHECKING:
    from promosight.rules.counted import Column

Numbers = npt.NDArray[np.int64]

_LOW_BITS = 30
_LOW = (1 << _LOW_BITS) - 1
_EXACTLY = 1 << 19
"""Sums of so many halves are below 2^53."""
_NEAR = 4
"""Rows are told apart by a place for each number that there may be, where no more than so many a row are."""
_LARGEST = int(np.iinfo(np.int64).max)


def pile_assigned(cells: Cells, c: AssignedColumns, names: Names, number: Column) -> None:
    """Piles up assignments in the rate that nobody has redeemed, so many of each."""
    shared = _Shared(c.promotion_no, c.place_no, c.currency, names)
    days, day = _days(c.assigned_us, names)
    sums = _times(c.committed_micros, number)
    for key, _, (n, *micros) in shared.by_place([c.source_no], sums):
        no, place, currency, source_no = key
        pile_key = PLACED, currency, (*place, names.sources[source_no])
        cells.add_assigned(no, pile_key, n, _whole(micros))
    for key, _, (n, *micros) in shared.by_tier([day], sums):
        no, tier, currency, day_no = key
        for dimension in (ASSIGNED_DAY, REDEEMED_DAY):
            dated = dimension, currency, (days[day_no], tier)
            cells.add_assigned(no, dated, n, _whole(micros))


def _times(micros: Column, number: Column) -> list[Numbers]:
    """How many there are, and what they come to in two halves, so that no product leaves 64 bits."""
    each, n = np.array(micros, np.int64), np.array(number, np.int64)
    return [n, (each >> _LOW_BITS) * n, (each & _LOW) * n]


def _whole(halves: list[int]) -> int:
    """A sum of which the halves are known."""
    high, low = halves
    return (high << _LOW_BITS) + low


def pile_uses(cells: Cells, c: UseColumns, names: Names) -> None:
    """Piles up first redemptions with one currency for everything."""
    shared = _Shared(c.promotion_no, c.place_no, c.currency, names)
    sources, sums = names.sources, [c.cost_micros, c.order_micros]
    for key, n, added in shared.by_place([c.own_source_no, c.source_no], sums):
        no, place, currency, own_no, source_no = key
        cells.add_taken(no, (PLACED, currency, (*place, sources[own_no])), n)
        cells.add_counted(no, (PLACED, currency, (*place, sources[source_no])), n, *added)
    own_days, own_day = _days(c.own_us, names)
    days, day = _days(c.redeemed_us, names)
    for key, n, added in shared.by_tier([own_day, day], sums):
        no, tier, currency, own_no, day_no = key
        dates: tuple[PileKey, PileKey] = (
            (ASSIGNED_DAY, currency, (own_days[own_no], tier)),
            (REDEEMED_DAY, currency, (days[day_no], tier)),
        )
        for date in dates:
            cells.add_used_day(no, date, n, *added)
    for no, latest_us in zip(*_latest(c.promotion_no, c.redeemed_us), strict=True):
        cells.seen(no, latest_us)


class _Shared:
    """What every column is added up by: the promotion, the place or its tier, and the currency."""

    def __init__(
        self,
        promotion_no: Column,
        place_no: Column,
        currency: Sequence[str],
        names: Names,
    ) -> None:
        self._names = names
        self._promotion_no = np.array(promotion_no, dtype=np.int64)
        self._place_no = np.array(place_no, dtype=np.int64)
        self._currencies, self._currency = _coded(currency)

    def by_place(self, more: list[Any], sums: list[Any]) -> list[tuple[Any, int, list[int]]]:
        """Sums by (promotion, words of the place, currency, *more)."""
        places, currencies = self._names.places, self._currencies
        keys = [self._promotion_no, self._place_no, self._currency, *more]
        return [
            ((no, places[place_no], currencies[currency], *rest), n, added)
            for (no, place_no, currency, *rest), n, added in added_up(keys, sums)
        ]

    def by_tier(self, more: list[Any], sums: list[Any]) -> list[tuple[Any, int, list[int]]]:
        """Sums by (promotion, tier, currency, *more)."""
        places = few_numbers_of(self._place_no)
        tiers, tier = _coded(places.of(self._names.places[no][0] for no in places.values))
        currencies = self._currencies
        keys = [self._promotion_no, tier, self._currency, *more]
        return [
            ((no, tiers[tier], currencies[currency], *rest), n, added)
            for (no, tier, currency, *rest), n, added in added_up(keys, sums)
        ]


def added_up(
    keys: Sequence[Column], values: Sequence[Column]
) -> list[tuple[tuple[int, ...], int, list[int]]]:
    """The distinct rows of some columns, how often each comes, and the exact sums of others over it."""
    rows = np.array(keys, dtype=np.int64)
    if (near := _near(rows)) is not None:
        return _added_up_near(*near, values)
    order = _sorted(rows)
    rows = rows[:, order]
    is_new = np.concatenate(([True], (rows[:, 1:] != rows[:, :-1]).any(axis=0)))
    starts = np.flatnonzero(is_new)
    numbers = np.diff(np.append(starts, rows.shape[1])).tolist()
    distinct = zip(*rows[:, starts].tolist(), strict=True)
    # In two halves, so that no sum leaves 64 bits.
    sorted_values = np.array(values, dtype=np.int64)[:, order]
    high = np.add.reduceat(sorted_values >> _LOW_BITS, starts, axis=1).T.tolist()
    low = np.add.reduceat(sorted_values & _LOW, starts, axis=1).T.tolist()
    sums = [
        [(h << _LOW_BITS) + rest for h, rest in zip(*both, strict=True)]
        for both in zip(high, low, strict=True)
    ]
    return list(zip(distinct, numbers, sums, strict=True))


def _near(columns: Numbers) -> tuple[Numbers, list[list[int]], list[int]] | None:
    """One number for each row, if there are few: with what it says of each column, and the numbers there may be."""
    if columns.shape[1] > _EXACTLY:
        return None
    few = [few_numbers_of(column) for column in columns]
    spans = [len(one.values) for one in few]
    if math.prod(spans) > _NEAR * columns.shape[1]:
        return None
    whole = few[0].which
    for one, span in zip(few[1:], spans[1:], strict=True):
        whole = whole * span + one.which
    return whole, [one.values for one in few], spans


def _added_up_near(
    whole: Numbers, said: list[list[int]], spans: list[int], values: Sequence[Column]
) -> list[tuple[tuple[int, ...], int, list[int]]]:
    """`added_up` without sorting: a place for each number that there may be."""
    numbers = np.bincount(whole, minlength=math.prod(spans))
    there = np.flatnonzero(numbers)
    at = np.unravel_index(there, spans)
    distinct = zip(
        *([one[n] for n in places.tolist()] for one, places in zip(said, at, strict=True)),
        strict=True,
    )
    sums = []
    for value in np.array(values, dtype=np.int64):
        # Halves of so few rows are added up exactly by binary fractions.
        high = np.bincount(whole, value >> _LOW_BITS)[there].tolist()
        low = np.bincount(whole, value & _LOW)[there].tolist()
        sums.append([(int(h) << _LOW_BITS) + int(rest) for h, rest in zip(high, low, strict=True)])
    return list(
        zip(distinct, numbers[there].tolist(), map(list, zip(*sums, strict=True)), strict=True)
    )


def _sorted(columns: Numbers) -> Numbers:
    """An order in which rows that are alike lie together, by their columns one after the other."""
    low, high = columns.min(axis=1).tolist(), columns.max(axis=1).tolist()
    spans = [b - a + 1 for a, b in zip(low, high, strict=True)]
    if math.prod(spans) > _LARGEST:
        return np.lexsort(columns[::-1])
    whole = np.zeros(
        columns.shape[1], np.int64
    )  # one number for each row sorts at a fraction of the cost
    for column, least, span in zip(columns, low, spans, strict=True):
        whole = whole * span + (column - least)
    return np.argsort(whole)


def _coded(texts: Sequence[str]) -> tuple[list[str], Numbers]:
    """The distinct texts, and the place of each among them."""
    said = values_of(texts)
    distinct = sorted(set(said))
    if len(distinct) == 1:
        return distinct, np.zeros(len(texts), dtype=np.int64)
    code = {text: number for number, text in enumerate(distinct)}
    codes = np.array([code[text] for text in said], dtype=np.int64)
    return distinct, codes[texts.which] if isinstance(texts, Repeated) else codes


def _days(instants: Column, names: Names) -> tuple[list[str], Numbers]:
    """The local days of instants, and the place of each among them. A day begins on a quarter of an hour of UTC."""
    quarters = few_numbers_of(np.array(instants) // QUARTER_US)
    return _coded(quarters.of(names.day(quarter * QUARTER_US) for quarter in quarters.values))


def _latest(promotion_no: Column, at_us: Column) -> tuple[list[int], list[int]]:
    """Promotions, and the latest of their instants."""
    promotions = few_numbers_of(np.array(promotion_no))
    latest = np.full(len(promotions.values), np.iinfo(np.int64).min)
    np.maximum.at(latest, promotions.which, np.array(at_us))
    return promotions.values, latest.tolist()
