"""Forecasts and thresholds: worked examples that can be followed on paper."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.forecasts import Pace, pace, quarter_of
from promosight.rules.instants import LocalDays, format_instant, parse_instant
from promosight.rules.money import MICROS
from promosight.rules.promotions import Limit
from promosight.rules.thresholds import THRESHOLDS, alert_no, reached
from promosight.rules.windows import window_of

VIENNA = LocalDays("Europe/Vienna")
LAST_WEEK = {f"2026-11-{day}": 10 * MICROS for day in range(20, 27)}


def _pace(
    by_day: dict[str, int],
    now: str,
    left: int,
    window: str = "lifetime",
    *,
    before: bool = True,
    ends: str | None = None,
) -> Pace | None:
    now_us = parse_instant(now)
    return pace(
        VIENNA,
        by_day,
        window=window,
        name=window_of(VIENNA.day(now_us), window, "monday"),
        left_micros=left * MICROS,
        used_before=before,
        ends_us=None if ends is None else parse_instant(ends),
        now_us=now_us,
    )


def _at(found: Pace | None) -> str | None:
    assert found is not None
    return None if found.reached_us is None else format_instant(found.reached_us)


def test_a_budget_lasts_as_long_as_the_pace_of_the_last_week_says() -> None:
    """P7: 70 in the seven days up to midnight are 10 a day; 160 that are left last sixteen days more."""
    found = _pace(LAST_WEEK, "2026-11-26T22:59:00Z", 160)
    assert found is not None
    assert (found.per_day_micros, found.basis_days) == (10 * MICROS, 7)
    assert _at(found) == "2026-12-12T23:00:00Z"


def test_a_new_promotion_is_paced_from_its_first_use() -> None:
    """P7: two days and no more are known of it."""
    found = _pace(
        {"2026-11-25": 4 * MICROS, "2026-11-26": 8 * MICROS},
        "2026-11-26T10:59:00Z",
        8,
        before=False,
    )
    assert found is not None
    assert (found.per_day_micros, found.basis_days) == (8 * MICROS, 2)
    assert _at(found) == "2026-11-27T11:00:00Z"


def test_a_day_is_paced_by_itself() -> None:
    """P7: 6 in six hours leave nothing of the other 10 after ten more, which is today; of 30 enough for it."""
    by_day = LAST_WEEK | {"2026-11-26": 6 * MICROS}
    assert _at(_pace(by_day, "2026-11-26T04:59:00Z", 10, "daily")) == "2026-11-26T15:00:00Z"
    assert _at(_pace(by_day, "2026-11-26T04:59:00Z", 30, "daily")) is None


def test_what_is_not_reached_within_its_week_or_month_is_not_reached() -> None:
    """P7: a window's end comes first, and the next one begins at nothing."""
    assert _at(_pace(LAST_WEEK, "2026-11-26T22:59:00Z", 20, "weekly")) == "2026-11-28T23:00:00Z"
    assert _at(_pace(LAST_WEEK, "2026-11-26T22:59:00Z", 31, "weekly")) is None
    assert _at(_pace(LAST_WEEK, "2026-11-26T22:59:00Z", 39, "monthly")) == "2026-11-30T20:36:00Z"
    assert _at(_pace(LAST_WEEK, "2026-11-26T22:59:00Z", 41, "monthly")) is None


def test_nothing_is_said_of_too_little() -> None:
    """P7: nothing used, a promotion of an hour, an hour of a day; and only the pace of what is used up."""
    assert _pace({}, "2026-11-26T10:00:00Z", 5) is None
    today = {"2026-11-26": 5 * MICROS}
    assert _pace(today, "2026-11-26T10:00:00Z", 5, before=False) is None
    assert _pace(today, "2026-11-26T00:20:00Z", 5, "daily") is None
    batch = {"2026-11-23": 5 * MICROS}
    assert _pace(batch, "2026-11-26T10:00:00Z", 5, before=False) is None
    assert _pace(batch, "2026-11-26T10:00:00Z", 5) is None
    over = _pace(LAST_WEEK, "2026-11-26T22:59:00Z", -3)
    assert over == Pace(10 * MICROS, 7, None)
    hardly = {"2026-11-25": 1, "2026-11-26": 1}
    assert _at(_pace(hardly, "2026-11-26T22:59:00Z", 10**9)) is None


def test_a_promotion_that_ends_before_does_not_reach_its_limit() -> None:
    """P7: sixteen days are left of it, or fifteen; after its end nothing is said."""
    now = "2026-11-26T22:59:00Z"
    assert _at(_pace(LAST_WEEK, now, 160, ends="2026-12-12T23:00:01Z")) is not None
    assert _at(_pace(LAST_WEEK, now, 160, ends="2026-12-12T23:00:00Z")) is None
    assert _pace(LAST_WEEK, now, 160, ends="2026-11-26T22:00:00Z") is None


def test_a_day_of_25_hours_is_paced_by_25_hours() -> None:
    """S21, P7: Vienna's night of the changed clocks, at its end: 100 in 25 hours."""
    by_day = {"2026-10-25": 100 * MICROS}
    found = _pace(by_day, "2026-10-25T22:59:00Z", 1, "daily")
    assert found is not None
    assert found.per_day_micros == 96 * MICROS


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_thresholds_are_reached_exactly(used: int, whole: int) -> None:
    """P7: at 80 of 100 and not at 79.999999, without a float."""
    there = reached(used, whole)
    assert there == [one for one in THRESHOLDS if used > 0 and used * 100 >= whole * one]
    if whole and used:
        assert (100 in there) == (used >= whole)


def test_a_threshold_is_one_alert_in_every_process() -> None:
    """P7: by what it is about, and nothing else; another amount is another limit."""
    limit = Limit(measure="reward", amount="100", window="daily")
    other = Limit(measure="reward", amount="200", window="daily")
    numbers = {
        alert_no(1, limit, "2026-11-26", 50),
        alert_no(1, limit, "2026-11-26", 80),
        alert_no(1, limit, "2026-11-27", 50),
        alert_no(2, limit, "2026-11-26", 50),
        alert_no(1, other, "2026-11-26", 50),
    }
    assert len(numbers) == 5
    assert alert_no(1, limit, "2026-11-26", 50) in numbers


@given(st.integers(0, 2**50))
def test_a_forecast_is_the_same_for_a_quarter_of_an_hour(now_us: int) -> None:
    at_us = quarter_of(now_us)
    assert now_us < at_us <= now_us + 900_000_000
    assert quarter_of(at_us - 1) == at_us
