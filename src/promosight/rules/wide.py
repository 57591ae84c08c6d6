"""Sums of any size: an amount fits 64 bits, and what thousands of the largest come to does not.

So a sum is kept, and added up in SQL, in two halves of 64 bits each: billions of millionths, and the millionths left.
What a sum is worth is linear in both, so that sums are added up half by half and nothing is ever carried from one to
the other; and the halves of what one number has are as good as any others that come to the same. Everywhere else a
sum is one whole number of Python.
"""

from __future__ import annotations

BILLION = 1_000_000_000
"""What the higher half counts. Statements have it as a literal: `SUM(x / 1000000000), SUM(x % 1000000000)`."""


def halves(amount: int) -> tuple[int, int]:
    """The higher and the lower half of a sum."""
    return divmod(amount, BILLION)


def whole(high: int, low: int) -> int:
    """The sum that has these halves."""
    return high * BILLION + low
