"""The floor of HTTP: a raw ASGI application that reads the whole body, and answers. It does nothing else.

Served as the product is: uvicorn with httptools and uvloop, one process, no access log. What a real receiver
spends beyond this is its own. Run as `python -m bench.bare_handler PORT`.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

_ANSWER = b'{"outcome":"read"}'
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_ANSWER)).encode()),
]


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Reads the body to its end and answers 200."""
    if scope["type"] != "http":
        return
    await whole(receive)
    await answer(send)


async def whole(receive: Any) -> bytes:
    """The body of a request."""
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def answer(send: Any) -> None:
    """Answers 200, in the same words whatever was asked."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


def serve(application: Any, port: int) -> None:
    """Serves until it is stopped."""
    uvicorn.run(
        application,
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    serve(application, int(sys.argv[1]))
