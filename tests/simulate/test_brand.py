"""The simulated brand: the same for the same seed, in the contract's form, as chancy as it was set.

Shares are checked against the binomial's spread at fixed seeds: four standard deviations and a row.
"""

import itertools
import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from promosight.errors import Invalid
from promosight.rules.facts import Rejection, assignment_from, event_from
from promosight.rules.instants import from_datetime, parse_instant
from promosight.rules.promotions import KINDS, Promotion, check
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.simulate.brand import Brand
from promosight.simulate.dirt import Cast
from promosight.simulate.reports import Delivery, Record
from promosight.simulate.settings import PRESETS, Dirt, World, demo, small
from promosight.simulate.stories import story

END = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
# What the rules say to each kind of dirt that one event alone gives away.
REJECTED = {
    "backdated": ("backdated", "/redeemed_at"),
    "future": ("future", "/redeemed_at"),
    "naive_time": ("invalid", "/redeemed_at"),
}


@pytest.fixture(scope="module")
def shop() -> Brand:
    return Brand(demo(END))


@pytest.fixture(scope="module")
def told(shop: Brand) -> list[Delivery]:
    return list(shop.deliveries())


@pytest.fixture(scope="module")
def few() -> list[Delivery]:
    return list(Brand(small(END)).deliveries())


def by_why(deliveries: list[Delivery], *reasons: str) -> list[Delivery]:
    return [one for one in deliveries if one.why in reasons]


def judged(record: Record, world: World) -> object:
    """What the rules make of a redemption that arrives as the world ends."""
    reported = msgspec.convert(record, ReportedEvent, strict=False)
    return event_from(
        reported,
        received_us=from_datetime(END),
        tracking_from_us=from_datetime(world.starts_at),
    )


def is_near(hits: int, trials: int, share: float) -> bool:
    """Whether hits of trials is what chance makes of a share: within four standard deviations."""
    return abs(hits - trials * share) <= 4 * math.sqrt(trials * share * (1 - share)) + 1


@pytest.mark.parametrize("preset", PRESETS)
def test_the_same_seed_tells_the_same_and_another_seed_does_not(preset: str) -> None:
    def first(seed: int) -> list[Delivery]:
        world = replace(PRESETS[preset](END, seed), held=500)
        return list(itertools.islice(Brand(world).deliveries(), 600))

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_streams_half_read_in_turn_tell_the_same_as_read_whole() -> None:
    whole, halting = Brand(small(END)), Brand(small(END))
    expected = list(whole.assignments()), list(whole.redemptions())
    streams = halting.assignments(), halting.redemptions()
    next(halting.redemptions())
    mixed: tuple[list[Record], list[Record]] = ([], [])
    for pair in itertools.zip_longest(*streams):
        for kept, record in zip(mixed, pair, strict=True):
            if record is not None:
                kept.append(record)
    assert mixed == expected


def test_a_customer_is_the_same_however_many_others_there_are() -> None:
    few, many = (Brand(replace(small(END), customers=n)) for n in (20, 50))
    assert list(few.customers()) == list(itertools.islice(many.customers(), 20))


def test_every_promotion_is_well_formed_and_all_kinds_and_statuses_are_there(shop: Brand) -> None:
    """Global, tiered and personalized promotions are in the demo."""
    definitions = []
    for record in shop.promotions():
        body = {name: value for name, value in record.items() if name != "promotion_id"}
        assert not body.keys() - set(Promotion.__struct_fields__)
        definitions.append(msgspec.convert(body, Promotion))
        check(definitions[-1])
    assert len(definitions) == 12
    assert {one.kind for one in definitions} == set(KINDS)
    assert {one.status for one in definitions} == {"draft", "active", "deactivated", "archived"}


