"""The redemption rate as shown, its state and its interval: the few lines every screen and answer agree on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.rates import display, rate, state, wilson

COUNTS = st.integers(0, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def shown_as_number(text: str) -> float:
    """A shown rate as a number of percent that keeps its order: tiny lies between none and 0.1%."""
    return 0.05 if text == "<0.1%" else float(text.removesuffix("%"))


@pytest.mark.parametrize(
    ("redeemed", "assigned", "text"),
    [
        (6_400, 20_000, "32%"),
        (63, 1_000, "6.3%"),
        (625, 10_000, "6.3%"),  # half up
        (624, 10_000, "6.2%"),
        (1, 3, "33.3%"),
        (1, 1_000, "0.1%"),
        (1, 1_001, "<0.1%"),
        (1, 10**12, "<0.1%"),
        (999, 1_000, "99.9%"),
        (1_999, 2_000, "99.9%"),  # half up would say 100%
        (10**12 - 1, 10**12, "99.9%"),
        (1, 1, "100%"),
        (0, 20_000, "0%"),
        (0, 0, "-"),
    ],
)
def test_a_rate_is_shown_as_marketers_read_it(redeemed: int, assigned: int, text: str) -> None:
    """S17, S18, S19, S20, S35: 6,400 of 20,000 is 32%; a dash stands for no rate, 0% for none redeemed."""
    assert display(redeemed, assigned) == text


@given(COUNTS)
def test_only_all_is_shown_as_100_and_only_none_as_0(counts: tuple[int, int]) -> None:
    """S18: rounding never claims that everybody or nobody redeemed."""
    redeemed, assigned = counts
    text = display(redeemed, assigned)
    assert (text == "100%") == (0 < assigned == redeemed)
    assert (text == "0%") == (0 == redeemed < assigned)
    assert (text == "-") == (assigned == 0)


@given(COUNTS)
def test_a_shown_rate_is_within_half_a_tenth_of_the_rate(counts: tuple[int, int]) -> None:
    redeemed, assigned = counts
    exact = rate(redeemed, assigned)
    if exact is None:
        assert assigned == 0
    else:
        # The two ends that may not round to 0% and 100% may be off by up to a tenth.
        off = abs(shown_as_number(display(redeemed, assigned)) - exact * 100)
        assert off <= (0.1 if exact < 0.001 or exact > 0.999 else 0.05) + 1e-9


@given(COUNTS)
def test_one_more_redemption_never_lowers_what_is_shown(counts: tuple[int, int]) -> None:
    redeemed, assigned = counts
    if redeemed < assigned:
        before, after = (shown_as_number(display(n, assigned)) for n in (redeemed, redeemed + 1))
        assert before <= after


@pytest.mark.parametrize(
    ("historical", "reported", "assigned", "expected"),
    [
        (True, False, 5, "not_tracked"),
        (True, True, 5, "not_tracked"),
        (False, False, 5, "no_data"),
        (False, False, 0, "no_data"),
        (False, True, 0, "no_assignments"),
        (False, True, 5, "tracked"),
    ],
)
def test_the_state_says_why_there_is_no_rate(
    historical: bool, reported: bool, assigned: int, expected: str
) -> None:
    """S19, S20, S43: a number once events arrived, otherwise a dash with its reason."""
    assert state(historical=historical, reported=reported, assigned=assigned) == expected


@pytest.mark.parametrize(
    ("redeemed", "assigned", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(
    redeemed: int, assigned: int, low: float, high: float
) -> None:
    assert wilson(redeemed, assigned) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS)
def test_the_interval_holds_the_rate_and_mirrors(counts: tuple[int, int]) -> None:
    redeemed, assigned = counts
    interval = wilson(redeemed, assigned)
    mirrored = wilson(assigned - redeemed, assigned)
    if interval is None or mirrored is None:
        assert assigned == 0
        return
    assert 0 <= interval[0] <= redeemed / assigned <= interval[1] <= 1
    assert interval == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=1e-9)


@given(COUNTS)
def test_the_interval_moves_up_with_every_redemption_and_narrows_with_size(
    counts: tuple[int, int],
) -> None:
    redeemed, assigned = counts
    here = wilson(redeemed, assigned)
    if here is None:
        return
    tenfold = wilson(redeemed * 10, assigned * 10)
    assert tenfold is not None
    assert tenfold[1] - tenfold[0] < here[1] - here[0]
    more = wilson(redeemed + 1, assigned) if redeemed < assigned else None
    assert more is None or (more[0] > here[0] and more[1] >= here[1])
