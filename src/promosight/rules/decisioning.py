"""How a workspace decides, and under which terms a promotion may be offered: what the marketer sets.

`Settings` are the workspace's. `OfferTerms` are one promotion's, from its `properties.decisioning`. Both are
checked here, so that a mistake is told to whoever makes it and not found when a customer waits at the checkout.
"""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import Invalid
from promosight.rules.known_fields import check_fields
from promosight.rules.misfits import misfit_of
from promosight.rules.money import MICROS, parse_amount

MODES = ("live", "apprentice", "fixed", "off")
OBJECTIVES = ("net_value", "redemption")
EXPLORATIONS = ("igw", "thompson")
RESERVES = ("full", "two_sd")
NOTHING = "nothing"
LEAST_FLOOR = 0.005
"""Below this share of decisions at random nobody could tell afterwards what another policy would have brought."""

BOUNDS = {
    "margin": (0.0, 1.0),
    "gamma": (0.1, 1_000.0),
    "floor": (LEAST_FLOOR, 1.0),
    "control_share": (0.0, 0.5),
}
"""The least and the most of settings that are numbers."""
MOST_SEED = 255
"""Characters of a seed, which is hashed with every decision."""
MOST_ASSIGNED = 2**31 - 1


class Fixed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """The offer that everybody gets in mode `fixed`."""

    promotion_id: str
    tier_id: str | None = None


class BenchmarkShare(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """An offer, named beforehand, that a share of the decisions goes to: so that it can be compared with."""

    promotion_id: str
    tier_id: str | None = None
    share: float = 0.12


class FrequencyCap(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A customer gets at most so many assignments within so many days, whatever their promotions."""

    assignments: int
    days: int


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """How a workspace decides. The defaults hold until somebody changes them."""

    mode: str = "live"
    fixed: Fixed | None = None
    objective: str = "net_value"
    margin: float = 1.0
    exploration: str = "thompson"
    gamma: float = 30.0
    floor: float = 0.02
    control_share: float = 0.05
    control_gets: str = NOTHING
    frequency_cap: FrequencyCap | None = None
    reserve: str = "full"
    contact_cost: str = "0"
    assignment_days: float | None = None
    benchmark: BenchmarkShare | None = None
    seed: str = ""

    @property
    def contact_micros(self) -> int:
        """What it costs to tell a customer of an offer."""
        return parse_amount(self.contact_cost)


class OfferTerms(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """Under which terms decisions may offer a promotion: its `properties.decisioning`."""

    eligible: bool = True
    value: str | None = None
    cost: str | None = None
    segments: tuple[str, ...] = ()
    without_segments: tuple[str, ...] = ()
    max_per_customer: int | None = None

    @property
    def is_closer(self) -> bool:
        """Whether it is not open to everybody."""
        return (
            not self.eligible
            or bool(self.segments or self.without_segments)
            or self.max_per_customer is not None
        )


_UNSAID = OfferTerms()


def check_settings(settings: Settings) -> None:
    """Raises Invalid naming the first field that cannot be."""
    for name, allowed in (
        ("mode", MODES),
        ("objective", OBJECTIVES),
        ("exploration", EXPLORATIONS),
        ("reserve", RESERVES),
    ):
        if getattr(settings, name) not in allowed:
            raise Invalid("must be one of " + ", ".join(allowed), pointer=f"/{name}")
    for name in BOUNDS:
        check_bounds(name, getattr(settings, name))
    check_money(settings.contact_cost, "/contact_cost")
    if len(settings.seed) > MOST_SEED:
        raise Invalid(f"has more than {MOST_SEED} characters", pointer="/seed")
    cap = settings.frequency_cap
    if cap is not None and not 1 <= cap.assignments <= 10_000:
        raise Invalid("must be from 1 to 10000", pointer="/frequency_cap/assignments")
    if cap is not None and not 1 <= cap.days <= 3_650:
        raise Invalid("must be from 1 to 3650", pointer="/frequency_cap/days")
    if settings.benchmark is not None and not 0 < settings.benchmark.share <= 0.5:
        raise Invalid("must be more than 0 and at most 0.5", pointer="/benchmark/share")
    if settings.assignment_days is not None and not 0 < settings.assignment_days <= 3_650:
        raise Invalid("must be more than 0 and at most 3650", pointer="/assignment_days")


def offer_terms(properties: dict[str, Any]) -> OfferTerms:
    """The terms of a promotion with these properties. Raises Invalid naming the field."""
    if "decisioning" not in properties:
        return _UNSAID
    try:
        terms = msgspec.convert(properties["decisioning"], OfferTerms)
    except msgspec.ValidationError as error:
        check_fields(properties["decisioning"], OfferTerms, where="/properties/decisioning")
        why = misfit_of(error)
        raise Invalid(why.detail, pointer=f"/properties/decisioning{why.pointer}") from None
    for name in ("value", "cost"):
        if (text := getattr(terms, name)) is not None:
            check_money(text, f"/properties/decisioning/{name}")
    if terms.max_per_customer is not None and terms.max_per_customer < 1:
        raise Invalid("must be at least 1", pointer="/properties/decisioning/max_per_customer")
    return terms


def money(text: str) -> float:
    """An amount that is only compared, never counted: as a float."""
    return parse_amount(text) / MICROS


def check_bounds(name: str, number: float) -> None:
    """Raises Invalid naming a setting that is out of its bounds."""
    least, most = BOUNDS[name]
    if not least <= number <= most:
        raise Invalid(f"must be from {least:g} to {most:g}", pointer=f"/{name}")


def check_money(text: str, pointer: str) -> None:
    """Raises Invalid naming what is no amount, or less than nothing."""
    try:
        negative = parse_amount(text) < 0
    except ValueError as error:
        raise Invalid(str(error), pointer=pointer) from None
    if negative:
        raise Invalid("must not be negative", pointer=pointer)