def test_one_running_promotion_has_no_redemption_yet(shop: Brand, told: list[Delivery]) -> None:
    """Something on the demo's list shows a dash."""
    named = Counter(one.record.get("promotion_id") for one in told if one.kind == "redemptions")
    given = Counter(one.record["promotion_id"] for one in told if one.kind == "assignments")
    coded = {one.record.get("promo_code") for one in told if one.kind == "redemptions"}
    quiet = [
        one
        for one in shop.promotions()
        if one["status"] == "active"
        and given[one["promotion_id"]]
        and not named[one["promotion_id"]]
        and one.get("code", "") not in coded
    ]
    assert [one["promotion_id"] for one in quiet] == ["DOUBLE-POINTS"]


def test_every_assignment_is_a_fact_with_its_own_identity(told: list[Delivery]) -> None:
    slots = set()
    for one in by_why(told, "given", "late_assignment"):
        assert not one.record.keys() - set(ReportedAssignment.__struct_fields__)
        reported = msgspec.convert(one.record, ReportedAssignment, strict=False)
        fact = assignment_from(reported, received_us=from_datetime(END))
        assert not isinstance(fact, Rejection), fact
        slots.add((fact.promotion_id, fact.customer_id, fact.slot))
    assert len(slots) == len(by_why(told, "given", "late_assignment"))


def test_every_honest_event_is_a_fact_and_events_fit_the_contract(told: list[Delivery]) -> None:
    world = demo(END)
    for one in told:
        if one.kind == "redemptions":
            assert not one.record.keys() - set(ReportedEvent.__struct_fields__)
        if one.why in ("redeemed", "contaminated", "reversed"):
            fact = judged(one.record, world)
            assert not isinstance(fact, Rejection), (fact, one.record)


def test_every_kind_of_dirt_shows_up_in_the_small_world(few: list[Delivery]) -> None:
    assert set(Dirt.__dataclass_fields__) <= {one.why for one in few}


def test_dirt_is_refused_by_the_rules_for_the_reason_it_was_made(few: list[Delivery]) -> None:
    """A missing field is named."""
    for one in few:
        verdict = judged(one.record, small(END)) if one.kind == "redemptions" else None
        if one.why in REJECTED:
            assert isinstance(verdict, Rejection)
            assert (verdict.reason, verdict.pointer) == REJECTED[one.why]
        elif one.why == "missing_field":
            assert isinstance(verdict, Rejection)
            assert verdict.pointer.removeprefix("/") not in one.record


def test_event_ids_are_unique_but_for_retries_conflicts_and_broken_first_tries(
    told: list[Delivery],
) -> None:
    repeats = ("duplicate", "event_conflict", "missing_field")
    fresh = [one for one in told if one.kind == "redemptions" and one.why not in repeats]
    ids = {one.record["event_id"]: one for one in fresh}
    assert len(ids) == len(fresh)
    for one in by_why(told, "event_conflict"):
        honest = ids[one.record["event_id"]]
        assert honest.record != one.record
        assert honest.at_s < one.at_s


def test_personal_codes_are_each_customers_own(told: list[Delivery]) -> None:
    """Nobody shares a personal code; some redeem by another's all the same."""
    owners: dict[str, set[str]] = {}
    for one in told:
        if one.kind == "assignments" and "promo_code" in one.record:
            owners.setdefault(one.record["promo_code"], set()).add(one.record["customer_id"])
    assert len(owners) > 1_000
    assert all(len(customers) == 1 for customers in owners.values())
    assert by_why(told, "foreign_code")
    for one in by_why(told, "foreign_code"):
        assert one.record["customer_id"] not in owners[one.record["promo_code"]]
    for one in by_why(told, "redeemed"):
        code = one.record.get("promo_code")
        assert code not in owners or one.record["customer_id"] in owners[code]


def test_control_customers_get_no_code_and_few_of_them_redeem(told: list[Delivery]) -> None:
    """There is a control group to compare with."""
    given = by_why(told, "given", "late_assignment")
    control = [one for one in given if one.record.get("control")]
    assert all("promo_code" not in one.record for one in control)
    assert 0.06 < len(control) / len(given) < 0.10
    assert 0 < len(by_why(told, "contaminated")) < 0.04 * len(control)


