"""Estimates of what other policies would have earned: those of Open Bandit Pipeline, and true as often as they say."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.proving.logs import drawn, market, targets, truths
from promosight.rules.estimating import (
    LOW_OVERLAP,
    NOT_ENOUGH,
    SUPPORTED,
    difference,
    dr_terms,
    effective_size,
    estimate,
    interval,
    ips_terms,
    snips_terms,
    support,
)
from promosight.rules.logged import Floats, Log, Logged, log_of
from promosight.rules.targets import one_each, uniform

FIXTURE: dict[str, Any] = json.loads((Path(__file__).parent / "open_bandit.json").read_text())
"""A log and the answers of obp 0.5.7, which does not install beside our Python; it was run once."""
LOGS, DECISIONS = 150, 4_000
TOLERANCE = 3 * sqrt(0.95 * 0.05 / LOGS)
"""Three standard errors of a share of 95%."""


def kept_log() -> tuple[Log, Floats]:
    count = len(FIXTURE["chosen"])
    log = Log(
        names=("a", "b", "c", "d", "none"),
        pmf=np.array(FIXTURE["logged"]) / 1000,
        expected=np.array(FIXTURE["expected"]) / 100,
        chosen=np.array(FIXTURE["chosen"], np.intp),
        reward=np.array(FIXTURE["reward"]) / 100,
        customer=np.arange(count, dtype=np.uint64),
        decided_us=np.zeros(count, np.int64),
    )
    return log, np.array(FIXTURE["target"]) / 1000


def test_estimates_are_those_of_open_bandit_pipeline() -> None:
    """P19: IPS, SNIPS and DR equal obp 0.5.7 on the same log to 1e-12, decision by decision."""
    log, target = kept_log()
    answers = FIXTURE["answers"]
    assert ips_terms(log, target).mean() == pytest.approx(answers["ips"], abs=1e-12, rel=0)
    assert snips_terms(log, target).mean() == pytest.approx(answers["snips"], abs=1e-12, rel=0)
    assert dr_terms(log, target).mean() == pytest.approx(answers["dr"], abs=1e-12, rel=0)
    assert np.abs(ips_terms(log, target) - answers["ips_rounds"]).max() < 1e-12
    assert np.abs(dr_terms(log, target) - answers["dr_rounds"]).max() < 1e-12


def test_the_value_of_the_policy_that_ran_is_what_it_earned() -> None:
    """P19: with weights of 1 nothing is estimated: IPS and SNIPS are the mean reward."""
    one = drawn(market(1), np.random.default_rng(1), DECISIONS)
    found = estimate(one.log, one.log.pmf)
    assert found.ips is not None
    assert found.snips is not None
    assert found.ips.value == pytest.approx(one.log.reward.mean())
    assert found.snips.value == pytest.approx(one.log.reward.mean())
    assert found.support.share == pytest.approx(1)


@pytest.mark.parametrize("gamma", [2.0, 20.0])
def test_where_an_interval_is_shown_it_holds_the_truth_as_often_as_it_says(gamma: float) -> None:
    """P19, N10: 95%, for IPS, SNIPS, DR and the difference from what ran; `./dev bench coverage` looks 1,000 times."""
    found = market(2, gamma=gamma)
    truth, rng = truths(found, DECISIONS, logs=15), np.random.default_rng(5)
    held: list[tuple[bool, ...]] = []
    for _ in range(LOGS):
        one = drawn(found, rng, DECISIONS)
        for name, target in targets(one, gamma).items():
            shown = estimate(one.log, target)
            against = difference(one.log, target, one.log.pmf)
            if shown.support.state != SUPPORTED or name == "logged":
                assert (shown.dr is None) == (shown.support.state == NOT_ENOUGH)
                continue
            intervals = [(i, truth[name]) for i in (shown.dr, shown.snips, shown.ips)]
            intervals.append((against.dr, truth[name] - truth["logged"]))
            held.append(tuple(i is not None and i.low <= t <= i.high for i, t in intervals))
    assert len(held) >= LOGS
    assert np.abs(np.mean(held, axis=0) - 0.95).max() < TOLERANCE


def test_decisions_of_one_customer_are_not_counted_as_independent() -> None:
    """P19: the same outcome ten times tells no more than once."""
    one = drawn(market(1), np.random.default_rng(2), 1_000)
    terms = dr_terms(one.log, one.log.pmf)
    once = interval(one.log, terms)
    log = one.log.rows(np.repeat(np.arange(1_000), 10))
    assert interval(log, np.repeat(terms, 10)).half == pytest.approx(once.half)


def test_a_wrong_model_widens_the_interval_and_does_not_move_it() -> None:
    """P19: DR is right whatever the model expects, unlike the direct method, which is never shown alone."""
    found = market(3)
    rng, truth = np.random.default_rng(3), truths(market(3), DECISIONS, logs=15)["current"]
    values, halves = [], []
    for _ in range(60):
        one = drawn(found, rng, DECISIONS)
        target = targets(one, found.gamma)["current"]
        wrong = one.log.expected * 3 + 1
        log = Log(one.log.names, one.log.pmf, wrong, *list_after(one.log))
        shown = interval(log, dr_terms(log, target))
        values.append(shown.value)
        halves.append(shown.half)
        assert (target * wrong).sum(axis=1).mean() > truth + shown.half
    assert np.mean(values) == pytest.approx(truth, abs=3 * float(np.std(values)) / sqrt(60))


def list_after(log: Log) -> tuple[Any, ...]:
    return log.chosen, log.reward, log.customer, log.decided_us


def test_where_support_is_thin_there_is_no_number() -> None:
    """N10: a policy that does what was hardly ever done is refused, with the reason."""
    one = drawn(market(1, gamma=200.0), np.random.default_rng(4), DECISIONS)
    worst = one_each(one.log, one.log.pmf.argmin(axis=1))
    found = estimate(one.log, worst)
    assert found.support.state == NOT_ENOUGH
    assert (found.dr, found.snips, found.ips) == (None, None, None)
    assert {"few_decisions", "low_overlap"} <= set(found.support.reasons)
    assert difference(one.log, one.log.pmf, worst).dr is None


def test_a_small_log_is_refused_however_well_it_fits() -> None:
    """N10: under 1,000 effective decisions, or under 50 that brought something, nothing is said."""
    one = drawn(market(1), np.random.default_rng(4), 900)
    assert "few_decisions" in support(one.log, one.log.pmf).reasons
    many = drawn(market(1), np.random.default_rng(4), DECISIONS).log
    poor = Log(
        many.names, many.pmf, many.expected, many.chosen, many.reward * 0, *list_after(many)[2:]
    )
    assert support(poor, poor.pmf).reasons == ("few_outcomes",)


def test_low_overlap_is_shown_with_a_warning() -> None:
    """N10: between 0.10 and 0.30 effective decisions of each, an interval with a warning."""
    one = drawn(market(1, gamma=40.0), np.random.default_rng(6), 8_000)
    found = estimate(one.log, uniform(one.log))
    assert 0.10 <= found.support.share < 0.30
    assert found.support.state == LOW_OVERLAP
    assert found.dr is not None


def test_one_decision_must_not_carry_the_estimate() -> None:
    """N10: a single weight over 1% of all is refused even when there are enough others."""
    rows = [Logged(("a",), (0.5, 0.5), (0.0, 0.0), 0, 1.0) for _ in range(3_000)]
    rows.append(Logged(("a",), (0.005, 0.995), (0.0, 0.0), 0, 1.0))
    log = log_of(rows)
    assert "heavy_weight" in support(log, np.tile([1.0, 0.0], (len(log), 1))).reasons


def test_weights_that_are_not_1_on_average_are_refused() -> None:
    """N10: logged probabilities that cannot be the ones drawn from show in the mean weight."""
    one = drawn(market(1), np.random.default_rng(8), DECISIONS)
    even = one.log.there / one.log.there.sum(axis=1, keepdims=True)
    lied = Log(one.log.names, even, one.log.expected, *list_after(one.log))
    assert "weights_off" in support(lied, one.log.pmf).reasons


def test_a_target_that_offers_what_was_no_candidate_is_refused() -> None:
    """N10: of an offer that could not be made the log says nothing."""
    rows = [
        Logged(
            ("a", "b") if at % 2 else ("a",),
            (0.4, 0.3, 0.3) if at % 2 else (0.5, 0.5),
            (0, 0, 0)[: 3 - (at + 1) % 2],
            0,
            1.0,
        )
        for at in range(4_000)
    ]
    log = log_of(rows)
    assert "not_offered" in support(log, np.tile([0.5, 0.2, 0.3], (len(log), 1))).reasons


def test_an_empty_log_says_so() -> None:
    """N10: nothing decided, nothing claimed."""
    log = log_of([])
    assert estimate(log, log.pmf).support.reasons == ("few_decisions",)


def test_the_effective_size_is_kishs() -> None:
    """P19: equal weights count fully; one heavy one counts as one."""
    assert effective_size(np.ones(7)) == pytest.approx(7)
    assert effective_size(np.array([5.0, 0, 0])) == pytest.approx(1)
    assert effective_size(np.zeros(3)) == 0
