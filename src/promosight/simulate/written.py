"""How the simulator writes values: instants as RFC 3339, amounts as decimal strings, codes.

Instants are whole seconds since 1970 here, amounts whole hundredths; both are exact and quick.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: nothing that reads like another
_CODE_SPACE = 1 << 40


@lru_cache(maxsize=4096)
def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).strftime("%Y-%m-%dT")


def instant(seconds: int) -> str:
    """RFC 3339 in UTC of whole seconds since 1970."""
    day, rest = divmod(seconds, DAY_S)
    return f"{_day(day)}{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970 of an aware datetime, rounded down."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def money(hundredths: int) -> str:
    """Hundredths as a decimal string with two decimals."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def whole(hundredths: int) -> str:
    """Hundredths as the shortest decimal string: `20`, or `12.50` where there is a fraction."""
    return money(hundredths) if hundredths % 100 else str(hundredths // 100)


def personal_code(prefix: str, number: int, seed: int) -> str:
    """A code nobody guesses from the one before; different numbers below 2^40 never share one."""
    scattered = (number * 0x9E3779B97F + seed * 0x5851F42D4D + 0x14057B7EF7) % _CODE_SPACE
    letters = "".join(_CODE_LETTERS[scattered >> shift & 31] for shift in range(35, -1, -5))
    return f"{prefix}-{letters}"