def test_reversals_name_their_redemption_and_undo_at_most_its_value(told: list[Delivery]) -> None:
    """Full and partial reversals, some delivered ahead of what they reverse."""
    honest = {one.record["event_id"]: one for one in by_why(told, "redeemed", "contaminated")}
    early = partial = 0
    for one in by_why(told, "reversed"):
        assert one.record["type"] == "reversal"
        original = honest.get(one.record["reverses"])
        early += original is None or original.at_s > one.at_s
        if original is not None and "reward_value" in one.record:
            partial += 1
            assert 0 < float(one.record["reward_value"]) <= float(original.record["reward_value"])
    assert early > 10
    assert partial > 10


def test_rates_follow_what_was_set(told: list[Delivery]) -> None:
    world, honest = demo(END), by_why(told, "redeemed", "contaminated")
    count = len(honest)
    for name in ("unknown_promotion", "unknown_customer", "backdated", "future", "naive_time"):
        assert is_near(len(by_why(told, name)), count, getattr(world.dirt, name)), name
    given = by_why(told, "given", "late_assignment")
    late = by_why(told, "late_assignment")
    assert is_near(len(late), len(given), world.dirt.late_assignment)


def test_a_clean_world_has_no_dirt() -> None:
    world = replace(small(END), dirt=Dirt(), contamination=0.0, reversal=0.0)
    assert {one.why for one in Brand(world).deliveries()} == {"given", "redeemed"}


def test_leanings_and_segments_show_in_what_people_redeem() -> None:
    """Loyal customers redeem more, and who used an offer once is likelier to use it again."""
    cast = Cast(demo(END))
    runs = [wave for wave in cast.waves if wave.offer.promotion_id == "SPEND-AND-SAVE"][:2]
    pairs = [[story(cast.world, wave, one) for wave in runs] for one in cast.everyone()]
    given = [(first, second) for first, second in pairs if first and second and not first.control]
    by_segment = {
        segment: _share([bool(first.uses) for first, _ in given if first.segment == segment])
        for segment in ("vip", "active", "lapsing")
    }
    assert by_segment["vip"] > by_segment["active"] > by_segment["lapsing"]
    again = _share([bool(second.uses) for first, second in given if first.uses])
    otherwise = _share([bool(second.uses) for first, second in given if not first.uses])
    assert again > 1.2 * otherwise


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def test_deliveries_come_in_the_order_of_time_and_reach_up_to_the_end(told: list[Delivery]) -> None:
    """Assignments may be delivered behind their redemptions."""
    moments = [one.at_s for one in told]
    assert moments == sorted(moments)
    end_s = int(END.timestamp())
    assert end_s - 3_600 < moments[-1] <= end_s
    for one in told:
        if one.why in ("redeemed", "over_use", "after_expiry", "reversed"):
            assert parse_instant(one.record["redeemed_at"]) <= one.at_s * 1_000_000


def test_some_redemptions_are_delivered_before_their_assignment(told: list[Delivery]) -> None:
    given = {
        (one.record["promotion_id"], one.record["customer_id"]): one.at_s
        for one in by_why(told, "late_assignment")
    }
    early = [
        one
        for one in by_why(told, "redeemed")
        if one.at_s < given.get((one.record.get("promotion_id", ""), one.record["customer_id"]), 0)
    ]
    assert early


def test_a_short_heap_keeps_the_set_and_only_loosens_the_order(few: list[Delivery]) -> None:
    loose = list(Brand(replace(small(END), held=25)).deliveries())
    key = msgspec.json.Encoder(order="sorted").encode
    assert sorted(key(one.record) for one in loose) == sorted(key(one.record) for one in few)


def test_a_world_that_cannot_be_is_refused_by_the_name_of_its_setting() -> None:
    for setting, wrong in (("customers", 0), ("days", 1), ("reversal", 1.5), ("held", 0)):
        with pytest.raises(Invalid) as refusal:
            World(**{"starts_at": END - timedelta(days=45), setting: wrong})  # type: ignore[arg-type]
        assert refusal.value.pointer == f"/{setting}"
    with pytest.raises(Invalid):
        World(starts_at=datetime(2026, 1, 1))  # noqa: DTZ001 - a naive time is the point
