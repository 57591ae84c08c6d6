"""Definitions of promotions: what is refused by name of the field, what may change, and what matching gets."""

from typing import Any

import msgspec
import pytest

from promosight.errors import Conflict, Invalid
from promosight.rules.instants import parse_instant
from promosight.rules.promotions import (
    CHANGES,
    KINDS,
    MOST_DESCRIBED,
    MOST_LIMITS,
    MOST_PROPERTIES,
    MOST_TIERS,
    STATUSES,
    Promotion,
    Terms,
    changed_status,
    check,
    check_changes,
    check_replacement,
    terms_of,
)

TRACKING_US = parse_instant("2026-07-01T00:00:00Z")
FULL: dict[str, Any] = {
    "name": "Herbst: 20 % für alle",
    "kind": "tiered",
    "status": "active",
    "code": "AUTUMN26",
    "fallback_code": "HELLO",
    "starts_at": "2026-09-01T00:00:00+02:00",
    "ends_at": "2026-11-30T23:59:59+01:00",
    "reward": {"type": "amount", "currency": "EUR", "value": "5.00"},
    "max_redemptions": 2,
    "tiers": [
        {"tier_id": "gold", "name": "Gold", "reward_value": "20"},
        {"tier_id": "silver", "reward_value": "10"},
        {"tier_id": "bronze"},
    ],
    "limits": [
        {"measure": "reward", "amount": "10000", "window": "monthly"},
        {"measure": "redemptions", "amount": "500", "tier_id": "gold"},
    ],
    "properties": {"owner": "crm"},
}


def defined(**fields: Any) -> Promotion:
    """A promotion as a sender would write it, with these fields changed."""
    return msgspec.convert(FULL | fields, Promotion)


def terms(**fields: Any) -> Terms:
    return terms_of(defined(**fields), tracking_from_us=TRACKING_US, workspace_currency="CHF")


