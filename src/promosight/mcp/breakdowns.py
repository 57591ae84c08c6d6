"""Tools that take one promotion's figures apart: by group, and over time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from promosight.mcp.asking import Api, Json, Refused, part
from promosight.mcp.tool import (
    Answer,
    Asked,
    Cursor,
    Instant,
    PromotionId,
    Tool,
    more,
    rate_of,
)

_ROWS = "each with key, assigned, redeemed, rate, 95% interval, cost, and enough (false: too few to compare)"


class BreakDown(Asked):
    """One promotion by one dimension."""

    promotion_id: PromotionId
    by: Literal["tier", "segment", "channel", "campaign", "source", "code", "outcome"]
    as_of: Annotated[
        Instant | None, Field(description="As it was known at this instant; nothing for now.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 30
    cursor: Cursor = None


async def _break_down(api: Api, asked: BreakDown) -> Answer:
    path = f"/v1/promotions/{part(asked.promotion_id)}/breakdown"
    if asked.by == "code":
        found = await api.get(
            path, by="code", as_of=asked.as_of, limit=asked.limit, cursor=asked.cursor
        )
        told = _without_single_codes(found)
    else:
        found = await api.get(path, by=asked.by, as_of=asked.as_of)
        told = found | _page(found["rows"], asked.limit, asked.cursor)
    said = f"Rows by {asked.by}: {len(told['rows'])}; in all {rate_of(told['total'])}.{more(told)}"
    return Answer(said, told | {"personal_codes_left_out": told.get("personal_codes_left_out", 0)})


def _without_single_codes(found: Json) -> Json:
    """A code that one customer alone has would tell of a single person: such rows are counted, not shown."""
    shared = [row for row in found["rows"] if not _is_of_one(row)]
    return found | {"rows": shared, "personal_codes_left_out": len(found["rows"]) - len(shared)}


def _is_of_one(row: Json) -> bool:
    return row["key"] is not None and max(row["assigned"], row["redemptions"]) <= 1


def _page(rows: list[Json], limit: int, cursor: str | None) -> Json:
    """A page of rows that the API tells all at once; the cursor is where it begins."""
    start = _start(cursor)
    end = start + limit
    return {"rows": rows[start:end], "next": str(end) if end < len(rows) else None}


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 9):
        raise Refused(
            "cursor is not the `next` of a page of this breakdown. Leave it out to begin."
        )
    return int(cursor)


class Trend(Asked):
    """One promotion over time."""

    promotion_id: PromotionId
    every: Literal["day", "week", "month"] = "day"
    date: Annotated[
        Literal["assigned", "redeemed"],
        Field(description="Whether a day is that of the assignment, or of the redemption."),
    ] = "redeemed"
    last: Annotated[int, Field(ge=1, le=60, description="How many periods, the latest.")] = 14


async def _trend(api: Api, asked: Trend) -> Answer:
    path = f"/v1/promotions/{part(asked.promotion_id)}/breakdown"
    found = await api.get(path, by=asked.every, date=asked.date)
    dated = [row for row in found["rows"] if row["key"] is not None]
    undated = [row for row in found["rows"] if row["key"] is None]
    told = {
        **{name: found[name] for name in ("promotion_id", "date", "state", "total")},
        "every": asked.every,
        "rows": dated[-asked.last :],
        "earlier": max(len(dated) - asked.last, 0),
        "undated": undated[0] if undated else None,
    }
    shown = [row["key"] for row in told["rows"]]
    span = f"{shown[0]} to {shown[-1]}" if shown else "no period with anything in it"
    return Answer(
        f"By {asked.every} of {asked.date}: {span}; {told['earlier']} earlier not shown.", told
    )


BREAKDOWN_TOOLS = (
    Tool(
        "break_down",
        "Break a promotion down",
        "One promotion's figures by tier, segment, channel, campaign, source, code or outcome, with 95% intervals, "
        "now or as it was known at an earlier instant (as_of). Rows add up to the total. Compare rows only where "
        "`enough` is true and intervals do not overlap. By code: codes of a single customer are counted, not shown. "
        "Over time: trend.",
        BreakDown,
        {
            "promotion_id": "which promotion",
            "by": "the dimension",
            "date": "assigned: groups are those of the assignment",
            "state": "tracked, no_data, not_tracked or no_assignments",
            "total": "the promotion as a whole",
            "rows": f"{_ROWS}; key null: facts that carry none",
            "next": "cursor of the following page, or null",
            "as_of": "the instant as of which this was known, null for now",
            "personal_codes_left_out": "by code: how many rows of this page are of a single customer and not shown",
        },
        _break_down,
    ),
    Tool(
        "trend",
        "A promotion over time",
        "One promotion by day, week or month (in the workspace's time zone), the latest periods. By date=redeemed: how "
        "many redemptions each period brought. By date=assigned: how much of what was given then is used by now; the "
        "latest periods are low because customers had less time. Periods in which nothing happened have no row.",
        Trend,
        {
            "promotion_id": "which promotion",
            "every": "day, week or month",
            "date": "whether periods are those of assignment or of redemption",
            "state": "tracked, no_data, not_tracked or no_assignments",
            "total": "the promotion as a whole",
            "rows": f"periods, the earliest first; key is the first day; {_ROWS}",
            "earlier": "how many earlier periods are not shown",
            "undated": "what belongs to no period, or null",
        },
        _trend,
    ),
)
