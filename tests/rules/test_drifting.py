"""What is true no more is noticed within days; where nothing moves, nothing is changed (decision 40)."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.rules.evidence import LATELY_US, Decided, Evidence
from promosight.rules.features import DAY_US, Offer, made_offer
from promosight.rules.policy import Arm, Exploration, choose
from promosight.rules.refitting import Lessons, less, refitted
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve
from tests.rules.deciding import customer, decisions, learned, learned_in_pieces, offers

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
        cell.half //= 100
    for cell in evidence.lately.values():
        cell.half //= 101
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


@pytest.mark.parametrize("seed", range(30))
def test_what_is_known_lately_has_no_order_also_where_the_newest_was_taken_back(seed: int) -> None:
    """In pieces, kept and read between, with reversals and withdrawals: the same bytes as of learning all anew."""
    rng = random.Random(seed)
    made = sorted((one for one, _ in decisions(40, seed, 120.0)), key=lambda one: one.decided_us)
    redeemed, gone = set(rng.sample(range(40), 15)), {39, *rng.sample(range(40), 10)}
    evidence = learned_in_pieces(made, redeemed, gone, rng, HALF_LIFE_US)
    anew = Evidence(HALF_LIFE_US)
    anew.seen(made[-1].decided_us)
    for i in set(range(40)) - gone:
        anew.add(made[i], redeemed=i in redeemed)
    assert evidence.encode() == anew.encode()
    one, same = (solve(each, Prior(), made[-1].decided_us) for each in (evidence, anew))
    assert one.mean.tobytes() == same.mean.tobytes()


def test_the_newest_decision_taken_back_leaves_what_was_dropped_beside_it_dropped() -> None:
    """Learned anew it is the same, and the same in a process that read it from the store."""
    old = [Decided({}, BREAD, 0.1, i * DAY_US) for i in (10, 12)]
    newest = Decided({}, BREAD, 0.1, 50 * DAY_US)
    evidence, anew = Evidence(HALF_LIFE_US), Evidence(HALF_LIFE_US)
    evidence.add(old[0])
    evidence.add(newest)
    evidence.remove(newest)
    read = Evidence.decode(evidence.encode(), evidence.latest_us)
    anew.seen(newest.decided_us)
    anew.add_all(old)
    for each in (evidence, read):
        each.add(old[1])
        assert each.encode() == anew.encode()
        assert not each.stacks(LATELY_US)


def of_before(evidence: Evidence) -> bytes:
    """A state as it was kept before there was anything recent."""
    plain = (1, evidence.half_life_us, evidence.canonical())
    return zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(plain))


def test_what_comes_of_decisions_from_before_is_no_surprise_after_an_upgrade() -> None:
    """Their redemptions, reversals and withdrawals meet nothing recent to be compared with."""
    made = [Decided({}, BREAD, 0.3, i * DAY_US // 40) for i in range(1_600)]
    evidence, never = Evidence(HALF_LIFE_US), Evidence(HALF_LIFE_US)
    for each in (evidence, never):
        each.add_all(made)
    upgraded = Evidence.decode(of_before(evidence), made[-1].decided_us)
    after = [Decided({}, BREAD, 0.3, 41 * DAY_US + i) for i in range(10)]
    for each in (upgraded, never):
        each.add_all(after[:8])
        for one in made[1_400::3]:
            each.relabel(one, redeemed=True, redeemed_us=one.decided_us + 3 * DAY_US)
        for one in made[1_401::9]:
            each.remove(one)
        each.add_all(after[8:])
    never.lately.clear()
    assert [row.decisions for row in upgraded.canonical(LATELY_US)] == [10]
    assert upgraded.canonical() == never.canonical()
    now = after[-1].decided_us
    model, same = solve(upgraded, Prior(), now), solve(never, Prior(), now)
    assert model.mean.tobytes() == same.mean.tobytes()
    again = Evidence.decode(upgraded.encode(), now)
    again.relabel(made[-1], redeemed=True)
    assert again.canonical(LATELY_US) == upgraded.canonical(LATELY_US)


def test_a_version_that_knows_nothing_recent_reads_what_is_kept() -> None:
    """A server rolled back goes on deciding: it read one frame of three parts, and no more."""
    evidence = learned(decisions(30))
    plain = zstandard.ZstdDecompressor().decompress(evidence.encode())
    version, half_life_us, rows = msgspec.msgpack.decode(plain, type=tuple[int, int, list[object]])
    assert (version, half_life_us) == (1, evidence.half_life_us)
    assert len(rows) == len(evidence.canonical())


def test_a_month_after_an_upgrade_the_state_is_as_if_all_had_been_learned_by_it() -> None:
    made = [Decided({}, BREAD, 0.3, i * DAY_US) for i in range(120)]
    evidence, whole = Evidence(HALF_LIFE_US), Evidence(HALF_LIFE_US)
    evidence.add_all(made[:40])
    whole.add_all(made)
    upgraded = Evidence.decode(of_before(evidence), made[39].decided_us)
    upgraded.add_all(made[40:60])
    assert upgraded.encode() != whole.encode()
    upgraded = Evidence.decode(upgraded.encode(), made[59].decided_us)
    upgraded.add_all(made[60:])
    assert upgraded.encode() == whole.encode()


def test_a_refit_after_an_upgrade_takes_nothing_from_what_is_recent_that_is_not_there() -> None:
    made = [Decided({}, BREAD, 0.3, i * DAY_US // 10) for i in range(450)]
    evidence = Evidence(HALF_LIFE_US)
    evidence.add_all(made[:400])
    upgraded = Evidence.decode(of_before(evidence), made[399].decided_us)
    upgraded.add_all(made[400:])
    lessons = Lessons.of(made[300:], [False] * 150)
    rest = less(upgraded, lessons)
    assert not rest.stacks(LATELY_US)
    refit = refitted(lessons, rest, Prior(), made[-1].decided_us)
    (row,) = refit.canonical(LATELY_US)
    assert row.decisions == sum(one.decided_us > upgraded.since_us for one in made[400:])


EXTREMES: dict[str, Callable[[int], tuple[float, bool]]] = {
    "all redeemed": lambda i: (0.3, True),
    "none redeemed": lambda i: (0.3, False),
    "sure and wrong": lambda i: (1.0, False),
    "never thought of, and redeemed": lambda i: (0.0, True),
    "all at once redeemed": lambda i: (0.01, i >= 450),
}


@pytest.mark.parametrize("how", EXTREMES)
def test_whatever_comes_of_offers_with_many_tiers_and_names_numbers_stay_numbers(
    how: str,
) -> None:
    """200 tiers, many of one decision, more names than columns, one that is always the same, and worths of 10^12."""
    menu = [made_offer("p", f"t{i}", {"worth": 1e12 * i, "reward=amount": 1.0}) for i in range(200)]
    evidence, start = Evidence(HALF_LIFE_US), 50 * 365 * DAY_US
    made = []
    for i in range(500):
        x = {"rate": 1e9, "same": 1.0, f"n={i}": 1.0, f"k{i % 90}=#": float("inf")}
        p, redeemed = EXTREMES[how](i)
        one = Decided(x, menu[i % 200 if i < 450 else 0], p, start + i * DAY_US // 40)
        made.append(one)
        evidence.add(one, redeemed=redeemed)
    now = made[-1].decided_us
    for at in (now, start, now + 10 * 365 * DAY_US, now + 900 * 365 * DAY_US):
        snapshot = solve(evidence, Prior(), at)
        arms = [Arm(offer, 1e12) for offer in menu[:20]]
        choice = choose(snapshot, made[-1].x, arms, Exploration(), 1)
        assert np.isfinite(choice.p_hat).all()
        assert (choice.sd > 0).all()
        assert abs(choice.pmf.sum() - 1) < 1e-9


def test_a_thousand_offers_of_two_eras_take_less_than_ten_megabytes_in_memory() -> None:
    evidence, rng = Evidence(HALF_LIFE_US), random.Random(1)
    menu = [made_offer(f"p{i}", None, {}) for i in range(1_000)]
    names = [f"f{k}=#" for k in range(23)]
    evidence.add_all(
        [
            Decided({name: rng.random() for name in names}, offer, 0.1, day * DAY_US)
            for day in (0, 17)
            for offer in menu
        ]
    )
    cells = (*evidence.cells.values(), *evidence.lately.values())
    assert len(cells) == 3_000
    assert sum(cell.half.nbytes + cell.first.nbytes + cell.delays.nbytes for cell in cells) < 10e6
