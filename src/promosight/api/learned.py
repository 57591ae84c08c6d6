"""What is told of decisions waits until all that was reported before the question is learned.

Learning runs beside the answers. Of a redemption that it has not come to yet the log of decisions says that there was
none, and an estimate made from it would be too low and look sure. Usually that is a fraction of a second; after
thousands at once, seconds.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from promosight.api.door.call import Call
from promosight.api.door.door import Door
from promosight.errors import Overloaded
from promosight.flows.decisioning.decision_status import unlearned_since

_WAITS_SECONDS = 20.0
_LOOKS_EVERY_SECONDS = 0.05


async def all_learned(door: Door, call: Call) -> None:
    """Returns once what was reported before this call is learned. Raises Overloaded where that takes too long."""
    until = monotonic() + _WAITS_SECONDS
    while True:
        since_us = await asyncio.to_thread(
            door.store.read, lambda tx: unlearned_since(tx, call.workspace_no)
        )
        if since_us is None or since_us > call.now_us:
            return
        if monotonic() >= until:
            raise Overloaded("what was reported before is still being learned from; ask again")
        await asyncio.sleep(_LOOKS_EVERY_SECONDS)
