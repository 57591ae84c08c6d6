"""Facts, and when they are well formed.

One reported event, alone, becomes a fact or a `Rejection` that names the field and the reason. What
depends on anything else (its promotion, its customer, other events) is not decided here but in
`matching`, where it may change as more facts arrive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from promosight.rules.identity import content_digest, stable_hash
from promosight.rules.instants import SECOND_US, format_instant, parse_instant
from promosight.rules.money import amount_of, is_currency
from promosight.rules.reported import ReportedAssignment, ReportedEvent

FUTURE_TOLERANCE_US = 300 * SECOND_US
"""A source's clock may run this far ahead of ours."""

MAX_ID_LENGTH = 255
MOST_METADATA = 65_536
"""Characters of an event's metadata, or an assignment's attributes, as JSON: kept with each fact for ever."""
MOST_CHANNELS = 400
"""Characters of all channels of an assignment. Together they are a key of counters, and an index of PostgreSQL takes no
key of more than 2,700 bytes; what had a longer one could never be counted again."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_canonical = msgspec.json.Encoder(order="sorted").encode


class Rejection(msgspec.Struct, frozen=True):
    """Why an event is not taken: a stable reason, the field (JSON Pointer), a sentence to mend it by."""

    reason: str
    pointer: str
    detail: str


class Event(msgspec.Struct, gc=False):
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


class Assignment(msgspec.Struct, gc=False):
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


_First = tuple[str, str, int, str | None, str | None, str | None, str | None]
"""The fields of an assignment before its channels, and those between them and its digest."""
_Rest = tuple[str | None, int | None, str | None, int | None, int | None, bool, str | None]


BY_ID = "id"
"""What tells an assignment from others of its group: its own id."""


class Fault(ValueError):
    """Raised within the rules where a value makes its event no fact; `rejection` says why."""

    def __init__(self, reason: str, field: str, detail: str) -> None:
        self.rejection = Rejection(reason, "/" + field, detail)


def event_from(
    reported: ReportedEvent, *, received_us: int, tracking_from_us: int
) -> Event | Rejection:
    """The event as a fact, or why it is rejected (`invalid`, `backdated`, `future`)."""
    try:
        return _event(reported, received_us, tracking_from_us)
    except Fault as fault:
        return fault.rejection


def assignment_from(reported: ReportedAssignment, *, received_us: int) -> Assignment | Rejection:
    """The assignment as a fact, or why it is rejected (`invalid`, `future`)."""
    try:
        return _assignment(reported, received_us)
    except Fault as fault:
        return fault.rejection


def assignment_decided(
    *,
    promotion_id: str,
    customer_id: str,
    assigned_us: int,
    assignment_id: str,
    tier_id: str | None,
    segment: str | None,
    channel: str | None,
    reward_micros: int | None,
    currency: str | None,
    expires_us: int | None,
    decision_id: str,
) -> Assignment:
    """The fact that `assignment_from` makes of an assignment that says just this, in words that are checked already."""
    first = (promotion_id, customer_id, assigned_us, assignment_id, None, tier_id, segment)
    details = details_of(None, decision_id, None)
    rest = (None, reward_micros, currency, expires_us, None, False, details)
    return _made(first, () if channel is None else (channel,), rest, None)


UNNAMED = "row"
"""The id under which an event is judged that has none and is to be named by its content."""


def content_of(event: Event) -> int:
    """A number of an event's whole content, so long that no two contents of a file share one."""
    return stable_hash(*msgspec.structs.astuple(event)[:-1])


def name_by_content(event: Event, content: int, ordinal: int) -> None:
    """Gives an event judged as UNNAMED an id made of its content, and of how often that came before in its file."""
    event.event_id = f"row-{content:016x}-{ordinal}"
    event.digest = content_digest(*msgspec.structs.astuple(event)[:-1])


def identifier(value: str | None, field: str) -> str | Rejection:
    """A caller's id, trimmed, or why it cannot be one."""
    try:
        return _required(value, field)
    except Fault as fault:
        return fault.rejection


