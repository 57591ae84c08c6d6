"""What goes wrong on the way: each kind of dirt is a stray event made after an honest one.

The honest event always stays, so that what should be counted is known whatever the dirt. A maker
gets the honest story and event and returns the stray record, or None where it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from random import Random

from promosight.simulate.people import People, Person
from promosight.simulate.reports import Delivery, Record, redemption_record
from promosight.simulate.settings import Dirt, World
from promosight.simulate.stories import Story, Wave, story, waves_of
from promosight.simulate.written import DAY_S, instant, money

_CANDIDATES = 60
_NAMES = ("assignment_id", "promo_code", "campaign_id", "tier_id")


class Cast:
    """A world's people and waves, to look up what became of any of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people = People(world)
        self.waves = waves_of(world)

    def stories(self) -> Iterator[Story]:
        """Every assignment of the world, wave by wave."""
        for wave in self.waves:
            for one in self.everyone():
                told = story(self.world, wave, one)
                if told is not None:
                    yield told

    def everyone(self) -> Iterator[Person]:
        """Every customer, by index."""
        return (self.people[index] for index in range(len(self.people)))

    def others(self, one: Person) -> Iterator[Person]:
        """The next few customers after one, round the end of the list."""
        count = len(self.people)
        for step in range(1, min(_CANDIDATES, count)):
            yield self.people[(one.index + step) % count]

    def was_offered(self, one: Person, offer_number: int) -> bool:
        """Whether any wave of an offer reached this customer."""
        return any(
            story(self.world, wave, one) is not None
            for wave in self.waves
            if wave.offer_number == offer_number
        )


@dataclass(slots=True)
class _Case:
    """What a maker may look at; one that invents a later redemption says so in `moment`."""

    cast: Cast
    told: Story
    use: int
    honest: Record
    random: Random
    moment: int = 0

    @property
    def world(self) -> World:
        return self.cast.world

    @property
    def wave(self) -> Wave:
        return self.told.wave

    def stray(self, **changes: object) -> Record:
        """The honest event with changes; a change to None leaves the field out."""
        changed = self.honest | changes
        return {name: value for name, value in changed.items() if value is not None}

    def renamed(self, promotion_id: str) -> Record:
        """The honest event under another promotion, with no other reference left."""
        return self.stray(**dict.fromkeys(_NAMES), promotion_id=promotion_id)


def stray_deliveries(
    cast: Cast, told: Story, use: int, honest: Delivery, random: Random
) -> Iterator[Delivery]:
    """The dirt around one honest redemption, each kind with the chance its setting gives it."""
    for name, make in _MAKERS.items():
        if random.random() >= getattr(cast.world.dirt, name):
            continue
        case = _Case(cast, told, use, honest.record, random)
        made = make(case)
        if made is None:
            continue
        keeps_id = name in ("duplicate", "event_conflict", "missing_field")
        record = made if keeps_id else made | {"event_id": f"{made['event_id']}-{_TAGS[name]}"}
        yield Delivery(_sent_s(name, case, honest), "redemptions", honest.source, name, record)


def _sent_s(name: str, case: _Case, honest: Delivery) -> int:
    """Shortly after the honest event, but broken first tries before it."""
    if name == "missing_field":
        return honest.at_s - 1
    return max(case.moment, honest.at_s) + 30 + int(case.random.random() * DAY_S / 4)


def _duplicate(case: _Case) -> Record:
    return case.honest


def _event_conflict(case: _Case) -> Record:
    return case.stray(order_value=money(100 + int(case.random.random() * 20_000)), order_id="o-?")


def _unknown_promotion(case: _Case) -> Record:
    return case.renamed(f"{case.wave.offer.promotion_id}-OLD")


def _unknown_customer(case: _Case) -> Record:
    guest = f"guest-{case.random.getrandbits(32):08x}"
    return case.renamed(case.wave.offer.promotion_id) | {"customer_id": guest}


def _backdated(case: _Case) -> Record:
    early_s = case.world.start_s - int((1 + case.random.random() * 20) * DAY_S)
    return case.stray(redeemed_at=instant(early_s))


def _future(case: _Case) -> Record:
    late_s = case.world.end_s + int((2 + case.random.random() * 28) * DAY_S)
    return case.stray(redeemed_at=instant(late_s))


def _naive_time(case: _Case) -> Record:
    return case.stray(redeemed_at=case.honest["redeemed_at"].removesuffix("Z"))


def _missing_field(case: _Case) -> Record:
    lost = case.random.choice(("event_id", "promotion", "customer_id", "redeemed_at"))
    names = ("promotion_id", "promo_code") if lost == "promotion" else (lost,)
    return case.stray(**dict.fromkeys(names))


def _over_use(case: _Case) -> Record | None:
    if case.told.control or case.use + 1 < case.wave.offer.max_redemptions:
        return None
    case.moment = case.told.uses[case.use] + 300 + int(case.random.random() * DAY_S)
    if case.moment > _last_s(case):
        return None
    original = case.honest["event_id"]
    return redemption_record(case.world, case.told, original, case.moment, case.random)


def _last_s(case: _Case) -> int:
    expires_s = case.wave.expires_s
    return case.world.end_s if expires_s is None else min(case.world.end_s, expires_s - 1)


def _unassigned(case: _Case) -> Record | None:
    for other in case.cast.others(case.told.person):
        if not case.cast.was_offered(other, case.wave.offer_number):
            changed = case.renamed(case.wave.offer.promotion_id)
            return changed | {"customer_id": other.customer_id}
    return None


def _identifier_conflict(case: _Case) -> Record | None:
    mine = case.wave.offer
    code = case.told.code or mine.code
    others = [one.promotion_id for one in case.world.offers if one.pull is not None]
    others = [one for one in others if one != mine.promotion_id]
    if code is None or not others:
        return None
    return case.renamed(case.random.choice(others)) | {"promo_code": code}


def _draft_promotion(case: _Case) -> Record | None:
    drafts = [one.promotion_id for one in case.world.offers if one.status == "draft"]
    return case.renamed(case.random.choice(drafts)) if drafts else None


def _historical_promotion(case: _Case) -> Record | None:
    ended = [one.promotion_id for one in case.world.offers if (one.ends or 0) < 0]
    return case.renamed(case.random.choice(ended)) if ended else None


def _after_expiry(case: _Case) -> Record | None:
    if case.wave.expires_s is None:
        return None
    case.moment = case.wave.expires_s + int((0.1 + case.random.random() * 4) * DAY_S)
    late = case.moment <= case.world.end_s
    return case.stray(redeemed_at=instant(case.moment)) if late else None


def _foreign_code(case: _Case) -> Record | None:
    if case.told.code is None:
        return None
    for other in case.cast.others(case.told.person):
        theirs = story(case.world, case.wave, other)
        if theirs is not None and theirs.code is not None:
            return case.stray(promo_code=theirs.code, assignment_id=None)
    return None


_MAKERS: dict[str, Callable[[_Case], Record | None]] = {
    "duplicate": _duplicate,
    "event_conflict": _event_conflict,
    "unknown_promotion": _unknown_promotion,
    "unknown_customer": _unknown_customer,
    "backdated": _backdated,
    "future": _future,
    "naive_time": _naive_time,
    "missing_field": _missing_field,
    "over_use": _over_use,
    "unassigned": _unassigned,
    "identifier_conflict": _identifier_conflict,
    "draft_promotion": _draft_promotion,
    "historical_promotion": _historical_promotion,
    "after_expiry": _after_expiry,
    "foreign_code": _foreign_code,
}
_TAGS = {one.name: f"{number:02d}" for number, one in enumerate(fields(Dirt))}
