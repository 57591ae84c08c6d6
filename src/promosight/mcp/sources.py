"""Tools about the systems that report: whether they are heard, and whether all they say they sent was taken."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from pydantic import Field

from promosight.mcp.asking import Api, part
from promosight.mcp.tool import Answer, Asked, Cursor, Id, Instant, Tool, more, quoted, without

_SOURCES_SHOWN = 100
_PERIODS_SHOWN = 60


class Sources(Asked):
    """All sources, or one with what it sent."""

    source: Annotated[Id | None, Field(description="Adds what this one sent.")] = None
    every: Literal["hour", "day"] = "day"
    since: Annotated[Instant | None, Field(description="Nothing: the last 30 days, 48 hours.")] = (
        None
    )


async def _sources(api: Api, asked: Sources) -> Answer:
    if asked.source is None:
        listed, activity = await api.get("/v1/sources"), None
    else:
        path = f"/v1/sources/{part(asked.source)}/activity"
        query = {"by": asked.every, "from": asked.since}
        listed, sent = await asyncio.gather(api.get("/v1/sources"), api.get(path, **query))
        activity = sent | {"items": sent["items"][-_PERIODS_SHOWN:]}
    # The last test event names a customer.
    every = [without(one, "test") for one in listed["items"]]
    every.sort(key=lambda one: not one["overdue"])
    named = [one for one in every if asked.source in (None, one["name"])]
    told = {"sources": named[:_SOURCES_SHOWN], "of": len(every), "activity": activity}
    late = [quoted(one["name"]) for one in every if one["overdue"]]
    said = f"Sources: {len(every)}, overdue: {', '.join(late[:10]) or 'none'}."
    return Answer(said, told)


class Reconciliations(Asked):
    """What one source said it reported."""

    source: Id
    day: Annotated[
        str | None, Field(pattern=r"^\d{4}-\d\d-\d\d$", description="Only receipts of this day.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=20)] = 7
    cursor: Cursor = None


async def _reconciliations(api: Api, asked: Reconciliations) -> Answer:
    page = await api.get(
        f"/v1/sources/{part(asked.source)}/reconciliations",
        day=asked.day,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    receipts = [without(one, "made_by") for one in page["items"]]
    told = {"items": receipts, "next": page["next"]}
    different = sum(one["outcome"] == "different" for one in receipts)
    nothing = " Nobody has reconciled it." if not receipts and asked.cursor is None else ""
    said = f"Receipts shown: {len(receipts)}, with differences: {different}.{nothing}{more(told)}"
    return Answer(said, told)


SOURCE_TOOLS = (
    Tool(
        "sources",
        "Systems that report",
        "The systems that report, those that are overdue for their cadence first: when each was last heard and is due. "
        "With `source`, also what it sent by hour or day and how that was answered (counted, rejected, ...). Look here "
        "first when figures of today are low: an overdue source looks like a promotion that nobody uses.",
        Sources,
        {
            "sources": "name, cadence, state, last_heard_at, overdue, due_at; overdue ones first",
            "of": "how many sources there are",
            "activity": "of the source named: items answered with each outcome, by hour or day; else null",
        },
        _sources,
    ),
    Tool(
        "reconciliations",
        "Whether all was taken",
        "The receipts of one source's reconciliations: what it said it reported of a day (counts, sums, hashes), what "
        "Promosight found, and whether both agree. This is what can be verified over HTTP; counting every figure anew "
        "by a second engine is `promosight verify`, which somebody runs beside the store.",
        Reconciliations,
        {
            "items": "receipts, the latest first: outcome equal or different, differing, said and found",
            "next": "cursor of the following page, or null",
        },
        _reconciliations,
    ),
)
