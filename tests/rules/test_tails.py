"""What changes within a minute is noticed by count: each offer's last few hundred decisions say so (decision 42)."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.rules.evidence import ERA, LATELY_US, TAIL, TAIL_FROM, Decided, Evidence
from promosight.rules.features import DAY_US, Offer, made_offer
from promosight.rules.policy import Arm, Exploration, choose
from promosight.rules.solving import Prior, solve
from tests.rules.deciding import HALF_LIFE_US, customer, decisions, learned_in_pieces, offers

NOW = 100 * DAY_US + 5 * DAY_US // 8
BREAD = made_offer("bread", None, {"reward=amount": 1.0})
MILK = made_offer("milk", None, {"reward=amount": 1.0})


class Minute:
    """Decisions a few milliseconds apart, with a new model after every twenty."""

    def __init__(self, seed: int = 7) -> None:
        self.evidence = Evidence(HALF_LIFE_US)
        self._rng, self._made = random.Random(seed), 0
        self._snapshot = solve(self.evidence, Prior(), NOW)

    def lives(self, count: int, rates: dict[tuple[Offer, str], float]) -> Minute:
        """So many decisions, evenly on these offers and plans."""
        for _ in range(count):
            offer, plan = self._rng.choice(list(rates))
            x, nth = {f"plan={plan}": 1.0}, self._snapshot.known.get(offer, 0)
            when = NOW + 5_000 * self._made
            decided = Decided(x, offer, self.believed(offer, plan), when, nth=nth)
            redeemed = self._rng.random() < rates[offer, plan]
            self.evidence.add(decided, redeemed=redeemed, redeemed_us=when)
            self._made += 1
            if self._made % 20 == 0:
                self._snapshot = solve(self.evidence, Prior(), when)
        return self

    def without_tails(self) -> Minute:
        """With a model of all that was learned, and of the last two days."""
        self.evidence.tail.clear()
        self._snapshot = solve(self.evidence, Prior(), NOW + 5_000 * self._made)
        return self

    def believed(self, offer: Offer, plan: str = "gold") -> float:
        """How likely a redemption is thought to be."""
        arms = [Arm(offer, 1.0)]
        return float(choose(self._snapshot, {f"plan={plan}": 1.0}, arms, Exploration(), 1).p_hat[0])


STEADY = {(BREAD, "gold"): 0.4, (BREAD, "blue"): 0.4, (MILK, "gold"): 0.1, (MILK, "blue"): 0.1}


def test_an_offer_that_stops_working_within_a_minute_is_known_for_it_at_once() -> None:
    """After 240 decisions on it; by days alone it is what it was on average, a third."""
    fails = {(BREAD, "gold"): 0.03, (BREAD, "blue"): 0.03}
    minute = Minute().lives(2_000, STEADY).lives(240, fails)
    assert minute.believed(BREAD) < 0.25
    assert minute.without_tails().believed(BREAD) > 0.29


def test_also_for_one_segment_alone() -> None:
    minute = Minute().lives(2_400, STEADY).lives(400, STEADY | {(BREAD, "gold"): 0.02})
    assert minute.believed(BREAD, "gold") < 0.28
    assert 0.25 < minute.believed(BREAD, "blue") < 0.55, "nothing changed for them"


def test_an_offer_that_is_left_stays_known_for_it_while_others_are_chosen() -> None:
    """A tail is of the offer's own decisions: thousands on others take nothing from it."""
    fails = {(BREAD, "gold"): 0.03, (BREAD, "blue"): 0.03}
    minute = Minute().lives(2_000, STEADY).lives(300, fails)
    minute.lives(1_500, {(MILK, "gold"): 0.1, (MILK, "blue"): 0.1})
    assert minute.believed(BREAD) < 0.25


@pytest.mark.parametrize("seed", range(6))
def test_where_nothing_moves_nothing_is_changed_by_tails(seed: int) -> None:
    minute = Minute(seed).lives(1_200, STEADY)
    model = solve(minute.evidence, Prior(), NOW)
    minute.evidence.tail.clear()
    assert model.mean.tobytes() == solve(minute.evidence, Prior(), NOW).mean.tobytes()


def test_the_first_decisions_on_an_offer_are_in_no_tail() -> None:
    evidence = Evidence(HALF_LIFE_US)
    evidence.add_all([Decided({}, BREAD, 0.1, NOW, nth=i) for i in range(TAIL_FROM)])
    assert not evidence.tail
    evidence.add(Decided({}, BREAD, 0.1, NOW, nth=TAIL_FROM))
    (row,) = evidence.canonical(TAIL)
    assert row.decisions == 1


def test_only_what_is_near_the_end_stays_in_a_tail() -> None:
    """Also where a redemption of what was dropped comes later, and where another offer goes on."""
    evidence, old = Evidence(HALF_LIFE_US), Decided({}, BREAD, 0.1, NOW, nth=100)
    evidence.add(old)
    for offer in (MILK, BREAD):
        evidence.add(Decided({}, offer, 0.1, NOW, nth=2 * ERA * TAIL))
        assert len(evidence.tail) == 2
    before = evidence.canonical(TAIL)
    evidence.relabel(old, redeemed=True, redeemed_us=NOW)
    assert evidence.canonical(TAIL) == before


