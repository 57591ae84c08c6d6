"""The proof of decisions over HTTP: the evaluation, the value over time, and what if something were different."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from promosight.api.door.bodies import decoded, instant
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.learned import all_learned
from promosight.errors import Invalid
from promosight.flows.decisioning.evaluating import evaluation
from promosight.flows.decisioning.judged import OPEN, Asked
from promosight.flows.decisioning.value_over_time import STEPS, value_over_time
from promosight.flows.decisioning.what_if import WhatIf, what_if
from promosight.rules.decisioning import OBJECTIVES
from promosight.store.tx import Tx


async def evaluate(door: Door, call: Call) -> Answer:
    """GET /v1/decisioning/evaluation."""
    asked = _asked(call)
    return await _found(
        door,
        call,
        lambda tx: evaluation(tx, call.workspace_no, door.minds, asked, now_us=call.now_us),
    )


async def _found(door: Door, call: Call, find: Callable[[Tx], Any]) -> Answer:
    """What is found of decisions once all that was reported before is learned."""
    await all_learned(door, call)
    return Answer(await asyncio.to_thread(door.store.read, find))


def _asked(call: Call) -> Asked:
    """Which decisions a question of the query string is about. Raises Invalid."""
    return asked_of(
        call,
        call.query("since"),
        call.query("until"),
        call.query("objective"),
        call.whole("horizon_days", 1, 365),
    )


def asked_of(
    call: Call,
    since: str | None,
    until: str | None,
    objective: str | None,
    horizon_days: int | None,
) -> Asked:
    """Which decisions are judged: all since the start of tracking unless told. Raises Invalid."""
    workspace = call.caller.workspace
    if objective is not None and objective not in OBJECTIVES:
        raise Invalid("must be one of " + ", ".join(OBJECTIVES), pointer="/objective")
    from_us = workspace.tracking_from_us if since is None else instant(since, "/since")
    to_us = OPEN if until is None else instant(until, "/until")
    if to_us <= from_us:
        raise Invalid("must lie after since", pointer="/until")
    return Asked(from_us, to_us, objective, horizon_days)


async def over_time(door: Door, call: Call) -> Answer:
    """GET /v1/decisioning/value."""
    asked = _asked(call)
    by = call.query("by") or "week"
    if by not in STEPS:
        raise Invalid("must be one of " + ", ".join(STEPS), pointer="/by")
    return await _found(
        door,
        call,
        lambda tx: value_over_time(
            tx, call.workspace_no, door.minds, asked, by, now_us=call.now_us
        ),
    )


async def what_would(door: Door, call: Call) -> Answer:
    """POST /v1/decisioning/what-if."""
    change = decoded(call.body, WhatIf)
    days = change.horizon_days
    if days is not None and not 1 <= days <= 365:
        raise Invalid("must be a whole number from 1 to 365", pointer="/horizon_days")
    asked = asked_of(call, change.since, change.until, change.objective, days)
    return await _found(
        door,
        call,
        lambda tx: what_if(tx, call.workspace_no, door.minds, change, asked, now_us=call.now_us),
    )
