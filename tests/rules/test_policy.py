"""Choosing: probabilities that are true, kept for every arm, and scores that follow what was learned (S45, S46)."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.rules.evidence import Decided, Evidence
from promosight.rules.explaining import against, contributions
from promosight.rules.features import DAY_US, made_offer
from promosight.rules.policy import Arm, Exploration, choose, choose_many, drawn, seed_of, uniform
from promosight.rules.snapshot import DRAWS, Snapshot
from promosight.rules.solving import Prior, logit, solve
from tests.rules.deciding import HALF_LIFE_US, customer, decisions, learned, offers

NOW = 400 * DAY_US
WAYS = (Exploration("igw"), Exploration("thompson"))
GOLD = {"rate": 0.5, "plan=gold": 1.0}


@pytest.fixture(scope="module")
def taught() -> Snapshot:
    return solve(learned(decisions(3000)), Prior(), NOW)


def arms(count: int = 6) -> list[Arm]:
    return [Arm(offer, 10.0 + i) for i, offer in enumerate(offers(count))]


@pytest.mark.parametrize("way", WAYS)
def test_probabilities_sum_to_one_and_none_falls_below_the_floor(
    taught: Snapshot, way: Exploration
) -> None:
    rng = random.Random(2)
    for _ in range(50):
        choice = choose(taught, customer(rng), arms(), way, rng.getrandbits(64))
        assert abs(choice.pmf.sum() - 1) < 1e-12
        assert choice.pmf.min() >= way.floor / 7 - 1e-12
        at = 6 if choice.index is None else choice.index
        assert choice.propensity == choice.pmf[at]


@pytest.mark.parametrize("way", WAYS)
def test_logged_propensities_are_the_frequencies_over_200_000_replays(
    taught: Snapshot, way: Exploration
) -> None:
    """P19: every arm is drawn as often as its propensity says, within four standard errors."""
    choice = choose(taught, GOLD, arms(), way, 1)
    edges, count = choice.pmf.cumsum(), 200_000
    numbers = np.array([uniform(seed_of(f"d{i}")) for i in range(count)])
    seen = np.bincount(edges.searchsorted(numbers, side="right"), minlength=7) / count
    assert (np.abs(seen - choice.pmf) <= 4 * np.sqrt(choice.pmf * (1 - choice.pmf) / count)).all()
    for i in range(200):
        again = choose(taught, GOLD, arms(), way, seed_of(f"d{i}"))
        assert drawn(choice.pmf, seed_of(f"d{i}")) == (6 if again.index is None else again.index)


@pytest.mark.parametrize("way", WAYS)
def test_many_at_once_are_chosen_like_one_by_one(taught: Snapshot, way: Exploration) -> None:
    rng = random.Random(3)
    customers = [customer(rng) for _ in range(40)]
    many = choose_many(taught, customers, arms(), way, range(40))
    for i, x in enumerate(customers):
        one = choose(taught, x, arms(), way, i)
        assert np.allclose(one.pmf, many.pmf[i], atol=1e-9)
        assert np.allclose(one.scores, many.scores[i])
        assert many.index[i] == (6 if one.index is None else one.index)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_allowed_has_no_probability(taught: Snapshot, way: Exploration) -> None:
    allowed = np.ones((3, 6), bool)
    allowed[0, 2] = allowed[1] = False
    many = choose_many(taught, [GOLD] * 3, arms(), way, range(3), allowed=allowed)
    assert many.pmf[0, 2] == 0
    assert many.pmf[1].tolist() == [0] * 6 + [1]
    assert np.isfinite(many.pmf).all()


def test_other_customers_are_chosen_other_offers(taught: Snapshot) -> None:
    """S46: what gold customers redeem is offered to gold customers."""
    gold = choose(taught, GOLD, arms(), WAYS[0], 1).p_hat
    blue = choose(taught, {"rate": 0.5, "plan=blue": 1.0}, arms(), WAYS[0], 1).p_hat
    amount = [("reward=amount", 1.0) in arm.offer.features for arm in arms()]
    assert gold[amount].min() > 2 * blue[amount].max()
    assert gold[amount].min() > 1.4 * gold[np.logical_not(amount)].max()


def test_an_offer_made_a_minute_ago_is_scored_by_what_it_is_like(taught: Snapshot) -> None:
    amount = made_offer("new", None, {"reward=amount": 1.0, "worth": -0.5})
    unit = made_offer("newer", None, {"reward=unit": 1.0, "worth": -0.5})
    choice = choose(taught, GOLD, [Arm(amount, 10), Arm(unit, 10)], WAYS[0], 1)
    assert choice.p_hat[0] > 2 * choice.p_hat[1]
    assert choice.sd[0] > choose(taught, GOLD, arms(), WAYS[0], 1).sd[0]


def test_of_two_that_look_alike_the_one_less_known_is_tried_more() -> None:
    """Hope: what a new offer may be worth counts, the less so the more the slider asks for what is sure."""
    evidence = Evidence(HALF_LIFE_US)
    known, new = made_offer("known", None, {}), made_offer("new", None, {})
    for i in range(1_000):
        evidence.add(Decided({}, known, 0.05, i * 10**8), redeemed=i % 20 == 0)
    snapshot = solve(evidence, Prior(rate=0.05), 10**11)
    pair = [Arm(known, 10.0), Arm(new, 8.0)]
    shy, plain = (choose(snapshot, {}, pair, Exploration(gamma=g), 1) for g in (1_000.0, 30.0))
    assert plain.p_hat[0] == pytest.approx(plain.p_hat[1], rel=0.05)
    assert plain.best == 0
    assert plain.pmf[1] > 0.8
    assert shy.pmf[1] < 0.1


def test_a_promotion_starts_from_what_was_redeemed_of_it_before() -> None:
    prior = Prior(rate=0.05, promotions={"good": (1000, 200), "bad": (1000, 5)})
    snapshot = solve(Evidence(HALF_LIFE_US), prior, 0)
    three = [Arm(made_offer(name, None, {}), 1.0) for name in ("good", "other", "bad")]
    p_hat = choose(snapshot, {}, three, WAYS[0], 1).p_hat
    assert p_hat[0] > 0.12
    assert p_hat[1] == pytest.approx(0.05)
    assert p_hat[2] < 0.03


def test_a_price_and_the_cost_of_contact_lower_the_worth(taught: Snapshot) -> None:
    plain, dear = Arm(offers()[0], 10.0), Arm(offers()[0], 10.0, cost=4.0, price=2.0, contact=0.1)
    choice = choose(taught, GOLD, [plain, dear], WAYS[0], 1)
    assert choice.scores[1] == pytest.approx(choice.p_hat[0] * 2.0 - 0.1)
    hopeless = [replace(plain, value=-5.0)]
    assert choose(taught, GOLD, hopeless, WAYS[0], 1).best is None


def test_the_parts_of_an_explanation_add_up(taught: Snapshot) -> None:
    """S46: log-odds by part, and the difference of two offers by part."""
    one, other = offers()[0], offers()[1]
    p_hat = choose(taught, GOLD, [Arm(one, 1), Arm(other, 1)], WAYS[0], 1).p_hat
    assert sum(contributions(taught, GOLD, one).values()) == pytest.approx(logit(p_hat[0]))
    gap = sum(part for _, part in against(taught, GOLD, one, other))
    assert gap == pytest.approx(logit(p_hat[0]) - logit(p_hat[1]))


def test_draws_and_doubts_agree(taught: Snapshot) -> None:
    """The spread of the draws is the standard deviation told."""
    row = taught.layout.row(GOLD)
    menu = taught.menu([arm.offer for arm in arms()])
    *spread, none = (row @ menu.draws(1.0)).reshape(-1, DRAWS).std(axis=1)
    assert (np.abs(spread / menu.sd(row) - 1) < 0.3).all()
    assert none == 0


@given(
    st.dictionaries(st.sampled_from("abc"), st.floats(), max_size=3),
    st.lists(st.tuples(st.floats(), st.floats(), st.floats()), max_size=4),
    st.floats(0, 1e9),
    st.sampled_from(["igw", "thompson"]),
)
@settings(max_examples=60, deadline=None)
def test_nothing_it_is_told_makes_it_say_no_number(
    x: dict[str, float], told: list[tuple[float, float, float]], gamma: float, kind: str
) -> None:
    evidence = Evidence(HALF_LIFE_US)
    menu = [Arm(made_offer(f"p{i}", None, {}), v, c, p) for i, (v, c, p) in enumerate(told)]
    for arm in menu:
        evidence.add(Decided({}, arm.offer, 0.0, 0), redeemed=True)
        evidence.add(Decided({"a": 2.0}, arm.offer, 1.0, 0))
    snapshot = solve(evidence, Prior(rate=0.0), 0)
    finite = {name: value for name, value in x.items() if np.isfinite(value)}
    choice = choose(snapshot, finite, menu, Exploration(kind, gamma), 5)
    assert np.isfinite(choice.pmf).all()
    assert abs(choice.pmf.sum() - 1) < 1e-9
    assert np.isfinite(choice.p_hat).all()
    assert np.isfinite(choice.sd).all()
