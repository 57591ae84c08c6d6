"""HEAD: what GET would be answered with, without the body.

Balancers and monitors ask so. The request is answered as a GET whose body nobody waits for: of one that is made while
it is sent (an export, the stream) nothing is made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

_NOTHING = {"type": "http.request", "body": b"", "more_body": False}
_GONE = {"type": "http.disconnect"}
_END = {"type": "http.response.body", "body": b""}

Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Any, Send], Awaitable[None]]


async def answer_head(application: Application, scope: dict[str, Any], send: Send) -> None:
    """Answers a HEAD as the application answers a GET."""
    asked = iter((_NOTHING,))

    async def receive() -> dict[str, Any]:
        return next(asked, _GONE)  # whoever sends piece by piece stops when the receiver is gone

    async def send_head(message: Any) -> None:
        if message["type"] == "http.response.start":
            await send(message)

    await application({**scope, "method": "GET"}, receive, send_head)
    await send(_END)
