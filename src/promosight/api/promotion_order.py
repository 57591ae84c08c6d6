"""The order of a list of promotions: by any figure or field, what has no value last either way.

Only the sums as they are counted are looked at; the figures as the contract shows them are made later, for the
page alone.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from promosight.flows.figures.of_promotions import Counted, Figures, View
from promosight.rules import rates
from promosight.rules.money import UNIT_MARK
from promosight.store.catalogue import Listed

SORTABLE = (
    *("promotion_id", "name", "kind", "status", "code", "starts_at", "ends_at"),
    *("created_at", "updated_at"),
    *Figures.__struct_fields__,
)


def in_order(view: View, promotions: list[Listed], field: str) -> list[Listed]:
    """Promotions, which come by id, by a figure or a field; descending with `-` before it."""
    name = field.removeprefix("-")
    if field == "promotion_id":
        return promotions
    currency = view.catalogue.workspace.currency
    valued = [(_value(one, name, currency), one.listed) for one in view.counted(promotions)]
    there = [pair for pair in valued if pair[0] is not None]
    there.sort(key=itemgetter(0), reverse=field.startswith("-"))
    return [one for _, one in there] + [one for value, one in valued if value is None]


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
