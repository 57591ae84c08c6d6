"""Explaining one decision: why this offer, what else there was, the same sums done again, and what came of it.

The sums are done again from what was kept with the decision: the probabilities and their uncertainty, what each offer
was worth, the price of its budget, how greedy the policy was, and the seed. They come out equal to the last bit, or the
answer says that they do not.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from promosight.errors import NotFound
from promosight.flows.decisioning.boards import Kept, kept_board, nets_of
from promosight.flows.decisioning.decisions_kept import (
    Decision,
    DecisionAnswer,
    Trace,
    answer_of,
    decisions_by_id,
    unpacked,
)
from promosight.flows.decisioning.minds import Minds
from promosight.rules.explaining import against
from promosight.rules.features import Offer
from promosight.rules.identity import bucket_of
from promosight.rules.instants import format_instant
from promosight.rules.matching import IN_COST
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.rules.policy import Benchmark, blended, drawn, inverse_gaps
from promosight.store.catalogue import Catalogue, load
from promosight.store.rows import AssignmentRow, EventRow, GroupKey
from promosight.store.tx import Tx


class _Wire(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An answer has these fields and no others."""


class Candidate(_Wire):
    """An offer that could be chosen; the last is no offer. `price` is that of its budget.

    `sd` is of the log-odds, and null once more was learned.
    """

    promotion_id: str | None
    tier_id: str | None
    probability: float | None
    sd: float | None
    value: float
    cost: float
    price: float
    score: float
    propensity: float
    chosen: bool


class Part(_Wire):
    """What one known thing speaks for the offer against the next best one, in log-odds, and in words."""

    name: str
    log_odds: float
    words: str


class Replay(_Wire):
    """The same sums done again. `equal` when all of it came out as it was kept."""

    equal: bool
    scores: bool
    propensities: bool
    choice: bool


class Happened(_Wire):
    """Something that came of a decision: its assignment, a redemption, a reversal."""

    kind: str
    id: str
    at: str
    what: str
    promotion_id: str | None
    reward: str | None
    currency: str | None
    order_value: str | None
    about: str | None


class LearnedLine(_Wire):
    """What was learned of it: whether it counts as redeemed, and the revisions that first and last learned of it."""

    promotion_id: str
    tier_id: str | None
    redeemed: bool
    withdrawn: bool
    first_revision: int
    revision: int
    learned_at: str


class Explanation(DecisionAnswer):
    """A decision with everything it was made of and everything that came of it."""

    decided_at: str
    received_at: str
    explanation: list[str]
    candidates: list[Candidate]
    features: dict[str, float]
    parts: list[Part]
    would_choose: dict[str, str | None] | None
    replay: Replay
    trace: list[Happened]
    learned: list[LearnedLine]


def explain_decision(tx: Tx, workspace_no: int, decision_id: str, minds: Minds) -> Explanation:
    """Explains and replays a decision. Raises NotFound."""
    catalogue = load(tx, workspace_no)
    decision = decisions_by_id(tx, workspace_no, [decision_id]).get(decision_id)
    if decision is None:
        raise NotFound(f"there is no decision {decision_id}")
    trace = decision.told
    board = kept_board(tx, workspace_no, decision.board_no)
    arms = [board[at] for at in trace.arms]
    scores = _scores(trace, arms)
    answer = answer_of(catalogue, decision, trace)
    labels = _labels(tx, catalogue, decision_id)
    parts = _parts(minds, tx, catalogue, trace, arms, scores)
    would = trace.would
    return Explanation(
        **msgspec.structs.asdict(answer),
        decided_at=format_instant(decision.decided_us),
        received_at=format_instant(decision.received_us),
        explanation=[*trace.reasons, *(one.words for one in parts)],
        candidates=_candidates(trace, arms, scores, _doubts(minds, tx, catalogue, decision, arms)),
        features=trace.x,
        parts=parts,
        would_choose=None if would is None else {"promotion_id": would[0], "tier_id": would[1]},
        replay=_replay(trace, arms, scores),
        trace=_happened(tx, catalogue, decision, labels),
        learned=labels,
    )


def _prices(trace: Trace, count: int) -> Any:
    return unpacked(trace.prices) if trace.prices else np.zeros(count)


