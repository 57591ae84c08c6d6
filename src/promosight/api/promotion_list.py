"""GET /v1/promotions: filtered, sorted by any figure, page by page.

Filtering and sorting look at the definition and at the sums as they are counted; the figures as the contract
shows them are made for the page alone.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from promosight.api.call import Call
from promosight.api.door import Answer, Door
from promosight.errors import Invalid
from promosight.flows.figures import Counted, Figures, View
from promosight.flows.usage import Usage
from promosight.rules import rates
from promosight.rules.money import UNIT_MARK
from promosight.rules.promotions import KINDS, STATUSES
from promosight.store.tx import Tx


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/promotions: filter, sort by any figure, page."""
    is_wanted = _filter(call)
    field = call.query("sort") or "promotion_id"
    name = field.removeprefix("-")
    if name not in _SORTABLE:
        raise Invalid("must be one of " + ", ".join(_SORTABLE), pointer="/sort")
    start = offset_of(call.query("cursor"))
    end = start + call.limit()

    def look(tx: Tx) -> Answer:
        view = View(tx, call.workspace_no, now_us=call.now_us)
        chosen = [one for one in view.promotions() if is_wanted(one)]
        _sort(chosen, field, view.catalogue.workspace.currency)
        items = view.show(chosen[start:end])
        return Answer({"items": items, "next": cursor_at(end) if end < len(chosen) else None})

    return door.store.read(look)


def _filter(call: Call) -> Callable[[Counted], bool]:
    """What `status`, `kind` and `q` let through. Raises Invalid."""
    given = [name for name in _FILTERS if call.query(name) is not None]
    chosen = {name: _values(call, name, _FILTERS[name]) for name in given}
    q = (call.query("q") or "").casefold()

    def is_wanted(one: Counted) -> bool:
        terms = one.listed.definition
        if chosen and any(getattr(terms, name) not in values for name, values in chosen.items()):
            return False
        if not q:
            return True
        assert terms is not None
        return q in f"{one.listed.promotion_id} {terms.name} {terms.code or ''}".casefold()

    return is_wanted


_FILTERS = {"status": STATUSES, "kind": KINDS}


def _values(call: Call, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The values of a filter, joined by commas."""
    values = tuple((call.query(name) or "").split(","))
    if unknown := set(values) - set(allowed):
        raise Invalid(f"{min(unknown)!r} is none of {', '.join(allowed)}", pointer=f"/{name}")
    return values


_SORTABLE = (
    *("promotion_id", "name", "kind", "status", "code", "starts_at", "ends_at"),
    *("created_at", "updated_at"),
    *Figures.__struct_fields__,
)


def _sort(items: list[Counted], field: str, currency: str) -> None:
    """Sorts by a figure or a field, descending with `-` before it; what has no value comes last."""
    name = field.removeprefix("-")
    if field == "promotion_id":
        return  # they come in this order
    valued = [(_value(one, name, currency), one) for one in items]
    there = [pair for pair in valued if pair[0] is not None]
    there.sort(key=lambda pair: pair[0], reverse=field.startswith("-"))
    items[:] = [one for _, one in there] + [one for value, one in valued if value is None]


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
    return one.sums[name]


def _rate(one: Counted) -> float | None:
    return rates.rate(*one.sums.counts[1::-1]) if one.state == "tracked" else None


def _units(one: Counted) -> int | None:
    units = [value for unit, value in one.sums.cost.items() if unit.startswith(UNIT_MARK)]
    return max(units, default=None)


def _share(limit: Usage) -> Decimal:
    used = max(Decimal(limit.committed or 0), Decimal(limit.redeemed or 0))
    whole = Decimal(limit.limit)
    return used / whole if whole else Decimal(used > 0)


_VALUES: dict[str, Callable[[Counted], Any]] = {
    "promotion_id": lambda one: one.listed.promotion_id,
    "created_at": lambda one: one.listed.created_us,
    "updated_at": lambda one: one.listed.updated_us,
    "state": lambda one: one.state,
    "rate": _rate,
    "display": _rate,
    "customers": lambda one: one.sums["customers_assigned"],
    "reward_units": _units,
    "usage": lambda one: max(map(_share, one.usage), default=None),
    "last_event_at": lambda one: one.last_us,
    "tracked_since": lambda _: 0,
}


def cursor_at(offset: int) -> str:
    """The opaque cursor of a page that begins at an offset."""
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode()


def offset_of(cursor: str | None) -> int:
    """Where the page of a cursor begins. Raises Invalid."""
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
        if not re.fullmatch("o[0-9]{1,9}", text):
            raise ValueError
        return int(text.removeprefix("o"))
    except ValueError:
        raise Invalid("is not the `next` of a page", pointer="/cursor") from None
