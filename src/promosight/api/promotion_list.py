"""GET /v1/promotions: filtered, sorted by any figure, page by page, or all of it as a table.

Filtering looks at the definition alone and sorting at the sums as they are counted; the figures as the contract
shows them are made for the page alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.known_then import as_asked
from promosight.api.promotion_order import SORTABLE, Ordered, in_order
from promosight.api.promotion_table import table
from promosight.errors import Invalid
from promosight.flows.figures.of_promotions import View
from promosight.flows.figures.seen_then import ViewThen
from promosight.flows.figures.trends import trends
from promosight.rules.instants import format_instant
from promosight.rules.promotions import KINDS, STATUSES
from promosight.store.catalogue import Listed
from promosight.store.tx import Tx

_FURTHEST = 10**9
_encode = msgspec.json.Encoder().encode


async def listing(door: Door, call: Call) -> Answer:
    """GET /v1/promotions: filter, sort by any figure, page; now, or as of a moment."""
    is_wanted, field, page = asked_for(call), _order(call), _page(call)
    form = call.form()

    def look(view: View, at_us: int) -> Answer:
        chosen = in_order(view, [one for one in view.catalogue.defined if is_wanted(one)], field)
        if form == "csv":
            named = {"Content-Disposition": 'attachment; filename="promotions.csv"'}
            return Answer(table(view, chosen.promotions), media_type="text/csv", headers=named)
        return Answer(_shown(view, chosen, page, at_us))

    def now(tx: Tx) -> Answer:
        return look(View(tx, call.workspace_no, now_us=call.now_us), call.now_us)

    def then(tx: Tx, as_of_us: int) -> Answer:
        return look(ViewThen(tx, call.workspace_no, as_of_us, now_us=call.now_us), as_of_us)

    return await as_asked(door, call, now, then)


class _Page(NamedTuple):
    """Which part of the list is wanted, and the days of its trends, 0 for none."""

    offset: int
    cursor: str | None
    limit: int
    days: int


def _shown(view: View, chosen: Ordered, page: _Page, now_us: int) -> dict[str, Any]:
    start = page.offset if page.cursor is None else chosen.behind(page.cursor)
    end = start + page.limit
    listed = chosen.promotions[start:end]
    items = view.show(listed)
    if page.days:
        days = trends(view, listed, page.days, now_us=now_us)
        items = [_with(item, trend) for item, trend in zip(items, days, strict=True)]
    return {
        "items": items,
        "next": chosen.cursor(end),
        "total": len(chosen.promotions),
        "as_of": format_instant(now_us),
    }


def _with(item: msgspec.Raw, trend: list[int]) -> msgspec.Raw:
    return msgspec.Raw(b'%b,"trend":%b}' % (bytes(item)[:-1], _encode(trend)))


def _page(call: Call) -> _Page:
    start = call.whole("offset", 0, _FURTHEST)
    cursor = call.query("cursor")
    if start is not None and cursor is not None:
        raise Invalid("give either an offset or a cursor", pointer="/offset")
    return _Page(start or 0, cursor, call.limit(), call.whole("trend", 7, 90) or 0)


def _order(call: Call) -> str:
    field = call.query("sort") or "promotion_id"
    if field.removeprefix("-") not in SORTABLE:
        raise Invalid("must be one of " + ", ".join(SORTABLE), pointer="/sort")
    return field


def asked_for(call: Call) -> Callable[[Listed], bool]:
    """What `status`, `kind` and `q` let through. Raises Invalid."""
    given = [name for name in _FILTERS if call.query(name) is not None]
    chosen = {name: _values(call, name, _FILTERS[name]) for name in given}
    q = (call.query("q") or "").casefold()

    def is_wanted(one: Listed) -> bool:
        terms = one.definition
        if chosen and any(getattr(terms, name) not in values for name, values in chosen.items()):
            return False
        if not q:
            return True
        assert terms is not None
        return q in f"{one.promotion_id} {terms.name} {terms.code or ''}".casefold()

    return is_wanted


_FILTERS = {"status": STATUSES, "kind": KINDS}


def _values(call: Call, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The values of a filter, joined by commas."""
    values = tuple((call.query(name) or "").split(","))
    if unknown := set(values) - set(allowed):
        raise Invalid(f"{min(unknown)!r} is none of {', '.join(allowed)}", pointer=f"/{name}")
    return values
