"""Budgets: never more promised than there is, and spent where it is worth most over the whole window."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.proving.budgets import Play, season
from promosight.rules.pacing import (
    DAY_US,
    Liability,
    Pace,
    begun,
    committed,
    fits,
    paced,
    surplus,
)

SEASONS = (0, 1, 2)
promises = st.lists(
    st.tuples(
        st.floats(0.5, 50), st.floats(0.001, 0.9), st.sampled_from(["redeem", "lapse", "open"])
    )
)


@pytest.mark.parametrize("seed", SEASONS)
def test_pacing_brings_more_than_greed_and_overspends_nothing(seed: int) -> None:
    """N8: learned probabilities, delay and budgets together; `./dev bench pacing` plays more and longer seasons."""
    one = season(seed, 6_000, 12)
    greedy, ours = Play(one, pacing=False).out(), Play(one, pacing=True).out()
    assert ours.value > 1.4 * greedy.value
    assert ours.overspent == 0


def test_pacing_brings_1_6_times_what_greed_brings_on_average() -> None:
    """N8: over full seasons, nothing overspent."""
    ratios = []
    for seed in SEASONS:
        one = season(seed)
        greedy, ours = Play(one, pacing=False).out(), Play(one, pacing=True).out()
        ratios.append(ours.value / greedy.value)
        assert ours.overspent == 0
    assert np.mean(ratios) >= 1.6


def test_where_everybody_is_alike_pacing_costs_little() -> None:
    """N8: nothing can be gained there; reserves that come back late are not spent any more (docs/evaluation.md)."""
    one = season(1, spread=0.0)
    assert Play(one, pacing=True).out().value > 0.8 * Play(one, pacing=False).out().value


def test_pacing_helps_most_under_the_full_reserve() -> None:
    """N8: where every promise is reserved at its face value, room for promises is what is scarce."""
    one = season(0, 6_000, 12)
    greedy = Play(one, pacing=False, reserve="full").out()
    ours = Play(one, pacing=True, reserve="full").out()
    assert ours.value > 1.6 * greedy.value
    assert ours.overspent == 0


def test_with_the_full_reserve_not_even_the_worst_case_overspends() -> None:
    """N8: had every single promise been redeemed."""
    one = season(3, 3_000, 8)
    all_redeemed = replace(one, likely=np.ones_like(one.likely))
    found = Play(all_redeemed, pacing=True, reserve="full").out()
    assert found.overspent == 0
    assert found.spent.max() > 0


@given(promises)
def test_what_is_promised_and_undone_leaves_no_trace(found: list[tuple[float, float, str]]) -> None:
    """N8: promises that lapse give all of their room back; what is spent is the sum of what was redeemed."""
    liable = Liability()
    for cost, p, _ in found:
        liable = liable.promise(cost, p)
    assert committed(liable, "full") == pytest.approx(sum(cost for cost, _, _ in found))
    assert committed(liable) <= committed(liable, "full") + 1e-9
    for cost, p, fate in found:
        if fate != "open":
            liable = liable.redeem(cost, p) if fate == "redeem" else liable.lapse(cost, p)
    spent = sum(cost for cost, _, fate in found if fate == "redeem")
    left = sum(cost for cost, _, fate in found if fate == "open")
    assert liable.spent == pytest.approx(spent)
    assert liable.face == pytest.approx(left)
    if not left:
        assert committed(liable) == liable.spent


@given(promises, st.floats(1, 500))
def test_no_promise_is_made_that_the_full_reserve_could_not_pay(
    found: list[tuple[float, float, str]], budget: float
) -> None:
    """N8: whatever the order of promises, redemptions and expiries, spent + promised stays within the budget."""
    liable = Liability()
    for cost, p, fate in found:
        if fits(budget, liable, cost, p, "full"):
            liable = liable.promise(cost, p)
            if fate != "open":
                liable = liable.redeem(cost, p) if fate == "redeem" else liable.lapse(cost, p)
        assert liable.spent + liable.face <= budget + 1e-9


def test_a_reversal_gives_its_money_back() -> None:
    """N8: a reversed redemption has cost nothing."""
    liable = Liability().promise(5, 0.1).redeem(5, 0.1).give_back(5)
    assert committed(liable) == 0


def test_more_redemptions_than_foreseen_raise_the_reserve() -> None:
    """N8: a model that is too low is not believed any longer."""
    liable = Liability()
    for at in range(40):
        liable = liable.promise(5, 0.1)
        liable = liable.redeem(5, 0.1) if at % 4 == 0 else liable.lapse(5, 0.1)
    liable = liable.promise(5, 0.1)
    assert liable.spent == pytest.approx(2.5 * liable.foreseen)
    assert 1.5 < surplus(liable) < 2.5


def decide(pace: Pace, at: int, chosen: bool, left: float, ends: int | None) -> Pace:
    return paced(
        pace,
        left=left,
        ends_us=ends,
        now_us=at,
        value=30.0,
        cost=10.0,
        p=0.1,
        chosen=chosen,
    )


def test_the_price_rises_while_a_budget_is_spent_too_fast_and_falls_again() -> None:
    """N8: the shadow price is 0 while there is enough."""
    ends = 30 * DAY_US
    pace = begun(0, ends)
    for at in range(200):
        pace = decide(pace, at * DAY_US // 100, True, 20.0, ends)
    high = pace.price
    assert high > 0.5
    for at in range(200, 1_200):
        pace = decide(pace, at * DAY_US // 100, False, 2_000.0, ends)
    assert pace.price < high / 2


def test_the_pace_is_learned_from_decisions_so_far_and_the_end_of_the_window() -> None:
    """N8: what may be spent on each decision is what is left by how many are to come."""
    ends = 10 * DAY_US
    slow, fast = begun(0, ends), begun(0, ends)
    for at in range(400):
        slow = decide(slow, at * DAY_US // 100, at % 4 == 0, 100.0, ends)
        fast = decide(fast, at * DAY_US // 1_000, at % 4 == 0, 100.0, ends)
    assert fast.price > slow.price
    assert fast.seen / fast.span_us > 5 * slow.seen / slow.span_us


def test_a_price_does_not_depend_on_the_unit_of_money() -> None:
    """N8: cents instead of euros give the same price, which is value by cost."""
    euros, cents = begun(0), begun(0)
    for at in range(50):
        told = {"ends_us": None, "now_us": at * DAY_US // 50, "p": 0.1, "chosen": at % 2 == 0}
        euros = paced(euros, left=3.0, value=30.0, cost=10.0, **told)  # type: ignore[arg-type]
        cents = paced(cents, left=300.0, value=3_000.0, cost=1_000.0, **told)  # type: ignore[arg-type]
    assert euros.price == pytest.approx(cents.price)
    assert euros.price > 0


def test_states_are_kept_as_json() -> None:
    """N8: and come back as they were."""
    pace, liable = decide(begun(0), 5, True, 10.0, None), Liability().promise(5, 0.25)
    assert msgspec.json.decode(msgspec.json.encode(pace), type=Pace) == pace
    assert msgspec.json.decode(msgspec.json.encode(liable), type=Liability) == liable


def test_an_offer_that_costs_nothing_has_no_price() -> None:
    """N8: nothing is scarce about it."""
    found = paced(begun(0), left=0, ends_us=None, now_us=1, value=3.0, cost=0.0, p=0.5, chosen=True)
    assert found.price == 0
