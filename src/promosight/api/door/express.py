"""The express lane: requests go from the server straight to the door, past the framework.

What is done with a request is the same as on every other way in (`door.answered`); only the framework's
routing and its response are left out, which cost several times as much as taking an event in. Routes with
parameters in their path, other methods and odd spellings of a path are the framework's.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from types import AsyncGeneratorType
from typing import Any

from promosight.api.door.call import JSON, Receive, headers_of, request_id_of
from promosight.api.door.door import Answer, Door, Route, broken, content, refused
from promosight.errors import PromosightError

Send = Callable[[Any], Awaitable[None]]

_JSON = (b"content-type", JSON.encode())


def lanes(routes: tuple[Route, ...]) -> dict[tuple[str, bytes], Route]:
    """The routes that go straight through, by method and path as it comes over the wire."""
    return {(r.method, r.path.encode()): r for r in routes if "{" not in r.path}


async def serve(
    door: Door, route: Route, scope: dict[str, Any], receive: Receive, send: Send
) -> None:
    """Answers one request of a route without parameters in its path."""
    headers = headers_of(scope)
    request_id, began = request_id_of(headers), time.perf_counter()
    scope.setdefault("state", {})["request_id"] = request_id
    try:
        answer = await door.answering(door, route, scope, headers, receive, {})
    except PromosightError as error:
        answer = refused(error)
    except Exception as error:  # noqa: BLE001 - a fault of ours is answered and logged
        answer = broken(route, request_id, error)
    door.answered(route, answer.status, request_id, began)
    if isinstance(answer.body, AsyncGeneratorType):
        await send(_start(answer, request_id))
        await _stream(answer.body, receive, send)
        return
    body = content(answer)
    # What is not sent again has no length of its own.
    length = () if answer.status == 304 else ((b"content-length", b"%d" % len(body)),)
    await send(_start(answer, request_id, *length))
    await send({"type": "http.response.body", "body": body})


async def _stream(body: AsyncGenerator[bytes, None], receive: Receive, send: Send) -> None:
    """Sends a body piece by piece; a receiver that goes is noticed at once, also while there is nothing to send."""
    sending = asyncio.ensure_future(_send_all(body, send))
    going = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((sending, going), return_when=asyncio.FIRST_COMPLETED)
    finally:
        going.cancel()
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending  # what it holds is given back; its fault is ours


async def _send_all(body: AsyncGenerator[bytes, None], send: Send) -> None:
    async with aclosing(body):
        async for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(answer: Answer, request_id: str, *more: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": answer.status,
        "headers": _headers(answer, request_id, *more),
    }


def _headers(
    answer: Answer, request_id: str, *more: tuple[bytes, bytes]
) -> list[tuple[bytes, bytes]]:
    media_type = answer.media_type
    headers = [
        _JSON if media_type is JSON else (b"content-type", media_type.encode()),
        (b"x-request-id", request_id.encode()),
        *more,
    ]
    if answer.headers:
        headers += [(name.lower().encode(), v.encode()) for name, v in answer.headers.items()]
    return headers
