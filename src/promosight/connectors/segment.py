"""Segment's messages: `Coupon Applied` is a redemption, `Coupon Removed` undoes it, and all others are left alone.

Both name the coupon and the order or cart, and that is what a redemption goes by: so a removal names its redemption by
its own content, whichever of the two comes first. docs/decisions/0021 says what follows from that.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from promosight.connectors.amounts import REPORTED, misread
from promosight.connectors.elements import member, only_object, split_array
from promosight.connectors.foreign import Told, decoded, judged, refused
from promosight.connectors.reading import MAX_EVENTS, Reading
from promosight.errors import TooLarge, Unreadable
from promosight.flows.reporting.intake import Item
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.facts import MAX_ID_LENGTH, Fault, Rejection, identifier_or_none
from promosight.rules.reported import ReportedEvent

APPLIED, REMOVED = "Coupon Applied", "Coupon Removed"
FORM = "as_segment"
"""The name under which a refused one is kept."""

REST = "/properties"
PLACES = {
    "event_id": REST,
    "customer_id": "/userId",
    "promo_code": "/properties/coupon_id",
    "redeemed_at": "/timestamp",
}
"""Where our fields stand in a message; all others stand in `properties`."""

_KEY = re.compile(rb'("writeKey"\s*:\s*)"(?:[^"\\]|\\.)*"?')

Id = str | int | None
"""Ids are texts; numbers are written out."""


class CouponProperties(msgspec.Struct, kw_only=True):
    """What is looked at of a coupon's properties: Segment's own, and beside them fields of `ReportedEvent`.

    A text without a word in it counts as left out.
    """

    coupon_id: Annotated[Id, Meta(description="The promotion's code, or a personal one.")] = None
    order_id: Annotated[Id, Meta(description="With the coupon, what the redemption goes by.")] = (
        None
    )
    cart_id: Annotated[Id, Meta(description="In the place of an order.")] = None
    checkout_id: Annotated[Id, Meta(description="In the place of a cart.")] = None
    redemption_id: Annotated[
        Id, Meta(description="What the redemption goes by, in the place of order and coupon.")
    ] = None
    discount: Annotated[
        Decimal | None, Meta(description="What the reward cost; not looked at in a removal.")
    ] = None
    promotion_id: Id = None
    promo_code: Annotated[Id, Meta(description="In the place of `coupon_id`.")] = None
    reward_value: Annotated[Decimal | None, Meta(description="In the place of `discount`.")] = None
    currency: str | None = None
    order_value: Decimal | None = None
    redeemed_at: Annotated[str | None, Meta(description="In the place of `timestamp`.")] = None
    assignment_id: Id = None
    campaign_id: Id = None
    tier_id: Id = None
    channel: str | None = None
    metadata: dict[str, Any] | None = None


class SegmentMessage(msgspec.Struct, kw_only=True, rename="camel"):
    """A `track` call. One whose event is neither `Coupon Applied` nor `Coupon Removed` is answered `ignored`."""

    type: Annotated[str | None, Meta(description="`track`, as when it is left out.")] = None
    event: Annotated[str | None, Meta(description=f"`{APPLIED}` or `{REMOVED}`.")] = None
    message_id: str | None = None
    user_id: Annotated[Id, Meta(description="The customer.")] = None
    anonymous_id: Annotated[Id, Meta(description="In the place of `userId`.")] = None
    timestamp: Annotated[str | None, Meta(description="RFC 3339: when it happened.")] = None
    original_timestamp: Annotated[str | None, Meta(description="In the place of `timestamp`.")] = (
        None
    )
    properties: CouponProperties | None = None


class SegmentBatch(msgspec.Struct, kw_only=True):
    """Several calls of any type, up to 10,000."""

    batch: list[SegmentMessage]


class Ignored(NamedTuple):
    """A message that is none of ours, of which nothing is kept."""


class _Kind(msgspec.Struct):
    type: Any = None
    event: Any = None


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


_decoder = msgspec.json.Decoder(SegmentMessage)
_kind_decoder = msgspec.json.Decoder(_Kind)
_batch_decoder = msgspec.json.Decoder(_Batch)
IGNORED = Ignored()
Read = Item | Ignored


def read_track(body: bytes, reading: Reading) -> list[Read]:
    """The item of a body that is one message. Raises Unreadable."""
    return [item_of(only_object(body), reading)]


def read_batch(body: bytes, reading: Reading) -> list[Read]:
    """An item for each message of a batch, in order. Raises Unreadable, TooLarge."""
    return [item_of(text, reading) for text in _texts(body)]


def without_key(text: bytes) -> bytes:
    """A text without the key that libraries write into what they send: nowhere is that kept."""
    return _KEY.sub(rb'\1"-"', text)


def item_of(text: bytes, reading: Reading) -> Read:
    """The fact that a message is, its refusal, or that it is none of ours."""
    item = _item_of(text, reading)
    if isinstance(item, Refused) and (keyless := without_key(text)) != text:
        return _item_of(keyless, reading)
    return item


def _item_of(text: bytes, reading: Reading) -> Read:
    kind = decoded(_kind_decoder, text)
    if isinstance(kind, Rejection):
        return refused(kind, FORM, text)
    if kind.type not in (None, "track"):
        return IGNORED
    if kind.event is None:
        return refused(Rejection("invalid", "/event", "is missing"), FORM, text)
    if kind.event not in (APPLIED, REMOVED):
        return IGNORED
    message = decoded(_decoder, text)
    if isinstance(message, Rejection):
        return refused(message, FORM, text)
    if (wrong := misread(text, (*REPORTED, "discount"), "properties")) is not None:
        return refused(wrong, FORM, text, _named(message))
    try:
        told = told_by(message)
    except Fault as fault:
        return refused(fault.rejection, FORM, text, _named(message))
    return judged(told, FORM, text, reading)


def told_by(message: SegmentMessage) -> Told:
    """A message about a coupon in our words. Raises Fault."""
    said = message.properties or CouponProperties()
    at, place = _moment(message, said)
    if message.event == REMOVED:
        event = _removal(message, said, at)
        return Told(event, {"event_id": "/messageId", "redeemed_at": place}, REST)
    event = _application(message, said, at)
    places = PLACES | {"redeemed_at": place}
    if said.reward_value is None:
        places |= {"reward_value": "/properties/discount"}
    return Told(event, places, REST)


def application_id(said: CouponProperties) -> str | None:
    """What a redemption goes by whose application and removal say this; None where they say too little.

    Raises Fault where it is no id.
    """
    own = _word(said.redemption_id, "properties/redemption_id")
    if own is not None:
        return own
    for where in ("order", "cart", "checkout"):
        place = f"properties/{where}_id"
        number = _word(getattr(said, f"{where}_id"), place)
        if number is not None:
            return _joined(place, f"{where}:{_escaped(number)}|{_coupon(said)}")
    return None


def _application(message: SegmentMessage, said: CouponProperties, at: str | None) -> ReportedEvent:
    event_id = application_id(said)
    if event_id is None:
        number = _word(message.message_id, "messageId")
        if number is None:
            raise Fault("invalid", "properties/order_id", "give order_id, cart_id or a messageId")
        event_id = _joined("messageId", f"message:{number}")
    code = said.coupon_id if _text(said.promo_code) is None else said.promo_code
    return ReportedEvent(
        event_id=event_id,
        promotion_id=_text(said.promotion_id),
        promo_code=_text(code),
        customer_id=_text(message.user_id) or _text(message.anonymous_id),
        redeemed_at=at,
        assignment_id=_text(said.assignment_id),
        campaign_id=_text(said.campaign_id),
        tier_id=_text(said.tier_id),
        channel=_text(said.channel),
        reward_value=said.discount if said.reward_value is None else said.reward_value,
        currency=_text(said.currency),
        order_id=_text(said.order_id),
        order_value=said.order_value,
        metadata=said.metadata,
    )


def _removal(message: SegmentMessage, said: CouponProperties, at: str | None) -> ReportedEvent:
    """A removal says nothing of promotion, customer and worth: those are its redemption's."""
    reverses = application_id(said)
    if reverses is None:
        why = f"give order_id or cart_id, as in the {APPLIED} that it undoes"
        raise Fault("invalid", "properties/order_id", why)
    number = _word(message.message_id, "messageId")
    event_id = f"removed|{reverses}" if number is None else f"removed:{number}"
    return ReportedEvent(
        event_id=_joined("messageId", event_id),
        type="reversal",
        reverses=reverses,
        redeemed_at=at,
        metadata=said.metadata,
    )


