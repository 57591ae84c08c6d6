"""Cadences: how long a source may be silent before somebody should have a look."""

from __future__ import annotations

import pytest

from promosight.rules.cadences import CADENCES, due_us
from promosight.rules.instants import HOUR_US, LocalDays, parse_instant

LIVE_US = 1_000 * HOUR_US


@pytest.mark.parametrize(("cadence", "hours"), [("realtime", 6), ("hourly", 2), ("daily", 26)])
def test_a_source_is_due_so_long_after_it_went_live_or_was_heard(cadence: str, hours: int) -> None:
    """S7: each cadence allows a silence of its own, counted from the later of the two."""
    allowed_us = hours * HOUR_US
    assert due_us(cadence, LIVE_US, None) == LIVE_US + allowed_us
    assert due_us(cadence, LIVE_US, LIVE_US - 1) == LIVE_US + allowed_us
    assert due_us(cadence, LIVE_US, LIVE_US + 5) == LIVE_US + 5 + allowed_us


def test_nobody_waits_for_a_source_that_is_being_set_up() -> None:
    """S40: off until an integration is set up."""
    assert {due_us(cadence, None, LIVE_US) for cadence in CADENCES} == {None}


@pytest.mark.parametrize(
    ("zone", "instant", "begun"),
    [
        ("UTC", "2026-11-03T12:59:59.999999Z", "2026-11-03T12:00:00Z"),
        ("Europe/Vienna", "2026-11-03T12:00:00Z", "2026-11-03T12:00:00Z"),
        ("Asia/Kolkata", "2026-11-03T12:10:00Z", "2026-11-03T11:30:00Z"),
        ("Asia/Kathmandu", "2026-11-03T12:10:00Z", "2026-11-03T11:15:00Z"),
        ("America/St_Johns", "2026-11-01T04:29:59Z", "2026-11-01T03:30:00Z"),
    ],
)
def test_an_hour_begins_on_the_hour_of_its_zone(zone: str, instant: str, begun: str) -> None:
    assert LocalDays(zone).hour_us(parse_instant(instant)) == parse_instant(begun)
