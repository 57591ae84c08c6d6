"""Refusing in the cheapest way: a report that comes while there is no room is answered before it is even parsed.

A server that spends half as much on a refusal as on taking an event in has nothing left for taking in when four times
of what it can do is offered: it refuses all day. So the refusal of a plain request, which came whole and in one piece,
is a look at its bytes and an answer made beforehand. Everything that is less plain goes the ordinary way, is parsed,
and refused by the same rule (`door.answered`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from promosight.api.connections.heads import Heads
from promosight.api.door.call import request_id_of
from promosight.api.door.door import Door, Route, content, refused
from promosight.api.door.pressure import WHY
from promosight.errors import Overloaded

_PLAIN = re.compile(rb"POST (/v1/\w+)(?:\?[!-~]*)? HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: ?(\d{1,8})\r\n", re.IGNORECASE)
_UNUSUAL = re.compile(
    rb"\r\n(?:expect|upgrade|transfer-encoding|x-request-id|connection:(?! ?keep-alive\r))",
    re.IGNORECASE,
)


class Head(NamedTuple):
    """What a plain head says: its route, and how many bytes follow."""

    shown: str
    size: int


class TurningAway:
    """The reports among the routes, and what they are told."""

    def __init__(self, door: Door, routes: tuple[Route, ...]) -> None:
        self._door = door
        self._paths = {one.path.encode(): one for one in routes if one.reports}
        self._heads = Heads(self._parsed)
        answer = refused(Overloaded(WHY))
        body = content(answer)
        told = {"content-type": answer.media_type, **answer.headers}
        lines = [f"{name.lower()}: {value}" for name, value in told.items()]
        head = ["HTTP/1.1 503 Service Unavailable", *lines, f"content-length: {len(body)}"]
        self._before = ("\r\n".join(head) + "\r\nx-request-id: ").encode()
        self._after = b"\r\n\r\n" + body

    def answer(self, data: bytes, unread_s: Callable[[], float]) -> bytes | None:
        """The refusal of what has come on a connection, where it is one plain report for which there is no room."""
        if not self._door.pressure.is_felt:
            return None
        end = data.find(b"\r\n\r\n")
        head = self._heads.head(data[: end + 2]) if end >= 0 else None
        if head is None or len(data) != end + 4 + head.size:
            return None
        if self._door.pressure.lets_in(head.size, unread_s):
            return None
        self._door.metrics.turned_away("POST", head.shown, 503)
        return self._before + request_id_of({}).encode() + self._after

    def _parsed(self, text: bytes) -> Head | None:
        """What a head says; None where it is not plain."""
        plain, length = _PLAIN.match(text), _LENGTH.search(text)
        if plain is None or length is None or _UNUSUAL.search(text):
            return None
        route = self._paths.get(plain[1])
        return None if route is None else Head(route.shown, int(length[1]))
