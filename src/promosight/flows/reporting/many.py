"""Thousands of facts of one kind in one transaction, as columns: what the ways for many share.

They are taken as one sheet when nobody wants to hear more of each than its outcome, and when the transaction is run
for the first time. Whatever is not plain among them, or stands alone in its sheet, becomes an object again and is
settled as ever (`report`), and sees what was taken here as stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, NamedTuple

from promosight.flows.reporting.intake import Delivery, Item
from promosight.rules.counting import MANY
from promosight.rules.facts import Assignment, Event
from promosight.rules.numbered import least_and_most
from promosight.rules.repeated import Repeated, firsts, values_of
from promosight.rules.sheets import (
    Sheet,
    chosen,
    joined,
    picked,
    places_of,
    says_nothing,
    says_one_thing,
)
from promosight.store.rows import Arrival

KEPT = (
    *("event_id", "digest", "assignment_id", "campaign_id", "tier_id", "channel"),
    *("reward_micros", "currency", "order_id", "order_micros", "metadata"),
)
"""The fields of an event that are written as they were said, in the order of the columns."""

_second = itemgetter(1)

Placed = tuple[int, Any, Arrival]
"""An item of a transaction: its position there, what it says, and how it arrived."""


class Many(NamedTuple):
    """One sheet of all deliveries of a transaction, and how each of its rows arrived."""

    sheet: Sheet
    arrivals: Sequence[Arrival]
    source_no: Sequence[int]
    received_us: Sequence[int]

    def __len__(self) -> int:
        return len(self.sheet)

    def column(self, name: str) -> Sequence[Any]:
        """What the facts say in a field."""
        return self.sheet.columns[name]

    def apart_from_alone(self, named_by: str) -> list[bool] | None:
        """Rows that share no group and no id with one alone; None where nothing is alone but what was refused.

        Those that do are judged with it, in their order: it may be the first of them.
        """
        alone = [one for one in self.sheet.alone.values() if isinstance(one, self.sheet.kind)]
        if not alone:
            return None
        ids = {getattr(one, named_by) for one in alone} - {None}
        grouped = ["promotion_id", "customer_id"]
        codes = self.column("promo_code")
        if self.sheet.kind is Event and not (
            says_nothing(codes) and all(one.promo_code is None for one in alone)
        ):
            grouped = ["customer_id"]  # a code leads into any promotion
        groups = {tuple(getattr(one, name) for name in grouped) for one in alone}
        rows = zip(*map(self.column, (*grouped, named_by)), strict=True)
        return [one[:-1] not in groups and one[-1] not in ids for one in rows]

    def customers_but(self, rows: Iterable[int], wanted: set[str]) -> set[str]:
        """Of the customers wanted, those whom others than these rows name."""
        but = {*rows, *self.sheet.alone}
        named = enumerate(self.column("customer_id"))
        return {one for row, one in named if one in wanted and row not in but}

    def identities(self, rows: Sequence[int]) -> list[tuple[int, str]]:
        """What makes a second delivery the same event: its source and id."""
        ids = picked(self.column("event_id"), rows)
        return list(zip(picked(self.source_no, rows), ids, strict=True))

    def kept(self, rows: Sequence[int]) -> Iterator[Sequence[Any]]:
        """Of events what is written as it was said, and how they arrived, in the order of the columns."""
        places = places_of(rows)
        for name in KEPT:
            yield chosen(self.column(name), rows, places)
        yield picked(self.source_no, rows)
        yield picked(self.received_us, rows)

    def beside_code(self, rows: Sequence[int]) -> tuple[Sequence[Any], Sequence[Any]]:
        """The ids of promotions where a code is named beside them, and the codes."""
        codes = picked(self.column("promo_code"), rows)
        if says_nothing(codes):
            return codes, codes
        named = picked(self.column("promotion_id"), rows)
        if None in codes:
            both = zip(named, codes, strict=True)
            named = [one if code is not None else None for one, code in both]
        return named, codes

    def placed(self, rows: Iterable[int]) -> Iterator[Placed]:
        """Some rows as items, each made when it is its turn."""
        return ((row, self.sheet[row], self.arrivals[row]) for row in rows)

    def firsts(self, before_us: int) -> Iterator[Placed]:
        """Among others, in order, the first of each promotion that happened before an instant."""
        happened = "redeemed_us" if self.sheet.kind is Event else "assigned_us"
        at_us, named = self.column(happened), self.column("promotion_id")
        said = values_of(at_us)
        if None not in said and least_and_most(said)[1] < before_us:
            if says_one_thing(named):
                named = named[:1]
            first = firsts_of(named)
        else:
            early = [n for n, one in enumerate(at_us) if one is not None and one < before_us]
            first = {named[row]: row for row in reversed(early)}
        yield from self.placed(sorted({*first.values(), *self.sheet.alone}))


def firsts_of(column: Sequence[Any]) -> dict[Any, int]:
    """Each value of a column with the first row that says it."""
    if isinstance(column, Repeated):
        rows = firsts(column.which, len(column.values)).tolist()
        return dict(sorted(zip(column.values, rows, strict=True), key=_second, reverse=True))
    return dict(zip(reversed(column), range(len(column) - 1, -1, -1), strict=True))


def many_of(deliveries: Sequence[Delivery]) -> Many | None:
    """The deliveries as one sheet; None where they are few, of several kinds, or more is to be told of each."""
    if sum([len(one.items) for one in deliveries]) < MANY:
        return None
    sheets = [one.items for one in deliveries if isinstance(one.items, Sheet) and one.brief]
    if len(sheets) < len(deliveries) or len({sheet.kind for sheet in sheets}) > 1:
        return None
    arrived = [(one.arrival, len(one.items)) for one in deliveries]
    return Many(
        joined(sheets),
        _each(arrived),
        _each((arrival.source_no, count) for arrival, count in arrived),
        _each((arrival.received_us, count) for arrival, count in arrived),
    )


def _each(of: Iterable[tuple[Any, int]]) -> list[Any]:
    """Each value so many times."""
    return list(chain.from_iterable(repeat(value, count) for value, count in of))


class Named(NamedTuple):
    """What items name, and whether they may reach into other customers' buckets: by a code, or as a reversal."""

    customer_ids: Sequence[Any]
    """Of a sheet first that of each row, None where it is alone."""
    promotion_ids: set[str]
    reaching: bool


