"""The promotions of a run and what happens in them: customers' stories, drawn from a seed.

Every story is one that the semantics decide. Of the same seed and number come the same facts, but for their times,
which lie between the start of tracking and now, and for the name of the run, which stands in every id.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from promosight.certify.facts import DAY, SECOND, Assignment, Event, Fact, Terms

GLOBAL, TIERED, PERSONALIZED, POINTS, SHARE = "global", "tiered", "personal", "points", "share"
KINDS = (GLOBAL, TIERED, PERSONALIZED, POINTS, SHARE)
LONGEST = 30 * DAY
_TIERS = {"gold": Decimal("10.00"), "silver": Decimal("4.50"), "bronze": Decimal("1.25")}
_SEGMENTS = ("new", "loyal", "lapsed", None)
_CHANNELS = (("email",), ("sms",), ("email", "sms"), ())


@dataclass(frozen=True)
class Window:
    """The time in which facts of a run lie."""

    start_us: int
    end_us: int

    def at(self, share: float) -> int:
        """The moment after such a share of it, to the millisecond."""
        return self.start_us + int((self.end_us - self.start_us) * share) // 1000 * 1000


@dataclass
class World:
    """The promotions of the chaos, and every fact that is sent of them."""

    run: str
    terms: dict[str, Terms]
    assignments: list[Assignment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)

    @property
    def facts(self) -> list[Fact]:
        """All of them."""
        return [*self.assignments, *self.events]

    @property
    def size(self) -> int:
        """How many facts there are."""
        return len(self.assignments) + len(self.events)


def definition(run: str, kind: str, currency: str) -> Terms:
    """The terms of one promotion of the chaos."""
    name = f"{run}-{kind}"
    told: dict[str, Any] = {"name": f"Certification: {kind}", "status": "active", "code": name}
    if kind == GLOBAL:
        limits = [
            {"measure": measure, "window": "lifetime", "amount": "1000000"}
            for measure in ("reward", "assignments", "redemptions")
        ]
        told |= {"kind": "global", "reward": _money(currency, "5.00"), "max_redemptions": 2}
        return Terms(
            name, told | {"limits": limits}, Decimal("5.00"), currency=currency, max_redemptions=2
        )
    if kind == TIERED:
        tiers = [
            {"tier_id": tier, "name": tier.title(), "reward_value": str(value)}
            for tier, value in _TIERS.items()
        ]
        told |= {"kind": "tiered", "reward": _money(currency, "2.00"), "tiers": tiers}
        told["limits"] = [{"measure": "reward", "window": "lifetime", "amount": "100"}]
        return Terms(name, told, Decimal("2.00"), _TIERS, currency)
    if kind == PERSONALIZED:
        told |= {"kind": "personalized", "reward": _money(currency, "3.00")}
        return Terms(name, told, Decimal("3.00"), currency=currency)
    if kind == POINTS:
        told |= {"kind": "global", "reward": {"type": "unit", "unit": "points", "value": "100"}}
        return Terms(name, told, Decimal(100), unit="points")
    told |= {
        "kind": "global",
        "reward": {"type": "percentage", "value": "20", "currency": currency},
    }
    return Terms(name, told, currency=currency)


def _money(currency: str, value: str) -> dict[str, str]:
    return {"type": "amount", "currency": currency, "value": value}


def made(run: str, seed: int, facts: int, window: Window, currency: str) -> World:
    """A world of at least so many facts."""
    terms = {kind: definition(run, kind, currency) for kind in KINDS}
    world = World(run, {one.promotion_id: one for one in terms.values()})
    drawn = random.Random(f"{seed}/world")
    number = 0
    while world.size < facts or number < 2 * len(_STORIES):
        # Each story is told in turn, so that none is missing, however few facts there are.
        story = _STORIES[number % len(_STORIES)]
        _Teller(world, terms, drawn, window, number).tell(story)
        number += 1
    return world


class _Teller:
    """Tells the story of one customer."""

    def __init__(
        self,
        world: World,
        terms: dict[str, Terms],
        drawn: random.Random,
        window: Window,
        number: int,
    ) -> None:
        self.world, self.drawn, self.window = world, drawn, window
        self.customer = f"{world.run}-c{number}"
        self.kind = KINDS[number // len(_STORIES) % len(KINDS)]
        if drawn.random() < 0.5:
            self.kind = drawn.choice(KINDS)
        self.terms = terms[self.kind]
        self.cloud = drawn.random() < 0.15
        self._given = self._told = 0

    def tell(self, story: Callable[[_Teller], None]) -> None:
        """Adds its facts to the world."""
        story(self)

    def given(self, at: float, **more: Any) -> Assignment:
        """The customer is given a reward, after a share of the time."""
        self._given += 1
        drawn, name = self.drawn, f"{self.customer}-a{self._given}"
        personal = self.kind == PERSONALIZED
        a = Assignment(
            name,
            self.terms.promotion_id,
            self.customer,
            self.window.at(at),
            tier_id=drawn.choice(list(_TIERS)) if self.kind == TIERED else None,
            segment=drawn.choice(_SEGMENTS),
            channels=drawn.choice(_CHANNELS),
            campaign_id=f"wave-{drawn.randrange(3)}",
            promo_code=f"{name}-code".upper() if personal else None,
            reward_value=Decimal(drawn.randrange(100, 900)) / 100 if personal else None,
        )
        a = replace(a, **more)
        self.world.assignments.append(a)
        return a

    def used(self, at: float, **more: Any) -> Event:
        """The customer redeems, after a share of the time."""
        self._told += 1
        drawn, home = self.drawn, self.terms.promotion_id
        by_code = drawn.random() < 0.2
        e = Event(
            f"{self.customer}-e{self._told}",
            home,
            self.customer,
            self.window.at(at),
            promotion_id=None if by_code else home,
            promo_code=home if by_code else None,
            reward_value=Decimal(drawn.randrange(100, 900)) / 100 if self.kind == SHARE else None,
            order_value=Decimal(drawn.randrange(1000, 9999)) / 100
            if drawn.random() < 0.8
            else None,
            cloud=self.cloud,
        )
        e = replace(e, **more)
        self.world.events.append(e)
        return e

    def undone(self, e: Event, at: float, value: Decimal | None = None) -> None:
        """A redemption is reversed, wholly or in part."""
        self._told += 1
        self.world.events.append(
            Event(
                f"{self.customer}-e{self._told}",
                self.terms.promotion_id,
                self.customer,
                max(self.window.at(at), e.redeemed_us),
                promotion_id=self.terms.promotion_id,
                reward_value=value,
                reverses=e.event_id,
                cloud=self.cloud,
            )
        )

    def early(self) -> float:
        """A share of the time in which rewards are given."""
        return self.drawn.uniform(0.0, 0.5)

    def late(self) -> float:
        """A share of the time in which they are used."""
        return self.drawn.uniform(0.55, 1.0)


def _redeems(one: _Teller) -> None:
    one.given(one.early())
    one.used(one.late())


def _redeems_too_often(one: _Teller) -> None:
    one.given(one.early())
    for _ in range(3):
        one.used(one.late())


def _never_redeems(one: _Teller) -> None:
    one.given(one.early())


def _misses_it(one: _Teller) -> None:
    one.given(0.1, expires_us=one.window.at(0.3))
    one.used(one.late())


def _lets_it_expire(one: _Teller) -> None:
    one.given(0.1, expires_us=one.window.at(0.5))


def _returns(one: _Teller) -> None:
    one.given(one.early())
    one.undone(one.used(one.late()), 1.0)


def _returns_some(one: _Teller) -> None:
    one.given(one.early())
    one.undone(one.used(one.late(), reward_value=Decimal("8.00")), 1.0, Decimal("2.75"))


def _returns_bit_by_bit(one: _Teller) -> None:
    one.given(one.early())
    e = one.used(one.late(), reward_value=Decimal("8.00"))
    one.undone(e, 0.98, Decimal("5.00"))
    one.undone(e, 1.0, Decimal("3.00"))


def _returns_and_redeems_again(one: _Teller) -> None:
    one.given(one.early())
    one.undone(one.used(0.6), 0.7)
    one.used(0.8)


def _redeems_before_it_is_given(one: _Teller) -> None:
    one.given(0.9)
    one.used(0.2)


def _is_in_the_control_group(one: _Teller) -> None:
    one.given(one.early(), control=True, promo_code=None)
    if one.drawn.random() < 0.5:
        one.used(one.late())


def _is_a_stranger(one: _Teller) -> None:
    one.used(one.late())


def _names_the_assignment(one: _Teller) -> None:
    older = one.given(0.1)
    one.given(0.4)
    one.used(one.late(), assignment_id=older.assignment_id)


def _names_the_campaign(one: _Teller) -> None:
    one.given(0.1, campaign_id="wave-a")
    one.given(0.4, campaign_id="wave-b")
    one.used(one.late(), campaign_id="wave-a")
    one.used(one.late())


def _uses_the_personal_code(one: _Teller) -> None:
    older = one.given(0.1)
    one.given(0.4)
    if older.promo_code:
        one.used(one.late(), promotion_id=None, promo_code=older.promo_code)
    one.used(one.late())


def _borrows_a_code(one: _Teller) -> None:
    one.given(one.early())
    lent = [a for a in one.world.assignments if a.promo_code and a.customer_id != one.customer]
    if lent and one.kind == PERSONALIZED:
        code = lent[-1].promo_code
        one.used(one.late(), promotion_id=one.terms.promotion_id, promo_code=code)


def _gets_another_value(one: _Teller) -> None:
    one.given(one.early())
    one.used(one.late(), reward_value=Decimal("0.75"))


def _loses_it(one: _Teller) -> None:
    a = one.given(one.early())
    one.world.withdrawn.append(a.assignment_id)
    if one.drawn.random() < 0.5:
        one.used(one.late())


def _has_more_uses(one: _Teller) -> None:
    one.given(one.early(), max_redemptions=3)
    for _ in range(4):
        one.used(one.late())


def _has_a_till_that_is_slow(one: _Teller) -> None:
    a = one.given(0.5)
    e = one.used(0.6)
    slow = max(a.assigned_us - 30 * SECOND, one.window.start_us)
    one.world.events[-1] = replace(e, redeemed_us=slow)


_STORIES: tuple[Callable[[_Teller], None], ...] = (
    _redeems,
    _redeems_too_often,
    _returns,
    _never_redeems,
    _redeems,
    _misses_it,
    _returns_some,
    _names_the_assignment,
    _redeems,
    _returns_and_redeems_again,
    _lets_it_expire,
    _redeems_before_it_is_given,
    _uses_the_personal_code,
    _redeems,
    _is_in_the_control_group,
    _returns_bit_by_bit,
    _borrows_a_code,
    _is_a_stranger,
    _names_the_campaign,
    _never_redeems,
    _gets_another_value,
    _loses_it,
    _has_more_uses,
    _redeems,
    _has_a_till_that_is_slow,
)
