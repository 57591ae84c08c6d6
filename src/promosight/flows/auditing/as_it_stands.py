"""How things that are set up stand, as the audit log says it: each look is taken before a change and again after it."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import NotFound
from promosight.flows.auditing.audit import Look
from promosight.flows.decisioning.settings import rules_of
from promosight.flows.promotions.map_words import mapping_in_force
from promosight.flows.set_up.shops import find_shop
from promosight.flows.set_up.show_set_up import describe_workspace, list_keys
from promosight.flows.set_up.users import describe_user, user_of
from promosight.flows.set_up.views import View, describe_view
from promosight.flows.set_up.workspaces import find_source
from promosight.rules.identity import stable_hash
from promosight.rules.instants import format_instant
from promosight.store.catalogue import load
from promosight.store.tx import Tx


def the_promotion(workspace_no: int, promotion_id: str) -> Look:
    """How a promotion is defined."""

    def look(tx: Tx) -> Any:
        listed = load(tx, workspace_no).by_id.get(promotion_id)
        return None if listed is None else msgspec.to_builtins(listed.definition)

    return look


def the_mapping(workspace_no: int, mapping_id: str) -> Look:
    """What a mapping says, while it is in force."""
    return lambda tx: mapping_in_force(tx, workspace_no, mapping_id)


def the_view(workspace_no: int, view_id: str) -> Look:
    """What a saved view shows."""

    def look(tx: Tx) -> Any:
        row = tx.one("saved_view", workspace_no=workspace_no, view_id=view_id)
        return None if row is None else describe_view(View(view_id, *row))

    return look


def the_workspace(workspace_no: int) -> Look:
    """The settings of the workspace."""
    return lambda tx: describe_workspace(load(tx, workspace_no).workspace)


def the_policy(workspace_no: int) -> Look:
    """How a workspace decides: the version that runs, its settings (the kill switch is one), and the candidates."""

    def look(tx: Tx) -> Any:
        rules = rules_of(tx, workspace_no)
        versions = [row[0] for row in tx.all("versions", workspace_no=workspace_no)]
        settings = msgspec.to_builtins(rules.settings)
        return {"version": rules.version, "settings": settings, "versions": sorted(versions)}

    return look


def the_source(workspace_no: int, name: str) -> Look:
    """A source; None before there is one."""

    def look(tx: Tx) -> Any:
        try:
            source = find_source(tx, workspace_no, name)
        except NotFound:
            return None
        live = None if source.live_us is None else format_instant(source.live_us)
        return {"cadence": source.cadence, "live_since": live}

    return look


def the_shop(workspace_no: int, shop_id: str) -> Look:
    """A source that is a shop: that its secret was changed is said by a mark of it."""

    def look(tx: Tx) -> Any:
        try:
            shop = find_shop(tx, workspace_no, shop_id)
        except NotFound:
            return None
        said = {name: getattr(shop, name) for name in ("source", "kind", "customer_from")}
        mark = f"{stable_hash(shop.secret):016x}" if shop.secret else None
        return said | {"code_from": shop.code_from or None, "secret_mark": mark}

    return look


def the_key(workspace_no: int, key_id: str, *, now_us: int) -> Look:
    """A key, without its secret and its digest."""
    return lambda tx: next(
        (one for one in list_keys(tx, workspace_no, now_us=now_us) if one["key_id"] == key_id),
        None,
    )


def the_user(workspace_no: int, email: str) -> Look:
    """A user, without password; that one was changed is said by when it was."""

    def look(tx: Tx) -> Any:
        user = user_of(tx, email)
        if user is None or user.workspace_no != workspace_no:
            return None
        said = {name: said for name, said in describe_user(user).items() if name != "last_seen_at"}
        return said | {"password_mark": f"{stable_hash(user.password_hash):016x}"}

    return look
