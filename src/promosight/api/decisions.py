"""Decisions over HTTP: which offer a customer gets, one at the checkout or thousands at once."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from promosight.api.door.bodies import decoded, identified, instant
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.door.keys import Caller
from promosight.errors import Invalid, PromosightError, TooLarge
from promosight.flows.decisioning.deciding import Decide, decide, decide_batch
from promosight.flows.decisioning.decisions_kept import DecisionAnswer
from promosight.rules.facts import canonical_json
from promosight.rules.identity import content_digest
from promosight.store.waiting import SMALL_WEIGHT

MOST_CANDIDATES = 1_000
MOST_CONTEXT = 100
MOST_CUSTOMERS = 10_000


class Candidate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An offer that may be chosen: a promotion, and one of its tiers if it names one."""

    promotion_id: str
    tier_id: str | None = None


class NewDecision(msgspec.Struct, kw_only=True):
    """A customer to be decided on. The same `decision_id` is answered the same."""

    customer_id: str
    decision_id: Annotated[
        str,
        Meta(description="The caller's own; a retry carries the same, and gets the same answer."),
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


class Batch(msgspec.Struct, kw_only=True):
    """Customers to be decided on together. What stands here holds for all that do not say otherwise."""

    decisions: list[NewDecision]
    candidates: list[str | Candidate] | None = None
    context: dict[str, Any] = {}
    assign: bool = True
    as_of: str | None = None


class BatchProblem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A customer that was not decided on, and why: `index` is the place in the request."""

    index: int
    decision_id: str
    code: str
    detail: str
    pointer: str


class BatchAnswer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What was decided, in the order of the request without what is among the problems."""

    received: int
    decided: int
    offers: int
    assigned: int
    decisions: list[DecisionAnswer]
    problems: list[BatchProblem]


async def create(door: Door, call: Call) -> Answer:
    """POST /v1/decisions."""
    asked = asked_of(door, call.caller, call.body, call.now_us)
    loop = asyncio.get_running_loop()
    found = await door.store.submit_from(loop, decide, asked)
    if isinstance(found, PromosightError):
        raise found
    return Answer(found)


def asked_of(door: Door, caller: Caller, body: bytes, now_us: int) -> Decide:
    """The one question that a body is. Raises Unreadable, Invalid."""
    return question(door, caller, decoded(body, NewDecision), "", now_us)


async def create_many(door: Door, call: Call) -> Answer:
    """POST /v1/decisions/batch."""
    asked = await door.decode(lambda: _questions(door, call))
    if not asked:
        return Answer(_told([], []))
    loop = asyncio.get_running_loop()
    found = await door.store.submit_from(
        loop, decide_batch, asked, weight=max(len(asked), SMALL_WEIGHT + 1)
    )
    return Answer(await asyncio.to_thread(_told, asked, found))


def _questions(door: Door, call: Call) -> list[Decide]:
    """Every question of a batch, checked. Raises Invalid, TooLarge."""
    body = call.body
    listed = body.lstrip()[:1] == b"["
    batch = Batch(decisions=decoded(body, list[NewDecision])) if listed else decoded(body, Batch)
    if len(batch.decisions) > MOST_CUSTOMERS:
        raise TooLarge(f"a batch may hold {MOST_CUSTOMERS} customers")
    found = []
    for index, one in enumerate(batch.decisions):
        one.candidates = batch.candidates if one.candidates is None else one.candidates
        one.context = {**batch.context, **one.context} if batch.context else one.context
        one.assign = one.assign and batch.assign
        one.as_of = one.as_of or batch.as_of
        where = f"/{index}" if listed else f"/decisions/{index}"
        found.append(question(door, call.caller, one, where, call.now_us))
    return found


def _told(asked: list[Decide], found: list[DecisionAnswer | PromosightError]) -> BatchAnswer:
    made = [one for one in found if isinstance(one, DecisionAnswer)]
    return BatchAnswer(
        received=len(found),
        decided=len(made),
        offers=sum(one.choice is not None for one in made),
        assigned=sum(one.assignment_id is not None for one in made),
        decisions=made,
        problems=[
            BatchProblem(
                index=index,
                decision_id=asked[index].decision_id,
                code=one.code,
                detail=one.detail,
                pointer=f"/decisions/{index}{one.pointer or ''}",
            )
            for index, one in enumerate(found)
            if isinstance(one, PromosightError)
        ],
    )


def question(door: Door, caller: Caller, wanted: NewDecision, where: str, now_us: int) -> Decide:
    """What is asked, checked. `where` is the pointer to it within the body. Raises Invalid."""
    customer_id = identified(wanted.customer_id, f"{where}/customer_id")
    decision_id = identified(wanted.decision_id, f"{where}/decision_id")
    candidates = None if wanted.candidates is None else _candidates(wanted.candidates, where)
    if len(wanted.context) > MOST_CONTEXT:
        raise Invalid(f"may hold {MOST_CONTEXT} values", pointer=f"{where}/context")
    as_of_us = (
        None if wanted.as_of is None else as_of(caller, wanted.as_of, f"{where}/as_of", now_us)
    )
    said = canonical_json(wanted.context)
    return Decide(
        caller.workspace.workspace_no,
        decision_id,
        customer_id,
        candidates,
        wanted.context,
        wanted.assign,
        now_us if as_of_us is None else as_of_us,
        now_us,
        content_digest(customer_id, candidates, said, wanted.assign, as_of_us),
        door.minds,
    )


def as_of(caller: Caller, text: str, pointer: str, now_us: int) -> int:
    """The moment a sandbox decides as of. Raises Invalid."""
    workspace = caller.workspace
    if not workspace.sandbox:
        raise Invalid("is taken in sandbox workspaces only", pointer=pointer)
    at_us = instant(text, pointer)
    if at_us < workspace.tracking_from_us:
        raise Invalid("lies before the start of tracking", pointer=pointer)
    if at_us > now_us:
        raise Invalid("lies in the future", pointer=pointer)
    return at_us


def _candidates(given: list[str | Candidate], where: str) -> tuple[tuple[str, str | None], ...]:
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
