"""Sources as the contract shows them: since when each is live, whether it is heard, and what its last test came to."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.rules.cadences import due_us
from promosight.rules.instants import format_instant
from promosight.store.catalogue import Source
from promosight.store.tx import Row, Tx


def list_sources(tx: Tx, workspace_no: int, *, now_us: int) -> list[dict[str, Any]]:
    """The sources of a workspace by name."""
    tests = _tests(tx, workspace_no)
    sources = [Source(*row) for row in tx.all("sources", workspace_no=workspace_no)]
    return [_described(one, tests.get(one.source_no), now_us) for one in sources]


def describe_source(tx: Tx, workspace_no: int, source: Source, *, now_us: int) -> dict[str, Any]:
    """One source."""
    return _described(source, _tests(tx, workspace_no).get(source.source_no), now_us)


def _tests(tx: Tx, workspace_no: int) -> dict[int, dict[str, Any]]:
    return {row[0]: _test(row) for row in tx.all("tests_of_sources", workspace_no=workspace_no)}


def _test(row: Row) -> dict[str, Any]:
    _, received_us, event_id, outcome, reason, detail, promotion_id, customer_id, unknown = row
    return {
        "event_id": event_id,
        "outcome": outcome,
        "reason": reason,
        "detail": detail,
        "received_at": format_instant(received_us),
        "promotion_id": promotion_id,
        "customer_id": customer_id,
        "unknown_fields": msgspec.json.decode(unknown),
    }


def _described(source: Source, test: dict[str, Any] | None, now_us: int) -> dict[str, Any]:
    due = due_us(source.cadence, source.live_us, source.last_heard_us)
    return {
        "name": source.name,
        "cadence": source.cadence,
        "state": "setup" if source.live_us is None else "live",
        "live_since": _instant(source.live_us),
        "last_heard_at": _instant(source.last_heard_us),
        "overdue": due is not None and due < now_us,
        "due_at": _instant(due),
        "test": test,
        "created_at": format_instant(source.created_us),
    }


def _instant(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