def _event(r: ReportedEvent, received_us: int, tracking_from_us: int) -> Event:
    event_id = _required(r.event_id, "event_id")
    reverses = _reverses(r)
    if reverses is None and r.promotion_id is None and r.promo_code is None:
        raise Fault("invalid", "promotion_id", "give promotion_id or promo_code")
    needed = _required if reverses is None else identifier_or_none
    customer_id = needed(r.customer_id, "customer_id")
    fields = (
        event_id,
        reverses,
        identifier_or_none(r.promotion_id, "promotion_id"),
        identifier_or_none(r.promo_code, "promo_code"),
        customer_id,
        _redeemed_us(r, reverses is None, received_us, tracking_from_us),
        identifier_or_none(r.assignment_id, "assignment_id"),
        identifier_or_none(r.campaign_id, "campaign_id"),
        identifier_or_none(r.tier_id, "tier_id"),
        identifier_or_none(r.channel, "channel"),
        _amount(r.reward_value, "reward_value"),
        _currency(r.currency),
        identifier_or_none(r.order_id, "order_id"),
        _amount(r.order_value, "order_value"),
        metadata_of(r.metadata),
    )
    return Event(*fields, content_digest(*fields))


def _reverses(r: ReportedEvent) -> str | None:
    if r.type == "reversal":
        return _required(r.reverses, "reverses")
    if r.type not in (None, "redemption"):
        raise Fault("invalid", "type", "must be redemption or reversal")
    if r.reverses is not None:
        raise Fault("invalid", "type", 'an event that reverses another says "type": "reversal"')
    return None


_BEFORE = "lies before the start of tracking, "


def _redeemed_us(r: ReportedEvent, required: bool, received_us: int, tracking_from_us: int) -> int:
    if r.redeemed_at is None and not required:
        return 0
    instant_us = _needed_instant(r.redeemed_at, "redeemed_at")
    if instant_us < tracking_from_us:
        raise Fault("backdated", "redeemed_at", _BEFORE + format_instant(tracking_from_us))
    _not_future(instant_us, received_us, "redeemed_at")
    return instant_us


def _not_future(instant_us: int, received_us: int, field: str) -> None:
    if instant_us > received_us + FUTURE_TOLERANCE_US:
        raise Fault("future", field, "lies more than 5 minutes ahead; check the sender's clock")


def _assignment(r: ReportedAssignment, received_us: int) -> Assignment:
    promotion_id = _required(r.promotion_id, "promotion_id")
    customer_id = _required(r.customer_id, "customer_id")
    assigned_us = _needed_instant(r.assigned_at, "assigned_at")
    _not_future(assigned_us, received_us, "assigned_at")
    assignment_id = identifier_or_none(r.assignment_id, "assignment_id")
    campaign_id = identifier_or_none(r.campaign_id, "campaign_id")
    occurrence = identifier_or_none(r.occurrence, "occurrence")
    if r.max_redemptions is not None and not 1 <= r.max_redemptions < 2**31:
        raise Fault("invalid", "max_redemptions", "must be a whole number of at least 1")
    tier_id = identifier_or_none(r.tier_id, "tier_id")
    segment = identifier_or_none(r.segment, "segment")
    rest = (
        identifier_or_none(r.promo_code, "promo_code"),
        _amount(r.reward_value, "reward_value"),
        _currency(r.currency),
        _optional_instant(r.expires_at, "expires_at"),
        r.max_redemptions,
        bool(r.control),
        details_of(occurrence, identifier_or_none(r.decision_id, "decision_id"), r.attributes),
    )
    first = (promotion_id, customer_id, assigned_us, assignment_id, campaign_id, tier_id, segment)
    return _made(first, channels_of(r.channels, r.channel), rest, occurrence)


def _made(
    first: _First, channels: tuple[str, ...], rest: _Rest, occurrence: str | None
) -> Assignment:
    """The assignment that these fields are, all of them checked."""
    promotion_id, _, assigned_us, assignment_id, campaign_id, _, _ = first
    # Channels are no part of the content: further ones may be told later.
    digest = content_digest(*first, *rest)
    slot = content_digest(
        *slot_of(promotion_id, assignment_id, campaign_id, occurrence, assigned_us)
    )
    return Assignment(*first, channels, *rest, digest, slot)


def slot_of(
    promotion_id: str,
    assignment_id: str | None,
    campaign_id: str | None,
    occurrence: str | None,
    assigned_us: int,
) -> tuple[str | int | None, ...]:
    """What makes an assignment another one within its promotion and customer: its id or its occurrence."""
    if assignment_id is not None:
        return BY_ID, assignment_id
    return "occurrence", promotion_id, campaign_id, occurrence or assigned_us


