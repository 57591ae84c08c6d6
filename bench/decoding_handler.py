"""The bare handler that also decodes the body, and keeps nothing: what HTTP and reading an event cost together.

The event becomes a struct with typed fields (msgspec) and is let go again. It is the floor that the spike of this
product was told against; what a durable row costs beyond it is told by `bench.row_handler`.

Run as `python -m bench.decoding_handler PORT`.
"""

from __future__ import annotations

import sys
from typing import Any

from bench.bare_handler import answer, serve, whole
from bench.floor_rows import decoded


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Reads the body to its end, decodes it, and answers 200."""
    if scope["type"] != "http":
        return
    if body := await whole(receive):
        decoded("redemptions", [body])
    await answer(send)


if __name__ == "__main__":
    serve(application, int(sys.argv[1]))