@given(st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_tails_have_no_order_also_where_the_last_was_taken_back(rng: random.Random) -> None:
    """In pieces, kept and read between, with reversals and withdrawals: the same bytes as of learning all anew."""
    made = [one for one, _ in decisions(40, rng.randrange(99), 120.0, known=97)]
    latest_us = max(one.decided_us for one in made)
    redeemed, gone = set(rng.sample(range(40), 15)), {39, *rng.sample(range(40), 10)}
    evidence = learned_in_pieces(made, redeemed, gone, rng)
    anew = Evidence(HALF_LIFE_US)
    for i in rng.sample(range(40), 40):
        anew.met(made[i])
        if i not in gone:
            anew.add(made[i], redeemed=i in redeemed)
    assert evidence.encode() == anew.encode()
    assert evidence.known() == anew.known()
    one, same = (solve(each, Prior(), latest_us) for each in (evidence, anew))
    assert one.mean.tobytes() == same.mean.tobytes()


@given(st.integers(), st.integers(1, 150))
@settings(max_examples=15, deadline=None)
def test_whatever_tails_tell_the_model_can_be_solved(seed: int, count: int) -> None:
    """Any labels, any numbers known, at any time: every number is one, and doubts are above zero."""
    evidence, rng = Evidence(HALF_LIFE_US), random.Random(seed)
    for _ in range(count):
        nth, when = rng.randrange(4_000), rng.randrange(100 * DAY_US)
        likely = rng.choice([0.0, 0.01, 0.5, 0.99, 1.0])
        decided = Decided(customer(rng), rng.choice(offers()), likely, when, nth=nth)
        evidence.add(decided, redeemed=rng.random() < (0.9 if nth > 3_500 else 0.1))
    snapshot = solve(evidence, Prior(), 100 * DAY_US)
    choice = choose(snapshot, customer(rng), [Arm(o, 1.0) for o in offers()], Exploration(), 1)
    assert np.isfinite(choice.p_hat).all()
    assert (choice.sd > 0).all()
    assert abs(choice.pmf.sum() - 1) < 1e-9


def test_what_waits_for_its_redemption_is_no_surprise_to_a_tail() -> None:
    """Redemptions that take four days: of the last few hundred hardly any came, and that says nothing."""
    evidence = Evidence(HALF_LIFE_US)
    for i in range(4_000):
        decided = Decided({}, BREAD, 0.2, i * DAY_US // 80, nth=i)
        due = decided.decided_us + 4 * DAY_US
        evidence.add(decided, redeemed=i % 5 == 0 and due < 50 * DAY_US, redeemed_us=due)
    weight = solve(evidence, Prior(), 50 * DAY_US).weights(BREAD)[0]
    assert 1 / (1 + np.exp(-weight)) == pytest.approx(0.2, abs=0.04)


def test_a_list_decided_at_once_is_one_step_of_its_offers() -> None:
    """A thousand that knew alike weigh alike, and contradict nobody."""
    evidence = Evidence(HALF_LIFE_US)
    for nth in (0, 1_000, 2_000):
        evidence.add_all([Decided({}, BREAD, 0.1, NOW, nth=nth) for _ in range(1_000)])
    assert evidence.known() == {BREAD: 3_000}
    assert np.isfinite(solve(evidence, Prior(), NOW).mean).all()


def test_a_state_from_before_has_no_tails_and_learns_on_and_an_older_version_reads_a_new_one() -> (
    None
):
    evidence = Evidence(HALF_LIFE_US)
    for one, redeemed in decisions(30, known=10):
        evidence.add(one, redeemed=redeemed)
    frames, rest = [], evidence.encode()
    while rest:
        unpack = zstandard.ZstdDecompressor().decompressobj()
        frames.append(unpack.decompress(rest))
        rest = unpack.unused_data
    assert len(frames) == 3
    older = zstandard.ZstdDecompressor().decompress(evidence.encode()[_length(frames[0]) :])
    assert older == frames[1], "what an older version takes for what is recent"
    pack = zstandard.ZstdCompressor().compress
    again = Evidence.decode(b"".join(pack(one) for one in frames[:2]), evidence.latest_us)
    assert again.canonical() == evidence.canonical()
    assert again.canonical(LATELY_US) == evidence.canonical(LATELY_US)
    assert not again.tail
    again.add(Decided({}, BREAD, 0.1, 400 * DAY_US, nth=TAIL_FROM))
    assert Counter(offer for _, offer in again.tail) == {BREAD: 1}
    assert msgspec.msgpack.decode(frames[2]) != [[], []]


def _length(frame: bytes) -> int:
    return len(zstandard.ZstdCompressor(level=3).compress(frame))
