"""How stories are reported: each redemption and reversal as an event, and when it is delivered.

A shop reports at once; a casino's bonus engine sends yesterday's at three in the morning. What is
due after the window's end is not delivered yet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Any

from promosight.simulate.catalogue import Offer
from promosight.simulate.settings import World
from promosight.simulate.stories import Story, assignment_id, reward_text
from promosight.simulate.written import DAY_S, instant, money

_BATCH_HOUR_S = 3 * 3_600
_SHOP_CHANNELS = ("web", "web", "store", "app")
_CASINO_CHANNELS = ("web", "app")
_GAMES = ("book-of-suns", "lucky-reels", "blackjack", "roulette")

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record on its way: when and by which source it is delivered, and why it is there.

    `kind` is `assignments` or `redemptions`; `why` is `given`, `redeemed`, `contaminated`,
    `reversed`, or the name of the dirt. `why` tells what was meant; where one customer holds
    several assignments of a promotion, a stray event may still find one it fits.
    """

    at_s: int
    kind: str
    source: str
    why: str
    record: Record


def source_of(offer: Offer) -> str:
    """The system that reports an offer's redemptions."""
    return "checkout" if offer.flavour == "retail" else "bonus-engine"


def delivered_s(offer: Offer, moment: int, random: Random) -> int:
    """When the report of what happened at `moment` arrives."""
    if source_of(offer) == "checkout":
        return moment + 1 + int(random.random() * 5)
    return moment // DAY_S * DAY_S + DAY_S + _BATCH_HOUR_S


def redemption_record(
    world: World, told: Story, event_id: str, moment: int, random: Random
) -> Record:
    """One redemption of this assignment at `moment`, as `POST /v1/redemptions` takes it."""
    offer = told.wave.offer
    order = int(random.lognormvariate(math.log(5_200), 0.5) * told.person.spend) + 100
    record: Record = {"event_id": event_id}
    _identify(record, world, told, random)
    record["customer_id"] = told.person.customer_id
    record["redeemed_at"] = instant(moment)
    if told.tier_id is not None:
        record["tier_id"] = told.tier_id
    record["reward_value"] = reward_text(offer, told.value)
    if offer.reward == "percentage":
        record["reward_value"] = money((order * told.value + 5_000) // 10_000)
    if offer.reward != "unit":
        record["currency"] = world.currency
    record["order_id"] = f"o-{event_id}"
    record["order_value"] = money(order)
    if offer.flavour == "retail":
        record["channel"] = random.choice(_SHOP_CHANNELS)
        record["metadata"] = {"till": str(1 + int(random.random() * 24))}
    else:
        record["channel"] = random.choice(_CASINO_CHANNELS)
        record["metadata"] = {"game": random.choice(_GAMES)}
    return record


def _identify(record: Record, world: World, told: Story, random: Random) -> None:
    """Say what was redeemed the way systems do: by promotion, by code, or with more."""
    offer = told.wave.offer
    code = told.code or offer.code
    by_code = random.random() < world.code_only
    referred = random.random() < 0.5
    if code is None or not by_code or told.control:
        record["promotion_id"] = offer.promotion_id
    if code is not None and not told.control and (by_code or told.code is not None):
        record["promo_code"] = code
    if referred and not by_code and not told.control:
        if offer.flavour == "igaming":
            record["assignment_id"] = assignment_id(told)
        else:
            record["campaign_id"] = told.wave.campaign_id


def event_id(told: Story, use: int) -> str:
    """The reporting system's id of the n-th use (from 0) of an assignment."""
    prefix = "pos" if told.wave.offer.flavour == "retail" else "bonus"
    return f"{prefix}-{told.wave.ordinal:03d}-{told.person.index + 1:06d}-{use + 1}"


def reversal_record(
    world: World, told: Story, original: Record, moment: int, random: Random
) -> Record:
    """A reversal of `original` at `moment`, whole or in part."""
    record: Record = {"event_id": f"{original['event_id']}-r", "type": "reversal"}
    record["reverses"] = original["event_id"]
    record["promotion_id"] = told.wave.offer.promotion_id
    record["customer_id"] = original["customer_id"]
    record["redeemed_at"] = instant(moment)
    if random.random() < world.partial:
        record["reward_value"] = _part_of(told, original, random)
        if "currency" in original:
            record["currency"] = original["currency"]
    return record


def _part_of(told: Story, original: Record, random: Random) -> str:
    whole, _, cents = original["reward_value"].partition(".")
    share = 0.2 + 0.6 * random.random()
    if told.wave.offer.reward == "unit":
        return str(max(1, int(int(whole) * share)))
    return money(max(1, int(int(whole + cents) * share)))


def honest_deliveries(world: World, told: Story, use: int, random: Random) -> list[Delivery]:
    """The report of the n-th use of an assignment, and of its reversal where there is one."""
    offer, moment = told.wave.offer, told.uses[use]
    source = source_of(offer)
    record = redemption_record(world, told, event_id(told, use), moment, random)
    at_s = delivered_s(offer, moment, random)
    why = "contaminated" if told.control else "redeemed"
    if random.random() >= world.reversal:
        return [Delivery(at_s, "redemptions", source, why, record)]
    undone_s = moment + 600 + int(random.expovariate(1 / (2 * DAY_S)))
    undone = reversal_record(world, told, record, undone_s, random)
    undone_at_s = max(delivered_s(offer, undone_s, random), at_s + 1)
    if random.random() < world.early_reversal:  # the till was offline, the refund desk was not
        at_s = undone_at_s + 60 + int(random.random() * DAY_S / 4)
    return [
        Delivery(at_s, "redemptions", source, why, record),
        Delivery(undone_at_s, "redemptions", source, "reversed", undone),
    ]
