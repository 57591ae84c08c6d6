"""A bar's days are the workspace's own: its range holds exactly the instants that the counters put under its key."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.errors import Invalid
from promosight.flows.figures.bars import Bar, Wanted, wanted
from promosight.rules.instants import month_of, parse_instant, week_of
from promosight.store.catalogue import Catalogue, Workspace

ZONES = (
    "Europe/Vienna",
    "America/New_York",
    "America/Havana",
    "Asia/Beirut",
    "Pacific/Apia",
    "UTC",
)
ALWAYS_US = parse_instant("0001-01-01T12:00:00Z") - 10**12
HOUR_US = 3_600_000_000
NOW_US = parse_instant("2026-11-23T12:00:00Z")


def catalogue(zone: str = "Europe/Vienna", week_start: str = "monday") -> Catalogue:
    return Catalogue(Workspace(1, "w", "W", zone, "EUR", week_start, ALWAYS_US, 0, 0, 0, 0))


def bar(by: str, key: str, *, zone: str = "Europe/Vienna", week_start: str = "monday") -> Wanted:
    return wanted(catalogue(zone, week_start), "assigned", Bar(by, key), now_us=NOW_US)


def holds(found: Wanted, instant_us: int) -> bool:
    return found.assigned_from_us <= instant_us <= found.assigned_until_us


@given(
    st.integers(parse_instant("1990-01-01T00:00:00Z"), parse_instant("2037-12-31T00:00:00Z")),
    st.sampled_from(ZONES),
    st.sampled_from(("monday", "sunday", "saturday")),
)
def test_an_instant_lies_in_its_own_bar_and_in_no_neighbour(
    instant_us: int, zone: str, week_start: str
) -> None:
    """S22: days, weeks and months of the workspace's zone, also where its clocks change."""
    days = catalogue(zone).days
    for by, key_of in (
        ("day", str),
        ("week", lambda day: week_of(day, week_start)),
        ("month", month_of),
    ):
        for near_us in (instant_us, instant_us - HOUR_US, instant_us + HOUR_US):
            key = key_of(days.day(instant_us))
            there = holds(bar(by, key, zone=zone, week_start=week_start), near_us)
            assert there == (key_of(days.day(near_us)) == key)


@pytest.mark.parametrize("edge", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak"])
def test_the_calendar_ends_with_its_last_bar(edge: str, zone: str) -> None:
    moment_us = parse_instant(edge)
    day = catalogue(zone).days.day(moment_us)
    week = week_of(day, "monday")
    for by, key in (("day", day), ("week", week), ("month", month_of(day))):
        assert holds(bar(by, key, zone=zone), moment_us)


def test_the_hour_that_comes_twice_belongs_to_one_day() -> None:
    """The day on which the clocks go back has 25 hours, the one on which they go forward 23."""
    for day, hours in (("2026-10-25", 25), ("2026-03-29", 23), ("2026-11-23", 24)):
        found = bar("day", day)
        assert found.assigned_until_us + 1 - found.assigned_from_us == hours * HOUR_US


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("day", ""),
        ("day", "2026-11"),
        ("day", "2026-02-30"),
        ("day", "20261123"),
        ("day", "2026-11-23 "),
        ("week", "2026-11-24"),
        ("week", "2026-W48"),
        ("month", "2026-11-01"),
        ("month", "2026-13"),
        ("month", "0000-01"),
        ("tier", None),
    ],
)
def test_a_key_that_no_bar_has_is_refused(by: str, key: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        wanted(catalogue(), "assigned", Bar(by, key), now_us=NOW_US)
    assert refused.value.pointer == "/key"


def test_every_week_of_the_calendar_ends_where_the_next_begins() -> None:
    first = date(1, 1, 1)
    for week_start in ("monday", "sunday"):
        week = week_of(first.isoformat(), week_start)
        following = week_of("0001-01-08", week_start)
        until_us = bar("week", week, week_start=week_start).assigned_until_us
        assert until_us + 1 == bar("week", following, week_start=week_start).assigned_from_us
