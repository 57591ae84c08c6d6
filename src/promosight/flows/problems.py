"""The problem inbox: what waits, what is flagged, what was refused; and sending it through again once mended."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import msgspec

from promosight.flows.intake import Delivery, Item, Receipt
from promosight.flows.lookup import payload_of
from promosight.flows.rejecting import Refused
from promosight.flows.report import report
from promosight.rules.facts import Rejection, assignment_from, event_from
from promosight.rules.instants import DAY_US, format_instant
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.catalogue import Catalogue, load
from promosight.store.rows import Arrival, AssignmentRow, EventRow
from promosight.store.tx import Row, Tx

STALE_AFTER_US = 30 * DAY_US
"""What has waited longer is marked stale; it is never dropped."""

MAX_REPLAY = 10_000
_END = 2**62


class Wanted(NamedTuple):
    """Which problems: all, or those of an outcome, a reason, a source."""

    outcome: str | None = None
    reason: str | None = None
    source: str | None = None


class Page(NamedTuple):
    """Where a page begins: after this time and reference. The default is the newest."""

    before_us: int = _END
    after: str = ""


def problems(
    tx: Tx, workspace_no: int, wanted: Wanted, *, page: Page, limit: int, now_us: int
) -> tuple[list[dict[str, Any]], Page | None]:
    """A page of problems, the newest first, and where the next one begins."""
    catalogue = load(tx, workspace_no)
    rows = tx.all(
        "problems",
        workspace_no=workspace_no,
        **wanted._asdict(),
        **page._asdict(),
        limit=limit,
    )
    items = _describe(tx, catalogue, rows, now_us)
    if len(rows) < limit:
        return items, None
    received_us, form, source_no, reference, *_ = rows[-1]
    return items, Page(received_us, f"{form}/{source_no}/{reference}")


def problem_counts(tx: Tx, workspace_no: int) -> list[dict[str, Any]]:
    """How many problems there are of each outcome, reason and source."""
    rows = tx.all("problem_counts", workspace_no=workspace_no)
    names = ("outcome", "reason", "source", "count")
    return [dict(zip(names, row, strict=True)) for row in rows]


def replay(
    tx: Tx, workspace_no: int, wanted: Wanted, *, ids: set[str] | None, now_us: int
) -> dict[str, Any]:
    """Sends refused items through the door again, as if they came now, up to MAX_REPLAY of them.

    What waits or is flagged needs no replay: it is matched whenever what it waits for arrives.
    """
    rows = tx.all(
        "problems",
        workspace_no=workspace_no,
        **wanted._asdict(),
        **Page()._asdict(),
        limit=MAX_REPLAY,
    )
    chosen = [r for r in rows if r[1] == "rejection" and (ids is None or _problem_id(r) in ids)]
    refused = tx.all_for(
        "rejections_of", sorted((r[2], int(r[3])) for r in chosen), workspace_no=workspace_no
    )
    receipts = _send_again(tx, load(tx, workspace_no), refused, now_us)
    accepted = [
        (workspace_no, row[0], row[1])
        for row, receipt in zip(refused, receipts, strict=True)
        if receipt.outcome != "rejected"
    ]
    tx.run_many("remove_rejections", sorted(accepted))
    outcomes = dict(sorted(Counter(receipt.outcome for receipt in receipts).items()))
    return {"replayed": len(receipts), "outcomes": outcomes}


def _send_again(tx: Tx, catalogue: Catalogue, refused: list[Row], now_us: int) -> list[Receipt]:
    workspace = catalogue.workspace
    deliveries = [
        Delivery(
            Arrival(workspace.workspace_no, row[0], 0, now_us),
            [_item(row, now_us, workspace.tracking_from_us)],
        )
        for row in refused
    ]
    return [receipts[0] for receipts in report(tx, deliveries)] if deliveries else []


def _item(row: Row, now_us: int, tracking_from_us: int) -> Item:
    _, _, _, line, kind, event_id, reason, pointer, detail, payload, *_ = row
    again = Refused(Rejection(reason, pointer, detail), kind, event_id, payload, line)
    if kind not in ("redemptions", "assignments"):
        return again  # a promotion or customer is mended by sending it again
    try:
        if kind == "redemptions":
            event = msgspec.json.decode(payload, type=ReportedEvent)
            fact: Any = event_from(event, received_us=now_us, tracking_from_us=tracking_from_us)
        else:
            assignment = msgspec.json.decode(payload, type=ReportedAssignment)
            fact = assignment_from(assignment, received_us=now_us)
    except (msgspec.DecodeError, ValueError):
        return again
    if isinstance(fact, Rejection):
        return msgspec.structs.replace(again, rejection=fact)
    item: Item = fact
    return item


def _describe(tx: Tx, catalogue: Catalogue, rows: list[Row], now_us: int) -> list[dict[str, Any]]:
    shown = {
        **_events(tx, [r for r in rows if r[1] == "event"]),
        **_rejections(tx, catalogue, [r for r in rows if r[1] == "rejection"]),
        **_assignments(tx, catalogue, [r for r in rows if r[1] == "assignment"]),
    }
    return [
        {
            "problem_id": _problem_id(row),
            "source": catalogue.sources[row[2]],
            "outcome": row[4],
            "reason": row[5],
            "received_at": format_instant(row[0]),
            "stale": row[4] == "pending" and row[0] + STALE_AFTER_US < now_us,
            **shown[row[1:4]],
        }
        for row in rows
    ]


def _problem_id(row: Row) -> str:
    return f"{row[1]}/{row[2]}/{row[3]}"


def _events(tx: Tx, rows: list[Row]) -> dict[Row, dict[str, Any]]:
    found = [EventRow(*r) for r in tx.all_for("events_by_identity", sorted(r[2:4] for r in rows))]
    names = _customer_ids(tx, {e.customer_no for e in found})
    shown: dict[Row, dict[str, Any]] = {}
    for e in found:
        payload = payload_of(e, names.get(e.customer_no))
        shown["event", e.source_no, e.event_id] = _problem("redemptions", e.event_id, payload)
    return shown


def _rejections(tx: Tx, catalogue: Catalogue, rows: list[Row]) -> dict[Row, dict[str, Any]]:
    keys = sorted((r[2], int(r[3])) for r in rows)
    workspace_no = catalogue.workspace.workspace_no
    shown: dict[Row, dict[str, Any]] = {}
    for r in tx.all_for("rejections_of", keys, workspace_no=workspace_no):
        source_no, digest, _, line, kind, event_id, _, pointer, detail, payload, _, times = r
        more = {"pointer": pointer, "detail": detail, "line": line, "times": times}
        read = _readable(payload)
        shown["rejection", source_no, str(digest)] = _problem(kind, event_id, read) | more
    return shown


def _assignments(tx: Tx, catalogue: Catalogue, rows: list[Row]) -> dict[Row, dict[str, Any]]:
    keys = sorted(tuple(int(part) for part in r[3].split("/")) for r in rows)
    found = [AssignmentRow(*r) for r in tx.all_for("assignments_of_slots", keys)]
    names = _customer_ids(tx, {a.customer_no for a in found})
    shown: dict[Row, dict[str, Any]] = {}
    for a in found:
        payload = {
            "promotion_id": catalogue.by_no[a.promotion_no].promotion_id,
            "customer_id": names.get(a.customer_no),
            "assigned_at": format_instant(a.assigned_us),
        }
        reference = f"{a.bucket}/{a.promotion_no}/{a.customer_no}/{a.slot}"
        described = _problem("assignments", a.public_id, payload)
        shown["assignment", a.source_no, reference] = described
    return shown


def _problem(kind: str, event_id: str | None, payload: Any) -> dict[str, Any]:
    about = payload if isinstance(payload, dict) else {}
    return {
        "kind": kind,
        "event_id": event_id,
        "promotion_id": about.get("promotion_id"),
        "customer_id": about.get("customer_id"),
        "payload": payload,
        "pointer": "",
        "detail": "",
        "line": None,
        "times": 1,
    }


def _readable(payload: str) -> Any:
    try:
        return msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return payload


def _customer_ids(tx: Tx, numbers: set[int]) -> dict[int, str]:
    rows = tx.all_for("customers_of", [(no,) for no in sorted(numbers)])
    return {row[0]: row[1] for row in rows}
