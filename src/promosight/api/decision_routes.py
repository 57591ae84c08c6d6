"""The part of the table of routes that is about decisions: asking for them, explaining them, steering them.

It stands in a file of its own because the table is long; `routes` has it among the others.
"""

from __future__ import annotations

from promosight.api import customers, decisioning, decisions, proof, versions
from promosight.api.door.door import Route
from promosight.flows.decisioning.decision_status import Decisioning
from promosight.flows.decisioning.decisions_kept import DecisionAnswer
from promosight.flows.decisioning.evaluating import DecisionEvaluation
from promosight.flows.decisioning.explaining import Explanation
from promosight.flows.decisioning.pricing import Pacing
from promosight.flows.decisioning.value_over_time import ValueOverTime
from promosight.flows.decisioning.versions import VersionLine
from promosight.flows.decisioning.what_if import WhatIf, WhatIfAnswer
from promosight.flows.people.access_report import AccessReport
from promosight.flows.people.timeline import Timeline
from promosight.rules.decisioning import Settings

DECISIONS, REPORTS, PROMOTIONS = "decisions:write", "reports:read", "promotions:write"

DECISION_ROUTES = (
    Route(
        "POST",
        "/v1/decisions",
        decisions.create,
        DECISIONS,
        "Choose an offer for a customer, or none",
        decisions.NewDecision,
        gives=DecisionAnswer,
    ),
    Route(
        "POST",
        "/v1/decisions/batch",
        decisions.create_many,
        DECISIONS,
        "Choose offers for up to 10,000 customers together",
        decisions.Batch,
        gives=decisions.BatchAnswer,
    ),
    Route(
        "GET",
        "/v1/decisions/{decision_id:str}",
        decisioning.explain,
        f"{REPORTS} {DECISIONS}",
        "Why a decision was made so, the same sums done again, and what came of it",
        gives=Explanation,
    ),
    Route(
        "GET",
        "/v1/decisioning",
        decisioning.show,
        f"{REPORTS} {DECISIONS}",
        "How offers are chosen, what was decided and learned",
        gives=Decisioning,
    ),
    Route(
        "PATCH",
        "/v1/decisioning",
        decisioning.change,
        PROMOTIONS,
        "Change how offers are chosen: mode, objective, exploration, control group, caps",
        Settings,
        gives=Decisioning,
    ),
    Route(
        "GET",
        "/v1/decisioning/pacing",
        decisioning.pacing,
        REPORTS,
        "The budgets of running promotions, what is left of them, and their shadow prices",
        gives=Pacing,
    ),
    Route(
        "GET",
        "/v1/decisioning/log",
        decisioning.log,
        REPORTS,
        "Decisions with context, actions, propensities and rewards, for other tools",
        query=("format", "from", "to"),
        media=("application/x-ndjson", "text/csv"),
    ),
    Route(
        "GET",
        "/v1/decisioning/evaluation",
        proof.evaluate,
        REPORTS,
        "What the policy brings, beside the log, one fixed offer and chance; and the measured uplift",
        gives=DecisionEvaluation,
        query=("since", "until", "objective", "horizon_days"),
    ),
    Route(
        "POST",
        "/v1/decisioning/what-if",
        proof.what_would,
        REPORTS,
        "What another offer, tier, audience or amount of trying would bring, by the log",
        WhatIf,
        gives=WhatIfAnswer,
    ),
    Route(
        "GET",
        "/v1/decisioning/value",
        proof.over_time,
        REPORTS,
        "What decisions brought over time, beside the control group and the best fixed offer",
        gives=ValueOverTime,
        query=("by", "since", "until", "objective", "horizon_days"),
    ),
    Route(
        "GET",
        "/v1/decisioning/versions",
        versions.show,
        REPORTS,
        "Versions of the policy, the match rate of the apprentice, and what was done",
        gives=versions.Versions,
    ),
    Route(
        "POST",
        "/v1/decisioning/versions",
        versions.create,
        PROMOTIONS,
        "Make a candidate: other settings, or all that was learned gone over anew",
        versions.NewVersion,
        gives=VersionLine,
        status=201,
    ),
    Route(
        "POST",
        "/v1/decisioning/versions/{version:str}/promote",
        versions.promote,
        PROMOTIONS,
        "Run a version from now on: when a gain is shown, or by force",
        versions.PromoteVersion,
        gives=VersionLine,
    ),
    Route(
        "POST",
        "/v1/decisioning/versions/{version:str}/rollback",
        versions.roll_back,
        PROMOTIONS,
        "Go back to a version that ran before",
        versions.RollBackVersion,
        gives=VersionLine,
    ),
    Route(
        "GET",
        "/v1/customers/{customer_id:str}/timeline",
        customers.timeline,
        REPORTS,
        "What happened to one customer: assignments, redemptions, reversals, outcomes, decisions",
        gives=Timeline,
        query=("kind", "order", "limit", "cursor"),
    ),
    Route(
        "GET",
        "/v1/customers/{customer_id:str}/report",
        customers.report,
        "admin",
        "Everything kept of one person",
        gives=AccessReport,
    ),
    Route(
        "DELETE",
        "/v1/customers/{customer_id:str}",
        customers.remove,
        "admin",
        "Erase a person and keep the totals",
        status=204,
    ),
)
