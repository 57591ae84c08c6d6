"""Alerts over HTTP: which thresholds of limits were crossed, the newest first."""

from __future__ import annotations

import base64

import msgspec

from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.errors import Invalid
from promosight.flows.figures.show_alerts import AlertPlace, Sought, list_alerts


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/alerts."""
    place, limit = _place(call.query("cursor")), call.limit()
    sought = Sought(call.query("promotion_id"), call.whole("threshold", 0, 100) or 0)
    items, following = door.store.read(
        lambda tx: list_alerts(tx, call.workspace_no, sought, place=place, limit=limit)
    )
    return Answer({"items": items, "next": following and _cursor(following)})


def _cursor(place: AlertPlace) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _place(cursor: str | None) -> AlertPlace:
    if cursor is None:
        return AlertPlace()
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode()), type=AlertPlace)
        if all(0 <= one < 2**63 for one in place):
            return place
    except (ValueError, msgspec.MsgspecError):
        pass
    raise Invalid("is not the `next` of a page", pointer="/cursor")
