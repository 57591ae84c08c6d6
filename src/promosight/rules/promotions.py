"""What a promotion is, and which of its terms decide about facts.

A `Promotion` is the definition as the marketer wrote it. `Terms` is the little that matching and
costing need of it. A promotion that facts have named but nobody has defined yet has terms too:
unknown ones, under which everything waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from promosight.errors import Conflict, Invalid
from promosight.rules.decisioning import MOST_ASSIGNED, offer_terms
from promosight.rules.instants import kept_instant, parse_instant
from promosight.rules.money import MICROS, UNIT_MARK, is_currency, parse_amount

KINDS = ("global", "tiered", "personalized")
STATUSES = ("draft", "active", "deactivated", "archived")
REWARD_TYPES = ("amount", "unit", "percentage")
MEASURES = ("reward", "assignments", "redemptions")
WINDOWS = ("daily", "weekly", "monthly", "lifetime")
CHANGES = {
    "activate": (("draft", "deactivated", "active"), "active"),
    "deactivate": (("active", "deactivated"), "deactivated"),
    "archive": (("draft", "active", "deactivated", "archived"), "archived"),
}
"""Each change of status: from which statuses, to which. Archived is final."""
MOST_TIERS = 200
"""Every decision weighs every tier, and every page of figures tells every limit."""
MOST_LIMITS = 200
MOST_DESCRIBED = 10_000
"""Characters of a description, which goes along in each list."""
MOST_PROPERTIES = 65_536
"""Characters of properties, written as JSON."""
_MOST_NAMED = 255
_MOST_USES = 2**31 - 1


class Reward(msgspec.Struct, kw_only=True):
    """What a redemption gives: `amount` (money), `unit` (points, spins) or `percentage` (cost known when redeemed)."""

    type: str = "amount"
    currency: str | None = None
    value: str | None = None
    unit: str | None = None


class Tier(msgspec.Struct, kw_only=True):
    """One rung; array order is priority."""

    tier_id: str
    name: str | None = None
    reward_value: str | None = None


class Limit(msgspec.Struct, kw_only=True):
    """A budget or cap: at most `amount` of `measure` in each `window`, for one tier if it names one."""

    measure: str
    amount: str
    window: str = "lifetime"
    tier_id: str | None = None

    @property
    def is_budget(self) -> bool:
        """Whether it limits what all rewards of the promotion come to in its whole life."""
        return self.measure == "reward" and self.window == "lifetime" and self.tier_id is None


class Promotion(msgspec.Struct, kw_only=True):
    """A promotion's definition, as PUT and returned."""

    name: str
    kind: str = "global"
    status: str = "draft"
    code: str | None = None
    fallback_code: str | None = None
    description: str | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    reward: Reward = msgspec.field(default_factory=Reward)
    max_redemptions: int | None = None
    tiers: list[Tier] = msgspec.field(default_factory=list)
    limits: list[Limit] = msgspec.field(default_factory=list)
    properties: dict[str, Any] = msgspec.field(default_factory=dict)


SHOWN_ONLY = ("promotion_id", "created_at", "updated_at", "figures", "trend")
"""What is told of a promotion beside its definition: it may come back with that, and defines nothing."""

