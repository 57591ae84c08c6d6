"""Policies to compare with: uniform, fixed orders, and "what if" something were changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.proving.logs import drawn, market, targets
from promosight.rules.estimating import NOT_ENOUGH, difference, estimate
from promosight.rules.logged import Floats, Log, Logged, log_of
from promosight.rules.targets import (
    best_fixed,
    fixed_order,
    instead,
    only_for,
    ranking,
    uniform,
    without,
)


def small() -> Log:
    """Three decisions; in the second only b can be offered."""
    return log_of(
        [
            Logged(("a", "b"), (0.5, 0.3, 0.2), (2.0, 1.0, 0.0), 0, 3.0),
            Logged(("b",), (0.6, 0.4), (1.0, 0.0), 0, 0.0),
            Logged(("b", "a"), (0.25, 0.25, 0.5), (1.0, 2.0, 0.0), None, 0.0),
        ]
    )


def rows(target: Floats) -> list[list[float]]:
    assert target.sum(axis=1) == pytest.approx(1)
    found: list[list[float]] = target.round(6).tolist()
    return found


def test_uniform_is_even_over_the_offers_that_could_be_made() -> None:
    """P19: every open offer alike, as the page says; none where nothing is open."""
    assert rows(uniform(small())) == [[0.5, 0.5, 0], [0, 1, 0], [0.5, 0.5, 0]]
    nothing = log_of(
        [Logged((), (1.0,), (0.0,), None, 0.0), Logged(("a",), (0.9, 0.1), (1.0, 0.0), 0, 1.0)]
    )
    assert rows(uniform(nothing)) == [[0, 1], [1, 0]]


def test_a_ranking_gives_everybody_the_first_that_is_there() -> None:
    """P19: and none where nothing of it is there."""
    assert rows(ranking(small(), [0, 1])) == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert rows(ranking(small(), [0])) == [[1, 0, 0], [0, 0, 1], [1, 0, 0]]


def test_what_if_an_offer_were_taken_away() -> None:
    """N10: its share goes to the others in proportion; to none where it was alone."""
    log = small()
    assert rows(without(log, log.pmf, 0)) == [[0, 0.6, 0.4], [0, 0.6, 0.4], [0, 0.333333, 0.666667]]
    only_b = ranking(log, [1])
    assert rows(without(log, only_b, 1)) == [[0, 0, 1]] * 3


def test_what_if_one_were_offered_instead_of_the_other() -> None:
    """N10: only where the new one was a candidate."""
    log = small()
    found = instead(log, log.pmf, 1, 0)
    assert rows(found) == [[0.8, 0, 0.2], [0, 0.6, 0.4], [0.5, 0, 0.5]]
    none = len(log.names) - 1
    assert rows(instead(log, log.pmf, 1, none))[1] == [0, 0, 1]


def test_what_if_an_offer_were_made_to_an_audience_alone() -> None:
    """N10: the others do without it."""
    log = small()
    found = only_for(log, log.pmf, 0, np.array([True, True, False]))
    assert rows(found)[0] == [0.5, 0.3, 0.2]
    assert rows(found)[2] == [0, 0.333333, 0.666667]


def test_what_if_tells_the_truth_and_refuses_what_was_never_tried() -> None:
    """N10: the effect of taking the best offer away is found; an offer nobody got is refused."""
    world = market(4, gamma=5.0)
    one = drawn(world, np.random.default_rng(2), 12_000)
    best = int(one.truly.mean(axis=0).argmax())
    less = without(one.log, one.log.pmf, best)
    found = difference(one.log, less, one.log.pmf).dr
    truth = ((less - one.log.pmf) * one.truly).sum(axis=1).mean()
    assert found is not None
    assert found.low <= truth <= found.high
    silent = instead(one.log, one.log.pmf, best, len(one.log.names) - 1)
    lost = difference(one.log, silent, one.log.pmf).dr
    assert lost is not None
    assert lost.high < 0
    pmf = one.log.pmf.copy()
    pmf[:, 0] = 0
    never = Log(one.log.names, pmf, one.log.expected, *later(one.log))
    fixed = np.zeros_like(pmf)
    fixed[:, 0] = 1.0
    kept = never.rows(never.chosen != 0)
    assert estimate(kept, fixed[: len(kept)]).support.state == NOT_ENOUGH


def later(log: Log) -> tuple[Any, ...]:
    return log.chosen, log.reward, log.customer, log.decided_us


def test_the_fixed_order_ends_with_none_and_leaves_out_what_loses() -> None:
    """P19: an offer that brings less than nothing is worse than none."""
    world = market(4, gamma=2.0)
    one = drawn(world, np.random.default_rng(3), 8_000)
    reward = np.where(one.log.chosen == 2, -5.0, one.log.reward)
    expected = one.log.expected.copy()
    expected[:, 2] = -5.0
    chosen, _, customer, decided = later(one.log)
    log = Log(one.log.names, one.log.pmf, expected, chosen, reward, customer, decided)
    order = fixed_order(log)
    assert order[-1] == len(log.names) - 1
    assert 2 not in order


def test_the_best_fixed_offer_is_found() -> None:
    """P19: both halves of the customers pick one that is as good as the best, or nearly."""
    world = market(6, personal=0.0, gamma=2.0)
    one = drawn(world, np.random.default_rng(4), 16_000)
    _, orders = best_fixed(one.log)
    truth = one.truly.mean(axis=0)
    for order in orders:
        assert truth[world.names.index(order[0])] > 0.9 * truth.max()
    assert targets(one, 2.0)["fixed"].argmax(axis=1)[0] == truth.argmax()
