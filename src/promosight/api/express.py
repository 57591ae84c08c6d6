"""The express lane: requests go from the server straight to the door, past the framework.

What is done with a request is the same as on every other way in (`door.answered`); only the framework's
routing and its response are left out, which cost several times as much as taking an event in. Routes with
parameters in their path or streams for answers, other methods and odd spellings of a path are the framework's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from promosight.api.call import JSON, Receive, Scope, headers_of, request_id_of
from promosight.api.door import Answer, Door, Route, answered, broken, content, refused
from promosight.errors import PromosightError

Send = Callable[[Any], Awaitable[None]]

_JSON = (b"content-type", JSON.encode())


def lanes(routes: tuple[Route, ...]) -> dict[tuple[str, bytes], Route]:
    """The routes that go straight through, by method and path as it comes over the wire."""
    return {(r.method, r.path.encode()): r for r in routes if "{" not in r.path and not r.streams}


async def serve(door: Door, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers one request of a route without parameters in its path."""
    headers = headers_of(scope)
    request_id = request_id_of(headers)
    try:
        answer = await answered(door, route, scope, headers, receive, {})
    except PromosightError as error:
        answer = refused(error)
    except Exception as error:  # noqa: BLE001 - a fault of ours is answered and logged
        answer = broken(route.method, route.path, error)
    body = content(answer)
    start = {
        "type": "http.response.start",
        "status": answer.status,
        "headers": _headers(answer, request_id, len(body)),
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _headers(answer: Answer, request_id: str, length: int) -> list[tuple[bytes, bytes]]:
    media_type = answer.media_type
    headers = [
        _JSON if media_type is JSON else (b"content-type", media_type.encode()),
        (b"x-request-id", request_id.encode()),
        (b"content-length", b"%d" % length),
    ]
    if answer.headers:
        headers += [(name.lower().encode(), v.encode()) for name, v in answer.headers.items()]
    return headers
