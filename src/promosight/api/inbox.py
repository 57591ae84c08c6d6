"""Looking one event up, and the problem inbox: what waits, is flagged or was refused, and its replay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from promosight.api.door.bodies import decoded, identified
from promosight.api.door.call import Call
from promosight.api.door.cursors import cursor_of, no_cursor, place_in
from promosight.api.door.door import Answer, Door
from promosight.connectors.read_again import read_again
from promosight.connectors.tables import COLUMNS, Columns, csv_lines, csv_row
from promosight.errors import Invalid
from promosight.flows.imports.show_imports import PROBLEMS
from promosight.flows.reporting.lookup import find_event
from promosight.flows.reporting.near_misses import explain_near_miss
from promosight.flows.reporting.problem_keys import key_of
from promosight.flows.reporting.problems import Page, Wanted, problem_counts, problems
from promosight.flows.reporting.replay import Replayed, replay, replay_these
from promosight.rules.matching import IN_COST
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


async def listing(door: Door, call: Call) -> Answer:
    """GET /v1/problems: pending, rejected and flagged, the newest first: a page with counts, or all as CSV."""
    form = call.form()
    q = call.query("q")
    wanted = Wanted(
        _outcome(call.query("outcome")),
        call.query("reason"),
        call.query("source"),
        None if q is None else q.strip() or None,
    )
    page = _page(call.query("cursor"))
    if form == "json":
        return Answer(await asyncio.to_thread(_shown, door, call, wanted, page))
    first = await asyncio.to_thread(_read_page, door, call, wanted, page)
    headers = {"Content-Disposition": 'attachment; filename="problems.csv"'}
    return Answer(_lines(door, call, wanted, first), media_type="text/csv", headers=headers)


def _outcome(asked: str | None) -> str | None:
    """The outcome that is asked for, which may be one that no problem has. Raises Invalid for what is no outcome."""
    if asked and asked not in (*PROBLEMS, *IN_COST):
        raise Invalid("must be one of " + ", ".join(PROBLEMS), pointer="/outcome")
    return asked


def _shown(door: Door, call: Call, wanted: Wanted, page: Page) -> dict[str, Any]:
    limit = call.limit()

    def ask(tx: Tx) -> dict[str, Any]:
        items, following = problems(
            tx, call.workspace_no, wanted, page=page, limit=limit, now_us=call.now_us
        )
        counts = problem_counts(tx, call.workspace_no)
        return {"items": items, "next": cursor_of(following), "counts": counts}

    return door.store.read(ask)


_COLUMNS: Columns = {
    name: COLUMNS["problems"][name]
    for name in (
        *("received_at", "source", "kind", "outcome", "reason", "event_id", "promotion_id"),
        *("customer_id", "detail", "advice", "payload"),
    )
}
_ROWS_AT_ONCE = 1_000


Paged = tuple[list[dict[str, Any]], Page | None]


async def _lines(door: Door, call: Call, wanted: Wanted, first: Paged) -> AsyncIterator[bytes]:
    """All problems wanted, page by page, each a short read of its own."""
    yield csv_lines([list(_COLUMNS)])
    items, page = first
    while True:
        yield csv_lines([csv_row(item, _COLUMNS) for item in items])
        if page is None:
            return
        items, page = await asyncio.to_thread(_read_page, door, call, wanted, page)


def _read_page(door: Door, call: Call, wanted: Wanted, page: Page) -> Paged:
    return door.store.read(
        lambda tx: problems(
            tx, call.workspace_no, wanted, page=page, limit=_ROWS_AT_ONCE, now_us=call.now_us
        )
    )


def likely_reasons(door: Door, call: Call) -> Answer:
    """GET /v1/problems/{problem_id}/reasons: what an event that found nothing most likely meant."""
    named = call.path("problem_id")
    found = door.store.read(lambda tx: explain_near_miss(tx, call.workspace_no, named))
    return Answer(msgspec.to_builtins(found))


class Again(msgspec.Struct, forbid_unknown_fields=True):
    """Which refused items to send through again: some by id, or all of an outcome, reason, source or id in them.

    `cursor`: from where an earlier replay ended.
    """

    ids: list[str] | None = None
    outcome: str | None = None
    reason: str | None = None
    source: str | None = None
    q: str | None = None
    cursor: str | None = None


def send_again(door: Door, call: Call) -> Answer:
    """POST /v1/problems/replay."""
    asked = decoded(call.body, Again)
    filters = {name: getattr(asked, name) for name in Wanted._fields}
    wanted = Wanted(**{n: text and identified(text, f"/{n}") for n, text in filters.items()})
    _outcome(wanted.outcome)
    page = _page(asked.cursor)

    def send(tx: Tx) -> Replayed:
        now_us = call.now_us
        if asked.ids is not None:
            return replay_these(
                tx, call.workspace_no, asked.ids, wanted, now_us=now_us, read=read_again
            )
        return replay(tx, call.workspace_no, wanted, page=page, now_us=now_us, read=read_again)

    done = door.store.change(send)
    said = msgspec.structs.asdict(done)
    return Answer(said | {"next": cursor_of(done.next)})


def _page(cursor: str | None) -> Page:
    """Where a page begins. Raises Invalid for what is no cursor of ours."""
    page = place_in(cursor, Page())
    if page.after:
        try:
            key_of(page.after)
        except ValueError:
            raise no_cursor() from None
    return page
