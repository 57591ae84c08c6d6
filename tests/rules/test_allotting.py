"""A list of customers solved at once: within all budgets and caps, and worth more than first come, first served."""

from __future__ import annotations

from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.rules.allotting import NONE, Allotment, solve_batch, walk
from promosight.rules.logged import Floats, Ints, Mask
from promosight.rules.pacing import Liability, Reserve, committed
from promosight.rules.shadow import Pool, priced

RESERVES: tuple[Reserve, ...] = ("two_sd", "full")


class List:
    """Customers with orders of different size, offers with costs; two tiers of each promotion."""

    def __init__(self, seed: int, customers: int, arms: int) -> None:
        rng = np.random.default_rng([81, seed])
        self.p = 1 / (1 + np.exp(2.8 - rng.normal(0, 1, (customers, arms))))
        orders = rng.lognormal(0, 0.7, (customers, 1))
        self.value = 30 * rng.lognormal(0, 0.2, arms) * orders - 2
        self.cost = rng.lognormal(1.5, 0.4, arms)
        self.pool_of: Ints = (np.arange(arms) // 2).astype(np.intp)
        self.pools = (arms + 1) // 2

    def solved(self, pools: list[Pool], reserve: Reserve, allowed: Mask | None = None) -> Allotment:
        return solve_batch(
            self.p, self.value, self.cost, self.pool_of, pools, reserve=reserve, allowed=allowed
        )

    def liabilities(self, arm: Ints, pools: list[Pool]) -> list[Liability]:
        found = [one.liability for one in pools]
        for customer, column in enumerate(arm.tolist()):
            if 0 <= column < len(self.cost):
                pool, cost = self.pool_of[column], float(self.cost[column])
                found[pool] = found[pool].promise(cost, float(self.p[customer, column]))
        return found


def holds(one: List, arm: Ints, pools: list[Pool], reserve: Reserve) -> bool:
    counts = np.bincount(one.pool_of[arm[(arm >= 0) & (arm < len(one.cost))]], minlength=len(pools))
    money = [
        committed(liable, reserve) <= max(pool.budget, committed(pool.liability, reserve)) + 1e-9
        for liable, pool in zip(one.liabilities(arm, pools), pools, strict=True)
    ]
    return all(money) and all(counts <= [max(pool.places, 0) for pool in pools])


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 1_000),
    st.lists(st.tuples(st.floats(0, 200), st.sampled_from([0, 1, 5, inf])), min_size=4, max_size=4),
    st.sampled_from(RESERVES),
)
def test_nothing_is_overdrawn(
    seed: int, limits: list[tuple[float, float]], reserve: Reserve
) -> None:
    """N8: neither money nor places of any pool, with promises already open."""
    one = List(seed, 60, 8)
    pools = [Pool(budget, places, Liability().promise(3, 0.2)) for budget, places in limits]
    found = one.solved(pools, reserve)
    assert holds(one, found.arm, pools, reserve)
    assert all(one.value[i, j] > 0 for i, j in enumerate(found.arm.tolist()) if j != NONE)


@pytest.mark.parametrize("reserve", RESERVES)
def test_a_list_solved_together_brings_more_than_first_come_first_served(reserve: Reserve) -> None:
    """N8: the scarce money goes to whom it is worth most; close to what nobody can exceed."""
    one = List(1, 3_000, 12)
    pools = [Pool(budget=120.0, places=400) for _ in range(one.pools)]
    together = one.solved(pools, reserve)
    in_turn = first_come(one, pools, reserve)
    assert holds(one, together.arm, pools, reserve)
    assert together.value > 1.5 * in_turn
    assert together.value <= together.prices.bound
    if reserve == "full":
        assert together.value > 0.95 * together.prices.bound


def first_come(one: List, pools: list[Pool], reserve: Reserve) -> float:
    """Each customer in turn gets the best that is still there."""
    worth = one.p * one.value

    def draw(start: int, there: Mask) -> Ints:
        scores = np.column_stack([np.where(there, worth, -inf), np.zeros(len(worth))])
        best: Ints = scores[start:].argmax(axis=1)
        return best

    arm = walk(draw, one.p, one.cost, one.pool_of, pools, reserve)
    return float(np.column_stack([worth, np.zeros(len(worth))])[np.arange(len(arm)), arm].sum())


