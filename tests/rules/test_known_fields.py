"""What is no field is told by name and place, with what was probably meant."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from promosight.errors import Invalid
from promosight.rules.known_fields import check_fields
from promosight.rules.promotions import Promotion


class Nested(msgspec.Struct, rename={"from_": "from"}):
    """A field of another name, and one that may be a text or an object."""

    from_: str
    offers: list[str | Promotion] = []


@pytest.mark.parametrize(
    ("said", "pointer", "detail"),
    [
        ({"limts": []}, "/limts", "is no field here; did you mean limits?"),
        ({"startsAt": None}, "/startsAt", "is no field here; did you mean starts_at?"),
        (
            {"max_redemtoins": 2},
            "/max_redemtoins",
            "is no field here; did you mean max_redemptions?",
        ),
        (
            {"reward": {"type": "amount", "amount": "5"}},
            "/reward/amount",
            "is no field here; there are type, currency, value, unit",
        ),
        (
            {"tiers": [{"tier_id": "a"}, {"tier_id": "b", "rewardvalue": "5"}]},
            "/tiers/1/rewardvalue",
            "is no field here; did you mean reward_value?",
        ),
        ({"a/b~c": 1}, "/a~1b~0c", None),
        ({"x" * 500: 1}, "/" + "x" * 100, None),
    ],
)
def test_an_unknown_field_is_named(said: Any, pointer: str, detail: str | None) -> None:
    with pytest.raises(Invalid) as caught:
        check_fields(said, Promotion)
    assert (caught.value.code, caught.value.pointer) == ("unknown_field", pointer)
    assert detail is None or caught.value.detail == detail


def test_what_is_known_passes_whatever_it_holds() -> None:
    said = {"name": 5, "reward": None, "tiers": "none", "properties": {"limts": [{"a": 1}]}}
    check_fields(said, Promotion)
    check_fields([], Promotion)
    check_fields(said | {"figures": {"assigned": 1}}, Promotion, besides=("figures",))


def test_fields_are_known_by_the_names_they_are_written_with() -> None:
    check_fields({"from": "a", "offers": ["p", {"name": "q"}]}, Nested)
    for said, pointer in (
        ({"from_": "a"}, "/from_"),
        ({"offers": ["p", {"nam": 1}]}, "/offers/1/nam"),
    ):
        with pytest.raises(Invalid) as caught:
            check_fields([said], list[Nested])
        assert caught.value.pointer == f"/0{pointer}"
