"""Saved views: what a list shows, under a name; for everybody in the workspace, or for one user alone."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import Conflict, Invalid, NotFound
from promosight.rules.instants import format_instant
from promosight.store.tx import Tx

LISTS = ("promotions",)
"""The lists that views can be of."""
_LONGEST_NAME = 60
_LONGEST_QUERY = 2_000
_MOST = 200
"""So many views of a list somebody has at most, and so many the workspace."""


class View(msgspec.Struct, frozen=True):
    """A view; its fields after `view_id` are in the order of the statement `saved_view`."""

    view_id: str
    list: str
    owner: str
    name: str
    query: str
    created_by: str
    created_us: int
    updated_us: int

    @property
    def is_shared(self) -> bool:
        """Whether everybody in the workspace has it."""
        return not self.owner


def describe_view(view: View) -> dict[str, Any]:
    """A view as the contract shows it."""
    return {
        "view_id": view.view_id,
        "list": view.list,
        "name": view.name,
        "query": view.query,
        "shared": view.is_shared,
        "created_by": view.created_by,
        "created_at": format_instant(view.created_us),
        "updated_at": format_instant(view.updated_us),
    }


def list_views(tx: Tx, workspace_no: int, of: str, owner: str) -> list[View]:
    """The views of a list that somebody has: the workspace's, then their own, by name. Raises Invalid."""
    if of not in LISTS:
        raise Invalid("must be one of " + ", ".join(LISTS), pointer="/list")
    rows = tx.all("saved_views", workspace_no=workspace_no, list=of, owner=owner)
    return [View(view_id, of, *rest) for view_id, *rest in rows]


def find_view(tx: Tx, workspace_no: int, view_id: str, owner: str) -> View:
    """A view that somebody has. Raises NotFound: another's own is none of theirs to know of."""
    row = tx.one("saved_view", workspace_no=workspace_no, view_id=view_id)
    if row is None or row[1] not in ("", owner):
        raise NotFound(f"there is no view {view_id}")
    return View(view_id, *row)


def save_view(tx: Tx, workspace_no: int, wanted: View, *, now_us: int) -> View:
    """Keeps a new view. Raises Invalid, or Conflict for a name that is there and where there are too many."""
    view = _fit(wanted)
    same = {"workspace_no": workspace_no, "list": view.list, "owner": view.owner}
    _check_name(tx, workspace_no, view)
    (count,) = tx.one("count_views", **same) or (0,)
    if count >= _MOST:
        raise Conflict(f"there are {_MOST} views already", code="too_many_views")
    said = {"name": view.name, "query": view.query, "actor": view.created_by, "now_us": now_us}
    tx.run("add_view", view_id=view.view_id, **same, **said)
    return view


def change_view(
    tx: Tx, workspace_no: int, view: View, name: str, query: str, *, now_us: int
) -> View:
    """Has a view be called and show something else. Raises Invalid, Conflict."""
    changed = _fit(msgspec.structs.replace(view, name=name, query=query, updated_us=now_us))
    _check_name(tx, workspace_no, changed)
    tx.run(
        "change_view",
        workspace_no=workspace_no,
        view_id=view.view_id,
        name=changed.name,
        query=changed.query,
        now_us=now_us,
    )
    return changed


def delete_view(tx: Tx, workspace_no: int, view: View) -> None:
    """Forgets a view."""
    tx.run("delete_view", workspace_no=workspace_no, view_id=view.view_id)


def _check_name(tx: Tx, workspace_no: int, view: View) -> None:
    same = {"workspace_no": workspace_no, "list": view.list, "owner": view.owner}
    row = tx.one("named_view", name=view.name, **same)
    if row is not None and row[0] != view.view_id:
        raise Conflict(f"there is a view {view.name}", code="view_exists", pointer="/name")


def _fit(view: View) -> View:
    name, query = view.name.strip(), view.query.removeprefix("?")
    if view.list not in LISTS:
        raise Invalid("must be one of " + ", ".join(LISTS), pointer="/list")
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid(f"must have 1 to {_LONGEST_NAME} printable characters", pointer="/name")
    if len(query) > _LONGEST_QUERY or not query.isprintable():
        raise Invalid(f"must have at most {_LONGEST_QUERY} characters", pointer="/query")
    return msgspec.structs.replace(view, name=name, query=query)
