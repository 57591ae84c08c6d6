"""What is set up: the workspace, its sources and its keys, as the contract shows them."""

from __future__ import annotations

from typing import Any

from promosight.rules.instants import format_instant
from promosight.store.catalogue import Source, Workspace
from promosight.store.tx import Tx


def list_keys(tx: Tx, workspace_no: int, *, now_us: int) -> list[dict[str, Any]]:
    """The keys of a workspace, never their secrets."""
    return [_key(row, now_us) for row in tx.all("keys", workspace_no=workspace_no)]


def list_sources(tx: Tx, workspace_no: int) -> list[dict[str, Any]]:
    """The sources of a workspace by name."""
    return [describe_source(Source(*row)) for row in tx.all("sources", workspace_no=workspace_no)]


def describe_source(source: Source) -> dict[str, Any]:
    """A source as the contract shows it."""
    return {
        "name": source.name,
        "cadence": source.cadence,
        "live_since": _instant(source.live_us),
        "last_heard_at": _instant(source.last_heard_us),
        "created_at": format_instant(source.created_us),
    }


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
