"""What is true no more is noticed within days; where nothing moves, nothing is changed (decision 40)."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.rules.evidence import Decided, Evidence
from promosight.rules.features import DAY_US, Offer, made_offer
from promosight.rules.policy import Arm, Exploration, choose
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve
from tests.rules.deciding import customer, decisions, learned, offers

HALF_LIFE_US = 90 * DAY_US
BREAD = made_offer("bread", None, {"reward=amount": 1.0})
MILK = made_offer("milk", None, {"reward=amount": 1.0})
A_DAY = 20


def lived(days: int, likely: dict[tuple[str, bool], tuple[float, float]], change: int) -> Snapshot:
    """Decisions day by day: rates by plan and by whether it is bread, before and after a day."""
    evidence, rng = Evidence(HALF_LIFE_US), random.Random(7)
    now = 0
    snapshot = solve(evidence, Prior(), 0)
    for i in range(days * A_DAY):
        plan, offer = rng.choice(["gold", "blue"]), rng.choice([BREAD, BREAD, MILK])
        now, x = i * DAY_US // A_DAY, {f"plan={plan}": 1.0}
        if i % A_DAY == 0:
            snapshot = solve(evidence, Prior(), now)
        rates = likely[plan, offer is BREAD]
        decided = Decided(x, offer, believed(snapshot, plan, offer), now)
        evidence.add(decided, redeemed=rng.random() < rates[i // A_DAY >= change])
    return solve(evidence, Prior(), now)


def believed(snapshot: Snapshot, plan: str, offer: Offer) -> float:
    """How likely a redemption is thought to be."""
    chosen = choose(snapshot, {f"plan={plan}": 1.0}, [Arm(offer, 1.0)], Exploration(), 1)
    return float(chosen.p_hat[0])


STEADY = {
    ("gold", True): (0.5, 0.5),
    ("blue", True): (0.4, 0.4),
    ("gold", False): (0.1, 0.1),
    ("blue", False): (0.1, 0.1),
}


def test_an_offer_that_stops_working_for_a_segment_is_known_for_it_within_a_week() -> None:
    snapshot = lived(47, STEADY | {("gold", True): (0.5, 0.02)}, change=40)
    assert believed(snapshot, "gold", BREAD) < 0.25
    assert 0.25 < believed(snapshot, "blue", BREAD) < 0.55, "nothing changed for them"


def test_a_refit_that_leaves_too_little_for_what_is_recent_is_no_trouble() -> None:
    """Sums that cannot be (older ones below zero) leave the model as all decisions make it."""
    evidence = Evidence(HALF_LIFE_US)
    for i in range(200):
        evidence.add(Decided({}, BREAD, 0.5, 10 * DAY_US + i))
    for cell in evidence.cells.values():
        cell.second //= 100
    for cell in evidence.lately.values():
        cell.second //= 101
        cell.first += 10**12
    snapshot = solve(evidence, Prior(), 11 * DAY_US)
    assert np.isfinite(snapshot.mean).all()
    assert np.linalg.eigvalsh(snapshot.spread).min() > 0


def test_an_offer_that_comes_into_fashion_with_a_segment_is_known_within_two_weeks() -> None:
    """From 5%: three decisions a day tell of it."""
    snapshot = lived(54, STEADY | {("blue", False): (0.05, 0.6)}, change=40)
    assert believed(snapshot, "blue", MILK) > 0.35
    assert believed(snapshot, "gold", MILK) < 0.3


def test_where_nothing_moves_nothing_is_changed() -> None:
    """Chance alone is hardly ever a surprise: the model is the one of all decisions, bit by bit."""
    surprised = 0
    for seed in range(8):
        evidence = learned(decisions(300, seed=seed))
        plain = learned(decisions(300, seed=seed))
        plain.lately.clear()
        now = 400 * DAY_US
        one, other = solve(evidence, Prior(), now), solve(plain, Prior(), now)
        surprised += one.mean.tobytes() != other.mean.tobytes()
    assert surprised <= 1


def test_a_few_redemptions_are_no_surprise() -> None:
    evidence = Evidence(HALF_LIFE_US)
    for i in range(2_000):
        evidence.add(Decided({}, BREAD, 0.05, i * DAY_US // 20), redeemed=i % 20 == 0)
    now = 101 * DAY_US
    before = solve(evidence, Prior(), now).weights(BREAD)[0]
    for _ in range(2):
        evidence.add(Decided({}, BREAD, 0.05, now), redeemed=True)
    assert solve(evidence, Prior(), now).weights(BREAD)[0] == pytest.approx(before, abs=0.1)


def test_what_waits_for_its_redemption_is_no_surprise() -> None:
    """Redemptions that take four days: of the last days hardly any came, and that says nothing."""
    evidence = Evidence(HALF_LIFE_US)
    for i in range(4_000):
        decided = Decided({}, BREAD, 0.2, i * DAY_US // 80)
        due = decided.decided_us + 4 * DAY_US
        evidence.add(decided, redeemed=i % 5 == 0 and due < 50 * DAY_US, redeemed_us=due)
    weight = solve(evidence, Prior(), 50 * DAY_US).weights(BREAD)[0]
    assert 1 / (1 + np.exp(-weight)) == pytest.approx(0.2, abs=0.04)


@given(st.integers(), st.integers(1, 150))
@settings(max_examples=15, deadline=None)
def test_whatever_moved_the_model_can_be_solved(seed: int, count: int) -> None:
    """Any labels, any times, in the order they come: every number is one, and doubts are above zero."""
    evidence, rng = Evidence(HALF_LIFE_US), random.Random(seed)
    for _ in range(count):
        when = rng.randrange(100 * DAY_US)
        likely = rng.choice([0.0, 0.01, 0.5, 0.99, 1.0])
        decided = Decided(customer(rng), rng.choice(offers()), likely, when)
        evidence.add(decided, redeemed=rng.random() < (0.9 if when > 96 * DAY_US else 0.1))
    for now in (100 * DAY_US, 50 * DAY_US):
        snapshot = solve(evidence, Prior(), now)
        arms = [Arm(offer, 1.0) for offer in offers()]
        choice = choose(snapshot, customer(rng), arms, Exploration(), 1)
        assert np.isfinite(choice.p_hat).all()
        assert (choice.sd > 0).all()
        assert abs(choice.pmf.sum() - 1) < 1e-9


def test_what_is_too_old_to_be_recent_leaves_no_trace_there() -> None:
    """Also where it is taken out again, or its redemption reversed, after it was dropped."""
    old, new = Decided({}, BREAD, 0.1, 0), Decided({}, BREAD, 0.1, 90 * DAY_US)
    evidence, never = Evidence(HALF_LIFE_US), Evidence(HALF_LIFE_US)
    evidence.add(old, redeemed=True)
    assert evidence.lately
    evidence.add(new)
    never.add(new)
    evidence.relabel(old, redeemed=False)
    evidence.remove(old)
    assert evidence.encode() == never.encode()


def test_the_order_of_old_and_new_does_not_matter() -> None:
    made = decisions(50)
    one, other = learned(made), learned(sorted(made, key=lambda each: -each[0].decided_us))
    assert one.encode() == other.encode()


def test_a_state_from_before_knows_nothing_recent_and_learns_on() -> None:
    evidence = learned(decisions(30))
    plain = (1, evidence.half_life_us, evidence.canonical())
    kept = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(plain))
    again = Evidence.decode(kept)
    assert again.canonical() == evidence.canonical()
    assert not again.lately
    again.add(Decided({}, BREAD, 0.1, 400 * DAY_US))
    assert again.lately
    assert np.isfinite(solve(again, Prior(), 400 * DAY_US).mean).all()
