"""`as_of`: a question of what is known now, or of what was known at an earlier moment.

Counting facts takes its time, and everybody else needs threads and connections, too: only a few count at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from promosight.api.door.bodies import instant
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.errors import Invalid
from promosight.flows.figures.moved_since import moved_since
from promosight.store.tx import Tx

R = TypeVar("R")


async def as_asked(
    door: Door, call: Call, now: Callable[[Tx], R], then: Callable[[Tx, int], R]
) -> R:
    """What `now` finds, or with `as_of` what `then` finds of that moment."""
    text = call.query("as_of")
    if text is None:
        return await asyncio.to_thread(door.store.read, now)
    return await counted(door, instant(text, "/as_of"), then)


async def counted(door: Door, as_of_us: int, then: Callable[[Tx, int], R]) -> R:
    """What is found of a moment, once it is its turn."""
    async with door.counting:
        return await asyncio.to_thread(door.store.read, lambda tx: then(tx, as_of_us))


async def show_moved(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}/moved: why figures are others than at a moment."""
    text = call.query("since")
    if text is None:
        raise Invalid("says since when", pointer="/since")
    promotion_id, now_us = call.path("promotion_id"), call.now_us
    found = await counted(
        door,
        instant(text, "/since"),
        lambda tx, since: moved_since(tx, call.workspace_no, promotion_id, since, now_us=now_us),
    )
    return Answer(found)
