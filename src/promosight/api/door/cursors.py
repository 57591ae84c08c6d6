"""Cursors: where the next page of a list begins, as callers carry it from answer to answer.

A place is a named tuple of numbers and texts. What comes back may be anything, so it is held to what a store takes.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple, TypeVar

import msgspec

from promosight.api.door.call import Call
from promosight.errors import Invalid

Place = TypeVar("Place", bound=tuple[Any, ...])


def cursor_of(place: tuple[Any, ...] | None) -> str | None:
    """The cursor of a place; None where there is no next page."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def place_in(cursor: str | None, first: Place) -> Place:
    """The place that a cursor names; `first` without one. Raises Invalid for what is no cursor of ours."""
    if cursor is None:
        return first
    try:
        text = base64.urlsafe_b64decode(cursor.encode())
        place: Place = msgspec.json.decode(text, type=type(first))
    except (ValueError, msgspec.MsgspecError):
        raise no_cursor() from None
    if not all(map(_fits, place)) or cursor_of(place) != cursor:
        raise no_cursor()
    return place


class _After(NamedTuple):
    position: int
    name: str


def page_of(call: Call, items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The page that was asked for of a list that is short enough to be read whole.

    It goes on behind the last of the page before, known by its field `name`; where that is gone, at its position.
    """
    after, size = place_in(call.query("cursor"), _After(0, "")), call.limit(1_000)
    known = (n for n, item in enumerate(items, 1) if item[name] == after.name)
    begin = next(known, after.position)
    end = begin + size
    last = _After(end, items[end - 1][name]) if end < len(items) else None
    return {"items": items[begin:end], "next": cursor_of(last)}


def no_cursor() -> Invalid:
    """What is said of a cursor that is none of ours."""
    return Invalid("is not the `next` of a page", pointer="/cursor")


def _fits(part: Any) -> bool:
    return "\0" not in part if isinstance(part, str) else 0 <= part < 2**63
