"""What is no field is told by name and place, with what was probably meant."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from promosight.errors import Invalid
from promosight.rules.known_fields import check_fields, check_slips, own_kept
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


def test_what_is_like_no_field_is_kept_as_the_senders_own() -> None:
    said = {"name": "P", "team": "crm", "figures": {}, "properties": {"owner": "ann"}}
    assert own_kept(said, Promotion, "properties", besides=("figures",)) == {
        "name": "P",
        "figures": {},
        "properties": {"owner": "ann", "team": "crm"},
    }
    assert own_kept({"name": "P"}, Promotion, "properties") == {"name": "P"}
    # What is no object is left to be refused for that.
    assert own_kept({"team": "crm", "properties": 5}, Promotion, "properties")["properties"] == 5


@pytest.mark.parametrize("name", ["limts", "startsAt", "Tiers", "reward_value", "fallback"])
def test_what_is_like_a_field_is_not_taken_for_the_senders_own(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        own_kept({name: "x", "team": "crm"}, Promotion, "properties")
    assert (caught.value.code, caught.value.pointer) == ("unknown_field", f"/{name}")


def test_a_field_that_is_said_itself_is_meant_by_no_other_name() -> None:
    said = {"name": "P", "description": "For all", "description_en": "For everybody"}
    kept = own_kept(said, Promotion, "properties")
    assert kept["properties"] == {"description_en": "For everybody"}
    check_slips({"from": "a", "from_": "a", "offers": [{"name": "P", "named": "Q"}]}, Nested)


def test_of_more_names_than_anybody_means_none_is_compared() -> None:
    """A body of hundreds of thousands would keep everybody waiting for minutes."""
    many = {f"{number:x}name": 1 for number in range(1_001)}
    with pytest.raises(Invalid, match="more than 1000 names"):
        own_kept(many, Promotion, "properties")
    with pytest.raises(Invalid, match="more than 1000 names"):
        check_slips([{"from": "a", name: 1} for name in many], list[Nested])
    several = [{"from": "a", "team": "crm", "owner": "ann"}] * 1_001
    check_slips(several, list[Nested])


def test_of_what_is_asked_only_slips_are_told() -> None:
    check_slips({"from": "a", "created_at": "b", "offers": [{"name": "P", "team": "crm"}]}, Nested)
    for said, pointer in (
        ({"offer": []}, "/offer"),
        ({"offers": [{"name": "P"}, {"limts": []}]}, "/offers/1/limts"),
    ):
        with pytest.raises(Invalid) as caught:
            check_slips(said, Nested)
        assert (caught.value.code, caught.value.pointer) == ("unknown_field", pointer)