_NOTHING_YET = Promotion(name="")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms that matching and costing need. `known` is False until the promotion is defined."""

    known: bool
    draft: bool = False
    historical: bool = False
    max_redemptions: int = 1
    currency: str = ""
    value_micros: int | None = None
    tier_micros: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def in_force(self) -> bool:
        """Whether redemptions of it are judged by its assignments, and not refused or left to wait."""
        return self.known and not self.draft and not self.historical


UNKNOWN = Terms(known=False)


def terms_of(promotion: Promotion, *, tracking_from_us: int, workspace_currency: str) -> Terms:
    """The terms of a checked definition in its workspace."""
    reward = promotion.reward
    percentage = reward.type == "percentage"
    ends_us = None if promotion.ends_at is None else kept_instant(promotion.ends_at)
    return Terms(
        known=True,
        draft=promotion.status == "draft",
        historical=ends_us is not None and ends_us < tracking_from_us,
        max_redemptions=promotion.max_redemptions or 1,
        currency=reward_currency(reward, workspace_currency),
        value_micros=None if percentage or reward.value is None else parse_amount(reward.value),
        tier_micros={}
        if percentage
        else {
            tier.tier_id: parse_amount(tier.reward_value)
            for tier in promotion.tiers
            if tier.reward_value is not None
        },
    )


def reward_currency(reward: Reward, workspace_currency: str) -> str:
    """The currency column of a reward: ISO 4217, or `~unit` for points and spins."""
    if reward.type == "unit":
        return UNIT_MARK + (reward.unit or "units")
    return reward.currency or workspace_currency


def check(promotion: Promotion) -> None:
    """Raises Invalid naming the first field that cannot be."""
    _one_of(promotion.kind, KINDS, "/kind")
    _one_of(promotion.status, STATUSES, "/status")
    _one_of(promotion.reward.type, REWARD_TYPES, "/reward/type")
    _text(promotion.name, "/name")
    for name in ("code", "fallback_code"):
        if (code := getattr(promotion, name)) is not None:
            _text(code, f"/{name}")
    _check_times(promotion)
    if promotion.max_redemptions is not None and promotion.max_redemptions < 1:
        raise Invalid("must be at least 1", pointer="/max_redemptions")
    _check_reward(promotion.reward)
    _check_tiers(promotion.tiers)
    for index, limit in enumerate(promotion.limits):
        _one_of(limit.measure, MEASURES, f"/limits/{index}/measure")
        _one_of(limit.window, WINDOWS, f"/limits/{index}/window")
        _amount(limit.amount, f"/limits/{index}/amount")
    offer_terms(promotion.properties)


def _check_reward(reward: Reward) -> None:
    if reward.currency is not None and not is_currency(reward.currency):
        raise Invalid("must be an ISO 4217 code such as EUR", pointer="/reward/currency")
    if reward.unit is not None:
        _text(reward.unit, "/reward/unit")
    if reward.value is not None:
        _amount(reward.value, "/reward/value")


def _check_times(promotion: Promotion) -> None:
    moments = [
        _instant(text, f"/{name}", kept_instant)
        for name in ("starts_at", "ends_at")
        if (text := getattr(promotion, name)) is not None
    ]
    if len(moments) == 2 and moments[1] < moments[0]:
        raise Invalid("lies before starts_at", pointer="/ends_at")


def _check_tiers(tiers: list[Tier]) -> None:
    seen: set[str] = set()
    for index, tier in enumerate(tiers):
        _text(tier.tier_id, f"/tiers/{index}/tier_id")
        if tier.tier_id in seen:
            raise Invalid("names a tier twice", pointer=f"/tiers/{index}/tier_id")
        seen.add(tier.tier_id)
        if tier.reward_value is not None:
            _amount(tier.reward_value, f"/tiers/{index}/reward_value")


def check_changes(before: Promotion | None, after: Promotion) -> None:
    """Raises Invalid naming what is too much, or in a form that is not taken any more.

    A definition of before there were such bounds may keep what it has.
    """
    was = before or _NOTHING_YET
    _check_new_times(was, after)
    for name, most in (("tiers", MOST_TIERS), ("limits", MOST_LIMITS)):
        if len(getattr(after, name)) > max(most, len(getattr(was, name))):
            raise Invalid(f"has more than {most}", pointer=f"/{name}")
    for index, tier in enumerate(after.tiers if after.tiers != was.tiers else ()):
        _no_longer(tier.name, _MOST_NAMED, f"/tiers/{index}/name")
    if after.limits != was.limits:
        _check_new_limits(after)
    if after.max_redemptions != was.max_redemptions and (after.max_redemptions or 0) > _MOST_USES:
        raise Invalid(f"must be at most {_MOST_USES}", pointer="/max_redemptions")
    if after.description != was.description:
        _no_longer(after.description, MOST_DESCRIBED, "/description")
    if after.properties != was.properties:
        written = msgspec.json.encode(after.properties).decode()
        _no_longer(written, MOST_PROPERTIES, "/properties")
        if (offer_terms(after.properties).max_per_customer or 0) > MOST_ASSIGNED:
            where = "/properties/decisioning/max_per_customer"
            raise Invalid(f"must be at most {MOST_ASSIGNED}", pointer=where)


def _check_new_limits(promotion: Promotion) -> None:
    """Raises Invalid for what nobody means by a limit: a part of an assignment, or two amounts for the same."""
    seen: set[tuple[str, str, str | None]] = set()
    for index, limit in enumerate(promotion.limits):
        where = f"/limits/{index}"
        _no_longer(limit.tier_id, _MOST_NAMED, f"{where}/tier_id")
        _check_tier(limit, promotion.tiers, f"{where}/tier_id")
        if limit.measure != "reward" and parse_amount(limit.amount) % MICROS:
            raise Invalid(f"must be a whole number of {limit.measure}", pointer=f"{where}/amount")
        named = (limit.measure, limit.window, limit.tier_id)
        if named in seen:
            raise Invalid("limits the same as one before it", pointer=where)
        seen.add(named)


def _check_tier(limit: Limit, tiers: list[Tier], pointer: str) -> None:
    """Raises Invalid for a limit of a tier that a promotion with tiers has not: nothing would ever be held to it."""
    names = [one.tier_id for one in tiers]
    if names and limit.tier_id is not None and limit.tier_id not in names:
        raise Invalid("must be one of " + ", ".join(names), pointer=pointer)


def _check_new_times(was: Promotion, after: Promotion) -> None:
    for name in ("starts_at", "ends_at"):
        text = getattr(after, name)
        if text is not None and text != getattr(was, name):
            _instant(text, f"/{name}")


def _no_longer(text: str | None, most: int, pointer: str) -> None:
    if text is not None and len(text) > most:
        raise Invalid(f"has more than {most} characters", pointer=pointer)


def check_replacement(before: Promotion, after: Promotion) -> None:
    """Raises Conflict where a definition may no longer change: archived is final, tiers freeze at first activation."""
    if before.status == "archived":
        raise Conflict("an archived promotion is final; duplicate it instead", code="archived")
    if before.status != "draft" and after.status == "draft":
        raise Conflict("a promotion that was active cannot be a draft again", code="status")
    if before.status != "draft" and before.tiers != after.tiers:
        raise Conflict("tiers are frozen since the first activation", code="tiers_frozen")


def changed_status(promotion: Promotion, change: str) -> Promotion:
    """The promotion after `activate`, `deactivate` or `archive`. Raises Conflict when it cannot be."""
    allowed, status = CHANGES[change]
    if promotion.status not in allowed:
        raise Conflict(f"cannot {change} a promotion that is {promotion.status}", code="status")
    return msgspec.structs.replace(promotion, status=status)


def _instant(text: str, pointer: str, parse: Callable[[str], int] = parse_instant) -> int:
    try:
        return parse(text)
    except ValueError as error:
        raise Invalid(str(error), pointer=pointer) from None


def _one_of(value: str, allowed: tuple[str, ...], pointer: str) -> None:
    if value not in allowed:
        raise Invalid("must be one of " + ", ".join(allowed), pointer=pointer)


def _text(value: str, pointer: str) -> None:
    if not value.strip() or value != value.strip() or len(value) > 255 or not value.isprintable():
        raise Invalid("must be 1 to 255 printable characters, trimmed", pointer=pointer)


def _amount(value: str, pointer: str) -> None:
    try:
        negative = parse_amount(value) < 0
    except ValueError as error:
        raise Invalid(str(error), pointer=pointer) from None
    if negative:
        raise Invalid("must not be negative", pointer=pointer)
