"""Estimates as they are told: a value with its interval, or no number and why not.

`supported`, `low overlap` and `not enough support` are the words of the API for how well the log covers a policy. Where
support is not enough there is no interval and no value: a number that cannot be trusted is not shown at all.
"""

from __future__ import annotations

from math import isfinite

import msgspec

from promosight.rules.estimating import (
    LOW_OVERLAP,
    NOT_ENOUGH,
    SUPPORTED,
    Difference,
    Estimated,
    Interval,
    Support,
)
from promosight.rules.evaluation import Verdict, cautious

WORDS = {
    SUPPORTED: "supported",
    LOW_OVERLAP: "low overlap",
    NOT_ENOUGH: "not enough support",
    "no_gain": "no gain",
}
"""Codes of the rules as the API says them; others are the same."""
_WHY = {
    "few_decisions": "too few settled decisions tell of it",
    "low_overlap": "it chooses too differently from what was logged",
    "heavy_weight": "a single decision would carry too much of the estimate",
    "weights_off": "the logged probabilities do not fit what was drawn",
    "few_outcomes": "too few redemptions were seen under it",
    "not_offered": "it chooses offers that were never given to such customers",
    "never_offered": "it was never offered, so nobody knows how many would redeem it",
}


class Shown(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An answer has these fields and no others."""


class AboutDecisions(Shown):
    """Which decisions an answer is about, and in what it is told.

    Of the `decisions` of the period `settled` are old enough to be judged and `young` are not; `used` were read.
    """

    objective: str
    unit: str
    policy_version: str
    since: str
    until: str
    horizon_days: float
    decisions: int
    settled: int
    used: int
    young: int
    as_of: str


class ValueEstimate(Shown):
    """A value per decision with its 95% interval."""

    value: float
    interval: tuple[float, float]


class SupportShown(Shown):
    """How well the log covers a policy: why there is no number, in stable codes and in words."""

    reasons: list[str]
    words: str
    decisions: int
    share: float
    heaviest: float
    mean_weight: float
    rewarded: float


class PolicyEstimate(Shown):
    """What a policy brings per decision: `dr` is the headline. All null where there is not enough support."""

    policy: str
    gate: str
    effective_sample_size: float
    dr: ValueEstimate | None
    snips: ValueEstimate | None
    ips: ValueEstimate | None
    support: SupportShown


class PolicyDifference(Shown):
    """What one policy brings more per decision than another, on the same decisions.

    `cautious` is the interval a verdict rests on: wider than the estimate's where overlap is low.
    """

    gate: str
    effective_sample_size: float
    estimate: ValueEstimate | None
    cautious: tuple[float, float] | None
    support: SupportShown


def worded(code: str) -> str:
    """A code of the rules as the API says it."""
    return WORDS.get(code, code)


def told(found: Interval | None) -> ValueEstimate | None:
    """An interval as it is told; None for what is no number."""
    if found is None or not all(map(isfinite, found)):
        return None
    return ValueEstimate(value=found.value, interval=(found.low, found.high))


def policy_told(name: str, found: Estimated) -> PolicyEstimate:
    """What a policy was found to bring."""
    return PolicyEstimate(
        policy=name,
        gate=worded(found.support.state),
        effective_sample_size=round(found.support.effective, 1),
        dr=told(found.dr),
        snips=told(found.snips),
        ips=told(found.ips),
        support=support_told(found.support),
    )


def difference_told(found: Difference) -> PolicyDifference:
    """What one policy was found to bring more than another."""
    wide = cautious(found)
    return PolicyDifference(
        gate=worded(found.support.state),
        effective_sample_size=round(found.support.effective, 1),
        estimate=told(found.dr),
        cautious=None if wide is None else (wide.low, wide.high),
        support=support_told(found.support),
    )


def support_told(found: Support) -> SupportShown:
    """How well the log covers a policy."""
    why = [_WHY.get(one, one) for one in found.reasons]
    if found.state == SUPPORTED:
        words = "The log tells enough of it."
    elif found.state == LOW_OVERLAP:
        words = "It differs much from what was logged; the true range is wider than the interval."
    else:
        words = "There is not enough support: " + "; ".join(why) + "."
    return SupportShown(
        reasons=list(found.reasons),
        words=words,
        decisions=found.decisions,
        share=found.share,
        heaviest=found.heaviest,
        mean_weight=found.mean_weight,
        rewarded=found.rewarded,
    )


def verdict_code(found: Verdict) -> str:
    """`gain`, `no gain`, `worse` or `not enough support`."""
    return worded(found.code)
