"""Facts, and when they are well formed.

One reported event, alone, becomes a fact or a `Rejection` that names the field and the reason. What
depends on anything else (its promotion, its customer, other events) is not decided here but in
`matching`, where it may change as more facts arrive.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from promosight.rules.identity import stable_hash
from promosight.rules.instants import SECOND_US, parse_instant
from promosight.rules.money import is_currency, parse_amount
from promosight.rules.reported import ReportedAssignment, ReportedEvent

FUTURE_TOLERANCE_US = 300 * SECOND_US
"""A source's clock may run this far ahead of ours."""

MAX_ID_LENGTH = 255
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_canonical = msgspec.json.Encoder(order="sorted").encode


class Rejection(msgspec.Struct, frozen=True):
    """Why an event is not taken: a stable reason, the field (JSON Pointer), a sentence to mend it by."""

    reason: str
    pointer: str
    detail: str


class Event(msgspec.Struct, kw_only=True, gc=False):
    """A redemption, or a reversal when `reverses` names the redemption it undoes.

    A reversal may leave promotion, customer and time to its original; they are then None or 0.
    """

    event_id: str
    reverses: str | None
    promotion_id: str | None
    promo_code: str | None
    customer_id: str | None
    redeemed_us: int
    assignment_id: str | None
    campaign_id: str | None
    tier_id: str | None
    channel: str | None
    reward_micros: int | None
    currency: str | None
    order_id: str | None
    order_micros: int | None
    metadata: str | None
    digest: int


class Assignment(msgspec.Struct, kw_only=True, gc=False):
    """One reward given to one customer. `slot` is its identity within (promotion, customer)."""

    promotion_id: str
    customer_id: str
    assigned_us: int
    assignment_id: str | None
    campaign_id: str | None
    tier_id: str | None
    segment: str | None
    channels: tuple[str, ...]
    promo_code: str | None
    reward_micros: int | None
    currency: str | None
    expires_us: int | None
    max_redemptions: int | None
    control: bool
    details: str | None
    digest: int
    slot: int


class _Fault(Exception):
    def __init__(self, reason: str, field: str, detail: str) -> None:
        self.rejection = Rejection(reason, "/" + field, detail)


def event_from(
    reported: ReportedEvent, *, received_us: int, tracking_from_us: int
) -> Event | Rejection:
    """The event as a fact, or why it is rejected (`invalid`, `backdated`, `future`)."""
    try:
        return _event(reported, received_us, tracking_from_us)
    except _Fault as fault:
        return fault.rejection


def assignment_from(reported: ReportedAssignment, *, received_us: int) -> Assignment | Rejection:
    """The assignment as a fact, or why it is rejected (`invalid`, `future`)."""
    try:
        return _assignment(reported, received_us)
    except _Fault as fault:
        return fault.rejection


def identifier(value: str | None, field: str) -> str | Rejection:
    """A caller's id, trimmed, or why it cannot be one."""
    try:
        return _required(value, field)
    except _Fault as fault:
        return fault.rejection


def _event(r: ReportedEvent, received_us: int, tracking_from_us: int) -> Event:
    event_id = _required(r.event_id, "event_id")
    reverses = _reverses(r)
    if reverses is None and r.promotion_id is None and r.promo_code is None:
        raise _Fault("invalid", "promotion_id", "give promotion_id or promo_code")
    needed = _required if reverses is None else _identifier
    customer_id = needed(r.customer_id, "customer_id")
    fields = (
        event_id,
        reverses,
        _identifier(r.promotion_id, "promotion_id"),
        _identifier(r.promo_code, "promo_code"),
        customer_id,
        _redeemed_us(r, reverses is None, received_us, tracking_from_us),
        _identifier(r.assignment_id, "assignment_id"),
        _identifier(r.campaign_id, "campaign_id"),
        _identifier(r.tier_id, "tier_id"),
        _identifier(r.channel, "channel"),
        _amount(r.reward_value, "reward_value"),
        _currency(r.currency),
        _identifier(r.order_id, "order_id"),
        _amount(r.order_value, "order_value"),
        _json(r.metadata),
    )
    said: dict[str, Any] = dict(zip(_EVENT_FIELDS, fields, strict=True))
    return Event(**said, digest=stable_hash(*fields))


_EVENT_FIELDS = Event.__struct_fields__[:-1]


def _reverses(r: ReportedEvent) -> str | None:
    if r.type == "reversal":
        return _required(r.reverses, "reverses")
    if r.type not in (None, "redemption"):
        raise _Fault("invalid", "type", "must be redemption or reversal")
    if r.reverses is not None:
        raise _Fault("invalid", "type", 'an event that reverses another says "type": "reversal"')
    return None


