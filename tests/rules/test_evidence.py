"""What is learned is a function of the set of facts: no order, no trace of the reversed, parts that add up (N9)."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.rules.evidence import COLUMNS, Decided, Evidence
from promosight.rules.features import DAY_US, made_offer
from promosight.rules.solving import Prior, logit, solve
from tests.rules.deciding import HALF_LIFE_US, decisions, learned

NOW = 400 * DAY_US


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_any_shuffle_of_decisions_redemptions_and_reversals_is_the_same_bitwise(
    rng: random.Random,
) -> None:
    made = decisions(60, known=rng.choice([0, 5, 90]))
    evidence, shuffled = Evidence(HALF_LIFE_US), Evidence(HALF_LIFE_US)
    moves = [("decided", d, y, d.decided_us) for d, y in made] + [
        ("label", d, y, d.decided_us + rng.randrange(40) * DAY_US) for d, _ in made for y in (1, 0)
    ]
    for to in (evidence, shuffled):
        for what, decided, redeemed, when in moves:
            move = to.add if what == "decided" else to.relabel
            move(decided, redeemed=bool(redeemed), redeemed_us=when)
        rng.shuffle(moves)
    assert shuffled.encode() == evidence.encode()
    one, other = solve(evidence, Prior(), NOW), solve(shuffled, Prior(), NOW)
    assert one.mean.tobytes() == other.mean.tobytes()
    assert one.spread.tobytes() == other.spread.tobytes()


@given(st.randoms(use_true_random=False), st.sampled_from([12, 3 * COLUMNS]))
@settings(max_examples=25, deadline=None)
def test_many_added_at_once_are_the_same_bitwise(rng: random.Random, names: int) -> None:
    """Also where there are more names than columns, and one gives its place to another half way."""
    offers = [made_offer(f"p{i}", None, {"worth": 0.5}) for i in range(3)]
    values = [0.0, -0.015625, 1.3, 2.0, 7.5, float("inf"), float("nan")]
    made = [
        Decided(
            {f"n={rng.randrange(names)}": rng.choice(values) for _ in range(rng.randrange(12))},
            rng.choice(offers),
            rng.random(),
            rng.randrange(3 * HALF_LIFE_US * 8),
            lean=rng.uniform(-1, 1),
            nth=rng.randrange(6_000),
        )
        for _ in range(60)
    ]
    one_by_one, together = Evidence(HALF_LIFE_US), Evidence(HALF_LIFE_US)
    for decided in made:
        one_by_one.add(decided)
    cut = rng.randrange(len(made))
    together.add_all(made[:cut])
    together.add_all(made[cut:])
    assert together.encode() == one_by_one.encode()


def test_after_a_reversal_it_equals_the_one_that_never_saw_the_redemption() -> None:
    """N9: a reversed redemption is unlearned, exactly."""
    made = decisions(80, known=20)
    evidence, never = learned(made), learned([(d, False) for d, _ in made])
    assert evidence.encode() != never.encode()
    for decided, redeemed in made:
        if redeemed:
            evidence.relabel(decided, redeemed=False)
    assert evidence.encode() == never.encode()


def test_what_may_still_come_is_not_held_against_an_offer() -> None:
    """N9: where redemptions take a week, an offer made yesterday is not believed to be worse for it."""
    old, new = (made_offer(name, None, {"reward=unit": 1.0}) for name in ("old", "new"))
    evidence, day = Evidence(HALF_LIFE_US), DAY_US // 100
    for i in range(6_000):
        decided = Decided({}, old if i < 5_700 else new, 0.1, i * day)
        came = i % 10 == 0 and i < 5_300
        evidence.add(decided, redeemed=came, redeemed_us=decided.decided_us + 700 * day)
    snapshot = solve(evidence, Prior(rate=0.1), 6_000 * day)
    known, lately = (float(snapshot.weights(offer)[0]) for offer in (old, new))
    assert known == pytest.approx(logit(0.1), abs=0.1)
    assert lately == pytest.approx(known, abs=0.15)


def test_a_decision_can_be_taken_out_without_a_trace() -> None:
    made = decisions(40)
    evidence = learned(made)
    for decided, redeemed in made[20:]:
        evidence.remove(decided, redeemed=redeemed)
    assert evidence.encode() == learned(made[:20]).encode()


@given(st.integers(0, 60))
@settings(max_examples=10, deadline=None)
def test_parts_add_up_to_the_whole(at: int) -> None:
    made = decisions(60)
    evidence = learned(made[at:])
    evidence.merge(learned(made[:at]))
    assert evidence.encode() == learned(made).encode()


def test_what_is_kept_as_bytes_comes_back_exactly_and_learns_on() -> None:
    made = decisions(60)
    again = Evidence.decode(learned(made[:30]).encode())
    assert again.encode() == learned(made[:30]).encode()
    for decided, redeemed in made[30:]:
        again.add(decided, redeemed=redeemed)
    assert again.encode() == learned(made).encode()


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_more_names_than_there_is_room_for_leave_the_same_ones_in_any_order(
    rng: random.Random,
) -> None:
    offer = made_offer("p", None, {"worth": 0.5})
    made = [Decided({"rate": 0.5, f"city={i}": 1.0}, offer, 0.1, i) for i in range(2 * COLUMNS)]
    first, other = Evidence(HALF_LIFE_US), Evidence(HALF_LIFE_US)
    for decided in made:
        first.add(decided)
    rng.shuffle(made)
    for decided in made:
        other.add(decided)
    assert len(first.columns) == COLUMNS
    assert "rate" in first.columns
    assert first.encode() == other.encode()


def test_older_decisions_weigh_less_by_half_each_half_life_also_across_eras() -> None:
    offer = made_offer("p", None, {})
    now = 100 * HALF_LIFE_US
    for ago in (1, 5, 9, 12):
        evidence = Evidence(HALF_LIFE_US)
        evidence.add(Decided({}, offer, 0.5, now - ago * HALF_LIFE_US))
        assert abs(solve(evidence, Prior(), now).weight - 0.25 * 0.5**ago) < 1e-6
        evidence.forget(now + 40 * HALF_LIFE_US)
        assert not evidence.cells


def test_a_thousand_promotions_take_less_than_ten_megabytes_and_a_lesson_few_microseconds() -> None:
    rng = random.Random(1)
    menu = [
        made_offer(f"p{i}", None, {"reward=amount": 1.0, "worth": i / 1000}) for i in range(1000)
    ]
    evidence = Evidence(HALF_LIFE_US)
    made = []
    for i in range(5000):
        x = {f"f{k}=#": rng.randrange(-128, 128) / 64 for k in range(26)}
        x[f"plan={rng.randrange(6)}"] = 1.0
        made.append(Decided(x, menu[i % 1000], 0.05, i * 1_000_000))
    began = time.process_time()
    for decided in made:
        evidence.add(decided)
        evidence.relabel(decided, redeemed=True)
    each = (time.process_time() - began) / len(made) / 2
    assert len(evidence.encode()) < 10_000_000
    assert each < 300e-6, "measured at some 40 us; room for a busy machine"
    assert np.isfinite(solve(evidence, Prior(), 5_000_000_000).mean).all()
