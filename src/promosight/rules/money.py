"""Exact money and units.

An amount is an integer number of micros: millionths of the currency's unit (or of one point, one
spin). Integers add up without error in Python, SQLite and PostgreSQL alike; a float never touches
an amount. Nothing is converted: sums are kept per currency.
"""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction

MICROS = 1_000_000
_LIMIT = 10**10
LIMIT_MICROS = _LIMIT * MICROS
"""Amounts stay below this in size: 64 bits hold each, and `wide` says what holds their sums."""

UNIT_MARK = "~"
"""A currency column that begins with this holds the name of a unit (`~points`), not money."""

# Rounding is a fault here, never a service: with this trap, what does not fit is refused.
_EXACT = Context(prec=28, traps=[InvalidOperation, Inexact])

# Minor units that are not two, from ISO 4217:2015, list one.
_MINOR_DIGITS = (
    dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    )
    | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
    | dict.fromkeys(["CLF", "UYW"], 4)
)


def parse_amount(value: str | int | Decimal) -> int:
    """Micros of a decimal string (or whole number). Raises ValueError with a sentence for the sender."""
    if isinstance(value, str) and (micros := _simple(value)) is not None:
        return micros
    try:
        amount = Decimal(value) if isinstance(value, Decimal | int) else _plain(value)
    except InvalidOperation:
        raise ValueError("must be a decimal number such as 5.00") from None
    if not amount.is_finite():
        raise ValueError("must be a finite decimal number")
    if amount.copy_abs() >= _LIMIT:
        raise ValueError("must be below 10000000000 in size")
    try:
        scaled = amount.scaleb(6, _EXACT)
    except Inexact:
        raise ValueError("has more than six decimals") from None
    if scaled != scaled.to_integral_value():
        raise ValueError("has more than six decimals")
    return int(scaled)


def _simple(text: str) -> int | None:
    """Micros of digits with at most one point among them, as nearly all amounts are; else None."""
    whole, _, fraction = text.partition(".")
    places = len(fraction)
    if not text.isascii() or not whole.isdigit() or len(whole) > 10 or places > 6:
        return None
    if not places:
        return int(whole) * MICROS
    return int(whole + fraction) * 10 ** (6 - places) if fraction.isdigit() else None


class _AmountsRead(dict[str, int]):
    """Micros by their text. Amounts repeat (5.00, 10.00), so that most are read once; bounded in size."""

    def __missing__(self, text: str) -> int:
        micros = parse_amount(text)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = micros
        return micros


_REMEMBERED = 32_768
_LONGEST = 40
amount_of_text = _AmountsRead().__getitem__
"""`parse_amount` of a text, remembered."""


def amount_of(value: str | int | Decimal) -> int:
    """`parse_amount`, remembered where the text of the value is no longer than an amount's."""
    text = str(value)
    return amount_of_text(text) if len(text) <= _LONGEST else parse_amount(value)


def _plain(text: str) -> Decimal:
    stripped = text.strip()
    if len(stripped) > _LONGEST or not stripped.isascii() or "_" in stripped:
        raise InvalidOperation
    return Decimal(stripped)


def minor_digits(currency: str) -> int:
    """How many decimals a currency's amounts have: cents are two of them."""
    return _MINOR_DIGITS.get(currency, 2)


def format_amount(micros: int, currency: str) -> str:
    """A decimal string with at least the currency's minor digits, and as many as are needed."""
    least = 0 if currency.startswith(UNIT_MARK) else minor_digits(currency)
    whole, fraction = divmod(abs(micros), MICROS)
    digits = f"{fraction:06d}".rstrip("0").ljust(least, "0")
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def average(micros: int, number: int) -> int:
    """What each of so many has of a sum, in millionths, to four decimals."""
    return round(Fraction(micros, number * 100)) * 100


def is_currency(code: str) -> bool:
    """Whether `code` has the form of an ISO 4217 code: three capital letters."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()