def _redeemed_us(r: ReportedEvent, required: bool, received_us: int, tracking_from_us: int) -> int:
    if r.redeemed_at is None and not required:
        return 0
    instant_us = _instant(_required(r.redeemed_at, "redeemed_at"), "redeemed_at")
    if instant_us < tracking_from_us:
        raise _Fault("backdated", "redeemed_at", "lies before the start of tracking")
    _not_future(instant_us, received_us, "redeemed_at")
    return instant_us


def _not_future(instant_us: int, received_us: int, field: str) -> None:
    if instant_us > received_us + FUTURE_TOLERANCE_US:
        raise _Fault("future", field, "lies more than 5 minutes ahead; check the sender's clock")


def _assignment(r: ReportedAssignment, received_us: int) -> Assignment:
    promotion_id = _required(r.promotion_id, "promotion_id")
    customer_id = _required(r.customer_id, "customer_id")
    assigned_us = _instant(_required(r.assigned_at, "assigned_at"), "assigned_at")
    _not_future(assigned_us, received_us, "assigned_at")
    assignment_id = _identifier(r.assignment_id, "assignment_id")
    campaign_id = _identifier(r.campaign_id, "campaign_id")
    occurrence = _identifier(r.occurrence, "occurrence")
    if r.max_redemptions is not None and not 1 <= r.max_redemptions < 2**31:
        raise _Fault("invalid", "max_redemptions", "must be a whole number of at least 1")
    content: dict[str, Any] = {
        "promotion_id": promotion_id,
        "customer_id": customer_id,
        "assigned_us": assigned_us,
        "assignment_id": assignment_id,
        "campaign_id": campaign_id,
        "tier_id": _identifier(r.tier_id, "tier_id"),
        "segment": _identifier(r.segment, "segment"),
        "promo_code": _identifier(r.promo_code, "promo_code"),
        "reward_micros": _amount(r.reward_value, "reward_value"),
        "currency": _currency(r.currency),
        "expires_us": _optional_instant(r.expires_at, "expires_at"),
        "max_redemptions": r.max_redemptions,
        "control": bool(r.control),
        "details": _details(r, occurrence),
    }
    return Assignment(
        **content,
        channels=_channels(r),
        digest=stable_hash(*content.values()),
        slot=_slot(promotion_id, assignment_id, campaign_id, occurrence, assigned_us),
    )


def _slot(
    promotion_id: str,
    assignment_id: str | None,
    campaign_id: str | None,
    occurrence: str | None,
    assigned_us: int,
) -> int:
    if assignment_id is not None:
        return stable_hash("id", assignment_id)
    return stable_hash("occurrence", promotion_id, campaign_id, occurrence or assigned_us)


def _details(r: ReportedAssignment, occurrence: str | None) -> str | None:
    rest = {
        "occurrence": occurrence,
        "decision_id": _identifier(r.decision_id, "decision_id"),
        "attributes": r.attributes,
    }
    kept = {name: value for name, value in rest.items() if value}
    return _json(kept) if kept else None


def _channels(r: ReportedAssignment) -> tuple[str, ...]:
    named = [*(r.channels or ()), *((r.channel,) if r.channel is not None else ())]
    return tuple(sorted({_required(one, "channel") for one in named if one.strip()}))


def _identifier(value: str | None, field: str) -> str | None:
    if value is None:
        return None
    trimmed = value.strip()
    if (
        trimmed
        and len(trimmed) <= MAX_ID_LENGTH
        and ((trimmed.isascii() and trimmed.isprintable()) or not _UNPRINTABLE.search(trimmed))
    ):
        return trimmed
    raise _Fault("invalid", field, "must be 1 to 255 characters without control characters")


def _required(value: str | None, field: str) -> str:
    trimmed = _identifier(value, field)
    if trimmed is None:
        raise _Fault("invalid", field, "is missing")
    return trimmed


def _checked(parse: Callable[[Any], int], value: Any, field: str) -> int:
    try:
        return parse(value)
    except ValueError as error:
        raise _Fault("invalid", field, str(error)) from None


def _instant(text: str, field: str) -> int:
    return _checked(parse_instant, text, field)


def _optional_instant(text: str | None, field: str) -> int | None:
    return None if text is None else _instant(text, field)


def _amount(value: Any, field: str) -> int | None:
    if value is None:
        return None
    micros = _checked(parse_amount, value, field)
    if micros < 0:
        raise _Fault("invalid", field, "must not be negative")
    return micros


def _currency(code: str | None) -> str | None:
    if code is None or is_currency(code):
        return code
    raise _Fault("invalid", "currency", "must be an ISO 4217 code such as EUR")


def _json(value: Any) -> str | None:
    return None if value is None else _canonical(value).decode()
