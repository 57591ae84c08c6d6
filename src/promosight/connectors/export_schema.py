"""The schema of exports: what each kind of record is, and each column of it, said once.

`docs/exports.md`, `GET /v1/exports` and the metadata of Parquet files are made of this, and tests hold files to it.
"""

from __future__ import annotations

from typing import Any

from promosight.connectors.tables import COLUMNS, columns_of, parquet_types

VERSION = "1"
"""Moves when a column goes or means something else. New columns may come at any time."""

KINDS = {
    "promotions": "Definitions, by id. Import them first.",
    "customers": "Known customers and their profiles.",
    "assignments": "Who was given what, as it was reported. Withdrawn ones only with what was found.",
    "redemptions": "Redemptions and reversals (`type`), as they were reported.",
    "outcomes": "What customers did (orders, margins, deposits), as it was reported, control group included.",
    "decisions": "Decisions with their probabilities, and what became of them, by time.",
    "figures": "The figures of each promotion, by id.",
    "breakdowns": "Each promotion's figures by tier, segment, channel, campaign, source and outcome.",
    "days": "Each promotion's history by day of assignment and by day of redemption.",
    "audience": "The customers of one promotion that are of a status.",
    "problems": "What waits, is flagged or was refused, the newest first, with its payload.",
}

_TYPES = {
    "text": ("text", "string"),
    "word": ("text", "string"),
    "day": ("`YYYY-MM-DD`", "string"),
    "instant": ("RFC 3339, UTC", "string"),
    "amount": ("decimal", "string"),
    "count": ("whole number", "number"),
    "share": ("number", "number"),
    "flag": ("`true` or `false`", "boolean"),
    "list": ("words joined by `|`, or a JSON array", "array of strings"),
    "json": ("JSON", "object or array"),
    "object": ("JSON", "object"),
}
"""How each kind of column is written in CSV and in NDJSON."""

_ALWAYS = {
    "promotions": "promotion_id name kind status reward_type tiers limits properties",
    "customers": "customer_id",
    "assignments": "promotion_id customer_id assigned_at source received_at matched_assignment_id committed",
    "redemptions": "event_id source received_at outcome live cost",
    "outcomes": "outcome_id customer_id occurred_at measure value currency source received_at",
    "decisions": "decision_id customer_id decided_at mode policy_version explored redeemed reward order_value "
    "reward_cost context actions",
    "figures": "promotion_id name kind status state assigned redeemed display customers_assigned customers_redeemed "
    "redemptions excess unassigned flagged pending reversed reward_cost reward_units order_value usage tracked_since",
    "breakdowns": "promotion_id by assigned redeemed redemptions excess unassigned flagged pending reversed "
    "reward_cost reward_units order_value enough",
    "days": "promotion_id date day assigned redeemed redemptions excess unassigned flagged pending reversed "
    "reward_cost reward_units order_value",
    "audience": "customer_id promotion_id status",
    "problems": "problem_id received_at kind outcome",
}
"""The columns that are never empty; what is empty is left out in NDJSON and null in Parquet."""

