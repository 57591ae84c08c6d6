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
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    b"".join(parts)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


def main() -> None:
    """Serves until it is stopped."""
    uvicorn.run(
        application,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
