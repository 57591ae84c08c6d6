"""Tools about decisioning: how offers are chosen, and what that is shown to bring."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from pydantic import Field

from promosight.mcp.asking import Api
from promosight.mcp.tool import Answer, Asked, Instant, Tool

_BUDGETS_SHOWN = 50


class Status(Asked):
    """Nothing to say."""


async def _status(api: Api, _: Status) -> Answer:
    status, pacing = await asyncio.gather(
        api.get("/v1/decisioning"), api.get("/v1/decisioning/pacing")
    )
    budgets = pacing["items"]
    told = status | {
        "budgets": budgets[:_BUDGETS_SHOWN],
        "budgets_left_out": max(len(budgets) - _BUDGETS_SHOWN, 0),
    }
    mode, behind = status["settings"]["mode"], status["learned"]["behind_seconds"]
    said = f"Mode {mode}, {status['decisions']} decisions so far; learning is {behind} s behind."
    return Answer(said, told)


class Evaluation(Asked):
    """Of which decisions, and by which objective."""

    since: Instant | None = None
    until: Instant | None = None
    objective: Literal["net_value", "redemption"] | None = None
    horizon_days: Annotated[int | None, Field(ge=1, le=365)] = None


async def _evaluation(api: Api, asked: Evaluation) -> Answer:
    told = await api.get("/v1/decisioning/evaluation", **asked.model_dump())
    said = f"Verdict: {told['verdict']}. {told['verdict_words']}"
    return Answer(said, told)


DECISION_TOOLS = (
    Tool(
        "decisioning",
        "How offers are chosen",
        "How decisioning stands: its settings, how many decisions were made and by whom (policy, control group, "
        "exploration), what was learned and how far learning is behind, and what is left of the budgets it spends.",
        Status,
        {
            "settings": "mode, objective, exploration, control share, caps",
            "policy_version": "settings and revision that decide now",
            "decisions": "how many so far",
            "modes": "decisions by who chose",
            "learned": "what was learned, and how far behind learning is",
            "budgets": "what is left of each running promotion's budget, and its shadow price",
            "budgets_left_out": "how many more there are",
        },
        _status,
    ),
    Tool(
        "decision_evaluation",
        "What decisioning brings",
        "What the running policy brings per decision beside the log, the best fixed offer and chance, estimated from "
        "logged decisions with intervals, and what was measured against the control group. The verdict `not enough "
        "support` means that the log cannot tell: then give no number.",
        Evaluation,
        {
            "verdict": "gain, no gain, worse or not enough support",
            "verdict_words": "the same in a sentence",
            "policies": "logged, current, best_fixed, uniform (and benchmark): estimates and effective sample size",
            "against_best_fixed": "current less best fixed, with its interval",
            "against_uniform": "current less chance",
            "measured": "against the control group, or the reason why there is none",
            "decisions": "how many it is about",
            "unit": "what values are in",
        },
        _evaluation,
    ),
)
