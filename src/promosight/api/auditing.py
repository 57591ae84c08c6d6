"""The audit log over HTTP: how handlers make a change that is noted, and the log itself, as pages or as a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, TypeVar

import msgspec

from promosight.api.door.bodies import instant
from promosight.api.door.call import Call
from promosight.api.door.cursors import cursor_of, place_in
from promosight.api.door.door import Answer, Door
from promosight.connectors.tables import csv_lines, csv_row
from promosight.errors import Invalid
from promosight.flows.auditing.audit import Actor, Change, Entry, Look, Wanted, entries, noted
from promosight.store.tx import Tx

R = TypeVar("R")

_PAGE = 1_000
_lines = msgspec.json.Encoder().encode_lines


class _Before(NamedTuple):
    """Where a page begins."""

    before_us: int
    before_id: str


def change_noted(
    door: Door, call: Call, action: str, target: str, look: Look, make: Callable[[Tx], R]
) -> R:
    """Makes a change in one transaction with its entry in the log. Blocks. Raises what making it raises."""
    change = Change(call.workspace_no, action, target, look, door.fresh(9), call.now_us)
    actor = _actor(call)
    return door.store.change(lambda tx: noted(tx, actor, change, make))


def log(door: Door, call: Call) -> Answer:
    """GET /v1/audit: a page as JSON, or the whole of it as NDJSON or CSV."""
    wanted, form = _wanted(call), call.query("format") or "json"
    if form not in ("json", "ndjson", "csv"):
        raise Invalid("must be json, ndjson or csv", pointer="/format")
    if form != "json":
        named = {"Content-Disposition": f'attachment; filename="audit.{form}"'}
        return Answer(_file(door, call, wanted, form), media_type=_MEDIA[form], headers=named)
    items, following = _page(door, call, wanted, call.limit())
    return Answer({"items": items, "next": following and cursor_of(_before(following))})


_COLUMNS = {
    name: "json" if name in ("before", "after") else "text" for name in Entry.__struct_fields__
}
_MEDIA = {"ndjson": "application/x-ndjson", "csv": "text/csv"}


def _wanted(call: Call) -> Wanted:
    since = call.query("since")
    wanted = Wanted(
        actor=call.identifier("actor") or "",
        target=call.identifier("target") or "",
        since_us=0 if since is None else instant(since, "/since"),
    )
    before = place_in(call.query("cursor"), _before(wanted))
    return wanted._replace(**before._asdict())


def _before(wanted: Wanted) -> _Before:
    return _Before(wanted.before_us, wanted.before_id)


def _page(door: Door, call: Call, wanted: Wanted, limit: int) -> tuple[list[Entry], Wanted | None]:
    return door.store.read(lambda tx: entries(tx, call.workspace_no, wanted, limit=limit))


async def _file(door: Door, call: Call, wanted: Wanted, form: str) -> AsyncIterator[bytes]:
    following: Wanted | None = wanted
    if form == "csv":
        yield csv_lines([list(_COLUMNS)])
    while following is not None:
        items, following = await asyncio.to_thread(_page, door, call, following, _PAGE)
        rows = [csv_row(msgspec.to_builtins(item), _COLUMNS) for item in items]
        yield _lines(items) if form == "ndjson" else csv_lines(rows)


def _actor(call: Call) -> Actor:
    caller, client = call.caller, call.scope.get("client")
    return Actor(caller.name, client[0] if client else None, call.request_id)
