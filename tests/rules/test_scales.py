"""Features count as so much more than is usual: whatever unit they are told in, the same is believed of them."""

from __future__ import annotations

import random

import numpy as np

from promosight.rules.evidence import Decided, Evidence
from promosight.rules.features import DAY_US, made_offer
from promosight.rules.policy import Arm, Exploration, choose
from promosight.rules.scales import scale_of_customers, scale_of_offers
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve
from tests.rules.deciding import HALF_LIFE_US, decisions, learned

OFFERS = [
    made_offer(f"p{i}", None, {f"reward={('amount', 'unit')[i % 2]}": 1.0, "worth": i / 8})
    for i in range(4)
]


def taught(factor: float, shift: float, count: int = 1_500) -> Snapshot:
    """A world in which a larger basket makes a redemption likelier, told in some unit."""
    rng, evidence = random.Random(5), Evidence(HALF_LIFE_US)
    for i in range(count):
        basket = rng.randrange(-32, 32) / 64
        told = Decided(
            {"basket": basket * factor + shift}, rng.choice(OFFERS), 0.1, i * DAY_US // 50
        )
        evidence.add(told, redeemed=rng.random() < 0.1 + 0.15 * basket)
    return solve(evidence, Prior(), count * DAY_US // 50)


def likely(snapshot: Snapshot, basket: float) -> list[float]:
    arms = [Arm(offer, 1.0) for offer in OFFERS]
    found: list[float] = choose(snapshot, {"basket": basket}, arms, Exploration(), 1).p_hat.tolist()
    return found


def test_a_number_told_in_another_unit_teaches_the_same() -> None:
    """S46: what is believed of a customer does not hang on the unit somebody chose."""
    plain, other = taught(1.0, 0.0), taught(0.5, 1.0)
    for basket in (-0.5, 0.0, 0.5):
        here, there = likely(plain, basket), likely(other, basket * 0.5 + 1.0)
        assert np.allclose(here, there, rtol=0.03)
    assert min(likely(plain, 0.5)) > 2 * max(likely(plain, -0.5))


def test_a_habit_is_believed_before_much_is_learned() -> None:
    evidence = Evidence(HALF_LIFE_US)
    rng = random.Random(1)
    for i in range(20):
        x = {"rate": rng.randrange(0, 32) / 64, "rate:reward=amount": rng.randrange(-32, 32) / 64}
        evidence.add(Decided(x, OFFERS[i % 4], 0.05, i))
    snapshot = solve(evidence, Prior(), 20)
    arms = [Arm(offer, 1.0) for offer in OFFERS]

    def believed(rate: float) -> list[float]:
        x = {"rate": 0.25, "rate:reward=amount": rate}
        found: list[float] = choose(snapshot, x, arms, Exploration(), 1).p_hat.tolist()
        return found

    much, little = believed(0.5), believed(-0.5)
    assert much[0] > 1.2 * little[0]
    assert much[1] < 1.2 * little[1]


def test_words_and_the_bias_keep_their_scale() -> None:
    snapshot = solve(learned(decisions(500)), Prior(), 0)
    usual = dict(zip(snapshot.layout.names, snapshot.layout.usual.spread, strict=True))
    assert usual["1"] == usual["plan=gold"] == 1.0
    assert 0.1 <= usual["rate"] < 1.0


def test_without_anything_known_nothing_is_scaled() -> None:
    assert scale_of_customers(("1", "rate"), np.zeros((2, 2))).spread.tolist() == [1.0, 1.0]
    assert scale_of_offers(("1", "worth"), []).centre.tolist() == [0.0, 0.0]
