"""Messages of shops in our words: what each tells (redemptions, reversals), or why nothing is done with it.

A shop tells of orders and payments and knows no word of ours, so one message may tell several facts, or none. What is
refused is kept in our own words and not as it came: whole orders name people, streets and telephones, and nobody asked
for these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from promosight.connectors.foreign import decoded
from promosight.connectors.reading import Reading, fact_of
from promosight.errors import Unreadable
from promosight.flows.reporting.intake import Item
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.facts import Fault, Rejection, identifier, identifier_or_none
from promosight.rules.reported import ReportedEvent

PASSED_OVER = {
    "other_event": "nothing here follows from messages of this type",
    "test_message": "it is a test; tests count in sandbox workspaces only",
    "no_code": "no discount code was used",
    "no_code_yet": "no code is known of this payment; should its checkout come later, it is undone then",
    "not_paid_yet": "it is not paid yet; the message that it is paid will count",
    "never_paid": "it was never paid, so no redemption was counted",
    "nothing_returned": "nothing was returned that a code had made cheaper",
    "told_by_order_update": "a refund does not say which codes were used; `orders/updated` says both",
    "counted_at_checkout": "a code counts once, when the checkout is completed, and not with every invoice",
    "not_used_yet": "a coupon was given, and nothing bought with it yet",
    "not_lost": "the dispute was not lost, so the payment stands",
}
"""Why nothing is done with a message, in the words in which its sender is told."""

MAX_CODES = 100
"""Nobody uses more codes in one order."""


class PassedOver(NamedTuple):
    """A message that is none of ours. It is answered, so that it is not sent again, and nothing of it is kept."""

    reason: str


class Settings(NamedTuple):
    """How a shop's messages are read. `customer_from` and `code_from` say where ids stand; `tests`: tests count."""

    customer_from: str
    code_from: str = ""
    tests: bool = False


class NoteAttribute(msgspec.Struct):
    """A name and what it says: a note of an order."""

    name: Any = None
    value: Any = None


Id = str | int | None
Amount = Annotated[str | int | None, Meta(description="A decimal as a text.")]


def read(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """A message as a struct. Raises Unreadable where it is none of that kind."""
    message = decoded(decoder, body)
    if isinstance(message, Rejection):
        raise Unreadable(f"{message.pointer} {message.detail}".strip())
    return message


def text_of(value: Any) -> str | None:
    """An id as a text; None for one without a word in it, and for what is no id at all."""
    if value is None or isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def escaped(value: str) -> str:
    """A part of an id that a bar ends."""
    return value.replace("%", "%25").replace("|", "%7C")


def checked(value: Any, place: str) -> str:
    """An id of the shop's. Raises Unreadable: a message without it is none of theirs."""
    try:
        named = identifier_or_none(text_of(value), place)
    except Fault as fault:
        raise Unreadable(f"{place} {fault.rejection.detail}") from None
    if named is None:
        raise Unreadable(f"{place} is missing")
    return named


def items_of(told: Sequence[ReportedEvent], reading: Reading, missing: str) -> list[Item]:
    """The facts that a message tells, and its refusals. `missing`: where the customer should have stood."""
    return [_item_of(one, reading, missing) for one in told]


def _item_of(event: ReportedEvent, reading: Reading, missing: str) -> Item:
    fact = fact_of(event, reading)
    if not isinstance(fact, Rejection):
        return fact
    if fact.pointer == "/customer_id" and event.customer_id is None:
        fact = msgspec.structs.replace(fact, detail=f"is missing: the shop names no {missing}")
    said = {name: value for name, value in msgspec.structs.asdict(event).items() if value}
    named = identifier(event.event_id, "")
    event_id = named if isinstance(named, str) else None
    return Refused(fact, "redemptions", event_id, msgspec.json.encode(said).decode())
