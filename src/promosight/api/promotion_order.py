"""The order of a list of promotions: by any figure or field, what has no value last either way, and alike by id.

Only the sums as they are counted are looked at; the figures as the contract shows them are made later, for the
page alone. A page goes on behind the last promotion of the one before, by what that was sorted by then: whatever
comes, goes or moves between two pages, what stays as it is stands on one of them, and on one only.
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_left
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from promosight.api.door.cursors import no_cursor
from promosight.flows.figures.of_promotions import Counted, Figures, View
from promosight.rules import rates
from promosight.rules.money import UNIT_MARK
from promosight.store.catalogue import Listed

SORTABLE = (
    *("promotion_id", "name", "kind", "status", "code", "starts_at", "ends_at"),
    *("created_at", "updated_at"),
    *Figures.__struct_fields__,
)


class Ordered(NamedTuple):
    """Promotions sorted by a field, and what it is of each: nothing where they stand by their ids alone."""

    field: str
    promotions: list[Listed]
    values: list[Any]

    def cursor(self, end: int) -> str | None:
        """The cursor of what stands behind the first so many; None where nothing does."""
        if end >= len(self.promotions):
            return None
        place = self.field, self._value(end - 1), self.promotions[end - 1].promotion_id
        return base64.urlsafe_b64encode(json.dumps(place, ensure_ascii=False).encode()).decode()

    def behind(self, cursor: str) -> int:
        """How many stand before what a cursor is of. Raises Invalid: it is none, or of another order."""
        try:
            field, value, promotion_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
            if field != self.field:
                raise no_cursor()
            follows = self._follows(value, promotion_id)
            return bisect_left(range(len(self.promotions)), True, key=follows)
        except (ValueError, TypeError, RecursionError):
            raise no_cursor() from None

    def _follows(self, last: Any, promotion_id: str) -> Callable[[int], bool]:
        """Whether the promotion in a place stands behind one with such a value and id."""

        def follows(place: int) -> bool:
            value = self._value(place)
            if value == last:
                return self.promotions[place].promotion_id > promotion_id
            if value is None or last is None:
                return value is None
            return bool(value < last if self.field.startswith("-") else value > last)

        return follows

    def _value(self, place: int) -> Any:
        return self.values[place] if self.values else None


def in_order(view: View, promotions: list[Listed], field: str) -> Ordered:
    """Promotions, which come by id, by a figure or a field; descending with `-` before it."""
    name = field.removeprefix("-")
    if field == "promotion_id":
        return Ordered(field, promotions, [])
    currency = view.catalogue.workspace.currency
    valued = [(_value(one, name, currency), one.listed) for one in view.counted(promotions)]
    there = [pair for pair in valued if pair[0] is not None]
    there.sort(key=itemgetter(0), reverse=field.startswith("-"))
    there += [pair for pair in valued if pair[0] is None]
    return Ordered(field, [one for _, one in there], [value for value, _ in there])


def _value(one: Counted, name: str, currency: str) -> Any:
    """What to sort by: money by the workspace's currency and else by its largest amount, usage by its fullest limit."""
    made = _VALUES.get(name)
    if made is not None:
        return made(one)
    if name in ("reward_cost", "order_value"):
        amounts: dict[str, int] = getattr(one, name)
        return amounts.get(currency, max(amounts.values(), default=None))
    if name in ("name", "kind", "status", "code", "starts_at", "ends_at"):
        return getattr(one.listed.definition, name)
    return one.count(name)


def _rate(one: Counted) -> float | None:
    return rates.rate(*one.counts[1::-1]) if one.state == "tracked" else None


def _low(one: Counted) -> float | None:
    interval = rates.wilson(*one.counts[1::-1]) if one.state == "tracked" else None
    return None if interval is None else interval[0]


def _units(one: Counted) -> int | None:
    units = [value for unit, value in one.sums.cost.items() if unit.startswith(UNIT_MARK)]
    return max(units, default=None)


_VALUES: dict[str, Callable[[Counted], Any]] = {
    "promotion_id": lambda one: one.listed.promotion_id,
    "created_at": lambda one: one.listed.created_us,
    "updated_at": lambda one: one.listed.updated_us,
    "state": lambda one: one.state,
    "rate": _rate,
    "display": _rate,
    "interval": _low,
    "customers": lambda one: one.count("customers_assigned"),
    "reward_units": _units,
    "usage": lambda one: one.fullest,
    "last_event_at": lambda one: one.last_us,
    "tracked_since": lambda _: 0,
    "untold": lambda one: int(one.is_untold),
}
