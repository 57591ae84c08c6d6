"""Forecasts: when a limit will be used up if what is used goes on as it did lately (docs/limits.md has the formula).

The pace of a daily limit is that of its day so far; the pace of every other limit is that of the last seven local
days, today included. Time is taken in quarters of an hour, the running one whole, so that the same facts give the
same forecast for a quarter. Nothing is said where there is too little to go by: one day's use is no pace.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from promosight.rules.instants import DAY_US, HOUR_US, LocalDays
from promosight.rules.windows import borders_us

BASIS_DAYS = 7
_QUARTER_US = HOUR_US // 4
_LEAST_US = {"daily": 2 * HOUR_US}
"""A day must be so old before it is judged by itself."""
_LEAST_ELSE_US = DAY_US
"""The other paces are taken over so much time at least."""


_LEAST_DAYS = 2
"""On so many of the last days something must have been used: a single large batch says nothing of the next one."""


class Pace(NamedTuple):
    """What was used a day, of how many local days, and when the limit is reached, None within this window."""

    per_day_micros: int
    basis_days: int
    reached_us: int | None


def quarter_of(now_us: int) -> int:
    """The end of the quarter of an hour that a moment lies in: the moment of forecasts."""
    return (now_us // _QUARTER_US + 1) * _QUARTER_US


def basis_from(today: str) -> str:
    """The first of the days that a forecast is made from."""
    return (date.fromisoformat(today) - timedelta(BASIS_DAYS - 1)).isoformat()


def pace(
    days: LocalDays,
    by_day: Mapping[str, int],
    *,
    window: str,
    name: str,
    left_micros: int,
    used_before: bool,
    ends_us: int | None,
    now_us: int,
) -> Pace | None:
    """The pace of what was used on each local day, millionths, and what it means for what is left of a limit.

    `name` is the window's, `ends_us` is when the promotion ends. `used_before`: something was used before the first of
    the last days, so that all of them count; else they count from the first use. Where nothing is left
    (`left_micros`) only the pace is said.
    """
    at_us = quarter_of(now_us)
    today = days.day(now_us)
    first = _first(by_day, window, today, used_before=used_before)
    if first is None or (ends_us is not None and ends_us <= now_us):
        return None
    elapsed_us = at_us - days.start_us(date.fromisoformat(first))
    if elapsed_us < _LEAST_US.get(window, _LEAST_ELSE_US):
        return None
    used = sum(amount for day, amount in by_day.items() if first <= day <= today)
    if used <= 0:
        return None
    per_day = used * DAY_US // elapsed_us
    basis = (date.fromisoformat(today) - date.fromisoformat(first)).days + 1
    if left_micros <= 0:
        return Pace(per_day, basis, None)
    takes_us = left_micros * elapsed_us // used
    borders = borders_us(days, name, window)
    last_us = now_us + _FURTHEST_US if borders is None else borders[1]
    if ends_us is not None:
        last_us = min(last_us, ends_us)
    reached_us = at_us + takes_us
    return Pace(per_day, basis, reached_us if reached_us < last_us else None)


def _first(by_day: Mapping[str, int], window: str, today: str, *, used_before: bool) -> str | None:
    """The day from which the pace is taken."""
    if window == "daily":
        return today
    earliest = basis_from(today)
    used = [day for day, amount in by_day.items() if amount > 0 and earliest <= day <= today]
    if len(used) < _LEAST_DAYS:
        return None
    return earliest if used_before else min(used)


_FURTHEST_US = 20 * 366 * DAY_US
"""So far ahead nothing is said: nobody plans for it, and the calendar ends somewhere."""
