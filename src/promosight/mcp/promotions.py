"""Tools about promotions as they stand: finding them, and all figures of one."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from pydantic import Field

from promosight.mcp.asking import Api, Json, part
from promosight.mcp.tool import (
    Answer,
    Asked,
    Cursor,
    PromotionId,
    Tool,
    cut,
    first,
    more,
    only,
    rate_of,
    without,
)

_TIERS_SHOWN = 50
_COHORTS_SHOWN = 26
_LISTED = (
    *("promotion_id", "name", "kind", "status", "code", "starts_at", "ends_at", "reward"),
    *("figures", "trend"),
)

Order = Literal[
    "promotion_id",
    "name",
    "starts_at",
    "ends_at",
    "rate",
    "assigned",
    "redeemed",
    "redemptions",
    "excess",
    "unassigned",
    "flagged",
    "pending",
    "reversed",
    "reward_cost",
    "order_value",
    "usage",
    "last_event_at",
]


class FindPromotions(Asked):
    """Which promotions, in which order."""

    search: Annotated[
        str | None, Field(max_length=255, description="Part of an id, name or code.")
    ] = None
    status: Literal["draft", "active", "deactivated", "archived"] | None = None
    kind: Literal["global", "tiered", "personalized"] | None = None
    sort: Annotated[
        Order,
        Field(description="Those without a value come last; usage: by the fullest limit."),
    ] = "promotion_id"
    descending: bool = False
    trend_days: Annotated[
        int | None, Field(ge=7, le=90, description="Adds `trend`: live redemptions a day.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    cursor: Cursor = None


async def _find(api: Api, asked: FindPromotions) -> Answer:
    page = await api.get(
        "/v1/promotions",
        q=asked.search,
        status=asked.status,
        kind=asked.kind,
        sort=("-" if asked.descending else "") + asked.sort,
        trend=asked.trend_days,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    told = page | {"items": [only(one, *_LISTED) for one in page["items"]]}
    shown = len(told["items"])
    return Answer(f"Promotions that match: {page['total']}, shown: {shown}.{more(told)}", told)


class OnePromotion(Asked):
    """One promotion."""

    promotion_id: PromotionId


async def _show(api: Api, asked: OnePromotion) -> Answer:
    path = f"/v1/promotions/{part(asked.promotion_id)}"
    found, funnel, maturity = await asyncio.gather(
        api.get(path), api.get(f"{path}/funnel"), api.get(f"{path}/maturity")
    )
    promotion = first(without(found, "figures", "properties"), "tiers", _TIERS_SHOWN)
    promotion["description"] = cut(promotion.get("description"))
    told: Json = {
        "promotion": promotion,
        "figures": found["figures"],
        "funnel": only(funnel, "assigned", "redeemed", "open", "expired", "liability", "as_of"),
        "matured_rate": _latest(without(maturity, "promotion_id")),
    }
    return Answer(_in_words(told), told)


def _latest(maturity: Json) -> Json:
    """The latest cohorts: they are those that are not final."""
    cohorts = maturity["cohorts"]
    if len(cohorts) <= _COHORTS_SHOWN:
        return maturity
    left_out = len(cohorts) - _COHORTS_SHOWN
    return maturity | {"cohorts": cohorts[-_COHORTS_SHOWN:], "cohorts_left_out": left_out}


def _in_words(told: Json) -> str:
    maturity, figures = told["matured_rate"], told["figures"]
    said = f"Redemption rate {rate_of(figures)}, state {figures['state']}."
    if maturity["expected"] is not None:
        low, high = maturity["interval"] or (None, None)
        level = maturity["level"]
        return f"{said} Expected in the end: {maturity['expected']}, interval {low} to {high} at level {level}."
    return (
        f"{said} No matured rate: {maturity['state']}, {maturity['reason'] or 'no reason given'}."
    )


PROMOTION_TOOLS = (
    Tool(
        "find_promotions",
        "Find promotions",
        "Lists promotions with all their figures (rate, counts, cost, usage of budget and caps), filtered, sorted and "
        "paged. Start here: for those that are hardly used, sort by rate with status active; for ids to use elsewhere.",
        FindPromotions,
        {
            "items": "the promotions, each with its figures (and trend: live redemptions a day, the oldest first)",
            "next": "cursor of the following page, or null",
            "total": "how many match",
            "as_of": "everything acknowledged before this instant is in the figures",
        },
        _find,
    ),
    Tool(
        "promotion_figures",
        "Figures of one promotion",
        "All about one promotion: definition, redemption rate, usage of budget and caps (committed and redeemed), what "
        "became of its assignments (redeemed, open, expired), its liability (what is promised and may still be "
        "redeemed), and the matured rate: what its rate is expected to be in the end, with an interval, or why that "
        "cannot be said. Fresh assignments depress the rate: look at the matured rate and at what is still open before "
        "calling a promotion under-used.",
        OnePromotion,
        {
            "promotion": "the definition: status, reward, tiers, limits, code, start and end",
            "figures": "rate, counts, cost, order value, and usage of each limit; see the resource promosight://figures",
            "funnel": "assigned = redeemed + open + expired; liability: what open assignments and held reservations "
            "promise, in money and units",
            "matured_rate": "state estimated, matured, or why there is none; expected rate, interval, cohorts by week",
        },
        _show,
    ),
)
