"""The report and its verdict: gain, no gain, worse, or not enough support."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.proving.logs import drawn, market, targets
from promosight.rules.estimating import (
    LOW_OVERLAP,
    NOT_ENOUGH,
    SUPPORTED,
    Difference,
    Interval,
    Support,
    difference,
)
from promosight.rules.evaluation import (
    CAUTION,
    evaluate,
    fold_of,
    may_promote,
    measured,
    verdict,
)
from promosight.rules.logged import Logged, log_of
from promosight.rules.targets import best_fixed, fixed_order, one_each

SEEDS = range(12)


def found(value: float, half: float, state: str = SUPPORTED) -> Difference:
    support = Support(state, (), 5_000, 2_000.0, 0.001, 1.0, 400.0)
    return Difference(Interval(value, value - half, value + half), support)


def test_where_customers_differ_choosing_for_each_is_shown_to_gain() -> None:
    """P19: the offers that look best for each customer are told from the best fixed offer."""
    codes = [_code(seed, personal=1.2) for seed in SEEDS]
    assert codes.count("gain") >= 10
    assert codes.count("worse") == 0


def test_without_personal_differences_no_gain_is_claimed() -> None:
    """P19: one offer is best for all, and a model that sees differences where there are none gains nothing by it."""
    codes = [_code(seed, personal=0.0) for seed in SEEDS]
    assert codes.count("gain") == 0
    assert codes.count("no_gain") + codes.count("worse") >= 10


def _code(seed: int, personal: float) -> str:
    world = market(seed, personal=personal, offers=6, gamma=3.0)
    one = drawn(world, np.random.default_rng([9, seed]), 12_000)
    return evaluate(one.log, targets(one, world.gamma)["greedy"]).verdict.code


@pytest.mark.parametrize(("personal", "code"), [(1.2, "gain"), (0.0, "no_gain")])
def test_with_many_offers_a_benchmark_share_lets_the_fixed_offer_be_judged(
    personal: float, code: str
) -> None:
    """P19, N10: without it there is not enough support; with it a gain is told from none, with a warning."""
    world = market(3, personal=personal, offers=20, gamma=100.0)
    first = drawn(world, np.random.default_rng(1), 12_000)
    greedy = targets(first, world.gamma)["greedy"]
    unsure = evaluate(first.log, greedy)
    assert (unsure.verdict.code, unsure.against_fixed.dr) == ("not_enough_support", None)
    named = fixed_order(first.log)[0]
    later = drawn(world, np.random.default_rng(2), 20_000, (named, 0.12))
    benchmark = one_each(later.log, np.full(20_000, named))
    greedy = targets(later, world.gamma)["greedy"]
    found = difference(later.log, greedy, benchmark)
    truth = ((greedy - benchmark) * later.truly).sum(axis=1).mean()
    assert found.dr is not None
    assert found.dr.low <= truth <= found.dr.high
    told = verdict(found).code
    assert told == code or (code == "no_gain" and told == "worse")


def test_the_best_fixed_offer_is_judged_by_other_customers_than_it_was_picked_by() -> None:
    """P19: of many alike the one that was lucky would look better than it is; picked honestly, it does not."""
    world = market(5, personal=0.0, offers=8, gamma=0.5)
    world = replace(world, quality=world.quality * 0, value=np.full(8, 20.0))
    gains, flattered = [], []
    for seed in range(40):
        one = drawn(world, np.random.default_rng([3, seed]), 3_000)
        offered = (one.log.pmf.sum(axis=0) > 0)[:-1]
        truth = one.truly[:, :-1][:, offered].mean()
        values = [
            (one.log.reward * (one.log.chosen == c) / one.log.propensity).mean() for c in range(8)
        ]
        target, _ = best_fixed(one.log)
        weight = one.log.at_chosen(target) / one.log.propensity
        gains.append((weight * one.log.reward).mean() - truth)
        flattered.append(max(values) - truth)
    error = np.std(gains) / np.sqrt(len(gains))
    assert abs(np.mean(gains)) < 3 * error
    assert np.mean(flattered) > 3 * error


def test_a_verdict_claims_no_more_than_its_interval() -> None:
    """P19: above 0, below 0, around 0, or nothing to say."""
    assert verdict(found(0.2, 0.1)).code == "gain"
    assert verdict(found(-0.2, 0.1)).code == "worse"
    assert verdict(found(0.05, 0.1)).code == "no_gain"
    assert "No gain is shown over the best fixed offer" in verdict(found(0.05, 0.1)).words
    nothing = Difference(None, Support(NOT_ENOUGH, ("low_overlap",), 5_000, 90.0, 0.1, 1.0, 9.0))
    assert verdict(nothing).code == "not_enough_support"
    assert "5,000 decisions tell as much as 90" in verdict(nothing).words


def test_under_low_overlap_a_verdict_needs_a_wider_margin() -> None:
    """N10: intervals there are too narrow, so nothing rests on their bare bounds."""
    assert verdict(found(1.2, 1.0)).code == "gain"
    assert CAUTION > 1.2
    close = found(1.2, 1.0, LOW_OVERLAP)
    assert verdict(close).code == "no_gain"
    assert "overlap is low" in verdict(close).words
    assert verdict(found(1.6, 1.0, LOW_OVERLAP)).code == "gain"


def test_a_version_is_promoted_only_if_its_lower_bound_is_above_the_running_one() -> None:
    """P19: by itself; a person may promote what they like."""
    assert may_promote(found(0.2, 0.1))
    assert not may_promote(found(0.2, 0.3))
    assert not may_promote(found(1.2, 1.0, LOW_OVERLAP))
    assert not may_promote(Difference(None, found(0, 1).support))


def test_a_candidate_like_the_running_version_is_never_promoted() -> None:
    """P19: paired, so that what both have in common is not noise: the difference of equals is exactly 0."""
    one = drawn(market(1), np.random.default_rng(1), 4_000)
    same = difference(one.log, one.log.pmf, one.log.pmf)
    assert tuple(same.dr or ()) == (0, 0, 0)
    assert not may_promote(same)


def test_folds_are_the_halves_that_the_fixed_offer_is_judged_by() -> None:
    """P19: a customer is always in the same fold."""
    names = [f"c-{at}" for at in range(100)]
    log = log_of(Logged((), (1.0,), (0.0,), None, 0.0, customer=name) for name in names)
    assert [fold_of(name) for name in names] == (log.customer % np.uint64(2)).tolist()
    assert 30 < sum(map(fold_of, names)) < 70


def test_uplift_is_measured_against_the_control_group_per_customer() -> None:
    """P19: total value per customer, with the interval of docs/return.md; too few customers have none."""
    rng = np.random.default_rng(3)
    treated = (rng.random(3_000) < 0.3) * rng.exponential(40, 3_000)
    control = (rng.random(400) < 0.2) * rng.exponential(40, 400)
    shown = measured(treated.tolist(), control.tolist())
    assert shown.uplift is not None
    assert shown.uplift.value == pytest.approx(treated.mean() - control.mean())
    assert shown.uplift.low < 4 < shown.uplift.high
    assert measured(treated.tolist(), []).reason == "no_control_group"
    assert measured(treated.tolist(), [1.0] * 5).reason == "too_few"
    assert measured([0.0] * 50, [0.0] * 50).reason == "no_outcomes"
