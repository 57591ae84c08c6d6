"""Keys where libraries made for Segment put them: the user name of Basic authentication, or `writeKey` in the body.

Only the routes in Segment's form look there. A body is looked into before anybody knows who sent it, so only as it is,
and only up to the size that such a library sends.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from promosight.api.door.call import Headers, Receive
from promosight.api.door.cookies import token_of
from promosight.api.door.holding import Holding, Share

MOST_BYTES = 512 * 1024
"""Segment takes batches of 500 KB."""

UNKEYED_BYTES = 16 * 1024 * 1024
"""So many bytes of bodies are held at once whose key is still to be found."""


class _Keyed(msgspec.Struct, rename="camel"):
    write_key: str = ""


_decode = msgspec.json.Decoder(_Keyed).decode


async def with_key(holding: Holding, headers: Headers, receive: Receive) -> tuple[Headers, Receive]:
    """The headers with the key in the place where every other route has it, and the body. Raises what a body raises."""
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"basic":
        return {**headers, b"authorization": b"Bearer " + _user_of(given)}, receive
    named = b"authorization" in headers or b"x-api-key" in headers
    if named or b"content-encoding" in headers or token_of(headers) is not None:
        return headers, receive
    share = Share(holding, MOST_BYTES)
    try:
        share.cover(int(headers.get(b"content-length", 0)))
        raw = await holding.received(receive, share)
    finally:
        share.end()
    return {**headers, b"x-api-key": _key_in(raw)}, _again(raw)


def _user_of(credentials: bytes) -> bytes:
    try:
        user, _, _ = base64.b64decode(credentials.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b""
    return user


def _key_in(raw: bytes) -> bytes:
    try:
        return _decode(raw).write_key.encode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return b""


def _again(raw: bytes) -> Receive:
    async def receive() -> Any:
        return {"type": "http.request", "body": raw, "more_body": False}

    return receive
