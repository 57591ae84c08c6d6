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

from collections.abc import Iterable
from operator import add
from typing import NamedTuple, TypeVar

import msgspec

from promosight.rules.measures import (
    ASSIGNED,
    COMMITTED,
    COST,
    COUNTED_AS,
    CUSTOMERS_ASSIGNED,
    CUSTOMERS_REDEEMED,
    MEASURES,
    ORDER,
    REDEEMED,
    WITHOUT_AMOUNTS,
    add_counted,
)

K = TypeVar("K")

TOTAL, TIER, SEGMENT, CHANNEL, CAMPAIGN, SOURCE, ASSIGNED_DAY, REDEEMED_DAY, OUTCOME = range(9)
TIER_ASSIGNED_DAY, TIER_REDEEMED_DAY = 9, 10
"""The days of each tier: what has no tier is not in them. Keys are the day, a space and the tier."""
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
    "tier_day",
    "tier_redeemed_day",
)
"""Names of the dimensions, at the index stored in the `dimension` column."""


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
_OF_TIER = {ASSIGNED_DAY: TIER_ASSIGNED_DAY, REDEEMED_DAY: TIER_REDEEMED_DAY}
"""A pile keeps days by tier, and is spread over the days and over the days of each tier."""

CellKey = tuple[int, int, str, str]
"""(promotion_no, dimension, key, currency)"""
PileKey = tuple[int, str, tuple[str, ...]]
"""(dimension, currency, keys): one key, the day and the tier, or the five of PLACED"""
Pile = dict[PileKey, list[int]]
"""What facts of one promotion add, by key; the values are the MEASURES."""
Sums = dict[CellKey, list[int]]
"""Cells: the values are the MEASURES."""
Totals = dict[int, dict[str, list[int]]]
"""The cells of the total, by promotion and currency."""
Assigned = tuple[int, str, str, str, str, str, str, int, str]
"""(promotion_no, tier, segment, channel, campaign, source, day, committed_micros, currency)"""
Taken = tuple[int, str, str, str, str, str, str, str, str]
"""(promotion_no, tier, segment, channel, campaign, source, day, redeemed_day, currency)"""
Redeemed = tuple[int, str, str, str, str, str, str, str, str, str, str]
"""(promotion_no, tier, segment, channel, campaign, day, source, redeemed_day, outcome, currency, order_currency)"""


Used = tuple[int, str, str, str, str, str, str, str, str, str]
"""(promotion_no, tier, segment, channel, campaign, source, day, source and day of the redemption, currency): what is
both taken and counted, and a customer's first, all of it in one currency"""