def _coupon(said: CouponProperties) -> str:
    for name in ("coupon_id", "promo_code", "promotion_id"):
        coupon = _word(getattr(said, name), f"properties/{name}")
        if coupon is not None:
            return coupon
    raise Fault("invalid", "properties/coupon_id", "is missing")


def _moment(message: SegmentMessage, said: CouponProperties) -> tuple[str | None, str]:
    """When it happened, and where that stands. When it was sent differs from try to try, so that is no time of it."""
    if said.redeemed_at is not None:
        return said.redeemed_at, "/properties/redeemed_at"
    if message.timestamp is None and message.original_timestamp is not None:
        return message.original_timestamp, "/originalTimestamp"
    return message.timestamp, "/timestamp"


def _text(value: Id) -> str | None:
    """An id as a text, None for one without a word in it."""
    text = None if value is None else str(value).strip()
    return text or None


def _word(value: Id, place: str) -> str | None:
    """The same, checked. Raises Fault."""
    return identifier_or_none(_text(value), place)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C")


def _joined(place: str, event_id: str) -> str:
    if len(event_id) > MAX_ID_LENGTH:
        why = f"makes, with what it stands beside, an id of more than {MAX_ID_LENGTH} characters"
        raise Fault("invalid", place, why)
    return event_id


def _named(message: SegmentMessage) -> ReportedEvent:
    """What names a message that cannot be told in our words."""
    said = message.properties or CouponProperties()
    return ReportedEvent(
        customer_id=_text(message.user_id) or _text(message.anonymous_id),
        promotion_id=_text(said.promotion_id),
        promo_code=_text(said.promo_code) or _text(said.coupon_id),
    )


def _texts(body: bytes) -> list[bytes]:
    try:
        texts = [bytes(raw) for raw in _batch_decoder.decode(body).batch]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = member(body, "batch")
        if not text.startswith(b"["):
            raise Unreadable("the body has no array `batch`") from None
        return split_array(text, MAX_EVENTS)
    if len(texts) > MAX_EVENTS:
        raise TooLarge(f"more than {MAX_EVENTS} messages in one request")
    return texts
