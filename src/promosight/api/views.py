"""Saved views over HTTP. A user has own ones; those of the workspace are changed by who may change promotions."""

from __future__ import annotations

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import decoded
from promosight.api.door.call import Call
from promosight.api.door.cursors import page_of
from promosight.api.door.door import Answer, Door
from promosight.api.door.keys import allow
from promosight.errors import Invalid
from promosight.flows.auditing.as_it_stands import the_view
from promosight.flows.set_up.views import (
    View,
    change_view,
    delete_view,
    describe_view,
    find_view,
    list_views,
    save_view,
)
from promosight.store.tx import Tx

_SHARED = "promotions:write"


class NewView(msgspec.Struct):
    """A view: its name, and the query of the address that shows it. `shared`: for everybody in the workspace."""

    name: str
    query: str
    list: str = "promotions"
    shared: bool = False


class ViewChange(msgspec.Struct):
    """What is to change of a view; null stays as it is."""

    name: str | None = None
    query: str | None = None


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/views: the workspace's and one's own."""
    of = call.query("list") or "promotions"
    found = door.store.read(lambda tx: list_views(tx, call.workspace_no, of, _owner(call)))
    return Answer(page_of(call, [describe_view(one) for one in found], "view_id"))


def create(door: Door, call: Call) -> Answer:
    """POST /v1/views."""
    wanted, view_id = decoded(call.body, NewView), f"view_{door.fresh(9)}"
    owner, name, now_us = "" if wanted.shared else _owner(call), call.caller.name, call.now_us
    if wanted.shared:
        allow(call.caller, _SHARED)
    elif not owner:
        raise Invalid("a key has no views of its own: share it", pointer="/shared")
    view = View(view_id, wanted.list, owner, wanted.name, wanted.query, name, now_us, now_us)
    made = change_noted(
        *(door, call, "view.create", view_id, the_view(call.workspace_no, view_id)),
        lambda tx: save_view(tx, call.workspace_no, view, now_us=now_us),
    )
    return Answer(describe_view(made), 201)


def change(door: Door, call: Call) -> Answer:
    """PATCH /v1/views/{view_id}."""
    wanted, view_id, number = (
        decoded(call.body, ViewChange),
        call.path("view_id"),
        call.workspace_no,
    )

    def make(tx: Tx) -> View:
        view = _mine(tx, call, view_id)
        name = view.name if wanted.name is None else wanted.name
        query = view.query if wanted.query is None else wanted.query
        return change_view(tx, number, view, name, query, now_us=call.now_us)

    look = the_view(number, view_id)
    changed = change_noted(door, call, "view.change", view_id, look, make)
    return Answer(describe_view(changed))


def delete(door: Door, call: Call) -> Answer:
    """DELETE /v1/views/{view_id}."""
    view_id, number = call.path("view_id"), call.workspace_no
    change_noted(
        *(door, call, "view.delete", view_id, the_view(number, view_id)),
        lambda tx: delete_view(tx, number, _mine(tx, call, view_id)),
    )
    return Answer(status=204)


def _owner(call: Call) -> str:
    return "" if call.caller.user is None else call.caller.user.email


def _mine(tx: Tx, call: Call, view_id: str) -> View:
    """A view that the caller may change. Raises NotFound, Denied."""
    view = find_view(tx, call.workspace_no, view_id, _owner(call))
    if view.is_shared:
        allow(call.caller, _SHARED)
    return view