class Combinations(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A difference as it is written down: each combination with its numbers, the times of latest events.

    One that a newer program wrote, with more than we know of, is refused: whoever left that out would lose it for good.
    """

    assigned: list[tuple[Assigned, int]]
    taken: list[tuple[Taken, int]]
    redeemed: list[tuple[Redeemed, list[int]]]
    customers: list[tuple[int, int, int]]
    last_event_us: list[tuple[int, int]]
    used: list[tuple[Used, list[int]]] = []


FirstUse = tuple[
    int, tuple[str, str, str, str], str, str, str | None, str, str, str, str, int, int, int
]
"""A live redemption that is the first of its assignment, and of its customer in the promotion: (promotion_no,
(tier, segment, channel, campaign), source, day and currency (None: not in the rate) of the assignment; source, day,
currency, order_currency, cost_micros, order_micros, redeemed_us)."""


class Cells:
    """A difference to the counters, collected fact by fact or many at once."""

    def __init__(self) -> None:
        self._assigned: dict[Assigned, int] = {}
        self._taken: dict[Taken, int] = {}
        self._redeemed: dict[Redeemed, list[int]] = {}
        self._used: dict[Used, list[int]] = {}
        self._customers: dict[int, list[int]] = {}
        self._piles: dict[int, Pile] = {}
        self.last_event_us: dict[int, int] = {}
        """The latest accepted event of each promotion."""

    def assignment(self, promotion_no: int, a: AssignmentStanding, sign: int) -> None:
        """Adds (sign 1) or takes away (sign -1) one assignment in the rate."""
        key = (promotion_no, *a.place, a.committed_micros, a.currency)
        self._assigned[key] = self._assigned.get(key, 0) + sign
        if a.redeemed:
            self.take((promotion_no, *a.place, a.redeemed_day, a.currency), sign)

    def redemption(self, promotion_no: int, r: RedemptionStanding, sign: int) -> None:
        """Adds (sign 1) or takes away (sign -1) one redemption; rejected ones add nothing."""
        if r.outcome == "rejected":
            return
        outcome = r.outcome if r.live or r.outcome == "pending" else "reversed"
        tier, segment, channel, campaign, _, day = r.place
        place = (promotion_no, tier, segment, channel, campaign, day or r.day)
        key = (*place, r.source, r.day, outcome, r.currency, r.order_currency)
        self.redeem(key, sign, sign * r.cost_micros, sign * r.order_micros)

    def redeem(self, key: Redeemed, n: int, cost_micros: int, order_micros: int) -> None:
        """Adds redemptions that are alike, and are not rejected."""
        _add_numbers(self._redeemed, key, n, cost_micros, order_micros)

    def take(self, taken: Taken, n: int) -> None:
        """Adds assignments that were taken and are alike."""
        self._taken[taken] = self._taken.get(taken, 0) + n

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

    def assign(self, assigned: Iterable[Assigned]) -> None:
        """Adds assignments in the rate that nobody has redeemed."""
        for one in assigned:
            self._assigned[one] = self._assigned.get(one, 0) + 1

    def use_first(self, uses: Iterable[FirstUse]) -> None:
        """Adds first redemptions."""
        for no, words, own_source, own_day, own, source, day, currency, paid_in, *numbers in uses:
            cost_micros, order_micros, redeemed_us = numbers
            self.seen(no, redeemed_us)
            if own == currency == paid_in:  # as nearly always
                used = (no, *words, own_source, own_day, source, day, currency)
                _add_numbers(self._used, used, 1, cost_micros, order_micros)
                continue
            if own is not None:
                taken = (no, *words, own_source, own_day, day, own)
                self._taken[taken] = self._taken.get(taken, 0) + 1
                self.customer(no, 0, 1)
            key = (no, *words, own_day, source, day, "counted", currency, paid_in)
            self.redeem(key, 1, cost_micros, order_micros)

    def add_assigned(self, promotion_no: int, key: PileKey, n: int, committed_micros: int) -> None:
        """Piles up assignments that were added up already."""
        cell = self._cell(promotion_no, key)
        cell[ASSIGNED] += n
        cell[COMMITTED] += committed_micros

    def add_taken(self, promotion_no: int, key: PileKey, n: int) -> None:
        """The same of assignments that first redemptions take, by their place: each is a customer's first."""
        self._cell(promotion_no, key)[REDEEMED] += n
        self.customer(promotion_no, 0, n)

    def add_counted(
        self, promotion_no: int, key: PileKey, n: int, cost_micros: int, order_micros: int
    ) -> None:
        """The same of first redemptions, by their place."""
        outcome: PileKey = (OUTCOME, key[1], ("counted",))
        for cell in (self._cell(promotion_no, key), self._cell(promotion_no, outcome)):
            add_counted(cell, n, cost_micros, order_micros)

    def add_used_day(
        self, promotion_no: int, key: PileKey, n: int, cost_micros: int, order_micros: int
    ) -> None:
        """The same of first redemptions and the assignments they take, by a day of either."""
        cell = self._cell(promotion_no, key)
        cell[REDEEMED] += n
        add_counted(cell, n, cost_micros, order_micros)

    @property
    def collected(
        self,
    ) -> tuple[
        dict[Assigned, int],
        dict[Taken, int],
        dict[Redeemed, list[int]],
        dict[Used, list[int]],
        dict[int, Pile],
    ]:
        """What was collected: combinations of assignments, of what took them, of redemptions, of both; and piles."""
        return self._assigned, self._taken, self._redeemed, self._used, self._piles

    @property
    def size(self) -> int:
        """How many combinations of facts there are, and cells of piles."""
        return self.unpiled + sum(map(len, self._piles.values()))

    @property
    def unpiled(self) -> int:
        """How many combinations of facts are not piled up yet."""
        return len(self._assigned) + len(self._taken) + len(self._redeemed) + len(self._used)

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
            [(key, numbers) for key, numbers in self._used.items() if any(numbers)],
        )

    def include(self, written: Combinations) -> None:
        """Adds a difference that was written down."""
        for assigned, n in written.assigned:
            self._assigned[assigned] = self._assigned.get(assigned, 0) + n
        for taken, n in written.taken:
            self.take(taken, n)
        for redeemed, numbers in written.redeemed:
            self.redeem(redeemed, *numbers)
        for used, numbers in written.used:
            _add_numbers(self._used, used, *numbers)
        for promotion_no, *both in written.customers:
            self.customer(promotion_no, *both)
        for promotion_no, redeemed_us in written.last_event_us:
            self.seen(promotion_no, redeemed_us)

    def leave_out(self, written: Combinations) -> None:
        """Takes a difference away that is in this one; times of latest events stay."""
        for assigned, n in written.assigned:
            self._assigned[assigned] = self._assigned.get(assigned, 0) - n
        for taken, n in written.taken:
            self._taken[taken] = self._taken.get(taken, 0) - n
        for redeemed, (n, cost_micros, order_micros) in written.redeemed:
            self.redeem(redeemed, -n, -cost_micros, -order_micros)
        for used, (n, cost_micros, order_micros) in written.used:
            _add_numbers(self._used, used, -n, -cost_micros, -order_micros)
        for promotion_no, given, taking in written.customers:
            self.customer(promotion_no, -given, -taking)

    def piles(self) -> dict[int, Pile]:
        """The difference by promotion; what was collected as combinations is piled up now."""
        for assigned, n in self._assigned.items():
            self._pile_assigned(assigned, n)
        for taken, n in self._taken.items():
            self._pile_taken(taken, n)
        for redeemed, numbers in self._redeemed.items():
            self._pile_redeemed(redeemed, *numbers)
        for used, numbers in self._used.items():
            self._pile_used(used, *numbers)
        for promotion_no, both in self._customers.items():
            # Counts are added up over currencies; one that is there anyway makes no cell of its own.
            currency = next((key[1] for key in self._piles.get(promotion_no, ())), "")
            cell = self._cell(promotion_no, (TOTAL, currency, ("",)))
            cell[CUSTOMERS_ASSIGNED] += both[0]
            cell[CUSTOMERS_REDEEMED] += both[1]
        for collected in self._assigned, self._taken, self._redeemed, self._used, self._customers:
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
        promised, pile = n * committed_micros, self._pile(promotion_no)
        for key in (
            (PLACED, currency, tuple(place)),
            (ASSIGNED_DAY, currency, (day, place[0])),
            (REDEEMED_DAY, currency, (day, place[0])),
        ):
            cell = pile[key]
            cell[ASSIGNED] += n
            cell[COMMITTED] += promised

    def _pile_taken(self, taken: Taken, n: int) -> None:
        no, tier, segment, channel, campaign, source, day, redeemed_day, currency = taken
        pile = self._pile(no)
        pile[PLACED, currency, (tier, segment, channel, campaign, source)][REDEEMED] += n
        pile[ASSIGNED_DAY, currency, (day, tier)][REDEEMED] += n
        pile[REDEEMED_DAY, currency, (redeemed_day, tier)][REDEEMED] += n

    def _pile_redeemed(
        self, redeemed: Redeemed, n: int, cost_micros: int, order_micros: int
    ) -> None:
        no, tier, segment, channel, campaign, day, source, redeemed_day, outcome, *paid = redeemed
        currency, paid_in = paid
        pile = self._pile(no)
        keys = (
            (PLACED, (tier, segment, channel, campaign, source)),
            (ASSIGNED_DAY, (day, tier)),
            (REDEEMED_DAY, (redeemed_day, tier)),
            (OUTCOME, (outcome,)),
        )
        if outcome == "counted" and currency == paid_in:  # as nearly always
            for dimension, key in keys:
                add_counted(pile[dimension, currency, key], n, cost_micros, order_micros)
            return
        live = outcome not in WITHOUT_AMOUNTS
        for dimension, key in keys:
            cell = pile[dimension, currency, key]
            for measure in COUNTED_AS[outcome]:
                cell[measure] += n
            if live:
                cell[COST] += cost_micros
                if order_micros:
                    pile[dimension, paid_in, key][ORDER] += order_micros

    def _pile_used(self, used: Used, n: int, cost_micros: int, order_micros: int) -> None:
        no, tier, segment, channel, campaign, own_source, own_day, source, day, currency = used
        pile = self._pile(no)
        given = pile[PLACED, currency, (tier, segment, channel, campaign, own_source)]
        given[REDEEMED] += n
        if source != own_source:
            given = pile[PLACED, currency, (tier, segment, channel, campaign, source)]
        given_on = pile[ASSIGNED_DAY, currency, (own_day, tier)]
        used_on = pile[REDEEMED_DAY, currency, (day, tier)]
        given_on[REDEEMED] += n
        used_on[REDEEMED] += n
        for cell in given, given_on, used_on, pile[OUTCOME, currency, _COUNTED]:
            add_counted(cell, n, cost_micros, order_micros)
        self.customer(no, 0, n)

    def _pile(self, promotion_no: int) -> Pile:
        pile = self._piles.get(promotion_no)
        if pile is None:
            pile = self._piles[promotion_no] = _Growing()
        return pile

    def _cell(self, promotion_no: int, key: PileKey) -> list[int]:
        return self._pile(promotion_no)[key]


