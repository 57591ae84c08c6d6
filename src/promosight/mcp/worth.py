"""Tools about what promotions brought: side by side, and one against its control group."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from promosight.mcp.asking import Api, Json, Refused, part
from promosight.mcp.tool import Answer, Asked, Id, PromotionId, Tool, first, quoted, rate_of

_TIERS_SHOWN = 10
_MEND = {
    "no_control_group": "nobody was left without the offer: assign a random share with control true",
    "no_outcomes": "no outcome of this measure fell into anyone's horizon: report outcomes of both groups",
    "too_few": "under 30 customers in a group with a closed horizon: wait, or ask for a shorter horizon",
    "mixed_currencies": "several currencies or units, and nothing is converted: report one",
    "no_cost": "nothing was spent in money",
}

Measure = Annotated[
    Literal["order_value", "margin", "deposit"],
    Field(description="Which reported outcome uplift is measured in."),
]
Horizon = Annotated[
    int, Field(ge=1, le=366, description="Days after the assignment in which outcomes count.")
]


class Compare(Asked):
    """Promotions side by side."""

    promotion_ids: Annotated[list[Id], Field(min_length=2, max_length=20)]
    measure: Measure = "order_value"
    horizon_days: Horizon = 30


async def _compare(api: Api, asked: Compare) -> Answer:
    if any("," in one for one in asked.promotion_ids):
        raise Refused(
            "promotion_ids: one has a comma and cannot be compared; ask for it by promotion_return."
        )
    found = await api.get(
        "/v1/compare",
        promotions=",".join(asked.promotion_ids),
        measure=asked.measure,
        horizon_days=asked.horizon_days,
    )
    told = found | {"items": [first(one, "tiers", _TIERS_SHOWN) for one in found["items"]]}
    said = "; ".join(f"{quoted(one['promotion_id'])}: {rate_of(one)}" for one in told["items"])
    return Answer(said + ".", told)


class OneReturn(Asked):
    """One promotion against its control group."""

    promotion_id: PromotionId
    measure: Measure = "order_value"
    horizon_days: Horizon = 30


async def _return(api: Api, asked: OneReturn) -> Answer:
    told = await api.get(
        f"/v1/promotions/{part(asked.promotion_id)}/return",
        measure=asked.measure,
        horizon_days=asked.horizon_days,
    )
    return Answer(_in_words(told), told)


def _in_words(told: Json) -> str:
    if told["uplift"] is None:
        return f"Uplift and return are not computable: {_why(told['reason'])}. No number may be given for them."
    uplift, roi = told["uplift"], told["roi"]
    low, high = uplift["interval"]
    said = (
        f"Uplift per customer {uplift['per_customer']} {uplift['currency']} (95%: {low} to {high})."
    )
    if roi is None:
        return f"{said} Return on cost is not computable: {_why(told['roi_reason'])}."
    return (
        f"{said} Return on cost {roi['value']} (95%: {roi['interval'][0]} to {roi['interval'][1]})."
    )


def _why(reason: str) -> str:
    return f"{reason} ({_MEND[reason]})" if reason in _MEND else reason


WORTH_TOOLS = (
    Tool(
        "compare_promotions",
        "Compare promotions",
        "Two to twenty promotions side by side: rate with interval, cost per redemption, reward given, and uplift and "
        "return against the control group or why these are not computable. Cost per redemption and the revenue of "
        "redeemers are marked causal false: they are no effect of the promotion.",
        Compare,
        {
            "items": "the promotions; `return` says state computed or not_computable with its reason",
            "total": "how many are compared",
            "measure": "which outcome uplift is measured in",
            "horizon_days": "days after the assignment in which outcomes count",
            "sort": "their order",
            "as_of": "when this was so",
        },
        _compare,
    ),
    Tool(
        "promotion_return",
        "What a promotion brought",
        "Uplift and return on cost (ROI) of one promotion against its control group, with 95% intervals that hold "
        "however often one looks; or state not_computable with the reason, and then there is no number to give.",
        OneReturn,
        {
            "promotion_id": "which promotion",
            "measure": "which outcome uplift is measured in",
            "horizon_days": "days after the assignment in which outcomes count",
            "state": "computed or not_computable",
            "reason": "why it is not computable, or null",
            "treated": "customers who got the offer: how many, their mean, how many acted",
            "control": "the same of those left without it",
            "uplift": "per customer with its interval, and in all; or null",
            "incremental_rate": "how many more acted because of it, or null",
            "would_have_acted_anyway": "share of those who acted that would have without the offer, or null",
            "cost": "what it cost, by currency",
            "roi": "(uplift - cost) / cost with its interval, or null",
            "roi_reason": "why there is no roi, or null",
            "cost_per_redemption": "no effect of anything",
            "redeemer_revenue": "of those who redeemed; causal false: no effect of the promotion",
        },
        _return,
    ),
)
