"""Receipts as answers: what became of one event, or of several, and of those that nobody here looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from promosight.api.door import problems
from promosight.api.door.door import Answer
from promosight.api.forms import Form
from promosight.connectors.segment import Ignored
from promosight.flows.reporting.intake import Receipt, outcomes_of, rows_with
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.instants import format_instant
from promosight.rules.reasons import explain

_encode = msgspec.json.Encoder().encode
_LISTED = frozenset({"rejected", "pending", "flagged"})


def answer_of(receipt: Receipt, *, beside: Mapping[str, Any] | None = None) -> Answer:
    """The answer to a report of one event; `beside`: what it says of the report as a whole."""
    more = dict(beside or {})
    if receipt.outcome != "rejected":
        return Answer(_line(receipt) | more)
    status = 409 if receipt.reason == "event_conflict" else 422
    body = problems.document(
        status,
        receipt.reason or "rejected",
        explain(receipt.reason, receipt.detail),
        pointer=receipt.pointer,
        **_line(receipt),
        **more,
    )
    return Answer(body, status, problems.MEDIA_TYPE)


def told(receipt: Receipt) -> bytes:
    """The bytes of `answer_of` what was not rejected."""
    return _encode(_said(receipt))


class _Said(msgspec.Struct, gc=False):
    """What a receipt says."""

    event_id: str | None
    outcome: str
    promotion_id: str | None
    assignment_id: str | None
    reason: str | None
    received_at: str


def _said(receipt: Receipt) -> _Said:
    named = receipt.assignment_id
    return _Said(
        receipt.reported_id or named,
        receipt.outcome,
        receipt.promotion_id,
        named,
        receipt.reason,
        format_instant(receipt.received_us),
    )


def _line(receipt: Receipt) -> dict[str, Any]:
    return msgspec.structs.asdict(_said(receipt))


def in_form(
    form: Form, items: Sequence[Any], receipts: Sequence[Receipt], *, now_us: int
) -> Sequence[Receipt]:
    """A receipt for each item of a form that is not ours: those of what was given, and one for each left alone."""
    if len(receipts) == len(items):
        rows = enumerate(receipts)
        return [_placed(form, items[row], one) if one.pointer else one for row, one in rows]
    given = iter(receipts)
    ignored = Receipt(None, "ignored", reason="other_event", received_us=now_us)
    return [
        ignored if isinstance(item, Ignored) else _placed(form, item, next(given)) for item in items
    ]


def _placed(form: Form, item: Any, receipt: Receipt) -> Receipt:
    """A receipt that names the field as the sender does. What was refused by its reader does so already."""
    if not receipt.pointer or isinstance(item, Refused):
        return receipt
    return msgspec.structs.replace(receipt, pointer=form.pointer(receipt.pointer))


def several(receipts: Sequence[Receipt], *, everything: bool, before: str = "") -> dict[str, Any]:
    """The answer to a report of several; `before`: where in their body the elements lie."""
    outcomes = outcomes_of(receipts)
    answer: dict[str, Any] = {
        "received": len(receipts),
        "outcomes": dict(sorted(outcomes.items())),
        "problems": [],
    }
    if not _LISTED.isdisjoint(outcomes):
        answer["problems"] = [
            _problem(index, receipt, before)
            for index, receipt in rows_with(receipts, lambda one: one.outcome in _LISTED)
        ]
    if everything:
        answer["results"] = [{"index": i, **_line(r)} for i, r in enumerate(receipts)]
    return answer


def _problem(index: int, receipt: Receipt, before: str) -> dict[str, Any]:
    return {
        "index": index,
        "event_id": receipt.event_id,
        "outcome": receipt.outcome,
        "reason": receipt.reason,
        "pointer": f"{before}/{index}{receipt.pointer}",
        "detail": explain(receipt.reason, receipt.detail),
    }
