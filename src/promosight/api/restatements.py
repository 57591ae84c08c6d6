"""GET /v1/promotions/{promotion_id}/restatements: what moved figures afterwards, and why; a page, or all as CSV."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from promosight.api.door.call import Call
from promosight.api.door.cursors import cursor_of, place_in
from promosight.api.door.door import Answer, Door
from promosight.connectors.tables import Columns, csv_lines, csv_row
from promosight.flows.figures.show_restatements import (
    Before,
    Restatement,
    Restatements,
    restatements,
)
from promosight.rules.restatements import COUNTS

_ROWS_AT_ONCE = 500
_COLUMNS: Columns = {
    "restated_at": "instant",
    **dict.fromkeys(("kind", "reason", "source", "event_id", "reverses"), "text"),
    "facts": "count",
    "day": "word",
    "ended": "flag",
    "tier_id": "text",
    **dict.fromkeys(COUNTS, "count"),
    **dict.fromkeys(("reward_cost", "reward_units", "order_value"), "json"),
}

Paged = tuple[list[Restatement], Before | None]


async def listing(door: Door, call: Call) -> Answer:
    """The log, the newest first."""
    form = call.form()
    before = place_in(call.query("cursor"), Before())
    if form == "csv":
        first = await _page(door, call, before, _ROWS_AT_ONCE)
        named = {"Content-Disposition": 'attachment; filename="restatements.csv"'}
        return Answer(_lines(door, call, first), media_type="text/csv", headers=named)
    items, following = await _page(door, call, before, call.limit(default=50))
    cursor = cursor_of(following)
    return Answer(Restatements(call.path("promotion_id"), items, cursor))


async def _page(door: Door, call: Call, before: Before, limit: int) -> Paged:
    promotion_id = call.path("promotion_id")
    return await asyncio.to_thread(
        door.store.read,
        lambda tx: restatements(tx, call.workspace_no, promotion_id, before=before, limit=limit),
    )


async def _lines(door: Door, call: Call, first: Paged) -> AsyncIterator[bytes]:
    """A row for each day and tier of every entry, page by page."""
    items, before = first
    yield csv_lines([list(_COLUMNS)])
    while True:
        yield csv_lines([row for one in items for row in _rows(one)])
        if before is None:
            return
        items, before = await _page(door, call, before, _ROWS_AT_ONCE)


def _rows(one: Restatement) -> list[list[str]]:
    entry = msgspec.structs.asdict(one)
    return [csv_row(entry | msgspec.structs.asdict(day), _COLUMNS) for day in one.days]
