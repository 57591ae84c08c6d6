"""Amounts are exact: read, added and written without a float, and refused rather than rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.money import LIMIT_MICROS, format_amount, is_currency, parse_amount

MICROS = st.integers(1 - LIMIT_MICROS, LIMIT_MICROS - 1)
UNITS = st.sampled_from(["EUR", "JPY", "KWD", "CLF", "~points"])
# ISO 4217 list one, the columns that are not 2.
NO_MINOR_UNIT = [
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
]
THREE_DIGITS = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
FOUR_DIGITS = ["CLF", "UYW"]


@given(MICROS, UNITS)
def test_an_amount_written_and_read_is_the_same(micros: int, unit: str) -> None:
    """S24: values are exact."""
    text = format_amount(micros, unit)
    assert parse_amount(text) == micros
    assert parse_amount(Decimal(text)) == micros


@given(MICROS)
def test_the_form_of_a_number_does_not_change_its_amount(micros: int) -> None:
    exact = Decimal(micros).scaleb(-6)
    for form in (exact, f"{exact:f}", f"{exact:E}", f"{exact:.20f}", f" {exact:f} "):
        assert parse_amount(form) == micros


@given(st.lists(st.integers(0, LIMIT_MICROS // 20), max_size=20))
def test_sums_of_amounts_are_sums_of_decimals(amounts: list[int]) -> None:
    exact = sum((Decimal(format_amount(one, "EUR")) for one in amounts), Decimal(0))
    assert exact == Decimal(format_amount(sum(amounts), "EUR"))


@pytest.mark.parametrize(
    ("micros", "unit", "text"),
    [
        (5_000_000, "EUR", "5.00"),
        (5_100_000, "EUR", "5.10"),
        (5_125_000, "EUR", "5.125"),
        (1, "EUR", "0.000001"),
        (-2_500_000, "EUR", "-2.50"),
        (0, "EUR", "0.00"),
        (500_000_000, "JPY", "500"),
        (500_500_000, "JPY", "500.5"),
        (5_000_000, "KWD", "5.000"),
        (5_000_000, "CLF", "5.0000"),
        (250_000_000, "~points", "250"),
        (1_500_000, "~points", "1.5"),
        (5_000_000, "", "5.00"),
    ],
)
def test_an_amount_has_its_currencys_digits_and_as_many_as_it_needs(
    micros: int, unit: str, text: str
) -> None:
    assert format_amount(micros, unit) == text


@pytest.mark.parametrize(
    ("codes", "digits"),
    [
        (NO_MINOR_UNIT, 0),
        (THREE_DIGITS, 3),
        (FOUR_DIGITS, 4),
        (
            [
                "EUR",
                "USD",
                "GBP",
                "CHF",
                "SEK",
                "PLN",
                "CZK",
                "HUF",
                "MRU",
                "MGA",
                "INR",
                "CNY",
                "BRL",
                "AUD",
                "TWD",
            ],
            2,
        ),
    ],
)
def test_minor_digits_are_those_of_iso_4217(codes: list[str], digits: int) -> None:
    for code in codes:
        assert len(format_amount(1_000_000, code).partition(".")[2]) == digits, code


@pytest.mark.parametrize(
    "text", ["9999999999.999999", "-9999999999.999999", "0.000001", "1e9", "+5"]
)
def test_amounts_up_to_the_limit_are_taken(text: str) -> None:
    assert parse_amount(text) == int(Decimal(text) * 1_000_000)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("10000000000", "below 10000000000"),
        ("-10000000000", "below 10000000000"),
        ("1e999999", "below 10000000000"),
        (Decimal("1E+9999999"), "below 10000000000"),
        (10**40, "below 10000000000"),
        ("0.0000001", "six decimals"),
        (Decimal("1E-9999999"), "six decimals"),
        # Both would round to a whole number within the 28 digits of Python's default context.
        ("1.000000000000000000000000000000001", "six decimals"),
        ("0.99999999999999999999999999999999999", "six decimals"),
        ("NaN", "finite"),
        ("sNaN", "finite"),
        ("-Infinity", "finite"),
        ("", "decimal number"),
        ("five", "decimal number"),
        ("5,00", "decimal number"),
        ("5 000", "decimal number"),
        ("5_000", "decimal number"),
        ("0x10", "decimal number"),
        ("\u0665", "decimal number"),
        ("€5", "decimal number"),
        ("0" * 41, "decimal number"),
    ],
)
def test_what_is_no_exact_amount_is_refused_and_never_rounded(
    text: str | int | Decimal, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        parse_amount(text)


@given(st.text(max_size=45))
def test_any_text_is_an_exact_amount_or_refused(text: str) -> None:
    try:
        micros = parse_amount(text)
    except ValueError:
        return
    assert type(micros) is int
    assert Decimal(micros).scaleb(-6) == Decimal(text.strip())


@given(st.floats(0, 1e9).map(lambda value: round(value, 2)))
def test_a_number_that_a_float_cannot_hold_is_kept_exactly(value: float) -> None:
    """The decimal digits count, not the nearest binary fraction."""
    assert parse_amount(f"{value:.2f}") == int(f"{value:.2f}".replace(".", "")) * 10_000


@pytest.mark.parametrize("code", ["eur", "EU", "EURO", "E1R", "ÄÖÜ", "", "~pt", " EUR"])
def test_a_currency_is_three_capital_letters(code: str) -> None:
    assert is_currency("EUR")
    assert not is_currency(code)
