"""N13: what is expected, when a change is said to be one, and where it comes from."""

from __future__ import annotations

import random
from math import exp, isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.rules.anomalies import (
    Direction,
    Found,
    Settings,
    Slot,
    Watch,
    log_factor,
    scan_score,
    threshold,
)
from promosight.rules.causes import lines, since, trace
from promosight.rules.expecting import (
    BATCHES,
    HOURS,
    STEADY,
    Expectation,
    Expected,
    log_probability,
)
from promosight.rules.exposure import Exposure, Life, expected_uses

HOURLY = Settings(HOURS, least_slots=72, half_life=48)
EVERYTHING = threshold(100, 720, false_a_month=1.0)
means = st.floats(0.01, 500)
sizes = st.floats(0.5, 200)


def watched(counts: list[int], judged: Settings = HOURLY, **slot: float) -> list[tuple[int, Found]]:
    watch, found = Watch(judged), []
    for hour, count in enumerate(counts):
        one = watch.tell(Slot(hour, hour % judged.season.week, count, **slot), EVERYTHING)
        if one is not None:
            found.append((hour, one))
    return found


def counted(draw: random.Random, hours: int, mean: float) -> list[int]:
    """Counts of a day that is busy at noon."""
    return [_poisson(draw, mean * (0.5 + (hour % 24 in range(8, 20)))) for hour in range(hours)]


def _poisson(draw: random.Random, mean: float) -> int:
    count, time = 0, draw.expovariate(1)
    while time < mean:
        count, time = count + 1, time + draw.expovariate(1)
    return count


@settings(max_examples=60)
@given(means, sizes, st.sampled_from([0.05, 0.3, 0.6, 1.7, 3.0, 8.0]))
def test_no_bet_pays_more_than_it_costs_while_nothing_has_changed(
    mean: float, size: float, ratio: float
) -> None:
    """N13: so the false alarm rate holds however often somebody looks. The factor is 1 on average, at any mean."""
    expected = Expected(mean, size)
    total = paid = 0.0
    for count in range(int(mean + 60 * expected.variance**0.5) + 200):
        chance = exp(log_probability(expected, count))
        total += chance
        paid += chance * exp(log_factor(expected, ratio, count))
    assert total <= 1 + 1e-6
    assert paid <= 1 + 1e-6


@settings(max_examples=60)
@given(means, sizes, st.floats(0.1, 1), st.sampled_from([0.05, 0.3, 0.6]))
def test_what_excuses_a_drop_never_accuses(
    mean: float, size: float, low: float, ratio: float
) -> None:
    """A bet against the lowest mean that is allowed pays no more when the true mean is higher."""
    judged, true = Expected(mean * low, size), Expected(mean, size)
    paid = 0.0
    for count in range(int(mean + 40 * true.variance**0.5) + 100):
        paid += exp(log_probability(true, count)) * exp(log_factor(judged, ratio, count))
    assert paid <= 1 + 1e-6


@settings(max_examples=40)
@given(means, sizes)
def test_nineteen_of_twenty_counts_lie_in_the_band(mean: float, size: float) -> None:
    expected = Expected(mean, size)
    low, high = expected.band()
    inside = sum(exp(log_probability(expected, count)) for count in range(low, high + 1))
    assert low <= high
    assert inside >= 0.95 - 1e-6


@pytest.mark.parametrize("mean", [0.5, 4.0, 30.0])
def test_nothing_is_said_of_shops_in_which_nothing_changes(mean: float) -> None:
    """Of six shops for six weeks each; one false alarm in a hundred such months is what is promised."""
    found = [watched(counted(random.Random(seed), 6 * 168, mean)) for seed in range(6)]
    assert sum(map(len, found)) == 0


@pytest.mark.parametrize(("left", "direction"), [(0.0, "drop"), (0.3, "drop"), (3.0, "leap")])
def test_a_change_is_found_within_hours_and_dated(left: float, direction: str) -> None:
    draw, began = random.Random(3), 5 * 168 + 9
    counts = counted(draw, began + 48, 30)
    counts[began:] = [round(count * left) for count in counts[began:]]
    hour, found = watched(counts)[0]
    assert began <= hour <= began + 6
    assert found.direction == direction
    assert abs(found.began_us - began) <= 1


def test_nothing_is_said_before_there_is_enough_to_go_by() -> None:
    counts = [10] * 60 + [0] * 12
    assert watched(counts) == []
    assert watched(counts, HOURLY._replace(least_slots=24))


def test_one_slot_alone_is_no_anomaly_of_hours_but_of_batches() -> None:
    counts = [40] * 200
    counts[150] = 0
    assert watched(counts) == []
    batches = Settings(BATCHES, least_slots=14, half_life=14, slots_needed=1)
    found = watched([300] * 30 + [0], batches)
    assert [hour for hour, _ in found] == [30]


def test_what_is_excused_is_no_anomaly() -> None:
    counts = [20] * 300 + [2] * 60
    assert watched(counts)
    watch = Watch(HOURLY)
    for hour, count in enumerate(counts):
        low = 0.1 if hour >= 300 else 1.0
        assert watch.tell(Slot(hour, hour % 168, count, low=low), EVERYTHING) is None


def test_an_anomaly_is_over_when_counts_are_as_before_or_it_has_become_usual() -> None:
    for after, until in ((20, 10), (2, 200)):
        watch = Watch(HOURLY)
        for hour, count in enumerate([20] * 300 + [2] * 20 + [after] * until):
            watch.tell(Slot(hour, hour % 168, count), EVERYTHING)
        assert watch.found is None


