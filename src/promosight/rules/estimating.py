"""What another policy would have earned, from the log of the one that ran: IPS, SNIPS and DR, with their support.

With w = target probability / logged propensity of what was chosen: inverse propensity scoring (Horvitz and Thompson
1952) is the mean of w r; its self-normalised form (Swaminathan and Joachims 2015) divides by the mean of w; doubly
robust (Dudik, Langford and Li 2011) takes the model's expectation of the target's choice and corrects it by w times
what the model was wrong by. Propensities are exact, so DR is right whatever the model; the model used is the one
logged with each decision, which had not seen that decision's outcome (lagged, so no cross-fitting is needed).

Intervals are normal ones, 95%, with a variance between customers. They are true only where the log has enough of what
the target does (`Support`): measured, see docs/evaluation.md. Elsewhere there is no number.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np

from promosight.rules.logged import Floats, Log

Z = 1.959963984540054
SUPPORTED, LOW_OVERLAP, NOT_ENOUGH = "supported", "low_overlap", "not_enough_support"

ENOUGH_EFFECTIVE = 1_000
GREEN, AMBER = 0.30, 0.10
"""Least share of effective decisions for an interval, and for one with a warning."""
HEAVIEST = 0.01
"""No single decision may have more than this share of all weight."""
ENOUGH_REWARDED = 50
"""Least effective number of decisions that brought something."""
UNCOVERED = 0.01
"""So much of the target's choices may be of arms that were no candidates."""


class Interval(NamedTuple):
    """An estimate with its 95% interval."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half its width."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class Support:
    """How well the log covers a target policy."""

    state: str
    """supported, low_overlap (intervals are somewhat too narrow) or not_enough_support."""
    reasons: tuple[str, ...]
    """What is missing: few_decisions, low_overlap, heavy_weight, weights_off, few_outcomes, not_offered."""
    decisions: int
    effective: float
    """(sum w)^2 / sum w^2: as many decisions of the target's own would tell as much."""
    heaviest: float
    """The greatest weight's share of all weight."""
    mean_weight: float
    rewarded: float
    """Effective number of decisions that brought something."""

    @property
    def share(self) -> float:
        """Effective decisions as a share of all."""
        return self.effective / self.decisions if self.decisions else 0.0


@dataclass(frozen=True, slots=True)
class Estimated:
    """Value per decision of a policy. `dr` is the headline. All None where there is not enough support."""

    dr: Interval | None
    snips: Interval | None
    ips: Interval | None
    support: Support


@dataclass(frozen=True, slots=True)
class Difference:
    """What one policy earns more per decision than another, by DR on the same decisions."""

    dr: Interval | None
    support: Support
    """The weaker of the two."""


def estimate(log: Log, target: Floats) -> Estimated:
    """The value of a target policy, given by its probabilities (decision x arm)."""
    found = support(log, target)
    if found.state == NOT_ENOUGH:
        return Estimated(None, None, None, found)
    snips = snips_terms(log, target)
    return Estimated(
        dr=interval(log, dr_terms(log, target)),
        snips=interval(log, snips),
        ips=interval(log, ips_terms(log, target)),
        support=found,
    )


def difference(log: Log, target: Floats, other: Floats) -> Difference:
    """Target less other. Paired: what both have in common cancels."""
    found = min(support(log, target), support(log, other), key=_strength)
    if found.state == NOT_ENOUGH:
        return Difference(None, found)
    return Difference(interval(log, dr_terms(log, target) - dr_terms(log, other)), found)


def weights(log: Log, target: Floats) -> Floats:
    """How much more often the target would have made each logged choice."""
    return log.at_chosen(target) / log.propensity


def ips_terms(log: Log, target: Floats) -> Floats:
    """One term per decision, whose mean is the estimate."""
    return weights(log, target) * log.reward


def snips_terms(log: Log, target: Floats) -> Floats:
    """Terms whose mean is the self-normalised estimate and whose spread is (to first order) its own."""
    weight = weights(log, target)
    mean = weight.mean()
    value = (weight * log.reward).mean() / mean
    found: Floats = value + weight * (log.reward - value) / mean
    return found


def dr_terms(log: Log, target: Floats) -> Floats:
    """What the model expects of the target's choice, corrected by what it was wrong by."""
    wrong = log.reward - log.at_chosen(log.expected)
    found: Floats = (target * log.expected).sum(axis=1) + weights(log, target) * wrong
    return found


def interval(log: Log, terms: Floats) -> Interval:
    """The mean with its 95% interval. Customers are independent of each other, decisions of one are not."""
    value, half = float(terms.mean()), Z * _error(log, terms)
    return Interval(value, value - half, value + half)


def _error(log: Log, terms: Floats) -> float:
    """Standard error of a mean, clustered by customer."""
    _, who = np.unique(log.customer, return_inverse=True)
    sums = np.bincount(who, terms - terms.mean())
    count = len(sums)
    return sqrt(float(sums @ sums) * count / max(count - 1, 1)) / len(terms)


def support(log: Log, target: Floats) -> Support:
    """How well the log covers the target, by its weights alone (and by how many outcomes there are)."""
    if not len(log):
        return Support(NOT_ENOUGH, ("few_decisions",), 0, 0.0, 0.0, 0.0, 0.0)
    weight = weights(log, target)
    total = float(weight.sum())
    reasons = _reasons(log, target, weight)
    effective = effective_size(weight)
    green = not reasons and effective >= GREEN * len(log)
    if not green and effective < AMBER * len(log):
        reasons.append("low_overlap")
    return Support(
        state=SUPPORTED if green else NOT_ENOUGH if reasons else LOW_OVERLAP,
        reasons=tuple(reasons),
        decisions=len(log),
        effective=effective,
        heaviest=float(weight.max()) / total if total else 1.0,
        mean_weight=total / len(log),
        rewarded=effective_size(weight * (log.reward > 0)),
    )


def _reasons(log: Log, target: Floats, weight: Floats) -> list[str]:
    """What forbids an interval, besides a low share of effective decisions."""
    error = float(weight.std()) / sqrt(len(log))
    missing = float((target * ~log.there).sum()) / len(log)
    found = {
        "few_decisions": effective_size(weight) < ENOUGH_EFFECTIVE,
        "heavy_weight": float(weight.max()) > HEAVIEST * float(weight.sum()),
        "weights_off": abs(float(weight.mean()) - 1) > 3 * error + 1e-9,
        "few_outcomes": effective_size(weight * (log.reward > 0)) < ENOUGH_REWARDED,
        "not_offered": missing > UNCOVERED,
    }
    return [name for name, holds in found.items() if holds]


def effective_size(weight: Floats) -> float:
    """Kish's effective sample size."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def _strength(one: Support) -> tuple[int, float]:
    return (NOT_ENOUGH, LOW_OVERLAP, SUPPORTED).index(one.state), one.effective
