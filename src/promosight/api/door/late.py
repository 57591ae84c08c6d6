"""Large bodies, read by the thread that writes them.

What one thread makes and another one takes apart travels from one processor's cache to the other's, and both ask for
the interpreter all the while. And those that come while one is read share its transaction, which is cheaper the more
it holds. But whoever reads in the writer's thread keeps other batches waiting, so only what is
quickly read is read there: of so many bytes, and with few rows that are read alone. A body that turns out to be
otherwise has cost them no more than that, and is read by the thread for bodies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from promosight.api.door.call import Call
from promosight.api.door.door import Door
from promosight.connectors.reading import MAX_EVENTS, Laborious, Reading, is_single, read_body
from promosight.flows.reporting.intake import Delivery, Item, Receipt
from promosight.flows.reporting.report import report
from promosight.store.rows import Arrival
from promosight.store.waiting import SMALL_WEIGHT, Later

LARGE_BODY = 65_536
"""From so many bytes on reading a body takes a millisecond: longer than a loop may be at one thing."""
_MOST_BYTES = 4 * 1024 * 1024
"""Ten thousand events take two or three megabytes."""
_ALONE = 500
"""So many rows of a body may be read alone: about as long as it takes to read ten thousand together."""
_SAMPLES, _SAMPLE = 8, 1_024
"""So many pieces of a body, of so many bytes, say how long its events are: the first may be unlike the others."""


async def reported_late(
    door: Door, call: Call, kind: str, *, brief: bool
) -> Sequence[Receipt] | None:
    """Takes a large body in, read when it is its turn; None where it has to be read before.

    Raises what reading it raises.
    """
    body = await door.decode(lambda: call.body) if call.is_encoded else call.body
    if not LARGE_BODY <= len(body) <= _MOST_BYTES or is_single(call.media_type, body):
        return None
    loop = asyncio.get_running_loop()
    # A Delivery, when it is its turn. Those of one kind of which as much is to be told are taken as one sheet.
    later: Any = Later(_delivered(call, kind, body, brief=brief), (kind, brief))
    try:
        receipts: Sequence[Receipt] = await door.store.submit_from(
            loop, report, later, weight=_weight(body), still=call.still
        )
        return receipts
    except Laborious:
        return None


def _delivered(call: Call, kind: str, body: bytes, *, brief: bool) -> Callable[[], Delivery]:
    arrival = Arrival(call.workspace_no, call.caller.source_no, 0, call.now_us)
    tracking_from_us = call.caller.workspace.tracking_from_us

    def made() -> Delivery:
        reading = Reading(call.now_us, tracking_from_us, leave=_ALONE)
        items: Sequence[Item] = read_body(kind, call.media_type, body, reading)
        return Delivery(arrival, items, brief)

    return made


def _weight(body: bytes) -> int:
    """About how many events it holds, by how many lines or objects there are in some pieces of it; as a heavy change.

    It says how much shares a transaction, and how much may wait, and nothing of what comes out.
    """
    step = max(_SAMPLE, len(body) // _SAMPLES)
    some = b"".join(body[start : start + _SAMPLE] for start in range(0, len(body), step))
    ends = max(some.count(b"\n"), some.count(b"}"), 1)
    return max(SMALL_WEIGHT + 1, min(ends * len(body) // len(some), MAX_EVENTS))
