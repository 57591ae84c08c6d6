"""Decisions over HTTP: which offer a customer gets, one at the checkout or thousands at once."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from promosight.api.bodies import decoded, identified, instant
from promosight.api.call import Call
from promosight.api.door import Answer, Door
from promosight.errors import Invalid, PromosightError
from promosight.flows.deciding import Decide, decide
from promosight.rules.facts import canonical_json
from promosight.rules.identity import content_digest

MOST_CANDIDATES = 1_000
MOST_CONTEXT = 100


class Candidate(msgspec.Struct, kw_only=True):
    """An offer that may be chosen: a promotion, and one of its tiers if it names one."""

    promotion_id: str
    tier_id: str | None = None


class NewDecision(msgspec.Struct, kw_only=True):
    """A customer to be decided on. The same `decision_id` is answered the same."""

    customer_id: str
    decision_id: Annotated[
        str, Meta(description="The caller's own; a retry carries the same, and gets the same answer.")
    ]
    candidates: Annotated[
        list[str | Candidate] | None,
        Meta(description="Promotions, or tiers of them, to choose from; null for all active ones."),
    ] = None
    context: Annotated[
        dict[str, Any],
        Meta(description="What is known at this moment: plain values, `segments`, `channel`."),
    ] = {}
    assign: Annotated[
        bool, Meta(description="Whether the choice is made an assignment at once.")
    ] = True
    as_of: Annotated[
        str | None, Meta(description="Decide as of then; in sandbox workspaces only.")
    ] = None


async def create(door: Door, call: Call) -> Answer:
    """POST /v1/decisions."""
    asked = question(door, call, decoded(call.body, NewDecision), "")
    loop = asyncio.get_running_loop()
    found = await door.store.submit_from(loop, decide, asked, apart=True)
    if isinstance(found, PromosightError):
        raise found
    return Answer(found)


def question(door: Door, call: Call, wanted: NewDecision, where: str) -> Decide:
    """What is asked, checked. `where` is the pointer to it within the body. Raises Invalid."""
    customer_id = identified(wanted.customer_id, f"{where}/customer_id")
    decision_id = identified(wanted.decision_id, f"{where}/decision_id")
    candidates = None if wanted.candidates is None else _candidates(wanted.candidates, where)
    if len(wanted.context) > MOST_CONTEXT:
        raise Invalid(f"may hold {MOST_CONTEXT} values", pointer=f"{where}/context")
    as_of_us = None if wanted.as_of is None else as_of(call, wanted.as_of, f"{where}/as_of")
    said = canonical_json(wanted.context)
    return Decide(
        call.workspace_no,
        decision_id,
        customer_id,
        candidates,
        wanted.context,
        wanted.assign,
        call.now_us if as_of_us is None else as_of_us,
        call.now_us,
        content_digest(customer_id, candidates, said, wanted.assign, as_of_us),
        door.minds,
    )


def as_of(call: Call, text: str, pointer: str) -> int:
    """The moment a sandbox decides as of. Raises Invalid."""
    workspace = call.caller.workspace
    if not workspace.sandbox:
        raise Invalid("is taken in sandbox workspaces only", pointer=pointer)
    at_us = instant(text, pointer)
    if at_us < workspace.tracking_from_us:
        raise Invalid("lies before the start of tracking", pointer=pointer)
    if at_us > call.now_us:
        raise Invalid("lies in the future", pointer=pointer)
    return at_us


def _candidates(
    given: list[str | Candidate], where: str
) -> tuple[tuple[str, str | None], ...]:
    if len(given) > MOST_CANDIDATES:
        raise Invalid(f"may hold {MOST_CANDIDATES} offers", pointer=f"{where}/candidates")
    found: dict[tuple[str, str | None], None] = {}
    for index, one in enumerate(given):
        pointer = f"{where}/candidates/{index}"
        if isinstance(one, str):
            found[identified(one, pointer), None] = None
        else:
            tier_id = None if one.tier_id is None else identified(one.tier_id, f"{pointer}/tier_id")
            found[identified(one.promotion_id, f"{pointer}/promotion_id"), tier_id] = None
    return tuple(found)


