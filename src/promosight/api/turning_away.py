"""Refusing in the cheapest way: a report that comes while there is no room is answered before it is even parsed.

A server that spends half as much on a refusal as on taking an event in has nothing left for taking in when four times
of what it can do is offered: it refuses all day. So the refusal of a plain request, which came whole and in one piece,
is a look at its bytes and an answer made beforehand. Everything that is less plain goes the ordinary way, is parsed,
and refused by the same rule (`door.answered`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from promosight.api.call import request_id_of
from promosight.api.door import Door, Route, content, refused
from promosight.api.pressure import WHY
from promosight.errors import Overloaded

_PLAIN = re.compile(rb"POST (/v1/\w+)(?:\?[!-~]*)? HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: ?(\d{1,8})\r\n", re.IGNORECASE)
_UNUSUAL = re.compile(
    rb"\r\n(?:expect|upgrade|transfer-encoding|x-request-id|connection:(?! ?keep-alive\r))",
    re.IGNORECASE,
)


class TurningAway:
    """The reports among the routes, and what they are told."""

    def __init__(self, door: Door, routes: tuple[Route, ...]) -> None:
        self._door = door
        self._paths = {one.path.encode(): one for one in routes if one.reports}
        answer = refused(Overloaded(WHY))
        body = content(answer)
        told = {"content-type": answer.media_type, **answer.headers}
        lines = [f"{name.lower()}: {value}" for name, value in told.items()]
        head = ["HTTP/1.1 503 Service Unavailable", *lines, f"content-length: {len(body)}"]
        self._before = ("\r\n".join(head) + "\r\nx-request-id: ").encode()
        self._after = b"\r\n\r\n" + body

    def answer(self, data: bytes, unread_s: Callable[[], float]) -> bytes | None:
        """The refusal of what has come on a connection, where it is one plain report for which there is no room."""
        if not self._door.pressure.is_limited:
            return None
        plain = _PLAIN.match(data)
        route = self._paths.get(plain[1]) if plain else None
        size = _size_of(data)
        if route is None or size is None or self._door.pressure.lets_in(size, unread_s):
            return None
        self._door.metrics.answered(route.method, route.shown, 503, 0.0)
        return self._before + request_id_of({}).encode() + self._after


def _size_of(data: bytes) -> int | None:
    """The bytes of a body that is here with its plain head, whole and alone."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[: end + 2]
    length = _LENGTH.search(head)
    if length is None or _UNUSUAL.search(head) or len(data) != end + 4 + int(length[1]):
        return None
    return int(length[1])
