"""What is set up: the workspace and its keys, as the contract shows them. Sources are in `show_sources`."""

from __future__ import annotations

from typing import Any

from promosight.rules.instants import format_instant
from promosight.store.catalogue import Workspace
from promosight.store.tx import Tx


def list_keys(tx: Tx, workspace_no: int, *, now_us: int) -> list[dict[str, Any]]:
    """The keys of a workspace, never their secrets."""
    return [_key(row, now_us) for row in tx.all("keys", workspace_no=workspace_no)]


def describe_workspace(workspace: Workspace) -> dict[str, Any]:
    """A workspace as the contract shows it."""
    return {
        "workspace": workspace.workspace_id,
        "name": workspace.name,
        "time_zone": workspace.time_zone,
        "currency": workspace.currency,
        "week_start": workspace.week_start,
        "tracking_from": format_instant(workspace.tracking_from_us),
        "sandbox": bool(workspace.sandbox),
        "created_at": format_instant(workspace.created_us),
    }


def _key(row: tuple[Any, ...], now_us: int) -> dict[str, Any]:
    key_id, name, source, scopes, ip_ranges, created_us, expires_us, revoked_us = row
    expired = expires_us is not None and expires_us <= now_us
    return {
        "key_id": key_id,
        "name": name,
        "source": source,
        "scopes": scopes.split(),
        "ip_ranges": ip_ranges.split(),
        "state": "revoked" if revoked_us is not None else "expired" if expired else "active",
        "created_at": format_instant(created_us),
        "expires_at": _instant(expires_us),
        "revoked_at": _instant(revoked_us),
    }


def _instant(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
