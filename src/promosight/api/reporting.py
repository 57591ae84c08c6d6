"""Reporting: redemptions and assignments come in, receipts go out, once they are durable and counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from promosight.api import problems
from promosight.api.call import Call
from promosight.api.door import Answer, Door
from promosight.api.late import LARGE_BODY, reported_late
from promosight.connectors.outcome_items import read_outcomes
from promosight.connectors.reading import Reading, is_single, kept_text, read_body
from promosight.errors import Unreadable
from promosight.flows.intake import Delivery, Item, Receipt, outcomes_of
from promosight.flows.rejecting import Refused
from promosight.flows.report import report
from promosight.flows.take_outcomes import OutcomeDelivery, take_outcomes
from promosight.flows.try_out import keep_test
from promosight.flows.withdraw import withdraw
from promosight.rules.facts import Rejection
from promosight.rules.instants import format_instant
from promosight.rules.reasons import explain
from promosight.store.rows import Arrival

_REHEARSED = {"dry_run": True}
_LISTED = frozenset({"rejected", "pending", "flagged"})


async def report_redemptions(door: Door, call: Call) -> Answer:
    """POST /v1/redemptions."""
    return await _report(door, call, "redemptions")


async def report_assignments(door: Door, call: Call) -> Answer:
    """POST /v1/assignments."""
    return await _report(door, call, "assignments")


async def report_outcomes(door: Door, call: Call) -> Answer:
    """POST /v1/outcomes: what customers did, with an offer or without."""
    reading = Reading(call.now_us, call.caller.workspace.tracking_from_us)
    items = await door.decode(lambda: read_outcomes(call.media_type, call.body, reading))
    arrival = Arrival(call.workspace_no, call.caller.source_no, 0, call.now_us)
    loop, given = asyncio.get_running_loop(), OutcomeDelivery(arrival, items)
    receipts = await door.store.submit_from(
        loop, take_outcomes, given, weight=len(items), still=call.still
    )
    several = _several(receipts, everything=call.query("outcomes") == "all")
    door.metrics.reported("outcomes", several["outcomes"])
    if is_single(call.media_type, call.body):
        return answer_of(receipts[0], rehearsed=False)
    return Answer(several)


def withdraw_assignment(door: Door, call: Call) -> Answer:
    """DELETE /v1/assignments/{assignment_id}."""
    withdrawn = door.store.change(
        lambda tx: withdraw(tx, call.workspace_no, call.path("assignment_id"), now_us=call.now_us)
    )
    at = format_instant(withdrawn.withdrawn_us or call.now_us)
    return Answer({"assignment_id": withdrawn.public_id, "withdrawn_at": at})


async def _report(door: Door, call: Call, kind: str) -> Answer:
    rehearsed = call.flag("dry_run")
    everything = call.query("outcomes") == "all"
    receipts = await _taken(door, call, kind, everything=everything, rehearsed=rehearsed)
    if is_single(call.media_type, call.body):
        door.metrics.reported(_counted_as(kind, rehearsed), {receipts[0].outcome: 1})
        return answer_of(receipts[0], rehearsed=rehearsed)
    several = _several(receipts, everything=everything)
    door.metrics.reported(_counted_as(kind, rehearsed), several["outcomes"])
    return Answer(several | _REHEARSED if rehearsed else several)


def _counted_as(kind: str, rehearsed: bool) -> str:
    return f"{kind} (dry run)" if rehearsed else kind


async def _taken(
    door: Door, call: Call, kind: str, *, everything: bool, rehearsed: bool
) -> list[Receipt]:
    try:
        if not rehearsed and _is_large(call):
            receipts = await reported_late(door, call, kind, brief=not everything)
            if receipts is not None:
                return receipts
        items = await _items(door, call, kind)
    except Unreadable as error:
        # Nothing sent is lost: what cannot be read is kept among the problems as it came.
        why = Rejection("invalid", "", error.detail)
        refused = Refused(why, kind, None, kept_text(_as_sent(call)))
        await _send(door, call, kind, [refused], brief=True, rehearsed=rehearsed)
        raise
    brief = not everything and not is_single(call.media_type, call.body)
    return await _send(door, call, kind, items, brief=brief, rehearsed=rehearsed)


def _is_large(call: Call) -> bool:
    return len(call.raw) >= LARGE_BODY or call.is_encoded


async def _items(door: Door, call: Call, kind: str) -> Sequence[Item]:
    reading = Reading(call.now_us, call.caller.workspace.tracking_from_us)
    if not _is_large(call):
        return read_body(kind, call.media_type, call.body, reading)
    return await door.decode(lambda: _read_in_time(call, kind, reading))


def _read_in_time(call: Call, kind: str, reading: Reading) -> Sequence[Item]:
    if call.still is not None:
        call.still()
    return read_body(kind, call.media_type, call.body, reading)


def _as_sent(call: Call) -> bytes:
    """The body decompressed, or as it came where that is what cannot be done."""
    try:
        return call.body
    except Unreadable:
        return call.raw


def _send(
    door: Door, call: Call, kind: str, items: Sequence[Item], *, brief: bool, rehearsed: bool
) -> Awaitable[list[Receipt]]:
    arrival = Arrival(call.workspace_no, call.caller.source_no, 0, call.now_us)
    if rehearsed:
        return _try_out(door, arrival, kind, items)
    loop = asyncio.get_running_loop()
    delivery = Delivery(arrival, items, brief)
    return door.store.submit_from(loop, report, delivery, weight=len(items), still=call.still)


async def _try_out(door: Door, arrival: Arrival, kind: str, items: Sequence[Item]) -> list[Receipt]:
    """What items would come to. Their source's test and that it was heard are kept, and nothing else."""
    rehearsed = door.store.rehearse(report, Delivery(arrival, items), weight=len(items))
    receipts = await asyncio.wrap_future(rehearsed)
    await asyncio.to_thread(
        door.store.change, lambda tx: keep_test(tx, arrival, kind, items, receipts)
    )
    return receipts


