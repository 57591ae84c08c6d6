"""CloudEvents 1.0: redemptions and reversals in the envelope that event buses carry, alone or many at once.

`source` and `id` together are the identity, `subject` is the customer, `time` the time where `data` names none; all
else that is said of a redemption stands in `data`, under our names. docs/decisions/0021 says why.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from promosight.connectors.amounts import misread
from promosight.connectors.elements import only_object, split_array
from promosight.connectors.foreign import Told, decoded, judged, refused, together
from promosight.connectors.reading import MAX_EVENTS, Reading
from promosight.errors import Unreadable
from promosight.flows.reporting.intake import Item
from promosight.rules.facts import MAX_ID_LENGTH, Fault, Rejection, identifier_or_none
from promosight.rules.reported import ReportedEvent

EVENT, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
REDEEMED, REVERSED = "promotion.redeemed", "promotion.redemption_reversed"
FORM = "as_cloudevent"
"""The name under which a refused one is kept."""

BETWEEN = "|"
"""Stands between source and id in the id of an event. No URI has it, so that the two can be told apart."""

PLACES = {"event_id": "/id", "type": "/type", "customer_id": "/subject"}
"""Where our fields stand in a CloudEvent; all others stand in `data`."""

REST = "/data"

_TYPES = {REDEEMED: "redemption", REVERSED: "reversal"}
_JSON = re.compile(r"[^/]+/(?:json|[^;]+\+json)", re.IGNORECASE)
_NO_URI = re.compile(r"[\s|]")


class CloudEventData(ReportedEvent, kw_only=True):
    """What a redemption or reversal says beside its envelope: fields of `ReportedEvent`, all of them optional here.

    `reverses` is the `id` of another CloudEvent, of the same `source` where `reverses_source` names no other.
    """

    reverses_source: str | None = None


class CloudEvent(msgspec.Struct, kw_only=True):
    """A CloudEvent 1.0 in JSON. Attributes beyond these are taken and not looked at."""

    specversion: Annotated[str | None, Meta(description="`1.0`.")] = None
    type: Annotated[str | None, Meta(description=f"`{REDEEMED}` or `{REVERSED}`.")] = None
    source: Annotated[
        str | None, Meta(description="A URI reference; with `id` the identity of the event.")
    ] = None
    id: str | None = None
    subject: Annotated[str | None, Meta(description="The customer.")] = None
    time: Annotated[
        str | None, Meta(description="RFC 3339; taken where `data` has no `redeemed_at`.")
    ] = None
    datacontenttype: Annotated[str | None, Meta(description="JSON, as when it is left out.")] = None
    data: CloudEventData | None = None
    data_base64: Annotated[
        str | None, Meta(description="JSON in Base64, in the place of `data`.")
    ] = None


_decoder = msgspec.json.Decoder(CloudEvent)
_data_decoder = msgspec.json.Decoder(CloudEventData)


def read_event(body: bytes, reading: Reading) -> Item:
    """The item of a body that is one CloudEvent. Raises Unreadable."""
    return item_of(only_object(body), reading)


def read_batch(body: bytes, reading: Reading) -> Sequence[Item]:
    """An item for each CloudEvent of a batch; many are a sheet. Raises Unreadable, TooLarge."""
    if not body.lstrip().startswith(b"["):
        raise Unreadable(f"the body is no JSON array; one event is sent as {EVENT}")
    return together([item_of(text, reading) for text in split_array(body, MAX_EVENTS)])


def structured(attributes: Mapping[str, str], data: bytes) -> bytes:
    """The JSON form of a CloudEvent whose attributes came beside its data. Raises Unreadable."""
    said: dict[str, str | msgspec.Raw] = dict(attributes)
    if data.strip():
        said["data"] = msgspec.Raw(only_object(data))
    return msgspec.json.encode(said)


def is_json(media_type: str) -> bool:
    """Whether data of a media type is JSON, as CloudEvents says it."""
    return _JSON.match(media_type) is not None


def item_of(text: bytes, reading: Reading) -> Item:
    """The fact that a CloudEvent is, or its refusal."""
    event = decoded(_decoder, text)
    if isinstance(event, Rejection):
        return refused(event, FORM, text)
    if (wrong := misread(text, within="data")) is not None:
        return refused(wrong, FORM, text, _named(event))
    try:
        told = told_by(event)
    except Fault as fault:
        return refused(fault.rejection, FORM, text, _named(event))
    return judged(told, FORM, text, reading)


def told_by(event: CloudEvent) -> Told:
    """A CloudEvent in our words. Raises Fault."""
    if event.specversion != "1.0":
        raise Fault("invalid", "specversion", "must be 1.0")
    event_id = folded(event.source, event.id)
    type_ = _TYPES.get(event.type or "")
    if type_ is None:
        raise Fault("invalid", "type", f"must be {REDEEMED} or {REVERSED}")
    data = _data(event)
    _agree(event.id, data.event_id, "data/event_id", "source and id are the identity")
    _agree(type_, data.type, "data/type", "the event's own type says it")
    customer_id = _customer(event.subject, data.customer_id)
    said = msgspec.structs.replace(
        data,
        event_id=event_id,
        type=type_,
        reverses=_reverses(event, data) if type_ == "reversal" else data.reverses,
        customer_id=customer_id,
        redeemed_at=event.time if data.redeemed_at is None else data.redeemed_at,
    )
    places = PLACES | ({} if data.redeemed_at is not None else {"redeemed_at": "/time"})
    return Told(said, places, REST)


def folded(source: str | None, id_: str | None, at: tuple[str, str] = ("source", "id")) -> str:
    """The event id that a source and an id are together. Raises Fault at their places."""
    named = {
        place: identifier_or_none(value, place)
        for place, value in zip(at, (source, id_), strict=True)
    }
    for place, value in named.items():
        if value is None:
            raise Fault("invalid", place, "is missing")
    if _NO_URI.search(named[at[0]] or ""):
        raise Fault("invalid", at[0], "must be a URI reference, without blanks and bars")
    event_id = BETWEEN.join(map(str, named.values()))
    if len(event_id) > MAX_ID_LENGTH:
        raise Fault(
            "invalid", at[1], f"with its source, must have at most {MAX_ID_LENGTH - 1} characters"
        )
    return event_id


def unfolded(event_id: str) -> tuple[str, str]:
    """The source and the id that an event id was made of."""
    source, _, id_ = event_id.partition(BETWEEN)
    return source, id_


def _reverses(event: CloudEvent, data: CloudEventData) -> str:
    if data.reverses_source is None:
        return folded(event.source, data.reverses, ("source", "data/reverses"))
    return folded(data.reverses_source, data.reverses, ("data/reverses_source", "data/reverses"))


def _data(event: CloudEvent) -> CloudEventData:
    if event.datacontenttype is not None and not is_json(event.datacontenttype):
        raise Fault("invalid", "datacontenttype", "must be application/json")
    if event.data_base64 is None:
        return event.data or CloudEventData()
    if event.data is not None:
        raise Fault("invalid", "data_base64", "stands beside data")
    try:
        text = base64.b64decode(event.data_base64, validate=True)
    except (binascii.Error, ValueError):
        raise Fault("invalid", "data_base64", "is not Base64") from None
    data = decoded(_data_decoder, text)
    wrong = data if isinstance(data, Rejection) else misread(text)
    if isinstance(data, Rejection) or wrong is not None:
        assert wrong is not None
        raise Fault(wrong.reason, "data_base64", f"{wrong.pointer[1:]} {wrong.detail}".strip())
    return data


def _agree(outer: str | None, inner: str | None, place: str, why: str) -> None:
    if inner is not None and inner.strip() != (outer or "").strip():
        raise Fault("invalid", place, f"differs from the envelope; leave it out, {why}")


def _customer(subject: str | None, customer_id: str | None) -> str | None:
    if subject is None:
        return customer_id
    if customer_id is not None and customer_id.strip() != subject.strip():
        raise Fault(
            "identifier_conflict", "subject", "names another customer than data/customer_id"
        )
    return subject


def _named(event: CloudEvent) -> ReportedEvent:
    """What names a CloudEvent that cannot be told in our words."""
    try:
        event_id = folded(event.source, event.id)
    except Fault:
        event_id = None
    data = event.data or CloudEventData()
    return ReportedEvent(
        event_id=event_id,
        customer_id=event.subject or data.customer_id,
        promotion_id=data.promotion_id,
        promo_code=data.promo_code,
    )