class _Growing(dict[PileKey, list[int]]):
    """A pile in which a cell is there as soon as it is named."""

    def __missing__(self, key: PileKey) -> list[int]:
        cell = self[key] = [0] * len(MEASURES)
        return cell


_COUNTED = ("counted",)


def _add_numbers(
    there: dict[K, list[int]], key: K, n: int, cost_micros: int, order_micros: int
) -> None:
    numbers = there.get(key)
    if numbers is None:
        there[key] = [n, cost_micros, order_micros]
        return
    numbers[0] += n
    numbers[1] += cost_micros
    numbers[2] += order_micros


def add_totals(sums: Sums, promotion_no: int, pile: Pile) -> None:
    """Adds what a pile adds to the total."""
    for (dimension, currency, _), values in pile.items():
        if dimension in (PLACED, TOTAL):
            add_cell(sums, (promotion_no, TOTAL, "", currency), values)


def total_up(totals: Totals, written: Combinations) -> None:
    """Adds what a difference adds to totals."""
    for (no, *_, micros, currency), n in written.assigned:
        cell = _total(totals, no, currency)
        cell[ASSIGNED] += n
        cell[COMMITTED] += n * micros
    for (no, *_, currency), n in written.taken:
        _total(totals, no, currency)[REDEEMED] += n
    for (no, *_, outcome, currency, paid_in), (n, cost_micros, order_micros) in written.redeemed:
        cell = _total(totals, no, currency)
        for measure in COUNTED_AS[outcome]:
            cell[measure] += n
        if outcome not in WITHOUT_AMOUNTS:
            cell[COST] += cost_micros
            if order_micros:
                _total(totals, no, paid_in)[ORDER] += order_micros
    for (no, *_, currency), (n, cost_micros, order_micros) in written.used:
        cell = _total(totals, no, currency)
        cell[REDEEMED] += n
        cell[CUSTOMERS_REDEEMED] += n
        add_counted(cell, n, cost_micros, order_micros)
    for no, assigned, redeemed in written.customers:
        cell = _total(totals, no, next(iter(totals.get(no, ())), ""))
        cell[CUSTOMERS_ASSIGNED] += assigned
        cell[CUSTOMERS_REDEEMED] += redeemed


