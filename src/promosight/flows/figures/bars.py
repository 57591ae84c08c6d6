"""Bars: which facts lie behind one bar of a breakdown, as ranges and words to look for.

The counters decide under which key a fact counts, and what is here follows them: an assignment counts under its
own words and its own source, all of its channels making one key; on the day it was assigned, or, once redeemed,
on the day of its first live redemption. A redemption too many took no assignment and counts under its own words.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, NamedTuple

from promosight.errors import Invalid
from promosight.rules.instants import month_of, week_of
from promosight.store.catalogue import Catalogue

STATUSES = ("assigned", "redeemed", "unredeemed", "open", "expired", "excess")
"""Audiences: `unredeemed` are the open and the expired ones."""

_WORDS = ("tier", "segment", "channel", "campaign")
_TIMES = ("day", "week", "month")
_FORMS = {"day": "a day such as 2026-11-23", "week": "the first day of a week, as in the rows"}
_FORMS["month"] = "a month such as 2026-11"
BARS = (*_WORDS, "source", *_TIMES)
"""The breakdowns whose bars can be looked into."""

NEVER_US = -(2**63)
"""Stands for the redemption of what was not redeemed: before anything."""
_FIRST_US, _LAST_US = NEVER_US + 1, 2**63 - 1
_NOBODY = -1
_EVER = NEVER_US, _LAST_US


class Bar(NamedTuple):
    """One bar of a breakdown; `key` is empty for the row whose key is null."""

    by: str
    key: str | None
    date: str = "assigned"


class Wanted(NamedTuple):
    """What to look for: words (None: any, empty: none), and ranges of instants that include both ends."""

    assigned_from_us: int
    assigned_until_us: int
    expires_from_us: int
    expires_until_us: int
    redeemed_from_us: int
    redeemed_until_us: int
    tier: str | None = None
    segment: str | None = None
    channel: str | None = None
    campaign: str | None = None
    source_no: int | None = None

    def is_redeemed_so(self, redeemed_us: int | None) -> bool:
        """Whether something redeemed at that time, or never, is wanted."""
        moment_us = NEVER_US if redeemed_us is None else redeemed_us
        return self.redeemed_from_us <= moment_us <= self.redeemed_until_us


def wanted(catalogue: Catalogue, status: str, bar: Bar | None, *, now_us: int) -> Wanted:
    """What lies behind a figure, or behind one bar of it. Raises Invalid, naming what is wrong."""
    if status not in STATUSES:
        raise Invalid("must be one of " + ", ".join(STATUSES), pointer="/status")
    everything = _of_status(catalogue, status, now_us)
    if bar is None:
        return everything
    if bar.by not in BARS:
        raise Invalid("must be one of " + ", ".join(BARS), pointer="/by")
    if bar.key is None:
        raise Invalid("say which bar: its key, empty for the one without", pointer="/key")
    if bar.date not in ("assigned", "redeemed"):
        raise Invalid("must be assigned or redeemed", pointer="/date")
    if bar.by in _TIMES:
        return _at_time(catalogue, everything, status, bar)
    if bar.by == "source":
        numbers = [no for no, name in catalogue.sources.items() if name == bar.key]
        return everything._replace(source_no=numbers[0] if numbers else _NOBODY)
    if status == "excess" and bar.by in ("segment", "channel") and bar.key:
        return everything._replace(source_no=_NOBODY)  # a redemption has no such words of its own
    word: dict[str, Any] = {bar.by: bar.key}
    return everything._replace(**word)


def _of_status(catalogue: Catalogue, status: str, now_us: int) -> Wanted:
    redeemed = {"assigned": _EVER, "redeemed": (_FIRST_US, _LAST_US), "excess": _EVER}
    expires = {"open": (now_us + 1, _LAST_US), "expired": (NEVER_US, now_us)}
    return Wanted(
        catalogue.workspace.tracking_from_us,
        _LAST_US,
        *expires.get(status, _EVER),
        *redeemed.get(status, (NEVER_US, NEVER_US)),
    )


def _at_time(catalogue: Catalogue, everything: Wanted, status: str, bar: Bar) -> Wanted:
    from_us, until_us = _span_us(catalogue, bar.by, bar.key or "")
    by_redemption = bar.date == "redeemed"
    if by_redemption and status not in ("redeemed", "excess"):
        raise Invalid("must be redeemed: bars are days of redemption", pointer="/status")
    if by_redemption or status == "excess":
        return everything._replace(redeemed_from_us=from_us, redeemed_until_us=until_us)
    from_us = max(from_us, everything.assigned_from_us)
    return everything._replace(assigned_from_us=from_us, assigned_until_us=until_us)


def _span_us(catalogue: Catalogue, by: str, key: str) -> tuple[int, int]:
    """From the first to the last microsecond of a day, week or month, in the workspace's zone."""
    week_start = catalogue.workspace.week_start
    day = f"{key}-01" if by == "month" else key
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) or not (first := _date(day)):
        raise Invalid(f"must be {_FORMS[by]}", pointer="/key")
    if by == "week" and week_of(day, week_start) != day:
        raise Invalid(f"must be {_FORMS[by]}", pointer="/key")
    start_us = catalogue.days.start_us(first)
    if first == date.min:
        start_us = _FIRST_US
    after = _after(by, first, week_start)
    return start_us, _LAST_US if after is None else catalogue.days.start_us(after) - 1


def _date(day: str) -> date | None:
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None


def _after(by: str, first: date, week_start: str) -> date | None:
    """The first day that is not in it any more; None at the end of the calendar."""
    days = {"day": 1, "week": 7, "month": 32}[by]
    if date.max - first < timedelta(days):
        return None
    later = first + timedelta(days)
    if by == "month":
        return date.fromisoformat(f"{month_of(later.isoformat())}-01")
    # The first week of the calendar may be cut short.
    return later if by == "day" else date.fromisoformat(week_of(later.isoformat(), week_start))