def test_a_share_is_judged_by_how_many_there_were_to_be_matched() -> None:
    steady = Settings(STEADY, least_slots=72, half_life=48)
    watch = Watch(steady)
    draw = random.Random(1)
    for hour in range(200):
        total = draw.choice((5, 50, 200))
        assert watch.tell(Slot(hour, 0, total // 25, weight=total), EVERYTHING) is None
    found = [watch.tell(Slot(200 + n, 0, 20, weight=50), EVERYTHING) for n in range(4)]
    assert any(one is not None and one.direction == "leap" for one in found)


def test_more_looking_costs_a_higher_threshold() -> None:
    assert isclose(threshold(1, 720, false_a_month=1.0), threshold(2, 720, false_a_month=2.0))
    assert threshold(500, 720, false_a_month=1.0) > threshold(5, 720, false_a_month=1.0)


def test_the_hour_of_the_week_is_learned_once_there_are_weeks() -> None:
    pace = Expectation(HOURS, half_life=48, least_spread=0.02)
    for hour in range(5 * 168):
        pace.learn(hour % 168, 1, 50 if hour % 168 == 100 else 10)
    assert pace.expected(100, 1).mean > 25
    assert pace.expected(110, 1).mean < 20


words = st.sampled_from(["a", "b", "c", "d"])
tables = st.dictionaries(
    st.tuples(words, words),
    st.tuples(st.floats(1, 200), st.floats(0, 200)),
    min_size=1,
    max_size=12,
)


@given(tables, st.sampled_from(["drop", "leap"]))
def test_a_cause_says_what_its_rows_came_to(
    counts: dict[tuple[str, ...], tuple[float, float]], direction: Direction
) -> None:
    found = trace(("x", "y"), counts, direction)
    expected = sum(e for e, _ in counts.values())
    actual = sum(a for _, a in counts.values())
    assert (found is None) == (scan_score(expected, actual, direction) == 0)
    if found is not None:
        said = dict(found.words)
        rows = [
            pair
            for (x, y), pair in counts.items()
            if x in said.get("x", x) and y in said.get("y", y)
        ]
        assert isclose(found.expected, sum(e for e, _ in rows))
        assert isclose(found.actual, sum(a for _, a in rows), abs_tol=1e-9)
        assert found.share > 0.49
    for dimension in ("x", "y"):
        shares = [
            one.share for one in lines(("x", "y"), counts, direction) if one.dimension == dimension
        ]
        assert sum(shares) <= 1 + 1e-9


def test_the_fewest_words_that_explain_it_are_the_cause() -> None:
    """N13: web no longer sends gold; neither web alone nor gold alone says it as well."""
    counts: dict[tuple[str, ...], tuple[float, float]] = {
        (source, tier, "email"): (50.0, 0.0 if (source, tier) == ("web", "gold") else 50.0)
        for source in ("web", "app", "till")
        for tier in ("gold", "silver", "bronze")
    }
    found = trace(("source", "tier", "channel"), counts, "drop")
    assert found is not None
    assert found.words == (("source", ("web",)), ("tier", ("gold",)))
    assert found.share == 1
    everywhere = dict.fromkeys(counts, (50.0, 20.0))
    assert trace(("source", "tier", "channel"), everywhere, "drop") == found._replace(
        words=(), expected=450.0, actual=180.0, share=1.0
    )


def test_several_words_of_one_dimension_may_be_the_cause() -> None:
    counts: dict[tuple[str, ...], tuple[float, float]] = {
        (tier,): (60.0, 5.0 if tier in "ab" else 60.0) for tier in "abcdef"
    }
    found = trace(("tier",), counts, "drop")
    assert found is not None
    assert found.words == (("tier", ("a", "b")),)


@given(st.integers(0, 59), st.sampled_from([0.0, 4.0]))
def test_it_began_with_the_first_bin_that_is_otherwise(at: int, actual: float) -> None:
    expected = [20.0] * 60
    assert since(expected, [20.0] * at + [actual] * (60 - at), "drop") == at
    assert since(expected, expected, "drop") is None


def test_a_wave_excuses_what_follows_from_it() -> None:
    """Fewer open and fewer fresh assignments allow fewer redemptions, a new wave allows more; nothing is 1 and 1."""
    assert Exposure(72).tell(0, 0) == (1.0, 1.0)
    one = Exposure(72)
    low = high = 1.0
    for _ in range(900):
        low, high = one.tell(10, 5)
    assert 0.9 < low <= 1 <= high < 1.1
    _, high = one.tell(5_000, 5)
    assert high > 2
    for _ in range(400):
        low, _ = one.tell(0, 15)
    assert low < 0.3


@given(
    st.lists(
        st.builds(
            Life,
            st.integers(0, 40),
            st.none() | st.integers(1, 40),
            st.none() | st.integers(0, 40),
            st.integers(1, 50),
        ),
        max_size=30,
    ),
    st.integers(1, 10),
)
def test_assignments_never_bring_more_than_there_are_open(lives: list[Life], known: int) -> None:
    expected = expected_uses(lives, begin=known, end=0, known=known)
    assert 0 <= expected <= known * sum(one.assignments for one in lives)


def test_a_wave_that_has_been_used_brings_no_more() -> None:
    """Nine of ten use it within a week; a month later nearly nothing is expected of those who have not."""
    wave = [Life(30, None, day, 90) for day in range(7)] + [Life(30, None, None, 70)]
    before = [Life(60, None, day, 90) for day in range(7)] + [Life(60, None, None, 70)]
    assert expected_uses(wave + before, begin=7, end=0, known=7) < 5
    assert expected_uses([*before, Life(6, None, None, 700)], begin=7, end=0, known=7) > 500
