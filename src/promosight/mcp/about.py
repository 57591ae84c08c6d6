"""Tools about the workspace, its alerts, and the one about a person: of a customer whose id the asker knows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from promosight.mcp.asking import Api, part
from promosight.mcp.tool import Answer, Asked, Cursor, Id, Tool, more


class Workspace(Asked):
    """Nothing to say."""


async def _workspace(api: Api, _: Workspace) -> Answer:
    told = await api.get("/v1/workspace")
    said = (
        f"Time zone {told['time_zone']}, currency {told['currency']}, weeks begin on {told['week_start']}, "
        f"tracking since {told['tracking_from']}."
    )
    return Answer(said, told)


class Alerts(Asked):
    """Which alerts."""

    promotion_id: Annotated[Id | None, Field(description="Only of this promotion.")] = None
    threshold: Annotated[
        Literal[50, 80, 90, 100] | None, Field(description="Only of this per cent or more.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20
    cursor: Cursor = None


async def _alerts(api: Api, asked: Alerts) -> Answer:
    told = await api.get("/v1/alerts", **asked.model_dump())
    over = sum(one["threshold"] == 100 for one in told["items"])
    said = f"Alerts shown: {len(told['items'])}, of limits used up: {over}.{more(told)}"
    return Answer(said, told)


class Timeline(Asked):
    """One customer, whose id must be known."""

    customer_id: Annotated[
        Id, Field(description="Exactly; customers cannot be searched or listed.")
    ]
    kind: Literal["assignment", "redemption", "reversal", "outcome", "decision"] | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20
    cursor: Cursor = None


async def _timeline(api: Api, asked: Timeline) -> Answer:
    told = await api.get(
        f"/v1/customers/{part(asked.customer_id)}/timeline",
        kind=asked.kind,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    summary = told["summary"]
    said = (
        f"Assignments: {summary['assignments']}, redemptions: {summary['redemptions']}, "
        f"reversed: {summary['reversed']}.{more(told)}"
    )
    return Answer(said, told)


ABOUT_TOOLS = (
    Tool(
        "workspace",
        "The workspace",
        "Time zone (in which days and weeks begin), currency, first day of the week, and the instant from which "
        "redemptions are tracked. Ask once, before speaking of this week or of money.",
        Workspace,
        {
            "workspace": "its id",
            "name": "its name",
            "time_zone": "IANA time zone of all days, weeks and months",
            "currency": "ISO 4217",
            "week_start": "first day of the week",
            "tracking_from": "redemptions before it do not count",
            "sandbox": "whether it is for trying things out",
        },
        _workspace,
    ),
    Tool(
        "alerts",
        "Limits that were crossed",
        "Thresholds (50, 80, 90, 100 per cent) of budgets and caps that were crossed, the newest first.",
        Alerts,
        {
            "items": "which limit of which promotion, the threshold, what was used of it, and when it was seen",
            "next": "cursor of the following page, or null",
        },
        _alerts,
    ),
    Tool(
        "customer_timeline",
        "One customer",
        "Personal data: what one customer was assigned, redeemed and was decided to get, newest first. Only for a "
        "customer whose exact id the user gave: never guess or try ids, nor call this for a question about figures.",
        Timeline,
        {
            "customer_id": "who",
            "known": "whether more than a redemption names them",
            "summary": "counts, rate, recency, money",
            "items": "what happened, the newest first",
            "next": "cursor of the following page, or null",
        },
        _timeline,
    ),
)
