"""Messages in forms of other systems: told in our words they are judged like every event, and refused in theirs.

What is refused is kept as it came, under a name that says its form, beside the promotion and the customer it names;
so it can be shown, found, and read once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from promosight.connectors.elements import MAX_DEPTH, depth
from promosight.connectors.reading import Reading, fact_of, misfit
from promosight.flows.reporting.intake import Item
from promosight.flows.reporting.rejecting import MAX_PAYLOAD, Refused
from promosight.rules.counting import MANY
from promosight.rules.facts import Event, Rejection, identifier
from promosight.rules.reported import ReportedEvent
from promosight.rules.sheets import Sheet

T = TypeVar("T")


class Told(NamedTuple):
    """A message in our words. `places`: where in it our fields stand that do not stand under `rest`."""

    event: ReportedEvent
    places: Mapping[str, str]
    rest: str

    def pointer(self, ours: str) -> str:
        """Where in the message a field of ours stands."""
        return placed(ours, self.places, self.rest)


def placed(ours: str, places: Mapping[str, str], rest: str) -> str:
    """The JSON Pointer of a field, by the places of some and where all others stand."""
    if not ours:
        return ""
    _, name, *below = ours.split("/")
    return "/".join((places.get(name, f"{rest}/{name}"), *below))


def decoded(decoder: msgspec.json.Decoder[T], text: bytes) -> T | Rejection:
    """A message as a struct, or what is wrong with its JSON or its types."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        return misfit(error)
    except RecursionError:
        return Rejection("invalid", "", f"is nested deeper than {MAX_DEPTH} levels")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = str(error).removeprefix("JSON is malformed: ")
        return Rejection("invalid", "", f"is not JSON: {why}")


def judged(told: Told, form: str, text: bytes, reading: Reading) -> Item:
    """The fact that a message is, or its refusal."""
    fact = fact_of(told.event, reading)
    if isinstance(fact, Rejection):
        why = Rejection(fact.reason, told.pointer(fact.pointer), fact.detail)
        return refused(why, form, text, told.event)
    return fact


def refused(why: Rejection, form: str, text: bytes, event: ReportedEvent | None = None) -> Refused:
    """The refusal of a message, as far as it could be told in our words."""
    said = event or ReportedEvent()
    names = {n: _id(getattr(said, n)) for n in ("promotion_id", "promo_code", "customer_id")}
    kept = {name: value for name, value in names.items() if value} | {form: _original(text.strip())}
    return Refused(why, "redemptions", _id(said.event_id), msgspec.json.encode(kept).decode())


def together(items: list[Item]) -> Sequence[Item]:
    """Many redemptions as a sheet, so that they are taken in by column; what is none of them is alone there."""
    plain = [row for row, item in enumerate(items) if isinstance(item, Event) and not item.reverses]
    if len(plain) < MANY:
        return items
    rows = zip(*(msgspec.structs.astuple(items[row]) for row in plain), strict=True)
    sheet = Sheet(Event, [list(column) for column in rows], {}).spread(plain, len(items))
    others = set(range(len(items))).difference(plain)
    return sheet.apart({row: items[row] for row in sorted(others)})


def _original(text: bytes) -> msgspec.Raw | str:
    """A message as it came: the JSON itself, or a text where it is none or would be cut."""
    if len(text) <= MAX_PAYLOAD // 2 and depth(text) < MAX_DEPTH:
        try:
            text.decode()
            msgspec.json.decode(text, type=msgspec.Raw)
            return msgspec.Raw(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    return text.decode(errors="replace")[: MAX_PAYLOAD // 8]


def _id(value: str | None) -> str | None:
    named = identifier(value, "")
    return named if isinstance(named, str) else None
