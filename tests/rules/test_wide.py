"""Sums in halves come to what they are halves of, however they are added up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from promosight.rules.measures import MEASURES, in_halves, in_whole
from promosight.rules.money import LIMIT_MICROS
from promosight.rules.wide import BILLION, halves, whole

INT64 = 2**63 - 1
AMOUNTS = some.integers(1 - LIMIT_MICROS, LIMIT_MICROS - 1)
SUMS = some.integers(-(INT64 // 2) * BILLION, INT64 // 2 * BILLION)


@given(SUMS)
def test_a_sum_is_what_its_halves_come_to(amount: int) -> None:
    """S12: of any size that is kept."""
    high, low = halves(amount)
    assert whole(high, low) == amount
    assert max(abs(high), abs(low)) <= INT64


@given(some.lists(SUMS, max_size=20))
def test_sums_are_added_up_half_by_half(amounts: list[int]) -> None:
    """S12: as the store adds them: neither half knows of the other."""
    high, low = map(sum, zip((0, 0), *map(halves, amounts), strict=True))
    assert whole(high, low) == sum(amounts)


@given(some.lists(AMOUNTS, max_size=50))
def test_amounts_are_added_up_as_statements_do(amounts: list[int]) -> None:
    """S12: SQL divides towards zero on both engines, so that both halves have the sign of the amount."""

    def divided(amount: int) -> tuple[int, int]:
        high, low = divmod(abs(amount), BILLION)
        return (high, low) if amount >= 0 else (-high, -low)

    high, low = map(sum, zip((0, 0), *map(divided, amounts), strict=True))
    assert whole(high, low) == sum(amounts)


@given(some.lists(SUMS, min_size=len(MEASURES), max_size=len(MEASURES)))
def test_a_cell_is_what_its_row_says(values: list[int]) -> None:
    """S12: counts as they are, amounts in halves behind them."""
    columns = in_halves(values)
    assert in_whole(columns) == values
    assert columns[: len(MEASURES) - 3] == values[:-3]
