"""Tools about events that do not count: what waits, was refused or is flagged, and what each most likely meant.

An event is somebody's. What it says of the customer, and its payload, are left out of every answer here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from promosight.mcp.asking import Api, Json, part
from promosight.mcp.tool import Answer, Asked, Cursor, Id, Tool, cut, more, only, quoted

_COUNTS_SHOWN = 100
_LISTED = (
    *("problem_id", "source", "outcome", "reason", "received_at", "stale", "kind", "event_id"),
    *("pointer", "advice", "line", "times"),
)
_EVENT = (
    *("event_id", "source", "outcome", "reason", "received_at", "type", "promotion_id", "live"),
    *("reversed_by", "redeemed_at", "problem_id"),
)
_IMPERSONAL = {
    "customer_form": "The customer is known under another form of the id (zeros, capitals or signs are written "
    "otherwise). Which customer it is, is not told here.",
    "code_beside": "The code told beside the unknown id is one of this promotion. Which code, is not told here.",
}
"""Reasons whose words would name a customer, or a code that may be somebody's own."""


class Unmatched(Asked):
    """Which events."""

    outcome: Literal["pending", "rejected", "flagged"] | None = None
    reason: Annotated[
        str | None, Field(max_length=64, description="Such as unknown_promotion; see counts.")
    ] = None
    source: Annotated[Id | None, Field(description="Which system reported it.")] = None
    id: Annotated[
        Id | None, Field(description="Only those of this event, promotion or customer id.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    cursor: Cursor = None


async def _unmatched(api: Api, asked: Unmatched) -> Answer:
    page = await api.get(
        "/v1/problems",
        outcome=asked.outcome,
        reason=asked.reason,
        source=asked.source,
        q=asked.id,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    counts = sorted(page["counts"], key=lambda one: -one["count"])
    told = {
        "counts": counts[:_COUNTS_SHOWN],
        "items": [_listed(one) for one in page["items"]],
        "next": page["next"],
    }
    most = "; ".join(
        f"{one['outcome']} as {one['reason']}, of {quoted(one['source'])}: {one['count']}"
        for one in counts[:3]
    )
    said = (
        f"Events shown: {len(told['items'])}. Most in the workspace: {most or 'none'}.{more(told)}"
    )
    return Answer(said, told)


def _listed(item: Json) -> Json:
    """A problem without what it says of a person. The promotion is what was told, so it may be anything."""
    named: Any = item["promotion_id"]
    return only(item, *_LISTED) | {"promotion_id": cut(named) if isinstance(named, str) else None}


class Explain(Asked):
    """One event, by its problem or by itself."""

    problem_id: Annotated[
        str | None, Field(max_length=600, description="As unmatched_events lists it.")
    ] = None
    event_id: Annotated[Id | None, Field(description="Of any event, instead.")] = None
    source: Annotated[
        Id | None, Field(description="With event_id: which source, where several know the id.")
    ] = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.problem_id is None) == (self.event_id is None):
            raise ValueError("give either problem_id or event_id")
        return self


async def _explain(api: Api, asked: Explain) -> Answer:
    event, problem_id = None, asked.problem_id
    if asked.event_id is not None:
        found = await api.get(f"/v1/events/{part(asked.event_id)}", source=asked.source)
        event, problem_id = only(found, *_EVENT), found.get("problem_id")
    told: Json = {"event": event, "problem_id": problem_id, "told": None, "reasons": []}
    if problem_id is not None:
        reasons = await api.get(f"/v1/problems/{part(problem_id)}/reasons")
        told |= {"told": reasons["told"], "reasons": [_impersonal(r) for r in reasons["reasons"]]}
    return Answer(_in_words(told), told)


def _impersonal(reason: Json) -> Json:
    """A likely reason that names no customer and no code of one."""
    kept = only(reason, "kind", "likelihood", "evidence", "promotion_id")
    return kept | {"detail": _IMPERSONAL.get(reason["kind"], reason["detail"])}


def _in_words(told: Json) -> str:
    event = told["event"]
    said = f"Outcome {event['outcome']}, reason {event['reason']}. " if event else ""
    if not told["reasons"]:
        return f"{said}No likely reason is known beside the one told."
    likeliest = told["reasons"][0]
    return f"{said}Likeliest: {likeliest['kind']}, {likeliest['likelihood']}. A guess, for somebody to confirm."


UNMATCHED_TOOLS = (
    Tool(
        "unmatched_events",
        "Events that do not count",
        "Events that wait (pending), were refused (rejected) or look like abuse (flagged): how many by outcome, reason "
        "and source in the whole workspace, and the newest with what to do about each, without customers and payloads.",
        Unmatched,
        {
            "counts": "how many there are in the workspace by outcome, reason and source, most first",
            "items": "the events asked for, the newest first, with advice; promotion_id is what was told",
            "next": "cursor of the following page, or null",
        },
        _unmatched,
    ),
    Tool(
        "explain_unmatched",
        "Why an event found nothing",
        "What an event that found no promotion, customer or assignment most likely meant (written otherwise, "
        "misspelled, told in the wrong field, expired an hour before, ...), ranked, with what speaks for each. Also "
        "says what became of any event by its id. These are guesses; mending them needs a person on the Problems page.",
        Explain,
        {
            "event": "what became of it, when asked by event_id; else null",
            "problem_id": "under which it is looked at, or null",
            "told": "the word that nobody knows, and in which field it was told; or null",
            "reasons": "likely reasons, the likeliest first, with evidence; empty where none is likely",
        },
        _explain,
    ),
)