def _total(totals: Totals, promotion_no: int, currency: str) -> list[int]:
    by_currency = totals.get(promotion_no)
    if by_currency is None:
        by_currency = totals[promotion_no] = {}
    cell = by_currency.get(currency)
    if cell is None:
        cell = by_currency[currency] = [0] * len(MEASURES)
    return cell


def merge(pile: Pile, more: Iterable[tuple[PileKey, list[int]]]) -> None:
    """Adds to a pile; `more` may be used up."""
    for key, values in more:
        there = pile.get(key)
        pile[key] = values if there is None else list(map(add, there, values))


def spread(sums: Sums, promotion_no: int, pile: Pile, only: int | None = None) -> None:
    """Adds what a pile adds to every dimension but the total, or to dimension `only`."""
    for (dimension, currency, keys), values in pile.items():
        if dimension == PLACED:
            for place, key in zip(_PLACES, keys, strict=True):
                if only is None or place == only:
                    add_cell(sums, (promotion_no, place, key, currency), values)
            continue
        if dimension != TOTAL and (only is None or dimension == only):
            add_cell(sums, (promotion_no, dimension, keys[0], currency), values)
        of_tier = _OF_TIER.get(dimension)
        if of_tier is not None and len(keys) > 1 and keys[1] and only in (None, of_tier):
            add_cell(sums, (promotion_no, of_tier, f"{keys[0]} {keys[1]}", currency), values)


def add_cell(sums: Sums, key: CellKey, values: list[int]) -> None:
    """Adds to one cell."""
    there = sums.get(key)
    sums[key] = values.copy() if there is None else list(map(add, there, values))
