"""What a fact adds to the counters.

A breakdown never scans facts: each fact adds to a handful of cells, one for each dimension. A cell is
keyed by (dimension, key, currency) within a promotion; counts and amounts sit side by side, and a sum
over currencies gives the count. When a fact's standing changes, what it added is subtracted and what it
adds now is added, so the cells are always the sum over the facts as they stand.

Facts that are alike add alike, so a difference is collected in three forms, each made of the one before
only when it must be: *combinations* (how many facts of these very words), *piles* (by promotion, what
combinations add where they were placed and on their days), and the cells themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import add, itemgetter
from typing import Any, NamedTuple

import msgspec

TOTAL, TIER, SEGMENT, CHANNEL, CAMPAIGN, SOURCE, ASSIGNED_DAY, REDEEMED_DAY, OUTCOME = range(9)
DIMENSIONS = (
    "total",
    "tier",
    "segment",
    "channel",
    "campaign",
    "source",
    "day",
    "redeemed_day",
    "outcome",
)
"""Names of the dimensions, at the index stored in the `dimension` column."""

MEASURES = (
    "assigned",
    "redeemed",
    "customers_assigned",
    "customers_redeemed",
    "redemptions",
    "excess",
    "unassigned",
    "flagged",
    "pending",
    "reversed",
    "reported",
    "committed_micros",
    "cost_micros",
    "order_micros",
)
"""The additive columns of a cell, in the order of their values. `reported` counts accepted events, reversed or not."""

(
    _ASSIGNED,
    _REDEEMED,
    _CUSTOMERS_ASSIGNED,
    _CUSTOMERS_REDEEMED,
    _REDEMPTIONS,
    _EXCESS,
    _UNASSIGNED,
    _FLAGGED,
    _PENDING,
    _REVERSED,
    _REPORTED,
    _COMMITTED,
    _COST,
    _ORDER,
) = range(len(MEASURES))
_COUNTED_AS = {
    "counted": (_REPORTED, _REDEMPTIONS),
    "excess": (_REPORTED, _REDEMPTIONS, _EXCESS),
    "unassigned": (_REPORTED, _REDEMPTIONS, _UNASSIGNED),
    "flagged": (_REPORTED, _REDEMPTIONS, _FLAGGED),
    "reversed": (_REPORTED, _REVERSED),
    "pending": (_PENDING,),
}
"""What a redemption of each outcome adds one to."""

_place_of = itemgetter(0, 1, 2, 3, 4, 5, 7, 8)
_days_of = itemgetter(0, 6, 7, 8)


class Place(NamedTuple):
    """Where an assignment counts: the keys it carries. Empty text stands for none."""

    tier: str
    segment: str
    channel: str
    campaign: str
    source: str
    day: str


class AssignmentStanding(NamedTuple):
    """An assignment that is in the rate: where, whether redeemed, and what it commits."""

    place: Place
    redeemed: bool
    redeemed_day: str
    committed_micros: int
    currency: str


class RedemptionStanding(NamedTuple):
    """A redemption as it stands: the place of the assignment it took (or its own words), its source and day."""

    place: Place
    source: str
    day: str
    outcome: str
    live: bool
    cost_micros: int
    currency: str
    order_micros: int
    order_currency: str


PLACED = -1
"""The dimension of a pile that stands for total, tier, segment, channel, campaign and source at once."""

_PLACES = (TIER, SEGMENT, CHANNEL, CAMPAIGN, SOURCE)

_TAKEN_AT = (
    (PLACED, itemgetter(0, 1, 2, 3, 4, 5, 8)),
    (ASSIGNED_DAY, itemgetter(0, 6, 8)),
    (REDEEMED_DAY, itemgetter(0, 7, 8)),
)
_COUNTS_AT = (
    (PLACED, itemgetter(0, 1, 2, 3, 4, 6, 8, 9, 10)),
    (ASSIGNED_DAY, itemgetter(0, 5, 8, 9, 10)),
    (REDEEMED_DAY, itemgetter(0, 7, 8, 9, 10)),
)
"""Where the words of Taken and Redeemed count."""

CellKey = tuple[int, int, str, str]
"""(promotion_no, dimension, key, currency)"""
PileKey = tuple[int, str, tuple[str, ...]]
"""(dimension, currency, keys): one key, or the five of PLACED"""
Pile = dict[PileKey, list[int]]
"""What facts of one promotion add, by key; the values are the MEASURES."""
Sums = dict[CellKey, list[int]]
"""Cells: the values are the MEASURES."""
Assigned = tuple[int, str, str, str, str, str, str, int, str]
"""(promotion_no, tier, segment, channel, campaign, source, day, committed_micros, currency)"""
Taken = tuple[int, str, str, str, str, str, str, str, str]
"""(promotion_no, tier, segment, channel, campaign, source, day, redeemed_day, currency)"""
Redeemed = tuple[int, str, str, str, str, str, str, str, str, str, str]
"""(promotion_no, tier, segment, channel, campaign, day, source, redeemed_day, outcome, currency, order_currency)"""


class Combinations(msgspec.Struct, array_like=True):
    """A difference as it is written down: each combination with its numbers, the times of latest events."""

    assigned: list[tuple[Assigned, int]]
    taken: list[tuple[Taken, int]]
    redeemed: list[tuple[Redeemed, list[int]]]
    customers: list[tuple[int, int, int]]
    last_event_us: list[tuple[int, int]]


class Cells:
    """A difference to the counters, collected fact by fact or many at once."""

    def __init__(self) -> None:
        self._assigned: dict[Assigned, int] = {}
        self._taken: dict[Taken, int] = {}
        self._redeemed: dict[Redeemed, list[int]] = {}
        self._customers: dict[int, list[int]] = {}
        self._piles: dict[int, Pile] = {}
        self.last_event_us: dict[int, int] = {}
        """The latest accepted event of each promotion."""

    def assignment(self, promotion_no: int, a: AssignmentStanding, sign: int) -> None:
        """Adds (sign 1) or takes away (sign -1) one assignment in the rate."""
        key = (promotion_no, *a.place, a.committed_micros, a.currency)
        self._assigned[key] = self._assigned.get(key, 0) + sign
        if a.redeemed:
            taken = (promotion_no, *a.place, a.redeemed_day, a.currency)
            self._taken[taken] = self._taken.get(taken, 0) + sign

    def redemption(self, promotion_no: int, r: RedemptionStanding, sign: int) -> None:
        """Adds (sign 1) or takes away (sign -1) one redemption; rejected ones add nothing."""
        if r.outcome == "rejected":
            return
        outcome = r.outcome if r.live or r.outcome == "pending" else "reversed"
        tier, segment, channel, campaign, _, day = r.place
        place = (promotion_no, tier, segment, channel, campaign, day or r.day)
        key = (*place, r.source, r.day, outcome, r.currency, r.order_currency)
        numbers = self._redeemed.get(key)
        if numbers is None:
            numbers = self._redeemed[key] = [0, 0, 0]
        numbers[0] += sign
        numbers[1] += sign * r.cost_micros
        numbers[2] += sign * r.order_micros

    def customer(self, promotion_no: int, assigned: int, redeemed: int) -> None:
        """Moves the distinct customers of a promotion by these differences."""
        both = self._customers.setdefault(promotion_no, [0, 0])
        both[0] += assigned
        both[1] += redeemed

    def seen(self, promotion_no: int, redeemed_us: int) -> None:
        """Notes the time of an accepted event; the latest one is kept."""
        latest = self.last_event_us.get(promotion_no)
        if latest is None or redeemed_us > latest:
            self.last_event_us[promotion_no] = redeemed_us

    def add_assignments(self, assigned: Sequence[Assigned]) -> None:
        """Adds many assignments in the rate that nobody has redeemed. For thousands of new facts."""
        by_place: Counter[Any] = Counter(map(_place_of, assigned))
        for (promotion_no, *place, committed_micros, currency), n in by_place.items():
            cell = self._cell(promotion_no, (PLACED, currency, tuple(place)))
            cell[_ASSIGNED] += n
            cell[_COMMITTED] += n * committed_micros
        by_day: Counter[Any] = Counter(map(_days_of, assigned))
        for (promotion_no, day, committed_micros, currency), n in by_day.items():
            for dimension in (ASSIGNED_DAY, REDEEMED_DAY):
                cell = self._cell(promotion_no, (dimension, currency, (day,)))
                cell[_ASSIGNED] += n
                cell[_COMMITTED] += n * committed_micros

    def add_redemptions(
        self,
        redeemed: Sequence[Redeemed],
        cost_micros: Sequence[int],
        order_micros: Sequence[int],
        taken: Sequence[Taken] = (),
    ) -> None:
        """Adds many redemptions, none rejected, with their amounts; `taken` are the assignments they took first."""
        for dimension, taken_at in _TAKEN_AT:
            for (promotion_no, *key, currency), n in Counter(map(taken_at, taken)).items():
                self._cell(promotion_no, (dimension, currency, tuple(key)))[_REDEEMED] += n
        for dimension, counts_at in _COUNTS_AT:
            found: dict[Any, list[int]] = {}
            keys = map(counts_at, redeemed)
            for where, cost, order in zip(keys, cost_micros, order_micros, strict=True):
                numbers = found.get(where)
                if numbers is None:
                    found[where] = [1, cost, order]
                else:
                    numbers[0] += 1
                    numbers[1] += cost
                    numbers[2] += order
            for (promotion_no, *key, outcome, currency, paid_in), numbers in found.items():
                words = (outcome, currency, paid_in)
                self._pile_numbers(promotion_no, dimension, tuple(key), words, numbers)
                if dimension == PLACED:
                    self._pile_numbers(promotion_no, OUTCOME, (outcome,), words, numbers)

    @property
    def size(self) -> int:
        """How many combinations of facts there are, and cells of piles."""
        return (
            len(self._assigned)
            + len(self._taken)
            + len(self._redeemed)
            + sum(map(len, self._piles.values()))
        )

    @property
    def is_piled(self) -> bool:
        """Whether some of the difference is in piles and can no longer be had as combinations."""
        return bool(self._piles)

    def combinations(self) -> Combinations:
        """The difference to be written down; there must be no piles in it."""
        assert not self._piles
        return Combinations(
            [(key, n) for key, n in self._assigned.items() if n],
            [(key, n) for key, n in self._taken.items() if n],
            [(key, numbers) for key, numbers in self._redeemed.items() if any(numbers)],
            [(no, a, r) for no, (a, r) in self._customers.items() if a or r],
            list(self.last_event_us.items()),
        )

    def include(self, written: Combinations) -> None:
        """Adds a difference that was written down."""
        for assigned, n in written.assigned:
            self._assigned[assigned] = self._assigned.get(assigned, 0) + n
        for taken, n in written.taken:
            self._taken[taken] = self._taken.get(taken, 0) + n
        for redeemed, (n, cost_micros, order_micros) in written.redeemed:
            numbers = self._redeemed.get(redeemed)
            if numbers is None:
                self._redeemed[redeemed] = [n, cost_micros, order_micros]
                continue
            numbers[0] += n
            numbers[1] += cost_micros
            numbers[2] += order_micros
        for promotion_no, *both in written.customers:
            self.customer(promotion_no, *both)
        for promotion_no, redeemed_us in written.last_event_us:
            self.seen(promotion_no, redeemed_us)

    def piles(self) -> dict[int, Pile]:
        """The difference by promotion; what was collected as combinations is piled up now."""
        for assigned, n in self._assigned.items():
            self._pile_assigned(assigned, n)
        for taken, n in self._taken.items():
            self._pile_taken(taken, n)
        for redeemed, numbers in self._redeemed.items():
            self._pile_redeemed(redeemed, *numbers)
        for promotion_no, both in self._customers.items():
            # Counts are added up over currencies; one that is there anyway makes no cell of its own.
            currency = next((key[1] for key in self._piles.get(promotion_no, ())), "")
            cell = self._cell(promotion_no, (TOTAL, currency, ("",)))
            cell[_CUSTOMERS_ASSIGNED] += both[0]
            cell[_CUSTOMERS_REDEEMED] += both[1]
        for collected in (self._assigned, self._taken, self._redeemed, self._customers):
            collected.clear()
        return self._piles

    @property
    def values(self) -> Sums:
        """The difference as cells."""
        sums: Sums = {}
        for promotion_no, pile in self.piles().items():
            add_totals(sums, promotion_no, pile)
            spread(sums, promotion_no, pile)
        return sums

    def _pile_assigned(self, assigned: Assigned, n: int) -> None:
        promotion_no, *place, day, committed_micros, currency = assigned
        promised = n * committed_micros
        for key in (
            (PLACED, currency, tuple(place)),
            (ASSIGNED_DAY, currency, (day,)),
            (REDEEMED_DAY, currency, (day,)),
        ):
            cell = self._cell(promotion_no, key)
            cell[_ASSIGNED] += n
            cell[_COMMITTED] += promised

    def _pile_taken(self, taken: Taken, n: int) -> None:
        promotion_no, *place, day, redeemed_day, currency = taken
        for key in (
            (PLACED, currency, tuple(place)),
            (ASSIGNED_DAY, currency, (day,)),
            (REDEEMED_DAY, currency, (redeemed_day,)),
        ):
            self._cell(promotion_no, key)[_REDEEMED] += n

    def _pile_redeemed(
        self, redeemed: Redeemed, n: int, cost_micros: int, order_micros: int
    ) -> None:
        promotion_no, *place, day, source, redeemed_day, outcome, currency, paid_in = redeemed
        keys = (
            (PLACED, (*place, source)),
            (ASSIGNED_DAY, (day,)),
            (REDEEMED_DAY, (redeemed_day,)),
            (OUTCOME, (outcome,)),
        )
        words, numbers = (outcome, currency, paid_in), (n, cost_micros, order_micros)
        for dimension, key in keys:
            self._pile_numbers(promotion_no, dimension, key, words, numbers)

    def _pile_numbers(
        self,
        promotion_no: int,
        dimension: int,
        key: tuple[str, ...],
        words: tuple[str, str, str],
        numbers: Sequence[int],
    ) -> None:
        """Adds redemptions, their cost and order value to one cell; words: outcome, currency, currency of orders."""
        outcome, currency, paid_in = words
        n, cost_micros, order_micros = numbers
        cell = self._cell(promotion_no, (dimension, currency, key))
        for measure in _COUNTED_AS[outcome]:
            cell[measure] += n
        if outcome not in ("pending", "reversed"):
            cell[_COST] += cost_micros
            if order_micros:
                self._cell(promotion_no, (dimension, paid_in, key))[_ORDER] += order_micros

    def _cell(self, promotion_no: int, key: PileKey) -> list[int]:
        pile = self._piles.get(promotion_no)
        if pile is None:
            pile = self._piles[promotion_no] = {}
        cell = pile.get(key)
        if cell is None:
            cell = pile[key] = [0] * len(MEASURES)
        return cell


def add_totals(sums: Sums, promotion_no: int, pile: Pile) -> None:
    """Adds what a pile adds to the total."""
    for (dimension, currency, _), values in pile.items():
        if dimension in (PLACED, TOTAL):
            add_cell(sums, (promotion_no, TOTAL, "", currency), values)


def spread(sums: Sums, promotion_no: int, pile: Pile, only: int | None = None) -> None:
    """Adds what a pile adds to every dimension but the total, or to dimension `only`."""
    for (dimension, currency, keys), values in pile.items():
        if dimension == PLACED:
            for place, key in zip(_PLACES, keys, strict=True):
                if only is None or place == only:
                    add_cell(sums, (promotion_no, place, key, currency), values)
        elif dimension != TOTAL and (only is None or dimension == only):
            add_cell(sums, (promotion_no, dimension, keys[0], currency), values)


def add_cell(sums: Sums, key: CellKey, values: list[int]) -> None:
    """Adds to one cell."""
    there = sums.get(key)
    sums[key] = values.copy() if there is None else list(map(add, there, values))
