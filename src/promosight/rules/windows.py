"""Windows of limits: which day, week or month of the workspace's zone a limit looks at, and when that begins and ends.

A window is named by its first day, a month by `YYYY-MM`, the lifetime of a promotion by nothing. Its borders are
midnights of the zone, so that a day may have 23 or 25 hours.
"""

from __future__ import annotations

from datetime import date, timedelta

from promosight.rules.instants import LocalDays, month_of, week_of


def window_of(day: str, window: str, week_start: str) -> str:
    """The window that a day lies in."""
    if window == "lifetime":
        return ""
    if window == "weekly":
        return week_of(day, week_start)
    return month_of(day) if window == "monthly" else day


def days_of(name: str, window: str) -> tuple[str, str]:
    """The first day of a window of that name, and the first one after it; days sort as text."""
    if window == "lifetime":
        return "", "~"
    first = _first(name, window)
    return first.isoformat(), _after(first, window).isoformat()


def borders_us(days: LocalDays, name: str, window: str) -> tuple[int, int] | None:
    """When a window of that name begins, and when the next one does; None for the lifetime."""
    if window == "lifetime":
        return None
    first = _first(name, window)
    return days.start_us(first), days.start_us(_after(first, window))


def _first(name: str, window: str) -> date:
    return date.fromisoformat(f"{name}-01" if window == "monthly" else name)


def _after(first: date, window: str) -> date:
    if window == "monthly":
        return (first.replace(day=28) + timedelta(4)).replace(day=1)
    return first + timedelta(7 if window == "weekly" else 1)