def named_by(items: Iterable[Item]) -> Named:
    """What items name."""
    facts = [item for item in items if isinstance(item, Assignment | Event)]
    return Named(
        list({fact.customer_id for fact in facts if fact.customer_id is not None}),
        {fact.promotion_id for fact in facts if fact.promotion_id is not None},
        any(f.promo_code for f in facts) or any(f.reverses for f in facts if isinstance(f, Event)),
    )


def named_in(sheet: Sheet) -> Named:
    """What a sheet names."""
    alone = named_by(sheet.alone.values())
    columns = sheet.columns
    customers, promotions = columns["customer_id"], columns["promotion_id"]
    if sheet.alone:
        customers = [*columns["customer_id"], *alone.customer_ids]
    if says_one_thing(promotions):
        promotions = promotions[:1]
    return Named(
        customers,
        {*values_of(promotions), *alone.promotion_ids} - {None},
        alone.reaching or not says_nothing(columns["promo_code"]),
    )


def alike(
    cases: Iterable[tuple[Any, ...]], count: int
) -> tuple[list[int], dict[tuple[Any, ...], int]]:
    """For each of so many rows the first row with the same case, and the cases by that: most rows are alike."""
    first: dict[tuple[Any, ...], int] = {}
    where = list(map(first.setdefault, cases, range(count)))
    return where, first


def firsts_alike(columns: Sequence[Sequence[Any]]) -> list[int]:
    """For each row the first that says the same in every column."""
    telling = [column for column in columns if not says_one_thing(column)]
    count = len(columns[0])
    return alike(zip(*telling, strict=True), count)[0] if telling else [0] * count