def answer_of(receipt: Receipt, *, rehearsed: bool) -> Answer:
    """The answer to a report of one event."""
    if receipt.outcome != "rejected":
        return Answer(_line(receipt) | _REHEARSED if rehearsed else _line(receipt))
    status = 409 if receipt.reason == "event_conflict" else 422
    body = problems.document(
        status,
        receipt.reason or "rejected",
        explain(receipt.reason, receipt.detail),
        pointer=receipt.pointer,
        **_line(receipt),
        **(_REHEARSED if rehearsed else {}),
    )
    return Answer(body, status, problems.MEDIA_TYPE)


def _line(receipt: Receipt) -> dict[str, Any]:
    return {
        "event_id": receipt.event_id,
        "outcome": receipt.outcome,
        "promotion_id": receipt.promotion_id,
        "assignment_id": receipt.assignment_id,
        "reason": receipt.reason,
        "received_at": format_instant(receipt.received_us),
    }


def _several(receipts: list[Receipt], *, everything: bool) -> dict[str, Any]:
    outcomes = outcomes_of(receipts)
    answer: dict[str, Any] = {
        "received": len(receipts),
        "outcomes": dict(sorted(outcomes.items())),
        "problems": [],
    }
    if not _LISTED.isdisjoint(outcomes):
        answer["problems"] = [
            _problem(index, receipt)
            for index, receipt in enumerate(receipts)
            if receipt.outcome in _LISTED
        ]
    if everything:
        answer["results"] = [{"index": i, **_line(r)} for i, r in enumerate(receipts)]
    return answer


def _problem(index: int, receipt: Receipt) -> dict[str, Any]:
    return {
        "index": index,
        "event_id": receipt.event_id,
        "outcome": receipt.outcome,
        "reason": receipt.reason,
        "pointer": f"/{index}{receipt.pointer}",
        "detail": explain(receipt.reason, receipt.detail),
    }
