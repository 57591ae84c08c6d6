"""What was refused in a form of another system is read once more, as its door would read it now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from promosight.connectors import cloudevents, segment
from promosight.connectors.reading import Reading
from promosight.flows.reporting.intake import Item
from promosight.flows.reporting.rejecting import Refused


class _Kept(msgspec.Struct):
    """A payload in another form has no id of its own: one in our words without one would not be taken."""

    event_id: Any = None
    as_cloudevent: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    as_segment: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Kept).decode


def read_again(refused: Refused, now_us: int, tracking_from_us: int) -> Item | None:
    """The fact that a refused message is now, or its refusal; None for one in our own words."""
    try:
        kept = _decode(refused.payload)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    reading = Reading(now_us, tracking_from_us)
    if kept.event_id is not None:
        return None
    if isinstance(kept.as_cloudevent, msgspec.Raw):
        return _read(refused, kept.as_cloudevent, lambda text: cloudevents.item_of(text, reading))
    if isinstance(kept.as_segment, msgspec.Raw):
        return _read(refused, kept.as_segment, lambda text: _segment(text, reading))
    return None


def _read(refused: Refused, raw: msgspec.Raw, read: Callable[[bytes], Item | None]) -> Item:
    text = bytes(raw)
    item = read(text) if text.startswith(b"{") else None  # a text is what was no JSON or too long
    if item is None:
        return refused
    if isinstance(item, Refused):
        return msgspec.structs.replace(refused, rejection=item.rejection)
    return item


def _segment(text: bytes, reading: Reading) -> Item | None:
    item = segment.item_of(text, reading)
    return None if isinstance(item, segment.Ignored) else item