_SAYS: dict[str, tuple[str, str]] = {
    "promotion_id": ("the promotion's id", "SPRING20"),
    "name": ("its name, or the tier's", "Spring sale"),
    "kind": ("global, tiered or personalized; of a problem what was reported", "tiered"),
    "status": ("draft, active, deactivated or archived; of an audience which one", "active"),
    "code": ("the code everybody may use", "SPRING"),
    "fallback_code": ("the code handed out when the pool is empty", "SPRING-X"),
    "reward_type": ("amount, percentage, unit or none", "amount"),
    "reward_value": ("what the reward is worth, in its currency or unit", "5.00"),
    "reward_currency": ("ISO 4217, of rewards of money", "EUR"),
    "reward_unit": ("the unit of other rewards", "points"),
    "max_redemptions": ("how often an assignment may be redeemed", "1"),
    "starts_at": ("when it starts", "2026-11-01T00:00:00Z"),
    "ends_at": ("when it ends", "2026-12-01T00:00:00Z"),
    "tiers": ("its tiers, in their order", '[{"tier_id":"gold","reward_value":"10.00"}]'),
    "limits": ("its limits", '[{"measure":"reward","amount":"500"}]'),
    "properties": ("what its owner noted", '{"team":"crm"}'),
    "customer_id": ("the customer's id", "c-42"),
    "segments": ("the segments of the customer", "vip"),
    "opt_outs": ("the channels not to use", "sms"),
    "attributes": ("what else was said", '{"age_band":"30-39"}'),
    "assigned_at": ("when it was given", "2026-11-03T09:00:00Z"),
    "assignment_id": ("the assignment's id, where the source gave one", "a-7"),
    "campaign_id": ("the campaign", "k-1"),
    "occurrence": ("which of several equal ones", "run-3"),
    "tier_id": ("the tier", "gold"),
    "segment": ("the segment it was given for", "vip"),
    "channels": ("the channels it was told by", "email|push"),
    "channel": ("the channel", "email"),
    "promo_code": ("the code", "SPRING-8F3K"),
    "currency": ("the currency or unit of the amounts beside it", "EUR"),
    "expires_at": ("when it expires", "2026-12-03T09:00:00Z"),
    "control": ("true: withheld, for comparison", "true"),
    "decision_id": ("the decision that gave it", "dec-1"),
    "source": ("the system that reported it", "till"),
    "received_at": ("when it came", "2026-11-03T09:00:01Z"),
    "matched_assignment_id": ("the assignment it is, or that a redemption took", "a-7"),
    "withdrawn_at": ("when it was withdrawn", "2026-11-09T09:00:00Z"),
    "redeemed_at": ("when it was redeemed", "2026-11-05T18:30:00Z"),
    "committed": ("what it commits of a budget", "5.000000"),
    "committed_in": ("the currency or unit of that", "EUR"),
    "event_id": ("the event's id, unique per source", "till-1"),
    "type": ("`reversal`, or nothing for a redemption", "reversal"),
    "reverses": ("the event that a reversal undoes", "till-1"),
    "order_id": ("the order", "o-1001"),
    "order_value": ("what was bought: an amount, of figures JSON by currency", "64.90"),
    "metadata": ("what the source noted", '{"store":"12"}'),
    "outcome": ("counted, excess, unassigned, flagged, pending or rejected", "counted"),
    "reason": ("why, where it is not counted", "unknown_customer"),
    "matched_promotion_id": ("the promotion it was found to be of", "SPRING20"),
    "live": ("false: reversed in full", "true"),
    "cost": ("what it cost, less what was reversed", "5.00"),
    "cost_in": ("the currency or unit of that", "EUR"),
    "outcome_id": ("the outcome's id, unique per source", "order-1001"),
    "occurred_at": ("when the customer did it", "2026-11-05T18:30:00Z"),
    "measure": ("order_value, margin or deposit", "order_value"),
    "value": ("how much; may be negative", "64.90"),
    "decided_at": ("when it was decided", "2026-11-03T09:00:00Z"),
    "mode": ("who chose: policy, control, apprentice, fixed or off", "policy"),
    "policy_version": ("version and revision of the policy", "3.128"),
    "propensity": ("the probability with which this offer was chosen", "0.62"),
    "probability": ("the expected probability that it is redeemed", "0.31"),
    "explored": ("whether it was chosen to learn", "false"),
    "expected_value": ("what it was expected to bring, in the workspace's currency", "2.4"),
    "redeemed": ("how many assignments were redeemed; of a decision whether its was", "6400"),
    "reward": (
        "what the redemption was worth by the decision's board, in the workspace's currency",
        "12.5",
    ),
    "reward_cost": (
        "what redemptions cost: an amount, of figures JSON by currency",
        '{"EUR":"120.00"}',
    ),
    "learned_revision": ("the revision that learned of it", "131"),
    "action": ("the place of what was chosen in `actions`", "0"),
    "context": ("what was known of the customer", '{"recency":0.2}'),
    "actions": (
        "every offer that was open with its probability and propensity, and last none",
        '[{"promotion_id":"SPRING20","propensity":0.62,"probability":0.31}]',
    ),
    "state": ("tracked, or why there is no rate: no_data, no_assignments, not_tracked", "tracked"),
    "assigned": ("assignments in the rate", "20000"),
    "rate": ("redeemed over assigned, from 0 to 1", "0.32"),
    "rate_low": ("lower end of its 95% interval (Wilson)", "0.3136"),
    "rate_high": ("upper end", "0.3265"),
    "display": ("the rate as the page shows it", "32%"),
    "customers_assigned": ("distinct customers with an assignment", "18000"),
    "customers_redeemed": ("those of them who redeemed", "6100"),
    "customers_rate": ("the share of them", "0.3389"),
    "redemptions": ("live redemptions, those too many and without assignment included", "6600"),
    "excess": ("of them too many for their assignment", "150"),
    "unassigned": ("of them without an assignment", "50"),
    "flagged": ("of them that need a look", "0"),
    "pending": ("redemptions that wait for their customer", "12"),
    "reversed": ("redemptions that were reversed", "80"),
    "reward_units": ("other rewards, JSON by unit", '{"points":"300"}'),
    "usage": (
        "each limit and how much of it is used",
        '[{"measure":"reward","committed":"120.00"}]',
    ),
    "last_event_at": ("the latest accepted redemption", "2026-11-26T20:11:09Z"),
    "tracked_since": ("from when on redemptions count", "2026-10-01T00:00:00Z"),
    "by": ("the dimension", "segment"),
    "key": ("the group; empty where facts carry none", "vip"),
    "enough": ("false: too few assigned to compare", "true"),
    "date": ("whether days are those of assignment or of redemption", "redeemed"),
    "day": ("the local day of the workspace", "2026-11-05"),
    "problem_id": ("the problem's id", "p-1"),
    "pointer": ("the field it is about", "/redeemed_at"),
    "detail": ("what is wrong, in words", "has no offset"),
    "advice": ("what to do", "send it with an offset"),
    "line": ("the line of its file", "17"),
    "times": ("how often it came", "3"),
    "stale": ("true: it has waited for long", "false"),
    "payload": ("what was sent, as it came", '{"event_id":"till-1"}'),
}


