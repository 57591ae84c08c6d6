"""The running policy on logged decisions: with what probability it would have chosen each offer then.

A model flatters itself on decisions it has learned from. So customers are parted in folds, and each fold is scored by
what was learned without it: the sums are additive, what a decision taught is taken out as exactly as it was added. What
a customer had done, what a budget's price was and what was open are as they were logged; what offers are worth and how
much is tried are as they are now.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np

from promosight.flows.judged import Judged, Worth
from promosight.flows.minds import Learned, prior_of
from promosight.rules.decisioning import Settings
from promosight.rules.evidence import Evidence
from promosight.rules.logged import Floats
from promosight.rules.policy import Arm, Exploration, choose_many
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve
from promosight.store.tx import Tx

FOLDS = 5
_AT_ONCE = 2_000


class Models(NamedTuple):
    """A model for each fold of customers, which has not learned from them, and the one learned from all."""

    folds: list[Snapshot]
    whole: Snapshot


def models_of(tx: Tx, of: Judged, learned: Learned) -> Models:
    """What was learned, without each fold."""
    prior = prior_of(tx, of.frame.catalogue, learned.evidence)
    kept = learned.evidence.encode()
    folds = [_without(of, Evidence.decode(kept), fold, prior, learned) for fold in range(FOLDS)]
    return Models(folds, solve(learned.evidence, prior, learned.latest_us))


def _without(
    of: Judged, evidence: Evidence, fold: int, prior: Prior, learned: Learned
) -> Snapshot:
    for i in np.flatnonzero(of.log.customer % np.uint64(FOLDS) == fold).tolist():
        decided = of.taught[i]
        if decided is not None:
            evidence.remove(decided, redeemed=bool(of.redeemed[i]))
    return solve(evidence, prior, learned.latest_us)


def chances(of: Judged, models: Models, settings: Settings, worth: Worth) -> Floats:
    """The probabilities of a policy with these settings and this worth of offers, decision x column."""
    found = np.zeros_like(of.log.pmf)
    fold = of.log.customer % np.uint64(FOLDS)
    for number, snapshot in enumerate(models.folds):
        rows = np.flatnonzero(fold == number)
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            found[some] = _chances(of, some, snapshot, _tried(settings, snapshot, models), worth)
    return found


def _tried(settings: Settings, snapshot: Snapshot, models: Models) -> Exploration:
    """How much is tried. What is known of all decisions counts for it, as it does when the policy runs."""
    gamma = settings.gamma
    if settings.exploration == "igw":
        gamma *= sqrt((1.0 + models.whole.weight) / (1.0 + snapshot.weight))
    return Exploration(settings.exploration, gamma, settings.floor)


def _chances(
    of: Judged, rows: np.ndarray[tuple[int], np.dtype[np.intp]], snapshot: Snapshot, tried: Exploration, worth: Worth
) -> Floats:
    net = worth.of(of.named, of.last_net)
    cost = np.array([worth.cost.get(one, 0.0) for one in of.named], float)
    arms = [Arm(offer, value, contact=worth.contact) for offer, value in zip(of.offers, net, strict=True)]
    choices = choose_many(
        snapshot,
        [of.x[i] for i in rows.tolist()],
        arms,
        tried,
        [0] * len(rows),
        allowed=of.log.there[rows, :-1],
        values=net - of.prices[rows] * cost,
        leans=of.leans[rows],
    )
    return choices.pmf
