"""The tool that says why a figure is another than it was: what was known then, and what moved it since."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from pydantic import Field

from promosight.mcp.asking import Api, Json, part
from promosight.mcp.tool import Answer, Asked, Cursor, Instant, PromotionId, Tool, first, more

_DAYS_SHOWN = 5


class WhyMoved(Asked):
    """One promotion, since an instant or over all."""

    promotion_id: PromotionId
    since: Annotated[
        Instant | None,
        Field(description="When the other figure was told: compares what was known then with now."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=20)] = 10
    cursor: Cursor = None


async def _why_moved(api: Api, asked: WhyMoved) -> Answer:
    path = f"/v1/promotions/{part(asked.promotion_id)}"
    log = api.get(f"{path}/restatements", limit=asked.limit, cursor=asked.cursor)
    if asked.since is None:
        page, now, then = await log, None, None
    else:
        page, now, then = await asyncio.gather(
            log,
            api.get(f"{path}/breakdown", by="outcome"),
            api.get(f"{path}/breakdown", by="outcome", as_of=asked.since),
        )
    since = None if then is None else then["as_of"]
    told: Json = {
        "promotion_id": asked.promotion_id,
        "since": since,
        "then": None if then is None else then["total"],
        "now": None if now is None else now["total"],
        **_entries(page, since),
    }
    return Answer(_in_words(told), told)


def _entries(page: Json, since: str | None) -> Json:
    """The entries that came since, each with its first days."""
    items, following = page["items"], page["next"]
    if since is not None:
        new = [one for one in items if _moment(one["restated_at"]) > _moment(since)]
        following = following if len(new) == len(items) else None
        items = new
    return {"items": [first(one, "days", _DAYS_SHOWN) for one in items], "next": following}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _in_words(told: Json) -> str:
    said = f"Restatements shown: {len(told['items'])}, the newest first.{more(told)}"
    then, now = told["then"], told["now"]
    if then is None:
        return said
    return (
        f"Known then: {then['display']} ({then['redeemed']} of {then['assigned']}); now: {now['display']} "
        f"({now['redeemed']} of {now['assigned']}). {said}"
    )


MOVE_TOOLS = (
    Tool(
        "why_figures_moved",
        "Why a figure moved",
        "Why a promotion shows another figure than it did: with `since`, its total as it was known then and as it is "
        "now; and the restatements, which are everything that moved days already told (refunds, late reports, "
        "withdrawals, changed terms, mappings), each with the fact that caused it. What moved besides is simply new.",
        WhyMoved,
        {
            "promotion_id": "which promotion",
            "since": "the instant compared with, or null",
            "then": "the total as it was known then, or null without since",
            "now": "the total now, or null without since",
            "items": "restatements, the newest first: kind, reason in words, and by how much each figure moved",
            "next": "cursor of the following page, or null",
        },
        _why_moved,
    ),
)
