"""Reporting: redemptions and assignments come in, receipts go out, once they are durable and counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any

import msgspec

from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.door.late import LARGE_BODY, reported_late
from promosight.api.forms import BATCH, OURS, TRACK, Form, form_of
from promosight.api.receipts import answer_of, in_form, several
from promosight.connectors.foreign import together
from promosight.connectors.outcome_items import read_outcomes
from promosight.connectors.reading import Reading, is_single
from promosight.connectors.segment import Ignored
from promosight.errors import Invalid, Unreadable
from promosight.flows.reporting.intake import Delivery, Item, Receipt
from promosight.flows.reporting.rejecting import Refused
from promosight.flows.reporting.report import report
from promosight.flows.reporting.take_outcomes import OutcomeDelivery, take_outcomes
from promosight.flows.reporting.try_out import keep_test, note_unknown_fields
from promosight.flows.reporting.withdraw import withdraw
from promosight.rules.facts import Rejection
from promosight.rules.instants import format_instant
from promosight.rules.known_fields import unknown_fields
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.sheets import Sheet
from promosight.store.rows import Arrival

_FORMS: dict[str, tuple[Any, Any]] = {
    "redemptions": (ReportedEvent, list[ReportedEvent]),
    "assignments": (ReportedAssignment, list[ReportedAssignment]),
}
_MOST_TOLD = 20
"""So many names that are kept nowhere are told of one dry run."""


async def report_redemptions(door: Door, call: Call) -> Answer:
    """POST /v1/redemptions."""
    return await _report(door, call, "redemptions")


async def report_track(door: Door, call: Call) -> Answer:
    """POST /v1/track: one message in Segment's form."""
    return await _report(door, call, "redemptions", TRACK)


async def report_batch(door: Door, call: Call) -> Answer:
    """POST /v1/batch: several messages in Segment's form."""
    return await _report(door, call, "redemptions", BATCH)


async def report_assignments(door: Door, call: Call) -> Answer:
    """POST /v1/assignments."""
    return await _report(door, call, "assignments")


async def report_outcomes(door: Door, call: Call) -> Answer:
    """POST /v1/outcomes: what customers did, with an offer or without."""
    everything = _everything(call)
    reading = Reading(call.now_us, call.caller.workspace.tracking_from_us)
    items = await door.decode(lambda: read_outcomes(call.media_type, call.body, reading))
    arrival = _arrival(call)
    loop, given = asyncio.get_running_loop(), OutcomeDelivery(arrival, items)
    receipts = await door.store.submit_from(
        loop, take_outcomes, given, weight=len(items), still=call.still
    )
    told = several(receipts, everything=everything)
    door.metrics.reported("outcomes", told["outcomes"])
    if is_single(call.media_type, call.body):
        return answer_of(receipts[0])
    return Answer(told)


def withdraw_assignment(door: Door, call: Call) -> Answer:
    """DELETE /v1/assignments/{assignment_id}."""
    withdrawn = door.store.change(
        lambda tx: withdraw(tx, call.workspace_no, call.path("assignment_id"), now_us=call.now_us)
    )
    at = format_instant(withdrawn.withdrawn_us or call.now_us)
    return Answer({"assignment_id": withdrawn.public_id, "withdrawn_at": at})


async def _report(door: Door, call: Call, kind: str, form: Form | None = None) -> Answer:
    rehearsed = call.flag("dry_run")
    everything = _everything(call)
    form = form or form_of(call, kind)
    receipts = await _taken(door, call, kind, form, everything=everything, rehearsed=rehearsed)
    beside = await _of_a_rehearsal(door, call, kind, form) if rehearsed else {}
    if form.single(call):
        door.metrics.reported(_counted_as(kind, rehearsed), {receipts[0].outcome: 1})
        return answer_of(receipts[0], beside=beside)
    told = several(receipts, everything=everything, before=form.before)
    door.metrics.reported(_counted_as(kind, rehearsed), told["outcomes"])
    return Answer(told | beside)


