"""What happens between an offer and a person: whether it is given, and when and how often used.

A `Wave` is one run of a campaign (an offer's occurrence). A `Story` is one assignment of it and the
moments of its redemptions, in the real order of things; how they are reported comes later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Any

from promosight.simulate.catalogue import SEGMENTS, THEMES, Offer
from promosight.simulate.chance import OFFERED, chance
from promosight.simulate.people import Person
from promosight.simulate.settings import World
from promosight.simulate.written import DAY_S, instant, money, personal_code, whole

_LAUNCH_SPREAD_S = 7_200
_SEGMENT_LIFT = dict(zip(SEGMENTS, (0.1, 0.0, 0.35, 0.6, -0.8), strict=True))
_USED_AGAIN = 0.6  # of the chance of the use before


@dataclass(frozen=True, slots=True)
class Wave:
    """One run of an offer. `ordinal` counts all waves by launch, `number` the offer's own."""

    ordinal: int
    number: int
    offer: Offer
    offer_number: int
    theme: int
    launch_s: int
    expires_s: int | None

    @property
    def campaign_id(self) -> str:
        """The id of the campaign: one for all waves of the offer."""
        return f"{self.offer.promotion_id.lower()}-campaign"

    @property
    def occurrence(self) -> str:
        """Which run of the campaign this is."""
        return f"run-{self.number}"


@dataclass(frozen=True, slots=True)
class Story:
    """One assignment and its redemptions (`uses`, seconds, ascending). `value` is in hundredths."""

    wave: Wave
    person: Person
    assigned_s: int
    segment: str
    tier_id: str | None
    value: int
    code: str | None
    channels: tuple[str, ...]
    control: bool
    odds: float
    uses: tuple[int, ...]


def waves_of(world: World) -> tuple[Wave, ...]:
    """Every wave of every offer, by launch."""
    planned = sorted(
        (_launch_s(world, offer, fraction), offer_number, number)
        for offer_number, offer in enumerate(world.offers)
        for number, fraction in enumerate(offer.launches, start=1)
    )
    return tuple(
        _wave(world, ordinal, number, offer_number, launch_s)
        for ordinal, (launch_s, offer_number, number) in enumerate(planned)
    )


def _launch_s(world: World, offer: Offer, fraction: float) -> int:
    """Shops launch at nine, casinos after midnight; never before tracking unless meant to."""
    opening = 9 * 3_600 if offer.flavour == "retail" else 1_800
    launch = world.at(fraction) // DAY_S * DAY_S + opening
    return launch + DAY_S if fraction >= 0 and launch < world.start_s else launch


def _wave(world: World, ordinal: int, number: int, offer_number: int, launch_s: int) -> Wave:
    offer = world.offers[offer_number]
    ends = [] if offer.ends is None else [world.at(offer.ends)]
    if offer.valid_days is not None:
        ends.append(launch_s + offer.valid_days * DAY_S)
    expires_s = max(min(ends), launch_s + DAY_S) if ends else None
    theme = THEMES.index(offer.theme)
    return Wave(ordinal, number, offer, offer_number, theme, launch_s, expires_s)


def story(world: World, wave: Wave, one: Person) -> Story | None:
    """What became of this wave for this person, or None where it was not given to them (yet)."""
    offer = wave.offer
    segment = one.segment_at(wave.launch_s)
    reach = offer.reach.get(segment, 0.0)
    if not reach or offer.flavour not in one.flavours:
        return None
    random = chance(world.seed, OFFERED, wave.ordinal, one.index)
    channels = tuple([channel for channel in offer.channels if channel not in one.opt_outs])
    if random.random() >= reach or not channels:
        return None
    assigned_s = wave.launch_s + int(random.random() * _LAUNCH_SPREAD_S)
    if assigned_s > world.end_s:
        return None
    control = (one.luck + wave.offer_number * 0.618034) % 1 < world.control
    tier_id = one.tier_at(wave.launch_s) if offer.tiers else None
    value = dict(offer.tiers).get(tier_id, offer.value) if tier_id else offer.value
    odds = world.contamination if control else _odds(wave, one, segment, value)
    return Story(
        wave=wave,
        person=one,
        assigned_s=assigned_s,
        segment=segment,
        tier_id=tier_id,
        value=value,
        code=_code(world, wave, one) if offer.kind == "personalized" and not control else None,
        channels=channels,
        control=control,
        odds=odds,
        uses=_uses(world, wave, assigned_s, odds, random) if offer.pull is not None else (),
    )


def _odds(wave: Wave, one: Person, segment: str, value: int) -> float:
    """The chance of a first use: affinity, segment and generosity add up in log-odds."""
    offer = wave.offer
    if offer.pull is None:
        return 0.0
    generosity = 0.5 * math.log(value / offer.value)
    leaning = offer.pull + one.affinity[wave.theme] + _SEGMENT_LIFT[segment] + generosity
    return 1 / (1 + math.exp(-leaning))


def _uses(world: World, wave: Wave, from_s: int, odds: float, random: Random) -> tuple[int, ...]:
    until_s = world.end_s if wave.expires_s is None else min(world.end_s, wave.expires_s - 1)
    uses: list[int] = []
    moment = from_s
    while len(uses) < wave.offer.max_redemptions and random.random() < odds:
        moment = _waking(moment + 30 + int(_delay_s(wave.offer, random)))
        if moment > until_s:
            break
        uses.append(moment)
        odds *= _USED_AGAIN
    return tuple(uses)


def _delay_s(offer: Offer, random: Random) -> float:
    return offer.delay_days * DAY_S * random.lognormvariate(0, 0.9)


def _waking(second: int) -> int:
    """Most people sleep until seven: what falls into the night happens in the morning."""
    into_day = second % DAY_S
    return second + 7 * 3_600 if into_day < 6 * 3_600 else second


def _code(world: World, wave: Wave, one: Person) -> str:
    number = wave.ordinal * world.customers + one.index
    return personal_code(wave.offer.promotion_id[:4], number, world.seed)


def reward_text(offer: Offer, value: int) -> str:
    """A reward's value as the contract writes it: money with cents, percents and units plain."""
    return money(value) if offer.reward == "amount" else whole(value)


def assignment_record(world: World, told: Story) -> dict[str, Any]:
    """The assignment as `POST /v1/assignments` takes it."""
    wave, offer = told.wave, told.wave.offer
    record: dict[str, Any] = {
        "promotion_id": offer.promotion_id,
        "customer_id": told.person.customer_id,
        "assigned_at": instant(told.assigned_s),
        "campaign_id": wave.campaign_id,
        "occurrence": wave.occurrence,
        "segment": told.segment,
        "channels": list(told.channels),
    }
    if offer.flavour == "igaming":  # a bonus engine has ids of its own; a mailing tool has not
        record["assignment_id"] = assignment_id(told)
    if told.tier_id is not None:
        record["tier_id"] = told.tier_id
    if told.code is not None:
        record["promo_code"] = told.code
    if offer.reward != "percentage":
        record["reward_value"] = reward_text(offer, told.value)
    if offer.reward == "amount":
        record["currency"] = world.currency
    if wave.expires_s is not None:
        record["expires_at"] = instant(wave.expires_s)
    if offer.max_redemptions > 1:
        record["max_redemptions"] = offer.max_redemptions
    if told.control:
        record["control"] = True
    return record


def assignment_id(told: Story) -> str:
    """The bonus engine's id of an assignment."""
    return f"{told.wave.campaign_id}-{told.wave.number}-{told.person.customer_id}"