def details_of(
    occurrence: str | None, decision_id: str | None, attributes: dict[str, Any] | None
) -> str | None:
    """What matching does not need of an assignment, as canonical JSON. The ids are checked already."""
    if occurrence is None and decision_id is None and not attributes:
        return None
    rest = {"occurrence": occurrence, "decision_id": decision_id, "attributes": attributes}
    text = canonical_json({name: value for name, value in rest.items() if value})
    if text is not None and len(text) > MOST_METADATA:
        _bounded(canonical_json(attributes), "attributes")
    return text


def metadata_of(value: dict[str, Any] | None) -> str | None:
    """What else an event says, as canonical JSON. Raises Fault."""
    return _bounded(canonical_json(value), "metadata")


def _bounded(text: str | None, field: str) -> str | None:
    if text is not None and len(text) > MOST_METADATA:
        why = f"has more than {MOST_METADATA} characters as JSON"
        raise Fault("invalid", field, why)
    return text


def channels_of(channels: Sequence[str] | None, channel: str | None) -> tuple[str, ...]:
    """The channels that carried an assignment, each once, sorted. Raises Fault.

    `email+sms` are two of them: so their key is written, and it must be told from its parts alone what more would come
    to.
    """
    if channels is None and channel is None:
        return ()
    named = [*(channels or ()), *((channel,) if channel is not None else ())]
    told = "+".join(_required(one, "channel") for one in named if one.strip())
    found = {part for one in told.split("+") if (part := one.strip())}
    if len(told) > MOST_CHANNELS and len("+".join(found)) > MOST_CHANNELS:
        field = "channels" if channels else "channel"
        raise Fault("invalid", field, f"have more than {MOST_CHANNELS} characters together")
    return tuple(sorted(found))


def key_of_channels(channels: Iterable[str]) -> str:
    """The key of channels that came with one assignment again and again: of too many, the shortest names.

    So it is the same in whatever order they came: what had no room once has none beside more of them.
    """
    kept: list[str] = []
    room = MOST_CHANNELS + 1
    for one in sorted(channels, key=lambda name: (len(name), name)):
        room -= len(one) + 1
        if room < 0:
            break
        kept.append(one)
    return "+".join(sorted(kept))


def identifier_or_none(value: str | None, field: str) -> str | None:
    """A caller's id, trimmed; None stays None. Raises Fault when it cannot be one."""
    if value is None:
        return None
    if (
        value.isascii()
        and value.isprintable()
        and " " not in value
        and 0 < len(value) <= MAX_ID_LENGTH
    ):
        return value
    trimmed = value.strip()
    if (
        trimmed
        and len(trimmed) <= MAX_ID_LENGTH
        and ((trimmed.isascii() and trimmed.isprintable()) or not _UNPRINTABLE.search(trimmed))
    ):
        return trimmed
    raise Fault("invalid", field, "must be 1 to 255 characters without control characters")


def _required(value: str | None, field: str) -> str:
    trimmed = identifier_or_none(value, field)
    if trimmed is None:
        raise Fault("invalid", field, "is missing")
    return trimmed


def _checked(parse: Callable[[Any], int], value: Any, field: str) -> int:
    try:
        return parse(value)
    except ValueError as error:
        raise Fault("invalid", field, str(error)) from None


def _needed_instant(text: str | None, field: str) -> int:
    if text is not None and len(text) <= MAX_ID_LENGTH:
        try:
            return parse_instant(text)
        except ValueError:  # blanks around it, perhaps
            pass
    return _instant(_required(text, field), field)


def _instant(text: str, field: str) -> int:
    return _checked(parse_instant, text, field)


def _optional_instant(text: str | None, field: str) -> int | None:
    return None if text is None else _instant(text, field)


def _amount(value: Any, field: str) -> int | None:
    if value is None:
        return None
    micros = _checked(amount_of, value, field)
    if micros < 0:
        raise Fault("invalid", field, "must not be negative")
    return micros


def _currency(code: str | None) -> str | None:
    if code is None or is_currency(code):
        return code
    raise Fault("invalid", "currency", "must be an ISO 4217 code such as EUR")


def canonical_json(value: Any) -> str | None:
    """JSON that is equal for equal values, whatever the order of their keys."""
    return None if value is None else _canonical(value).decode()