def _scores(trace: Trace, arms: list[Kept]) -> Any:
    """What each arm is worth and, last, none: as `choose` adds it up."""
    if not trace.p:
        return np.zeros(len(arms) + 1)
    taken = np.array([arm.taken for arm in arms], float)
    fixed, by_order = nets_of(arms)
    net = (fixed + trace.own * by_order) - _prices(trace, len(arms)) * taken
    toll = unpacked(trace.tolls) if trace.tolls else 0.0
    return np.append(unpacked(trace.p) * net - (trace.contact + toll), 0.0)


def _expected(trace: Trace, arms: list[Kept]) -> float:
    """What the choice was expected to bring: its score without the prices of scarce things."""
    if trace.at == len(arms):
        return 0.0
    fixed, by_order = nets_of([arms[trace.at]])
    net = fixed[0] + trace.own * by_order[0]
    return round(float(unpacked(trace.p)[trace.at] * net - trace.contact), 6)


def _replay(trace: Trace, arms: list[Kept], scores: Any) -> Replay:
    pmf = unpacked(trace.pmf)
    if not trace.kind:  # nobody drew: control, a fixed offer, none
        return Replay(equal=True, scores=True, propensities=True, choice=True)
    again = pmf
    if trace.kind == "igw":
        inner = inverse_gaps(scores, trace.greed)
        again = (1.0 - trace.floor) * inner + trace.floor / len(scores)
        again = again / again.sum()
        if trace.benchmark >= 0:
            named = Benchmark(np.array([trace.benchmark]), trace.share)
            again = blended(again[np.newaxis], named)[0]
    at = drawn(again, trace.seed)
    chosen = None if at == len(arms) else (arms[at].promotion_id, arms[at].tier_id)
    same_scores = _expected(trace, arms) == trace.expected
    propensities = bool(np.allclose(again, pmf, rtol=0, atol=1e-15))
    return Replay(
        equal=same_scores and propensities and at == trace.at,
        scores=same_scores,
        propensities=propensities,
        choice=at == trace.at and (trace.would is None or tuple(trace.would) == chosen),
    )


def _doubts(
    minds: Minds, tx: Tx, catalogue: Catalogue, decision: Decision, arms: list[Kept]
) -> Any:
    """How unsure the log-odds were, as long as what was known then is what is known now."""
    mind = minds.of(tx, catalogue)
    if mind.revision != decision.revision or not decision.told.p:
        return None
    menu = mind.snapshot.menu([arm.offer for arm in arms])
    return menu.sd(mind.snapshot.layout.row(decision.told.x))


def _candidates(trace: Trace, arms: list[Kept], scores: Any, sd: Any) -> list[Candidate]:
    pmf, prices = unpacked(trace.pmf), _prices(trace, len(arms))
    p = unpacked(trace.p) if trace.p else None
    found = [
        Candidate(
            promotion_id=arm.promotion_id,
            tier_id=arm.tier_id,
            probability=None if p is None else float(p[i]),
            sd=None if sd is None else float(sd[i]),
            value=arm.worth(trace.own)[0],
            cost=arm.worth(trace.own)[1],
            price=float(prices[i]),
            score=float(scores[i]),
            propensity=float(pmf[i]),
            chosen=trace.at == i,
        )
        for i, arm in enumerate(arms)
    ]
    none = Candidate(
        promotion_id=None,
        tier_id=None,
        probability=None,
        sd=None,
        value=0.0,
        cost=0.0,
        price=0.0,
        score=0.0,
        propensity=float(pmf[-1]),
        chosen=trace.at == len(arms),
    )
    return [*found, none]


def _parts(
    minds: Minds, tx: Tx, catalogue: Catalogue, trace: Trace, arms: list[Kept], scores: Any
) -> list[Part]:
    """What speaks for the offer against the next best, by what is known now."""
    if not trace.p or trace.at >= len(arms) or len(arms) < 2:
        return []
    others = [i for i in range(len(arms)) if i != trace.at]
    rival = max(others, key=lambda i: float(scores[i]))
    mine, theirs = arms[trace.at].offer, arms[rival].offer
    found = against(minds.of(tx, catalogue).snapshot, trace.x, mine, theirs)
    return [
        Part(name=name, log_odds=part, words=_words(name, part, theirs))
        for name, part in found[:5]
        if abs(part) >= 0.05
    ]


_KNOWN = {
    "assigned": "how many offers the customer was given",
    "redeemed": "how much the customer redeems",
    "rate": "how often the customer redeems what is given",
    "reversed": "the customer's returns",
    "basket": "what the customer's orders come to",
    "recency": "how lately the customer redeemed",
    "just_assigned": "how lately the customer was given an offer",
    "offer": "the offer itself, whoever the customer is",
}


