"""Requests made of the work's lines: an object, an array or NDJSON, whole and ready to be written to a socket.

They are made when a sender asks for the next one, so that no more than a few are ever held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from tools.ports import HOST

ENDS = b"\r\n\r\n"
"""The end of a head of HTTP."""


class Plan(msgspec.Struct, kw_only=True):
    """What to send: lines `start` to `start + count` of a file to a path, or `count` GETs of a path."""

    port: int
    path: str
    key: str = ""
    senders: int = 64
    file: str | None = None
    start: int = 0
    count: int = 1
    per_body: int = 1
    form: str = "json"
    """`json`: an object, or an array when there are several in a body; or `ndjson`."""
    seconds: float = 600.0


class Body(msgspec.Struct):
    """A request ready to be written and the events in it."""

    request: bytes
    events: int


def bodies(plan: Plan) -> Iterator[Body]:
    """The requests of a plan, in the order of the file."""
    if plan.file is None:
        request = _request(plan, "GET", b"", "")
        for _ in range(plan.count):
            yield Body(request, 1)
        return
    kind = "application/x-ndjson" if plan.form == "ndjson" else "application/json"
    with Path(plan.file).open("rb") as file:
        lines = islice(file, plan.start, plan.start + plan.count)
        while part := list(islice(lines, plan.per_body)):
            yield Body(_request(plan, "POST", _joined(plan, part), kind), len(part))


def _joined(plan: Plan, lines: list[bytes]) -> bytes:
    if plan.form == "ndjson" or plan.per_body == 1:
        return b"".join(lines)
    return b"[" + b",".join(lines) + b"]"


def _request(plan: Plan, method: str, body: bytes, kind: str) -> bytes:
    lines = [f"{method} {plan.path} HTTP/1.1", f"Host: {HOST}:{plan.port}"]
    if plan.key:
        lines.append(f"Authorization: Bearer {plan.key}")
    if kind:
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + ENDS + body
