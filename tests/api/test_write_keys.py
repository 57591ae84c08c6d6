"""Keys within bodies: strangers whose key is still to be found hold little, and nothing of what others need."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from promosight.api.door.holding import Holding, Limits
from promosight.api.door.write_keys import MOST_BYTES, with_key
from promosight.errors import Overloaded, TooLarge

ROOM = Limits(held_bytes=1_000)


def found(holding: Holding, headers: dict[bytes, bytes], body: bytes = b"") -> tuple[Any, bytes]:
    """The headers with the key, and the body as it is read afterwards."""

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def look() -> tuple[Any, bytes]:
        after, again = await with_key(holding, headers, receive)
        return after, (await again())["body"]

    return asyncio.run(look())


def test_a_key_is_put_where_every_route_has_it() -> None:
    """P14: and the body is there to be read as if nobody had looked."""
    body = b'{"writeKey": "k", "batch": []}'
    holding = Holding(ROOM)
    assert found(holding, {}, body) == ({b"x-api-key": b"k"}, body)
    assert found(holding, {b"authorization": b"Basic azo="})[0] == {b"authorization": b"Bearer k"}
    assert holding.held == 0


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer k"},
        {b"x-api-key": b"k"},
        {b"content-encoding": b"gzip"},
        {b"cookie": b"promosight_session=s"},
    ],
)
def test_a_body_is_left_alone_where_a_key_stands_elsewhere_or_it_is_packed(
    headers: dict[bytes, bytes],
) -> None:
    assert found(Holding(ROOM), headers, b'{"writeKey": "other"}')[0] == headers


def test_strangers_hold_no_more_than_their_room() -> None:
    """P16: a length that is only announced counts, and room is given back."""
    holding = Holding(ROOM)
    with pytest.raises(Overloaded):
        found(holding, {b"content-length": b"1001"})
    with pytest.raises(Overloaded):
        found(holding, {}, b" " * 1_001)
    with pytest.raises(TooLarge):
        found(holding, {b"content-length": b"%d" % (MOST_BYTES + 1)})
    assert holding.held == 0