def _words(name: str, part: float, rival: Offer) -> str:
    what = _KNOWN.get(name)
    if what is None and name.startswith("rate:kind="):
        what = f"how the customer takes {name[10:]} offers"
    elif what is None and name.startswith("rate:reward="):
        what = f"how the customer takes {name[12:]} rewards"
    elif what is None and name.startswith("segment:"):
        what = f"that the customer is in segment {name[8:].removesuffix('=true')}"
    elif what is None:
        what = "that " + name.removesuffix("=#").replace("=", " is ")
    other = rival.promotion + (f" ({rival.tier})" if rival.tier else "")
    times = float(np.exp(abs(part)))
    begun = what[0].upper() + what[1:]
    if part > 0:
        return f"{begun} speaks for it: {times:.1f} times the odds of {other}."
    return f"{begun} speaks against it: {other} has {times:.1f} times its odds."


def _labels(tx: Tx, catalogue: Catalogue, decision_id: str) -> list[LearnedLine]:
    number = catalogue.workspace.workspace_no
    return [
        LearnedLine(
            promotion_id=catalogue.by_no[row[1]].promotion_id,
            tier_id=row[2] or None,
            redeemed=bool(row[3]),
            withdrawn=bool(row[4]),
            first_revision=row[10],
            revision=row[11],
            learned_at=format_instant(row[12]),
        )
        for row in tx.all_for("labels_of", [(decision_id,)], workspace_no=number)
    ]


def _happened(
    tx: Tx, catalogue: Catalogue, decision: Decision, labels: list[LearnedLine]
) -> list[Happened]:
    """The assignments that bear the decision's id, what redeemed them, and what was reversed, in order."""
    named = {one.promotion_id for one in labels}
    nos = {catalogue.by_id[one].promotion_no for one in named} | {decision.promotion_no}
    no = decision.customer_no
    keys = [GroupKey(bucket_of(no), one, no) for one in sorted(n for n in nos if n is not None)]
    given = [AssignmentRow(*row) for row in tx.all_for("assignments_of_groups", keys)]
    ours = [a for a in given if _decision_of(a) == decision.decision_id]
    slots = {(a.promotion_no, a.slot) for a in ours}
    events = [EventRow(*row) for row in tx.all_for("events_of_groups", keys)]
    used = [e for e in events if e.reverses is None and (e.promotion_no, e.slot) in slots]
    ids = {e.identity for e in used}
    undone = [e for e in events if e.reverses and (e.source_no, e.reverses) in ids]
    found = [(a.assigned_us, 0, _assigned(catalogue, a)) for a in ours]
    paid_in = {e.identity: e.currency for e in used}
    for e in used + undone:
        currency = paid_in[e.source_no, e.reverses or e.event_id]
        found.append((e.redeemed_us or e.received_us, 1, _event(catalogue, e, currency)))
    return [one for _, _, one in sorted(found, key=lambda each: each[:2])]


def _decision_of(a: AssignmentRow) -> str | None:
    return None if a.details is None else msgspec.json.decode(a.details).get("decision_id")


def _assigned(catalogue: Catalogue, a: AssignmentRow) -> Happened:
    return Happened(
        kind="assignment",
        id=a.public_id,
        at=format_instant(a.assigned_us),
        what="assigned" if a.withdrawn_us is None else "withdrawn",
        promotion_id=catalogue.by_no[a.promotion_no].promotion_id,
        reward=format_amount(a.committed_micros, a.currency),
        currency=a.currency.removeprefix(UNIT_MARK),
        order_value=None,
        about=None,
    )


def _event(catalogue: Catalogue, e: EventRow, currency: str) -> Happened:
    reversal = e.reverses is not None
    gone = not reversal and not e.live and e.outcome in IN_COST
    money = e.reward_micros if reversal else e.cost_micros
    currency = currency or catalogue.workspace.currency
    return Happened(
        kind="reversal" if reversal else "redemption",
        id=e.event_id,
        at=format_instant(e.redeemed_us or e.received_us),
        what="reversed" if gone else e.outcome,
        promotion_id=catalogue.by_no[e.promotion_no].promotion_id,
        reward=None if money is None else format_amount(money, currency),
        currency=currency.removeprefix(UNIT_MARK),
        order_value=None if e.order_micros is None else format_amount(e.order_micros, currency),
        about=e.reverses if reversal else e.assignment_id,
    )