async def _of_a_rehearsal(door: Door, call: Call, kind: str, form: Form) -> dict[str, Any]:
    """What the answer to a dry run says beside: that it was one, and which names in it are kept nowhere."""
    if form is not OURS or call.media_type != "application/json":
        return {"dry_run": True}
    one, several_of_it = _FORMS[kind]
    whole = one if form.single(call) else several_of_it
    unknown = await door.decode(lambda: _unknown(call.body, whole))
    if unknown:
        note = partial(note_unknown_fields, arrival=_arrival(call), unknown=unknown)
        await asyncio.to_thread(door.store.change, note)
    return {"dry_run": True, "unknown_fields": unknown}


def _unknown(body: bytes, whole: Any) -> list[dict[str, str]]:
    """The names in a body that are no field. Where one element cannot be read, which was told, none are looked for."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return unknown_fields(said, whole, _MOST_TOLD)


def _everything(call: Call) -> bool:
    """Whether each item's outcome is asked for. Raises Invalid where something else is."""
    asked = call.query("outcomes")
    if asked not in (None, "", "all"):
        raise Invalid("must be all, or left out", pointer="/outcomes")
    return asked == "all"


def _counted_as(kind: str, rehearsed: bool) -> str:
    return f"{kind} (dry run)" if rehearsed else kind


async def _taken(
    door: Door, call: Call, kind: str, form: Form, *, everything: bool, rehearsed: bool
) -> Sequence[Receipt]:
    try:
        if not rehearsed and form is OURS and _is_large(call):
            receipts = await reported_late(door, call, kind, brief=not everything)
            if receipts is not None:
                return receipts
        items = await _items(door, call, kind, form)
    except Unreadable as error:
        # Nothing sent is lost: what cannot be read is kept among the problems as it came.
        why = Rejection("invalid", "", error.detail)
        refused = Refused(why, kind, None, form.kept(_as_sent(call)))
        await _send(door, call, kind, [refused], brief=True, rehearsed=rehearsed)
        raise
    brief = not everything and not form.single(call)
    if form is OURS:
        return await _send(door, call, kind, items, brief=brief, rehearsed=rehearsed)
    given = items
    if not isinstance(items, Sheet):
        given = together([item for item in items if not isinstance(item, Ignored)])
    receipts = []
    if given or not items:
        receipts = await _send(door, call, kind, given, brief=brief, rehearsed=rehearsed)
    return in_form(form, items, receipts, now_us=call.now_us)


def _is_large(call: Call) -> bool:
    return len(call.raw) >= LARGE_BODY or call.is_encoded


async def _items(door: Door, call: Call, kind: str, form: Form) -> Sequence[Any]:
    reading = Reading(call.now_us, call.caller.workspace.tracking_from_us)
    if not _is_large(call):
        return form.read(kind, call, reading)
    return await door.decode(lambda: _read_in_time(call, kind, form, reading))


def _read_in_time(call: Call, kind: str, form: Form, reading: Reading) -> Sequence[Any]:
    if call.still is not None:
        call.still()
    return form.read(kind, call, reading)


def _as_sent(call: Call) -> bytes:
    """The body decompressed, or as it came where that is what cannot be done."""
    try:
        return call.body
    except Unreadable:
        return call.raw


def _send(
    door: Door, call: Call, kind: str, items: Sequence[Item], *, brief: bool, rehearsed: bool
) -> Awaitable[Sequence[Receipt]]:
    arrival = _arrival(call)
    if rehearsed:
        return _try_out(door, arrival, kind, items)
    loop = asyncio.get_running_loop()
    delivery = Delivery(arrival, items, brief)
    return door.store.submit_from(loop, report, delivery, weight=len(items), still=call.still)


def _arrival(call: Call) -> Arrival:
    return Arrival(call.workspace_no, call.caller.source_no, 0, call.now_us)


async def _try_out(
    door: Door, arrival: Arrival, kind: str, items: Sequence[Item]
) -> Sequence[Receipt]:
    """What items would come to. Their source's test and that it was heard are kept, and nothing else."""
    rehearsed = door.store.rehearse(report, Delivery(arrival, items), weight=len(items))
    receipts = await asyncio.wrap_future(rehearsed)
    await asyncio.to_thread(
        door.store.change, lambda tx: keep_test(tx, arrival, kind, items, receipts)
    )
    return receipts
