"""Randomness by name: every person and every assignment has a generator of its own.

A generator is derived from the world's seed and the numbers that name the thing it decides about.
So what happens to one customer never depends on how many others were asked for before, and any
part of a world can be told again at any time without keeping it.
"""

from __future__ import annotations

from random import Random

_MASK = (1 << 64) - 1

PERSON = 1
OFFERED = 2
USED = 3
SENT = 4


def mixed(*parts: int) -> int:
    """A well spread 64-bit number that depends on every part and on their order."""
    state = 0
    for part in parts:
        state = ((state ^ part) * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK
        state ^= state >> 29
    return state


def chance(*parts: int) -> Random:
    """The generator that belongs to these numbers."""
    return Random(mixed(*parts))
