"""Cadences: how often a source means to report, and after how much silence somebody should have a look.

What is allowed is the time between two reports of a healthy source, and room for what delays one. A cadence is an
expectation and nothing else: it moves no figure.
"""

from __future__ import annotations

from promosight.rules.instants import DAY_US, HOUR_US

REALTIME = "realtime"
"""The cadence of a source of which nothing else is said."""

SILENCE_ALLOWED_US = {
    # A real-time source speaks when a customer does something: it may well be silent over a night's quiet hours.
    REALTIME: 6 * HOUR_US,
    # One batch may fail; the second in a row is a fault.
    "hourly": 2 * HOUR_US,
    # A day has 25 hours when the clocks go back, and a nightly job does not end at the same minute every night.
    "daily": DAY_US + 2 * HOUR_US,
}
"""After so long a source of this cadence is overdue."""

CADENCES = tuple(SILENCE_ALLOWED_US)


def due_us(cadence: str, live_us: int | None, heard_us: int | None) -> int | None:
    """The instant from which a source is overdue when nothing more is heard of it; None while it is set up."""
    if live_us is None:
        return None
    return max(live_us, heard_us or live_us) + SILENCE_ALLOWED_US[cadence]
