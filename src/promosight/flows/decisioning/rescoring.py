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
from numpy.typing import NDArray

from promosight.flows.decisioning.judged import Judged
from promosight.flows.decisioning.minds import Learned, prior_of
from promosight.flows.decisioning.yardstick import Named, Worth
from promosight.flows.ledger.outstanding import Outstanding
from promosight.rules.decisioning import Settings
from promosight.rules.evidence import Decided
from promosight.rules.logged import Floats, Mask
from promosight.rules.policy import Arm, Benchmark, Exploration, blended, choose_many
from promosight.rules.refitting import Lessons, less, refitted
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve
from promosight.rules.targets import ranking
from promosight.store.tx import Tx

Rows = NDArray[np.intp]
FOLDS = 3
_AT_ONCE = 2_000


class Models(NamedTuple):
    """A model for each fold of customers, which has not learned from them, and the one learned from all."""

    folds: list[Snapshot]
    whole: Snapshot
    refit: bool


def models_of(tx: Tx, of: Judged, plain: Learned, *, refit: bool) -> Models:
    """What was learned, without each fold; `refit` goes over the decisions as a refit version did."""
    catalogue = of.frame.catalogue
    counters = Outstanding(tx, catalogue.workspace.workspace_no)
    prior = prior_of(catalogue, plain.evidence, counters)
    rows, lessons = lessons_of(of)
    fold = (of.log.customer % np.uint64(FOLDS))[rows]
    models = [
        _model(plain, prior, lessons, fold == number, refit=refit) for number in range(FOLDS + 1)
    ]
    return Models(models[:FOLDS], models[FOLDS], refit)


def lessons_of(of: Judged) -> tuple[Rows, Lessons]:
    """The decisions that taught something, and what they taught."""
    rows = np.array([i for i, offer in enumerate(of.taught) if offer is not None], np.intp)
    chosen = of.log.chosen[rows]
    p_hat, lean = of.p_hat[rows, chosen].tolist(), of.leans[rows, chosen].tolist()
    decided = []
    for i, p, leaning in zip(rows.tolist(), p_hat, lean, strict=True):
        offer, decided_us = of.taught[i], int(of.log.decided_us[i])
        assert offer is not None
        decided.append(Decided(of.x[i], offer, p, decided_us, lean=leaning, nth=of.nth[i]))
    return rows, Lessons.of(decided, of.label[rows].tolist())


def _model(
    plain: Learned, prior: Prior, lessons: Lessons, without: Mask, *, refit: bool
) -> Snapshot:
    """What was learned without some of the decisions."""
    if not refit:
        evidence = less(plain.evidence, lessons.rows(without))
    else:
        evidence = less(plain.evidence, lessons)
        evidence.merge(refitted(lessons.rows(~without), evidence, prior, plain.latest_us))
    return solve(evidence, prior, plain.latest_us)


def chances(of: Judged, models: Models, settings: Settings, worth: Worth) -> Floats:
    """The probabilities of a policy with these settings and this worth of offers, decision x column."""
    found = np.zeros_like(of.log.pmf)
    fold = of.log.customer % np.uint64(FOLDS)
    for number, snapshot in enumerate(models.folds):
        rows = np.flatnonzero(fold == number)
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            found[some] = _chances(of, some, snapshot, _tried(settings, snapshot, models), worth)
    named = settings.benchmark
    if named is None:
        return found
    columns = always(of, (named.promotion_id, named.tier_id)).argmax(axis=1)
    return blended(found, Benchmark(columns, named.share))


def always(of: Judged, named: Named) -> Floats:
    """The policy that makes one offer to everybody who could get it, and none to the others."""
    order = [of.named.index(named)] if named in of.named else []
    return ranking(of.log, order)


def _tried(settings: Settings, snapshot: Snapshot, models: Models) -> Exploration:
    """How much is tried. What is known of all decisions counts for it, as it does when the policy runs."""
    gamma = settings.gamma
    if settings.exploration == "igw":
        gamma *= sqrt((1.0 + models.whole.weight) / (1.0 + snapshot.weight))
    return Exploration(settings.exploration, gamma, settings.floor)


def _chances(
    of: Judged, rows: Rows, snapshot: Snapshot, tried: Exploration, worth: Worth
) -> Floats:
    nets = worth.nets(of.last, of.own[rows])
    arms = [Arm(offer, 0.0, contact=worth.contact) for offer in of.offers]
    choices = choose_many(
        snapshot,
        [of.x[i] for i in rows.tolist()],
        arms,
        tried,
        [0] * len(rows),
        allowed=of.log.there[rows, :-1],
        values=nets - of.prices[rows] * worth.taken(of.last),
        leans=of.leans[rows],
    )
    return choices.pmf
