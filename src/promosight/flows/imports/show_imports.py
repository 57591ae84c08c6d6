"""Imports as the contract shows them: how far each is, what became of its rows, and which need a look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from promosight.errors import NotFound
from promosight.flows.reporting.problems import lines_of
from promosight.rules.instants import SECOND_US, format_instant
from promosight.rules.reasons import explain
from promosight.store.rows import derived_id
from promosight.store.tx import Row, Tx

PROBLEMS = ("rejected", "pending", "flagged")
_END = 2**62


class Place(NamedTuple):
    """Where a page begins: before this time and id. The default is the newest."""

    before_us: int = _END
    before_id: str = ""


class ProblemRow(NamedTuple):
    """One row of an import that needs a look; its line where it is known."""

    line: int | None
    event_id: str
    outcome: str
    reason: str
    pointer: str
    detail: str


def list_imports(
    tx: Tx, workspace_no: int, *, place: Place, limit: int
) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of imports, the newest first, and where the next one begins."""
    rows = tx.all("imports_before", workspace_no=workspace_no, **place._asdict(), limit=limit + 1)
    items = [_described(row) for row in rows[:limit]]
    return items, Place(rows[limit - 1][14], rows[limit - 1][16]) if len(rows) > limit else None


def find_import(tx: Tx, workspace_no: int, import_id: str) -> dict[str, Any]:
    """One import. Raises NotFound."""
    return _described(_row(tx, workspace_no, import_id))


def problem_rows(tx: Tx, workspace_no: int, import_id: str) -> Iterator[ProblemRow]:
    """What an import brought that is rejected, pending or flagged now: the refused rows first, by line."""
    until_us = _row(tx, workspace_no, import_id)[7] or _END
    for import_no, started_us in tx.all("import_runs", import_id=import_id):
        for line, event_id, reason, pointer, detail in tx.each(
            "rejections_of_import", import_no=import_no
        ):
            why = (reason, pointer, explain(reason, detail))
            yield ProblemRow(line, event_id or "", "rejected", *why)
        for line, event_id, outcome, reason in tx.each(
            "problem_events_of_import",
            workspace_no=workspace_no,
            import_no=import_no,
            from_us=started_us,
            to_us=until_us,
        ):
            yield ProblemRow(line, event_id, outcome, reason, "", explain(reason))
        yield from _waiting_assignments(tx, workspace_no, import_no)


def _waiting_assignments(tx: Tx, workspace_no: int, import_no: int) -> Iterator[ProblemRow]:
    why = ("unknown_promotion", "", explain("unknown_promotion"))
    for line, customer_no, slot, assignment_id in tx.each(
        "waiting_assignments_of_import", workspace_no=workspace_no, import_no=import_no
    ):
        named = assignment_id or derived_id(customer_no, slot)
        if assignment_id is None:
            line = lines_of(tx, [(import_no, named)]).get((import_no, named))
        yield ProblemRow(line, named, "pending", *why)


def _row(tx: Tx, workspace_no: int, import_id: str) -> Row:
    row = tx.one("import_by_id", workspace_no=workspace_no, import_id=import_id)
    if row is None:
        raise NotFound(f"there is no import {import_id}")
    return row


def _described(row: Row) -> dict[str, Any]:
    _, source, kind, name, state, started_us, heartbeat_us, finished_us, rows, *rest = row
    said, reasons, bytes_read, bytes_total, runs, received_us, detail, import_id, earlier = rest
    outcomes = msgspec.json.decode(said)
    seconds = (heartbeat_us - started_us) / SECOND_US if started_us is not None else 0.0
    left = None
    if state == "running" and bytes_total and bytes_read:
        left = round(seconds * max(0, bytes_total - bytes_read) / bytes_read, 1)
    return {
        "import_id": import_id,
        "kind": kind,
        "source": source,
        "name": name,
        "state": state,
        "rows_read": rows,
        "outcomes": outcomes,
        "taken_earlier": earlier,
        "reasons": msgspec.json.decode(reasons),
        "problems": sum(outcomes.get(outcome, 0) for outcome in PROBLEMS),
        "rate": round(rows / seconds, 1) if seconds > 0 else None,
        "eta_seconds": left,
        "bytes_read": bytes_read,
        "bytes_total": bytes_total,
        "resumed": max(0, runs - 1),
        "received_at": format_instant(received_us),
        "started_at": None if started_us is None else format_instant(started_us),
        "finished_at": None if finished_us is None else format_instant(finished_us),
        "detail": detail,
    }
