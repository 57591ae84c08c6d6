"""The audit log over HTTP: how handlers make a change that is noted, and the log itself, as pages or as a file."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import msgspec

from promosight.api.bodies import instant
from promosight.api.call import Call
from promosight.api.door import Answer, Door
from promosight.connectors.tables import csv_lines, csv_row
from promosight.errors import Invalid, NotFound
from promosight.flows.audit import Actor, Change, Entry, Wanted, entries, noted
from promosight.flows.set_up import find_source
from promosight.flows.show_set_up import describe_workspace, list_keys
from promosight.flows.users import describe_user, user_of
from promosight.rules.identity import stable_hash
from promosight.rules.instants import format_instant
from promosight.store.catalogue import load
from promosight.store.tx import Tx

R = TypeVar("R")
Look = Callable[[Tx], Any]
_PAGE = 1_000
_lines = msgspec.json.Encoder().encode_lines


def change_noted(
    door: Door, call: Call, action: str, target: str, look: Look, make: Callable[[Tx], R]
) -> R:
    """Makes a change in one transaction with its entry in the log. Blocks. Raises what making it raises."""
    change = Change(call.workspace_no, action, target, look, door.fresh(9), call.now_us)
    actor = _actor(call)
    return door.store.change(lambda tx: noted(tx, actor, change, make))


def the_promotion(call: Call, promotion_id: str) -> Look:
    """How a promotion is defined."""

    def look(tx: Tx) -> Any:
        listed = load(tx, call.workspace_no).by_id.get(promotion_id)
        return None if listed is None else msgspec.to_builtins(listed.definition)

    return look


def the_workspace(call: Call) -> Look:
    """The settings of the workspace."""
    return lambda tx: describe_workspace(load(tx, call.workspace_no).workspace)


def the_source(call: Call, name: str) -> Look:
    """A source; None before there is one."""

    def look(tx: Tx) -> Any:
        try:
            source = find_source(tx, call.workspace_no, name)
        except NotFound:
            return None
        live = None if source.live_us is None else format_instant(source.live_us)
        return {"cadence": source.cadence, "live_since": live}

    return look


def the_key(call: Call, key_id: str) -> Look:
    """A key, without its secret and its digest."""
    return lambda tx: next(
        (
            one
            for one in list_keys(tx, call.workspace_no, now_us=call.now_us)
            if one["key_id"] == key_id
        ),
        None,
    )


def the_user(call: Call, email: str) -> Look:
    """A user, without password; that one was changed is said by when it was."""

    def look(tx: Tx) -> Any:
        user = user_of(tx, email)
        if user is None or user.workspace_no != call.workspace_no:
            return None
        said = {name: said for name, said in describe_user(user).items() if name != "last_seen_at"}
        return said | {"password_mark": f"{stable_hash(user.password_hash):016x}"}

    return look


def log(door: Door, call: Call) -> Answer:
    """GET /v1/audit: a page as JSON, or the whole of it as NDJSON or CSV."""
    wanted, form = _wanted(call), call.query("format") or "json"
    if form not in ("json", "ndjson", "csv"):
        raise Invalid("must be json, ndjson or csv", pointer="/format")
    if form != "json":
        return Answer(_file(door, call, wanted, form), media_type=_MEDIA[form])
    items, following = _page(door, call, wanted, call.limit())
    return Answer({"items": items, "next": following and _cursor(following)})


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
    cursor = call.query("cursor")
    if cursor is None:
        return wanted
    try:
        before_us, before_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return wanted._replace(before_us=int(before_us), before_id=before_id)
    except ValueError:
        raise Invalid("is not the `next` of a page", pointer="/cursor") from None


def _cursor(place: Wanted) -> str:
    return base64.urlsafe_b64encode(f"{place.before_us} {place.before_id}".encode()).decode()


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
