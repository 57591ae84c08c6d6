"""Looking one event up, and the problem inbox: what waits, is flagged or was refused, and its replay."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from promosight.api.bodies import decoded, identified
from promosight.api.call import Call
from promosight.api.door import Answer, Door
from promosight.errors import Invalid
from promosight.flows.lookup import find_event
from promosight.flows.problems import Page, Wanted, problem_counts, problems, replay
from promosight.rules.reasons import explain
from promosight.store.tx import Tx


def event(door: Door, call: Call) -> Answer:
    """GET /v1/events/{event_id}?source=."""
    return Answer(
        door.store.read(
            lambda tx: find_event(
                tx, call.workspace_no, call.path("event_id"), call.query("source")
            )
        )
    )


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/problems: pending, rejected and flagged, the newest first, with counts."""
    wanted = Wanted(call.query("outcome"), call.query("reason"), call.query("source"))
    page = _page(call.query("cursor"))

    def ask(tx: Tx) -> dict[str, Any]:
        items, following = problems(
            tx, call.workspace_no, wanted, page=page, limit=call.limit(), now_us=call.now_us
        )
        for item in items:
            item["detail"] = explain(item["reason"], item["detail"])
        counts = problem_counts(tx, call.workspace_no)
        return {"items": items, "next": following and _cursor(following), "counts": counts}

    return Answer(door.store.read(ask))


class Again(msgspec.Struct):
    """Which refused items to send through again: some by id, or all of a reason and source."""

    ids: list[str] | None = None
    reason: str | None = None
    source: str | None = None


def send_again(door: Door, call: Call) -> Answer:
    """POST /v1/problems/replay."""
    asked = decoded(call.body, Again)
    reason = asked.reason and identified(asked.reason, "/reason")
    wanted = Wanted(None, reason, asked.source and identified(asked.source, "/source"))
    ids = None if asked.ids is None else set(asked.ids)
    return Answer(
        door.store.change(
            lambda tx: replay(tx, call.workspace_no, wanted, ids=ids, now_us=call.now_us)
        )
    )


def _cursor(page: Page) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(page)).decode()


def _page(cursor: str | None) -> Page:
    if cursor is None:
        return Page()
    try:
        page = msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode()), type=Page)
    except (ValueError, msgspec.MsgspecError):
        page = Page(-1)
    if not 0 <= page.before_us <= Page().before_us or not page.after.isprintable():
        raise Invalid("is not the `next` of a page", pointer="/cursor")
    return page