def described(kind: str) -> list[dict[str, Any]]:
    """Every column of a kind: name, types, whether it may be empty, what it says, an example."""
    columns = columns_of(kind, found=True)
    types, always = parquet_types(columns), _ALWAYS[kind].split()
    found = []
    for name, of in columns.items():
        says, example = _SAYS[name]
        in_csv, in_ndjson = _TYPES[of]
        found.append(
            {
                "name": name,
                "csv": in_csv,
                "ndjson": in_ndjson,
                "parquet": types[name],
                "nullable": name not in always,
                "only_found": name not in COLUMNS[kind],
                "description": says,
                "example": example,
            }
        )
    return found


def as_markdown() -> str:
    """All kinds as tables of Markdown."""
    return "\n".join(_kind_as_markdown(kind, says) for kind, says in KINDS.items())


def _kind_as_markdown(kind: str, says: str) -> str:
    lines = [f"### {kind}", "", says, ""]
    lines += ["| column | what | CSV | NDJSON | Parquet | empty | example |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for one in described(kind):
        name = f"`{one['name']}`" + (" (found)" if one["only_found"] else "")
        empty = "may be" if one["nullable"] else "never"
        example = one["example"].replace("|", "\\|")
        cells = (name, one["description"], one["csv"], one["ndjson"], one["parquet"], empty)
        lines.append(
            "| " + " | ".join(str(c).replace("`|`", "`\\|`") for c in cells) + f" | `{example}` |"
        )
    return "\n".join([*lines, ""])
