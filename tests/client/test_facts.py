"""What is wrong with an event alone is said where it is reported, and names the field; ids rise with time."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.client.errors import Invalid
from promosight.client.facts import assignment, redemption, reversal
from promosight.client.rising import RisingIds
from promosight.rules.facts import Event, event_from
from promosight.rules.money import parse_amount
from promosight.rules.reported import ReportedEvent
from tests.connectors.test_one_verdict import REFUSED, TAKEN

PLAIN = {"promotion_id": "p", "customer_id": "ann"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("promotion_id", None),
        ("customer_id", " "),
        ("customer_id", "a\nb"),
        ("order_id", "x" * 256),
        ("tier_id", 7),
        ("reward_value", 5.0),
        ("reward_value", "-1"),
        ("reward_value", "1.0000001"),
        ("order_value", "NaN"),
        ("order_value", True),
        ("currency", "eur"),
        ("reward_value", "5_0"),
        ("order_value", "\u0665"),
        ("redeemed_at", "2026-W45-2T12:00:00Z"),
        ("redeemed_at", "2026-11-03T12:00Z"),
        ("redeemed_at", "2026-11-03T12:00:00"),
        ("redeemed_at", "yesterday"),
        ("metadata", {"x": float("nan")}),
        ("metadata", ["x"]),
        ("coupon", "x"),
        ("metadata", {"note": "x" * 65_526}),
        *(("reward_value", cell) for cell in REFUSED["amounts"]),
    ],
)
def test_a_fault_names_its_field(field: str, value: object) -> None:
    with pytest.raises(Invalid) as fault:
        redemption({**PLAIN, field: value})
    assert fault.value.pointer == f"/{field}"


@pytest.mark.parametrize("cell", [*TAKEN["amounts"], "0e-50", "5." + "0" * 60])
def test_an_amount_that_the_server_takes_is_taken_as_the_same(cell: str) -> None:
    """S24: at the bound, too, and however many zeros it ends in."""
    assert parse_amount(redemption({**PLAIN, "reward_value": cell})["reward_value"]) == (
        parse_amount(Decimal(cell.strip()))
    )


def test_what_is_noted_may_come_to_the_servers_bound() -> None:
    assert redemption({**PLAIN, "metadata": {"note": "\u20ac" * 65_525}})["metadata"]


def test_reversals_and_assignments_say_what_they_are_about() -> None:
    assert reversal({"reverses": "e"}) == {"type": "reversal", "reverses": "e"}
    for make, needed in ((reversal, "/reverses"), (assignment, "/promotion_id")):
        with pytest.raises(Invalid) as fault:
            make({})
        assert fault.value.pointer == needed
    with pytest.raises(Invalid) as fault:
        assignment({**PLAIN, "max_redemptions": 0})
    assert fault.value.pointer == "/max_redemptions"


_IDS = st.text(max_size=12) | st.sampled_from(["\x00", "x" * 300])
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "customer_id": _IDS,
    "order_id": _IDS,
    "reward_value": st.decimals(allow_nan=True)
    | st.integers()
    | st.text("0123456789.-e", max_size=9),
    "currency": st.text("ABCabc", max_size=4),
    "redeemed_at": st.datetimes() | st.datetimes(timezones=st.just(UTC)),
    "metadata": st.dictionaries(st.text(max_size=3), st.integers(-9, 9), max_size=2),
}


@given(st.fixed_dictionaries({}, optional=_FIELDS))
def test_what_is_taken_here_the_server_takes_too(fields: dict[str, Any]) -> None:
    """But for the moment, which only the server's clock can judge."""
    at = {"redeemed_at": datetime(2026, 11, 3, tzinfo=UTC)}
    try:
        fact = redemption({**PLAIN, **at, **fields, "event_id": "e"})
    except Invalid:
        return
    for amount in {"reward_value", "order_value"} & fact.keys():
        fact[amount] = Decimal(fact[amount])
    judged = event_from(ReportedEvent(**fact), received_us=2**60, tracking_from_us=-(2**60))
    assert isinstance(judged, Event)


@given(st.lists(st.floats(0, 2e9), min_size=2, max_size=50), st.integers(0, 2**73 - 1))
def test_ids_rise_whatever_the_clock_does(moments: list[float], luck: int) -> None:
    clock = iter(moments)
    fresh = RisingIds(lambda: next(clock), lambda bits: luck % 2**bits)
    made = [fresh() for _ in moments]
    assert made == sorted(set(made))
    assert {(len(one), one[14], one[19] in "89ab") for one in made} == {(36, "7", True)}
