"""The running policy on logged decisions: with what probability it would have chosen each offer then.

A model flatters itself on decisions it has learned from. So customers are parted in folds, and each fold is scored by
what was learned without it: the sums are additive, what a decision taught is taken out as exactly as it was added. What
a customer had done, what a budget's price was and what was open are as they were logged; what offers are worth and how
much is tried are as they are now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promosight.flows.judged import Judged, Worth
from promosight.flows.minds import Learned, prior_of
from promosight.rules.decisioning import Settings
from promosight.rules.evidence import Decided, Evidence
from promosight.rules.logged import Floats
from promosight.rules.policy import Arm, Exploration, choose_many
from promosight.rules.refitting import copied, negated, refitted, summed
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve
from promosight.store.tx import Tx

Rows = NDArray[np.intp]
FOLDS = 5
_AT_ONCE = 2_000


class Models(NamedTuple):
    """A model for each fold of customers, which has not learned from them, and the one learned from all."""

    folds: list[Snapshot]
    whole: Snapshot
    refit: bool


def models_of(tx: Tx, of: Judged, plain: Learned, *, refit: bool) -> Models:
    """What was learned, without each fold; `refit` goes over the decisions as a refit version did."""
    prior = prior_of(tx, of.frame.catalogue, plain.evidence)
    lessons = Lessons.of(of)
    fold = of.log.customer % np.uint64(FOLDS)
    at = [np.flatnonzero(fold == number).tolist() for number in range(FOLDS)]
    folds = [lessons.model(plain, prior, without, refit=refit) for without in at]
    return Models(folds, lessons.model(plain, prior, (), refit=refit), refit)


class Lessons(NamedTuple):
    """What decisions taught, by their rows; None where one taught nothing."""

    decided: list[Decided | None]
    redeemed: list[bool]

    @classmethod
    def of(cls, judged: Judged) -> Lessons:
        """The lessons of these decisions."""
        found = [taught(judged, i) for i in range(len(judged.log))]
        return cls(found, judged.redeemed.tolist())

    def whole(self, half_life_us: int) -> Evidence:
        """What all of them taught."""
        return summed(*self._told(range(len(self.decided))), half_life_us)

    def refitted(
        self, rest: Evidence, without: Sequence[int], prior: Prior, now_us: int
    ) -> Evidence:
        """What all but some taught, made linear anew beside the rest."""
        left = sorted(set(range(len(self.decided))) - set(without))
        return refitted(*self._told(left), rest, prior, now_us)

    def model(
        self, plain: Learned, prior: Prior, without: Sequence[int], *, refit: bool
    ) -> Snapshot:
        """What was learned without some of the decisions."""
        evidence = copied(plain.evidence)
        gone = range(len(self.decided)) if refit else without
        evidence.merge(negated(summed(*self._told(gone), evidence.half_life_us)))
        if refit:
            evidence.merge(self.refitted(evidence, without, prior, plain.latest_us))
        return solve(evidence, prior, plain.latest_us)

    def _told(self, rows: Iterable[int]) -> tuple[list[Decided], list[bool]]:
        pairs = [(one, self.redeemed[i]) for i in rows if (one := self.decided[i]) is not None]
        return [one for one, _ in pairs], [label for _, label in pairs]


def taught(of: Judged, i: int) -> Decided | None:
    """A decision as learning saw it, None where it taught nothing."""
    offer = of.taught[i]
    if offer is None:
        return None
    at, decided_us = of.log.chosen[i], int(of.log.decided_us[i])
    return Decided(of.x[i], offer, float(of.p_hat[i, at]), decided_us, lean=float(of.leans[i, at]))


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
    of: Judged, rows: Rows, snapshot: Snapshot, tried: Exploration, worth: Worth
) -> Floats:
    net = worth.of(of.named, of.last_net)
    cost = np.array([worth.cost.get(one, 0.0) for one in of.named], float)
    arms = [
        Arm(offer, value, contact=worth.contact)
        for offer, value in zip(of.offers, net, strict=True)
    ]
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
