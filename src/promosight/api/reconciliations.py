"""Reconciling over HTTP: a source says what it reported; receipts, and the events in which the two sides differ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from promosight.api.door.bodies import decoded
from promosight.api.door.call import Call
from promosight.api.door.cursors import cursor_of, place_in
from promosight.api.door.door import Answer, Door
from promosight.api.sources import spoken_for
from promosight.connectors.tables import Columns, csv_lines, csv_row
from promosight.connectors.told_events import read_told
from promosight.errors import Invalid
from promosight.flows.checking.differences import (
    Difference,
    answer_of,
    compare,
    differences_after,
    keep_differences,
)
from promosight.flows.checking.reconciliations import (
    Before,
    Receipt,
    Statement,
    about,
    described,
    keep,
    look,
    receipt_named,
    receipts,
)
from promosight.flows.set_up.workspaces import find_source
from promosight.store.catalogue import Source, load
from promosight.store.tx import Tx

_READS = ("admin", "reports:read")
_ROWS_AT_ONCE = 1_000
_COLUMNS: Columns = {
    **dict.fromkeys(("event_id", "state"), "text"),
    "fields": "list",
    "reason": "text",
    **dict.fromkeys(("said", "found"), "json"),
}


async def state(door: Door, call: Call) -> Answer:
    """POST /v1/sources/{name}/reconciliations: what is said against what was taken; the receipt."""
    statement = decoded(call.body, Statement)
    source = await asyncio.to_thread(spoken_for, door, call, call.path("name"))
    # One pass over the events takes its time, and everybody else's questions need threads and connections, too.
    async with door.counting:
        looked = await asyncio.to_thread(
            door.store.read, lambda tx: look(tx, call.workspace_no, source, statement)
        )
    made = {"reconciliation_id": f"rec-{door.fresh(9)}", "made_by": call.caller.name}
    receipt = await asyncio.to_thread(
        door.store.change, lambda tx: keep(tx, looked, **made, now_us=call.now_us)
    )
    return Answer(receipt, 201)


async def compare_events(door: Door, call: Call) -> Answer:
    """POST .../{reconciliation_id}/events: all that the source has of some buckets, or of the whole time."""
    source = await asyncio.to_thread(spoken_for, door, call, call.path("name"))
    receipt = await asyncio.to_thread(_receipt, door, call, source)
    buckets = _buckets(call)
    currency = call.caller.workspace.currency
    rows = await door.decode(lambda: read_told(call.media_type, call.body, currency))
    async with door.counting:
        done = await asyncio.to_thread(
            door.store.read,
            lambda tx: compare(tx, call.workspace_no, source, receipt, buckets, rows),
        )
    await asyncio.to_thread(
        door.store.change, lambda tx: keep_differences(tx, source, done, now_us=call.now_us)
    )
    return Answer(answer_of(done))


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/sources/{name}/reconciliations: the receipts, the latest first; with `day`, when that begins and ends."""
    source, day = _readable(door, call), call.query("day")
    before = place_in(call.query("cursor"), Before())

    def ask(tx: Tx) -> dict[str, Any]:
        begins = about(load(tx, call.workspace_no), day)
        items, following = receipts(tx, source, day=day or "", before=before, limit=call.limit())
        return {"items": items, "next": cursor_of(following), **begins}

    return Answer(door.store.read(ask))


def show(door: Door, call: Call) -> Answer:
    """GET /v1/sources/{name}/reconciliations/{reconciliation_id}."""
    source = _readable(door, call)
    receipt = _receipt(door, call, source)
    return Answer(door.store.read(lambda tx: described(tx, source, [receipt])[0]))


def differences(door: Door, call: Call) -> Answer:
    """GET .../{reconciliation_id}/differences: as far as events were compared; a page, or all as CSV."""
    source = _readable(door, call)
    receipt = _receipt(door, call, source)
    if call.form() == "csv":
        named = {"Content-Disposition": 'attachment; filename="differences.csv"'}
        return Answer(_lines(door, source, receipt), media_type="text/csv", headers=named)
    after, limit = call.identifier("cursor") or "", call.limit()
    items = door.store.read(lambda tx: differences_after(tx, source, receipt, after, limit + 1))
    following = items[limit - 1].event_id if len(items) > limit else None
    return Answer({"items": items[:limit], "next": following})


async def _lines(door: Door, source: Source, receipt: Receipt) -> AsyncIterator[bytes]:
    yield csv_lines([list(_COLUMNS)])
    after = ""
    while True:
        items = await asyncio.to_thread(_rows_after, door, source, receipt, after)
        yield csv_lines([csv_row(msgspec.structs.asdict(one), _COLUMNS) for one in items])
        if len(items) < _ROWS_AT_ONCE:
            return
        after = items[-1].event_id


def _rows_after(door: Door, source: Source, receipt: Receipt, after: str) -> list[Difference]:
    return door.store.read(lambda tx: differences_after(tx, source, receipt, after, _ROWS_AT_ONCE))


def _readable(door: Door, call: Call) -> Source:
    """The source named, for whoever reads figures or speaks for it. Raises NotFound, Denied."""
    name = call.path("name")
    if call.caller.scopes.isdisjoint(_READS):
        return spoken_for(door, call, name)
    return door.store.read(lambda tx: find_source(tx, call.workspace_no, name))


def _receipt(door: Door, call: Call, source: Source) -> Receipt:
    return door.store.read(lambda tx: receipt_named(tx, source, call.path("reconciliation_id")))


def _buckets(call: Call) -> list[int] | None:
    """The buckets named, parted by commas; None for the whole time."""
    text = call.query("buckets")
    if text is None:
        return None
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        raise Invalid("must be numbers of buckets parted by commas", pointer="/buckets")
    return sorted(set(map(int, parts)))
