"""Alerts over HTTP: which thresholds of limits were crossed, the newest first."""

from __future__ import annotations

from promosight.api.door.call import Call
from promosight.api.door.cursors import cursor_of, place_in
from promosight.api.door.door import Answer, Door
from promosight.flows.figures.show_alerts import AlertPlace, Sought, list_alerts


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/alerts."""
    place, limit = place_in(call.query("cursor"), AlertPlace()), call.limit()
    sought = Sought(call.query("promotion_id"), call.whole("threshold", 0, 100) or 0)
    items, following = door.store.read(
        lambda tx: list_alerts(tx, call.workspace_no, sought, place=place, limit=limit)
    )
    return Answer({"items": items, "next": cursor_of(following)})
