"""The log of decisions: what each was made of and what became of it, for evaluation here and for other tools.

It is read in pages in the order of the decisions, so that months of them need no memory. A decision whose assignment is
still open counts as not redeemed, as it does in learning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from promosight.flows.decisioning.boards import Kept, kept_board
from promosight.flows.decisioning.decisions_kept import Floats, Trace, unpacked
from promosight.rules.instants import format_instant
from promosight.rules.money import format_amount
from promosight.rules.wide import whole
from promosight.store.catalogue import Catalogue, load
from promosight.store.tx import Row, Tx

FORMS = ("ndjson", "csv", "dsjson")
COLUMNS = (
    "decision_id",
    "customer_id",
    "decided_at",
    "mode",
    "policy_version",
    "promotion_id",
    "tier_id",
    "propensity",
    "probability",
    "explored",
    "expected_value",
    "redeemed",
    "reward",
    "redeemed_at",
    "order_value",
    "reward_cost",
    "assignment_id",
    "learned_revision",
)
"""Of the table form; the other forms have the context and every action as well."""
_trace = msgspec.json.Decoder(Trace)


class After(NamedTuple):
    """Where a page begins: behind this decision."""

    decided_us: int = -(2**62)
    decision_id: str = ""


class Logged(NamedTuple):
    """A decision and its label. `arms` were open; "none" stands behind the last of them in `pmf`.

    `chosen` is the place of what was answered among the arms, `len(arms)` for none, None for an offer that was no arm
    (business as usual of an apprentice). `reward` is what the redemption was worth by the board of its decision.
    """

    decision_id: str
    customer_no: int
    customer_id: str
    decided_us: int
    mode: str
    version: int
    revision: int
    promotion_id: str | None
    tier_id: str | None
    assignment_id: str | None
    trace: Trace
    arms: list[Kept]
    p_hat: Floats
    pmf: Floats
    chosen: int | None
    redeemed: bool
    reward: float
    redeemed_us: int | None
    order_micros: int
    cost_micros: int
    learned_revision: int | None


def logged(
    tx: Tx, workspace_no: int, after: After, *, to_us: int, limit: int
) -> tuple[list[Logged], After | None]:
    """A page of the log, and where the next one begins."""
    catalogue = load(tx, workspace_no)
    rows = tx.all(
        "decision_log",
        workspace_no=workspace_no,
        after_us=after.decided_us,
        after_id=after.decision_id,
        to_us=to_us,
        limit=limit,
    )
    found = [_logged(tx, catalogue, row) for row in rows]
    following = After(found[-1].decided_us, found[-1].decision_id) if len(rows) == limit else None
    return found, following


def every_logged(tx: Tx, workspace_no: int, *, from_us: int, to_us: int) -> Iterator[Logged]:
    """The log of a period."""
    after: After | None = After(from_us, "")
    while after is not None:
        page, after = logged(tx, workspace_no, after, to_us=to_us, limit=1_000)
        yield from page


def _logged(tx: Tx, catalogue: Catalogue, row: Row) -> Logged:
    (decision_id, customer_no, customer_id, decided_us, mode, version, revision, board_no) = row[:8]
    promotion_no, tier_id, assignment_id, told, redeemed, withdrawn, *rest = row[8:]
    trace = _trace.decode(told)
    board = kept_board(tx, catalogue.workspace.workspace_no, board_no)
    arms = [board[at] for at in trace.arms]
    promotion_id = None if promotion_no is None else catalogue.by_no[promotion_no].promotion_id
    index = _index(arms, promotion_id, tier_id)
    live = bool(redeemed) and not withdrawn
    worth = 0.0
    if index is not None and index < len(arms):
        value, cost = arms[index].worth(trace.own)
        worth = value - cost
    return Logged(
        decision_id=decision_id,
        customer_no=customer_no,
        customer_id=customer_id,
        decided_us=decided_us,
        mode=mode,
        version=version,
        revision=revision,
        promotion_id=promotion_id,
        tier_id=tier_id,
        assignment_id=assignment_id,
        trace=trace,
        arms=arms,
        p_hat=unpacked(trace.p),
        pmf=unpacked(trace.pmf),
        chosen=index,
        redeemed=live,
        reward=worth if live else 0.0,
        redeemed_us=rest[0],
        order_micros=whole(rest[1] or 0, rest[2] or 0),
        cost_micros=whole(rest[3] or 0, rest[4] or 0),
        learned_revision=rest[5],
    )


def _index(arms: list[Kept], promotion_id: str | None, tier_id: str | None) -> int | None:
    if promotion_id is None:
        return len(arms)
    named = promotion_id, tier_id
    return next((i for i, one in enumerate(arms) if (one.promotion_id, one.tier_id) == named), None)


def line_of(one: Logged, currency: str) -> dict[str, Any]:
    """A decision as one record: the context, every action with its probabilities, the action taken, its reward."""
    actions = [
        {
            "promotion_id": arm.promotion_id,
            "tier_id": arm.tier_id,
            "value": arm.worth(one.trace.own)[0],
            "cost": arm.worth(one.trace.own)[1],
            "probability": float(one.p_hat[i]) if len(one.p_hat) else None,
            "propensity": float(one.pmf[i]),
            "features": dict(arm.features),
        }
        for i, arm in enumerate(one.arms)
    ]
    none = {"promotion_id": None, "tier_id": None, "propensity": float(one.pmf[-1])}
    return table_of(one, currency) | {
        "context": one.trace.x,
        "actions": [*actions, none],
        "action": one.chosen,
    }


def table_of(one: Logged, currency: str) -> dict[str, Any]:
    """A decision in the columns of the table."""
    offered = one.chosen is not None and one.chosen < len(one.p_hat)
    return {
        "decision_id": one.decision_id,
        "customer_id": one.customer_id,
        "decided_at": format_instant(one.decided_us),
        "mode": one.mode,
        "policy_version": f"{one.version}.{one.revision}",
        "promotion_id": one.promotion_id,
        "tier_id": one.tier_id,
        "propensity": one.trace.propensity,
        "probability": float(one.p_hat[one.chosen or 0]) if offered else None,
        "explored": one.trace.explored,
        "expected_value": one.trace.expected,
        "redeemed": int(one.redeemed),
        "reward": one.reward,
        "redeemed_at": None if one.redeemed_us is None else format_instant(one.redeemed_us),
        "order_value": format_amount(one.order_micros, currency),
        "reward_cost": format_amount(one.cost_micros, currency),
        "assignment_id": one.assignment_id,
        "learned_revision": one.learned_revision,
    }


def dsjson_of(one: Logged) -> dict[str, Any]:
    """A decision in the decision-service form of Vowpal Wabbit: costs are negative rewards, actions count from 1."""
    names = [
        arm.promotion_id + ("" if arm.tier_id is None else f"/{arm.tier_id}") for arm in one.arms
    ]
    index = len(names) if one.chosen is None else one.chosen
    features = [
        {"offer": name, **dict(arm.features)} for name, arm in zip(names, one.arms, strict=True)
    ]
    return {
        "_label_cost": -one.reward,
        "_label_probability": one.trace.propensity,
        "_label_Action": index + 1,
        "_labelIndex": index,
        "Timestamp": format_instant(one.decided_us),
        "EventId": one.decision_id,
        "Version": "1",
        "a": list(range(1, len(names) + 2)),
        "c": {
            "Customer": one.trace.x,
            "_multi": [{"Offer": f} for f in [*features, {"offer": "none"}]],
        },
        "p": [float(share) for share in one.pmf],
    }
