"""Windows in named zones, against a computation that knows nothing of ours: wall clocks read minute by minute."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promosight.rules.instants import DAY_US, LocalDays, from_datetime
from promosight.rules.windows import borders_us, days_of, window_of

ZONES = ("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe")
"""An hour, half an hour's offset, and a clock that is moved by half an hour only."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WINDOWS = ("daily", "weekly", "monthly")
# St John's moved its clocks a minute past midnight until 2011; since then every zone does so on a quarter of an hour.
INSTANTS = st.integers(0, 28 * 365 * 86_400 * 10**6).map(
    lambda passed_us: datetime(2012, 1, 1, tzinfo=UTC) + timedelta(microseconds=passed_us)
)
MANY = settings(max_examples=150, deadline=None)
CHANGES = (
    datetime(2026, 10, 24, 22, 0, tzinfo=UTC),  # the midnight before Berlin's 25 hours
    datetime(2026, 10, 25, 22, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 3, 28, 23, 0, tzinfo=UTC),  # before its 23
    datetime(2026, 10, 31, 23, 59, tzinfo=UTC),
    datetime(2026, 4, 4, 13, 0, tzinfo=UTC),  # Lord Howe's 24 hours and a half
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
)


def _expected_name(moment: datetime, zone: str, window: str, week_start: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    if window == "monthly":
        return local.strftime("%Y-%m")
    day = local.date()
    while window == "weekly" and WEEKDAYS[day.weekday()] != week_start:
        day -= timedelta(days=1)
    return day.strftime("%Y-%m-%d")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("window", WINDOWS)
@MANY
@given(moment=INSTANTS, week_start=st.sampled_from(WEEKDAYS))
@example(moment=CHANGES[0], week_start="monday")
@example(moment=CHANGES[1], week_start="sunday")
@example(moment=CHANGES[2], week_start="saturday")
@example(moment=CHANGES[3], week_start="sunday")
@example(moment=CHANGES[4], week_start="sunday")
@example(moment=CHANGES[5], week_start="thursday")
def test_a_moment_lies_in_the_window_that_the_wall_clock_says(
    zone: str, window: str, moment: datetime, week_start: str
) -> None:
    """S21, P7: on days of 23, 24, 24 and a half and 25 hours, at starts of weeks and ends of months."""
    day = LocalDays(zone).day(from_datetime(moment))
    name = _expected_name(moment, zone, window, week_start)
    assert window_of(day, window, week_start) == name
    first, after = days_of(name, window)
    assert first <= day < after
    assert window_of(first, window, week_start) == name != window_of(after, window, week_start)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("window", WINDOWS)
@MANY
@given(moment=INSTANTS, week_start=st.sampled_from(WEEKDAYS))
@example(moment=CHANGES[0], week_start="monday")
@example(moment=CHANGES[2], week_start="sunday")
@example(moment=CHANGES[4], week_start="sunday")
def test_a_window_holds_what_lies_between_its_borders_and_nothing_else(
    zone: str, window: str, moment: datetime, week_start: str
) -> None:
    """S21, P7: the last microsecond before a border is in one window, the border in the next."""
    days = LocalDays(zone)
    name = _expected_name(moment, zone, window, week_start)
    borders = borders_us(days, name, window)
    assert borders is not None
    begins_us, ends_us = borders
    assert begins_us <= from_datetime(moment) < ends_us
    for at_us, inside in ((begins_us - 1, False), (begins_us, True), (ends_us - 1, True)):
        found = _expected_name(_moment(at_us), zone, window, week_start)
        assert (found == name) is inside
        assert window_of(days.day(at_us), window, week_start) == found
    assert _expected_name(_moment(ends_us), zone, window, week_start) > name


@pytest.mark.parametrize("zone", ZONES)
@MANY
@given(moment=INSTANTS)
def test_windows_have_as_many_hours_as_their_days(zone: str, moment: datetime) -> None:
    """S24: a month is as long as its days by the clock of the zone, whatever its offset does meanwhile."""
    tz, days = ZoneInfo(zone), LocalDays(zone)
    local = moment.astimezone(tz)
    borders = borders_us(days, local.strftime("%Y-%m"), "monthly")
    assert borders is not None
    nights = monthrange(local.year, local.month)[1]
    first = datetime(local.year, local.month, 1, tzinfo=tz)
    after = datetime.combine(first.date() + timedelta(nights), datetime.min.time(), tz)
    moved = (first.utcoffset() or timedelta()) - (after.utcoffset() or timedelta())
    assert borders[1] - borders[0] == nights * DAY_US + moved // timedelta(microseconds=1)


def test_the_lifetime_has_no_borders() -> None:
    """S24: everything that ever counted is in it."""
    days = LocalDays("UTC")
    assert window_of(date(2026, 1, 1).isoformat(), "lifetime", "monday") == ""
    assert borders_us(days, "", "lifetime") is None


def _moment(at_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