def test_a_full_definition_and_a_bare_one_are_taken() -> None:
    """S31, S32, S33: global, tiered and personalized promotions."""
    check(defined())
    for kind in KINDS:
        check(Promotion(name="Bare", kind=kind))


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": " padded "}, "/name"),
        ({"name": "x" * 256}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"kind": "seasonal"}, "/kind"),
        ({"status": "paused"}, "/status"),
        ({"code": ""}, "/code"),
        ({"code": "A\0"}, "/code"),
        ({"fallback_code": " "}, "/fallback_code"),
        ({"starts_at": "2026-09-01"}, "/starts_at"),
        ({"ends_at": "2026-11-30T23:59:59"}, "/ends_at"),
        ({"ends_at": "2026-08-31T21:59:59Z"}, "/ends_at"),
        ({"max_redemptions": 0}, "/max_redemptions"),
        ({"reward": {"type": "gift"}}, "/reward/type"),
        ({"reward": {"currency": "euro"}}, "/reward/currency"),
        ({"reward": {"value": "five"}}, "/reward/value"),
        ({"reward": {"value": "-5"}}, "/reward/value"),
        ({"reward": {"type": "unit", "unit": " "}}, "/reward/unit"),
        ({"tiers": [{"tier_id": "a"}, {"tier_id": ""}]}, "/tiers/1/tier_id"),
        ({"tiers": [{"tier_id": "a"}, {"tier_id": "a"}]}, "/tiers/1/tier_id"),
        ({"tiers": [{"tier_id": "a", "reward_value": "-1"}]}, "/tiers/0/reward_value"),
        ({"limits": [{"measure": "clicks", "amount": "1"}]}, "/limits/0/measure"),
        ({"limits": [{"measure": "reward", "amount": "1e-7"}]}, "/limits/0/amount"),
        (
            {"limits": [{"measure": "reward", "amount": "1", "window": "yearly"}]},
            "/limits/0/window",
        ),
    ],
)
def test_a_definition_that_cannot_be_names_the_field(fields: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(defined(**fields))
    assert caught.value.pointer == pointer
    assert caught.value.detail


_MANY_TIERS = [{"tier_id": f"t{number}"} for number in range(MOST_TIERS + 1)]
_LIMIT = {"measure": "reward", "amount": "1"}
_TOO_MUCH = [
    ({"tiers": _MANY_TIERS}, "/tiers"),
    ({"tiers": [{"tier_id": "a", "name": "x" * 256}]}, "/tiers/0/name"),
    ({"limits": [_LIMIT] * (MOST_LIMITS + 1)}, "/limits"),
    ({"limits": [_LIMIT, {**_LIMIT, "tier_id": "x" * 256}]}, "/limits/1/tier_id"),
    ({"limits": [{"measure": "assignments", "amount": "5.5"}]}, "/limits/0/amount"),
    ({"limits": [{"measure": "redemptions", "amount": "0.1"}]}, "/limits/0/amount"),
    ({"limits": [_LIMIT, {**_LIMIT, "window": "daily"}, {**_LIMIT, "amount": "2"}]}, "/limits/2"),
    ({"description": "x" * (MOST_DESCRIBED + 1)}, "/description"),
    ({"properties": {"note": "x" * MOST_PROPERTIES}}, "/properties"),
    ({"max_redemptions": 2**31}, "/max_redemptions"),
]


@pytest.mark.parametrize(("fields", "pointer"), _TOO_MUCH)
def test_a_definition_that_makes_every_page_slow_is_refused_with_the_field(
    fields: dict[str, Any], pointer: str
) -> None:
    for before in (None, defined()):
        with pytest.raises(Invalid) as caught:
            check_changes(before, defined(**fields))
        assert caught.value.pointer == pointer


@pytest.mark.parametrize(("fields", "pointer"), _TOO_MUCH)
def test_what_was_defined_before_there_were_bounds_may_stay(
    fields: dict[str, Any], pointer: str
) -> None:
    """Its name and status can be changed, and it may shrink."""
    check_changes(defined(**fields), defined(**fields, name="Renamed", status="archived"))
    check_changes(defined(**fields), defined())


def test_a_definition_at_its_bounds_is_taken() -> None:
    limits = [_LIMIT | {"tier_id": one["tier_id"]} for one in _MANY_TIERS[:MOST_LIMITS]]
    check_changes(None, defined(tiers=_MANY_TIERS[:-1], limits=limits, max_redemptions=2**31 - 1))
    check_changes(None, defined(description="x" * MOST_DESCRIBED))


def test_a_limit_is_of_a_tier_that_the_promotion_has() -> None:
    """P7: nothing would ever be held to another one; what was so before stays until it is changed."""
    limits = [{"measure": "reward", "amount": "5", "tier_id": one} for one in ("gold", "glod")]
    after = msgspec.convert(FULL | {"limits": limits}, Promotion)
    with pytest.raises(Invalid) as refused:
        check_changes(None, after)
    assert refused.value.pointer == "/limits/1/tier_id"
    check_changes(after, msgspec.structs.replace(after, name="Winter"))
    check_changes(None, msgspec.structs.replace(after, tiers=[]))


def test_a_start_in_a_form_of_before_stays_and_is_no_longer_taken_anew() -> None:
    """Nothing of what is there becomes unreadable."""
    odd = defined(starts_at="2026-W36-2T00:00+02:00")
    check(odd)
    check_changes(odd, msgspec.structs.replace(odd, status="archived"))
    assert terms_of(odd, tracking_from_us=TRACKING_US, workspace_currency="CHF").known
    with pytest.raises(Invalid) as caught:
        check_changes(defined(), odd)
    assert caught.value.pointer == "/starts_at"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_status_changes_along_its_one_road(status: str, change: str) -> None:
    """Draft, active, deactivated, active again; archived is final; doing it twice is harmless."""
    reachable = {
        "activate": {"draft", "deactivated", "active"},
        "deactivate": {"active", "deactivated"},
        "archive": set(STATUSES),
    }
    after = {"activate": "active", "deactivate": "deactivated", "archive": "archived"}
    before = defined(status=status)
    if status in reachable[change]:
        assert changed_status(before, change) == defined(status=after[change])
    else:
        with pytest.raises(Conflict) as caught:
            changed_status(before, change)
        assert caught.value.code == "status"
    assert before.status == status


@pytest.mark.parametrize(
    "tiers",
    [
        [],
        FULL["tiers"][:2],
        FULL["tiers"][::-1],
        [FULL["tiers"][0] | {"reward_value": "21"}, *FULL["tiers"][1:]],
        [FULL["tiers"][0] | {"tier_id": "platinum"}, *FULL["tiers"][1:]],
    ],
)
@pytest.mark.parametrize("status", ["active", "deactivated"])
def test_tiers_freeze_at_first_activation(status: str, tiers: list[dict[str, str]]) -> None:
    """S32: what customers were promised cannot be rewritten under them; order is priority."""
    check_replacement(defined(status="draft"), defined(status="draft", tiers=tiers))
    check_replacement(defined(status="draft"), defined(status="active", tiers=tiers))
    with pytest.raises(Conflict) as caught:
        check_replacement(defined(status=status), defined(status=status, tiers=tiers))
    assert caught.value.code == "tiers_frozen"


def test_everything_but_tiers_may_change_while_active() -> None:
    changed = defined(name="Winter", limits=[], reward={"value": "6"}, ends_at=None)
    check_replacement(defined(), changed)


def test_what_was_active_is_never_a_draft_again() -> None:
    for status in ("active", "deactivated"):
        with pytest.raises(Conflict) as caught:
            check_replacement(defined(status=status), defined(status="draft"))
        assert caught.value.code == "status"


def test_an_archived_promotion_is_final() -> None:
    with pytest.raises(Conflict) as caught:
        check_replacement(defined(status="archived"), defined(status="archived"))
    assert caught.value.code == "archived"


def test_matching_gets_exact_values_of_the_promotion_and_its_tiers() -> None:
    """S24, S32."""
    assert terms() == Terms(
        known=True,
        max_redemptions=2,
        currency="EUR",
        value_micros=5_000_000,
        tier_micros={"gold": 20_000_000, "silver": 10_000_000},
    )


def test_a_percentage_has_no_value_before_it_is_used() -> None:
    percentage = terms(reward={"type": "percentage", "value": "20"})
    assert (percentage.value_micros, percentage.tier_micros) == (None, {})


@pytest.mark.parametrize(
    ("reward", "currency"),
    [
        ({"currency": "EUR"}, "EUR"),
        ({}, "CHF"),
        ({"type": "percentage"}, "CHF"),
        ({"type": "unit", "unit": "spins"}, "~spins"),
        ({"type": "unit"}, "~units"),
        ({"type": "unit", "unit": "EUR"}, "~EUR"),
    ],
)
def test_units_are_marked_so_that_they_never_meet_money(
    reward: dict[str, str], currency: str
) -> None:
    """S24: the currency is the reward's own, else the workspace's."""
    assert terms(reward=reward).currency == currency


def test_a_promotion_that_ended_before_tracking_is_historical() -> None:
    """S42, S43: forward only; one that ended at the very start of tracking is not historical yet."""
    assert terms(starts_at=None, ends_at="2026-06-30T23:59:59.999999Z").historical
    assert not terms(starts_at=None, ends_at="2026-07-01T00:00:00Z").historical
    assert not terms(starts_at=None, ends_at=None).historical


def test_only_a_draft_is_a_draft() -> None:
    assert [status for status in STATUSES if terms(status=status).draft] == ["draft"]


def test_one_redemption_is_allowed_unless_the_promotion_says_more() -> None:
    """S8: one redemption for each reward."""
    assert terms(max_redemptions=None).max_redemptions == 1
