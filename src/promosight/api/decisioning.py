"""How a workspace decides, over HTTP: its settings and state, and the log of what was decided."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import decoded, instant
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.learned import all_learned
from promosight.api.versions import who
from promosight.connectors.tables import csv_lines, unformulated
from promosight.errors import Invalid
from promosight.flows.auditing.as_it_stands import the_policy
from promosight.flows.decisioning.decision_log import (
    COLUMNS,
    FORMS,
    After,
    Logged,
    dsjson_of,
    line_of,
    logged,
    table_of,
)
from promosight.flows.decisioning.decision_status import (
    Decisioning,
    change_settings,
    decisioning_of,
)
from promosight.flows.decisioning.explaining import explain_decision
from promosight.flows.decisioning.pricing import pacing_of
from promosight.flows.decisioning.versions import Doing, note_settings
from promosight.store.tx import Tx

_PAGE = 500
_Paged = tuple[list[Logged], After | None]


def show(door: Door, call: Call) -> Answer:
    """GET /v1/decisioning."""
    return Answer(door.store.read(lambda tx: _standing(door, call, tx)))


def change(door: Door, call: Call) -> Answer:
    """PATCH /v1/decisioning: what is said is changed, the rest stays."""
    said = decoded(call.body, dict[str, Any])
    doing = Doing(who(call), call.now_us)

    def changed(tx: Tx) -> Decisioning:
        change_settings(tx, call.workspace_no, said, now_us=call.now_us)
        note_settings(tx, call.workspace_no, list(said), doing)
        return _standing(door, call, tx)

    return Answer(
        change_noted(
            *(door, call, "decisioning.change", "decisioning"),
            the_policy(call.workspace_no),
            changed,
        )
    )


def _standing(door: Door, call: Call, tx: Tx) -> Decisioning:
    return decisioning_of(tx, call.workspace_no, door.minds, now_us=call.now_us)


def pacing(door: Door, call: Call) -> Answer:
    """GET /v1/decisioning/pacing."""
    return Answer(door.store.read(lambda tx: pacing_of(tx, call.workspace_no, now_us=call.now_us)))


def explain(door: Door, call: Call) -> Answer:
    """GET /v1/decisions/{decision_id}."""
    decision_id = call.path("decision_id")
    return Answer(
        door.store.read(lambda tx: explain_decision(tx, call.workspace_no, decision_id, door.minds))
    )


async def log(door: Door, call: Call) -> Answer:
    """GET /v1/decisioning/log."""
    form = call.query("format") or ("csv" if "csv" in call.header(b"accept") else "ndjson")
    if form not in FORMS:
        raise Invalid("must be one of " + ", ".join(FORMS), pointer="/format")
    start, end = (
        None if (text := call.query(name)) is None else instant(text, f"/{name}")
        for name in ("from", "to")
    )
    after = After() if start is None else After(start - 1, "\U0010ffff")
    to_us = 2**62 if end is None else end
    await all_learned(door, call)
    first = await _page(door, call, after, to_us)
    media_type = "text/csv" if form == "csv" else "application/x-ndjson"
    return Answer(_lines(door, call, first, to_us, form), media_type=media_type)


async def _page(door: Door, call: Call, after: After, to_us: int) -> _Paged:
    return await asyncio.to_thread(
        door.store.read,
        lambda tx: logged(tx, call.workspace_no, after, to_us=to_us, limit=_PAGE),
    )


async def _lines(
    door: Door, call: Call, first: _Paged, to_us: int, form: str
) -> AsyncIterator[bytes]:
    found, after = first
    currency = call.caller.workspace.currency
    if form == "csv":
        yield csv_lines([list(COLUMNS)])
    while True:
        if found:
            yield await asyncio.to_thread(_encoded, found, form, currency)
        if after is None:
            return
        found, after = await _page(door, call, after, to_us)


def _encoded(found: list[Logged], form: str, currency: str) -> bytes:
    if form == "csv":
        rows = [table_of(one, currency).values() for one in found]
        return csv_lines([[_plain(value) for value in row] for row in rows])
    lines = [dsjson_of(one) if form == "dsjson" else line_of(one, currency) for one in found]
    return msgspec.json.Encoder().encode_lines(lines)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"  # as in every other file
    return unformulated(value) if isinstance(value, str) else value