def test_a_small_list_is_solved_as_well_as_by_trying_everything() -> None:
    """N8: near the best of all allotments, though one promise more or less is much here."""
    shares = []
    for seed in range(8):
        one = List(seed, 6, 3)
        pools = [Pool(budget=6.0), Pool(places=2)]
        found = one.solved(pools, "full")
        best = 0.0
        for arms in product(range(-1, 3), repeat=6):
            arm = np.array(arms, np.intp)
            if holds(one, arm, pools, "full"):
                got = np.flatnonzero(arm != NONE)
                best = max(best, float((one.p * one.value)[got, arm[got]].sum()))
        shares.append(found.value / best)
        assert found.value <= best + 1e-9
        assert found.prices.bound >= best - 1e-9
    assert np.mean(shares) > 0.8


def test_without_limits_everybody_gets_their_best_and_nothing_has_a_price() -> None:
    """N8: a shadow price is 0 where there is enough."""
    one = List(2, 200, 6)
    found = one.solved([Pool() for _ in range(one.pools)], "two_sd")
    worth = np.column_stack([one.p * one.value, np.zeros(200)])
    assert found.value == pytest.approx(worth.max(axis=1).sum())
    assert found.prices.bound == pytest.approx(found.value)
    assert not found.prices.money.any()
    assert not found.prices.place.any()


def test_what_is_not_allowed_is_not_given() -> None:
    """N8: eligibility comes before everything."""
    one = List(3, 100, 4)
    allowed = np.random.default_rng(1).random((100, 4)) < 0.5
    arm = one.solved([Pool(), Pool()], "two_sd", allowed).arm
    assert all(allowed[i, j] for i, j in enumerate(arm.tolist()) if j != NONE)
    nobody = one.solved([Pool(50.0), Pool(50.0)], "two_sd", np.zeros((100, 4), bool))
    assert (nobody.arm == NONE).all()


def test_an_empty_list_is_solved_too() -> None:
    """N8: nobody, nothing."""
    one = List(4, 0, 4)
    found = one.solved([Pool(50.0), Pool(places=1)], "two_sd")
    assert found.value == 0
    assert not len(
        walk(lambda s, t: np.empty(0, np.intp), one.p, one.cost, one.pool_of, [Pool(), Pool()])
    )


@pytest.mark.parametrize("reserve", RESERVES)
def test_a_walk_draws_only_what_surely_fits(reserve: Reserve) -> None:
    """N8, P19: with exploration nothing is refused after the draw, so logged propensities are those drawn from."""
    one = List(5, 2_000, 8)
    pools = [Pool(budget=60.0, places=100) for _ in range(one.pools)]
    worth = one.p * one.value
    prices = priced(one.p, worth, one.cost, one.pool_of, pools, reserve)
    scores = worth - prices.of_arms(one.p, one.cost, one.pool_of, reserve)
    pmf = np.zeros((2_000, 9))
    calls = []

    def draw(start: int, there: Mask) -> Ints:
        calls.append(start)
        weight = np.where(there, np.exp(scores[start:]), 0.0)
        whole: Floats = np.column_stack([weight, np.ones(len(weight))])
        pmf[start:] = whole / whole.sum(axis=1, keepdims=True)
        passed = pmf[start:].cumsum(axis=1) < np.random.default_rng(7).random((2_000, 1))[start:]
        drawn: Ints = passed.sum(axis=1)
        return drawn

    arm = walk(draw, one.p, one.cost, one.pool_of, pools, reserve)
    assert holds(one, arm, pools, reserve)
    assert (pmf[np.arange(2_000), arm] > 0).all()
    assert calls == sorted(calls)
    assert 1 < len(calls) <= 9


def test_ten_thousand_customers_and_thirty_offers_have_prices_that_repeat() -> None:
    """N8: the same list gives the same answer, bit by bit."""
    one = List(6, 10_000, 30)
    pools = [Pool(budget=100.0) for _ in range(one.pools)]
    first, second = one.solved(pools, "two_sd"), one.solved(pools, "two_sd")
    assert first.value == second.value
    assert (first.arm == second.arm).all()
