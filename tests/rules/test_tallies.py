"""Counters are sums over facts: what a fact added it can take away, and every breakdown adds up to its total."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.rules.measures import MEASURES
from promosight.rules.tallies import (
    ASSIGNED_DAY,
    DIMENSIONS,
    OUTCOME,
    REDEEMED_DAY,
    SOURCE,
    TIER,
    TIER_ASSIGNED_DAY,
    TIER_REDEEMED_DAY,
    TOTAL,
    AssignmentStanding,
    Cells,
    Place,
    RedemptionStanding,
)

PROMOTION = 7
KEY = st.sampled_from(["", "a", "b"])
DAY = st.sampled_from(["2026-11-22", "2026-11-23"])
CURRENCY = st.sampled_from(["EUR", "USD", "~points"])
MICROS = st.integers(0, 20).map(lambda n: n * 1_000_000)
PLACE = st.builds(Place, KEY, KEY, KEY, KEY, KEY, DAY)
ASSIGNED = st.builds(AssignmentStanding, PLACE, st.booleans(), DAY, MICROS, CURRENCY)
REDEEMED = st.builds(
    RedemptionStanding,
    place=st.one_of(PLACE, PLACE.map(lambda place: place._replace(day=""))),
    source=KEY,
    day=DAY,
    outcome=st.sampled_from(
        ["counted", "counted", "excess", "unassigned", "flagged", "pending", "rejected"]
    ),
    live=st.booleans(),
    cost_micros=MICROS,
    currency=CURRENCY,
    order_micros=MICROS,
    order_currency=CURRENCY,
)
STANDINGS = st.lists(st.one_of(ASSIGNED, REDEEMED), max_size=12)
MANY = settings(max_examples=150)
Standing = AssignmentStanding | RedemptionStanding


def add(cells: Cells, one: Standing, sign: int = 1) -> None:
    """Adds or takes away one standing."""
    if isinstance(one, AssignmentStanding):
        cells.assignment(PROMOTION, one, sign)
    else:
        cells.redemption(PROMOTION, one, sign)


def counted(standings: list[Standing]) -> Cells:
    cells = Cells()
    for one in standings:
        add(cells, one)
    return cells


def sums(cells: Cells, dimension: int, measure: str) -> Counter[str]:
    """The sum of a measure over the keys of a dimension, by currency."""
    found: Counter[str] = Counter()
    for (_, at, _, currency), values in cells.values.items():
        if at == dimension:
            found[currency] += values[MEASURES.index(measure)]
    return found


def total(cells: Cells, measure: str) -> int:
    return sums(cells, TOTAL, measure).total()


@MANY
@given(STANDINGS, st.randoms(use_true_random=False))
def test_what_was_added_and_taken_away_leaves_nothing(
    standings: list[Standing], chance: Random
) -> None:
    """S11, P5: figures move by differences and never drift."""
    cells = counted(standings)
    chance.shuffle(standings)
    for one in standings:
        add(cells, one, -1)
    assert not any(value for values in cells.values.values() for value in values)


@MANY
@given(STANDINGS, st.randoms(use_true_random=False))
def test_the_order_of_adding_does_not_matter(standings: list[Standing], chance: Random) -> None:
    """S14: one by one or in batches, the same counters."""
    before = counted(standings).values
    chance.shuffle(standings)
    assert counted(standings).values == before


@MANY
@given(STANDINGS)
def test_every_breakdown_adds_up_to_its_total(standings: list[Standing]) -> None:
    """S22: the totals of a breakdown reconcile with the cell, by currency, in every dimension."""
    cells = counted(standings)
    for measure in (
        "redemptions",
        "cost_micros",
        "order_micros",
        "reported",
        "reversed",
        "pending",
    ):
        for dimension in range(OUTCOME + 1):
            assert sums(cells, dimension, measure) == sums(cells, TOTAL, measure), measure
    for measure in ("assigned", "redeemed", "committed_micros"):
        for dimension in range(OUTCOME):
            assert sums(cells, dimension, measure) == sums(cells, TOTAL, measure), measure


@MANY
@given(STANDINGS)
def test_the_days_of_each_tier_add_up_to_the_tier(standings: list[Standing]) -> None:
    """S21, P7: whatever has no tier is in none of them."""
    cells = counted(standings)

    def by_tier(dimension: int) -> dict[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        for (_, at, key, currency), values in cells.values.items():
            tier = key if dimension == TIER else key[11:]
            if at == dimension and tier and any(values):
                there = found.setdefault((tier, currency), [0] * len(MEASURES))
                found[tier, currency] = [a + b for a, b in zip(there, values, strict=True)]
        return {where: values for where, values in found.items() if any(values)}

    assert by_tier(TIER_ASSIGNED_DAY) == by_tier(TIER_REDEEMED_DAY) == by_tier(TIER)


@MANY
@given(STANDINGS)
def test_the_totals_are_those_of_the_facts(standings: list[Standing]) -> None:
    """S18, S24, S25: assigned, redeemed, redemptions and their values, counted here once more."""
    given = [one for one in standings if isinstance(one, AssignmentStanding)]
    told = [one for one in standings if isinstance(one, RedemptionStanding)]
    accepted = [one for one in told if one.outcome not in ("pending", "rejected")]
    live = [one for one in accepted if one.live]
    cells = counted(standings)
    assert total(cells, "assigned") == len(given)
    assert total(cells, "redeemed") == sum(one.redeemed for one in given)
    assert total(cells, "committed_micros") == sum(one.committed_micros for one in given)
    assert total(cells, "reported") == len(accepted)
    assert total(cells, "redemptions") == len(live)
    assert total(cells, "reversed") == len(accepted) - len(live)
    assert total(cells, "pending") == sum(one.outcome == "pending" for one in told)
    assert total(cells, "cost_micros") == sum(one.cost_micros for one in live)
    assert total(cells, "order_micros") == sum(one.order_micros for one in live)
    for outcome in ("excess", "unassigned", "flagged"):
        assert total(cells, outcome) == sum(one.outcome == outcome for one in live)


PLAIN = RedemptionStanding(
    place=Place("gold", "vip", "email", "autumn", "engine", "2026-11-20"),
    source="till",
    day="2026-11-23",
    outcome="counted",
    live=True,
    cost_micros=5_000_000,
    currency="EUR",
    order_micros=80_000_000,
    order_currency="USD",
)


def keys_of(cells: Cells, dimension: int) -> set[tuple[str, str]]:
    """The (key, currency) pairs that a dimension has."""
    return {(key, money) for (_, at, key, money), _ in cells.values.items() if at == dimension}


def test_a_redemption_counts_where_its_assignment_was_given() -> None:
    """S34, S37: uptake by tier and segment is of those who were offered it; its own source reports it."""
    cells = counted([PLAIN])
    shown = {DIMENSIONS[n]: {key for key, _ in keys_of(cells, n)} for n in range(len(DIMENSIONS))}
    assert shown == {
        "total": {""},
        "tier": {"gold"},
        "segment": {"vip"},
        "channel": {"email"},
        "campaign": {"autumn"},
        "source": {"till"},
        "day": {"2026-11-20"},
        "redeemed_day": {"2026-11-23"},
        "outcome": {"counted"},
        "tier_day": {"2026-11-20 gold"},
        "tier_redeemed_day": {"2026-11-23 gold"},
    }


def test_an_order_in_another_currency_is_kept_apart_from_the_reward() -> None:
    """S24: nothing is converted."""
    cells = counted([PLAIN])
    assert sums(cells, TOTAL, "cost_micros") == {"EUR": 5_000_000, "USD": 0}
    assert sums(cells, TOTAL, "order_micros") == {"EUR": 0, "USD": 80_000_000}
    assert sums(cells, TOTAL, "redemptions") == {"EUR": 1, "USD": 0}


@pytest.mark.parametrize(
    ("outcome", "live", "key"),
    [
        ("counted", True, "counted"),
        ("counted", False, "reversed"),
        ("excess", False, "reversed"),
        ("flagged", True, "flagged"),
        ("pending", True, "pending"),
        ("pending", False, "pending"),
    ],
)
def test_a_reversed_redemption_is_shown_as_reversed(outcome: str, live: bool, key: str) -> None:
    """P5: beside the rate, never in it."""
    cells = counted([PLAIN._replace(outcome=outcome, live=live)])
    assert {key for key, _ in keys_of(cells, OUTCOME)} == {key}


def test_a_rejected_event_moves_no_figure() -> None:
    """S10: listed, never counted."""
    assert not counted([PLAIN._replace(outcome="rejected")]).values


def test_an_assignment_counts_on_its_own_day_and_its_redemption_on_the_day_of_redeeming() -> None:
    standing = AssignmentStanding(PLAIN.place, True, "2026-11-23", 5_000_000, "EUR")
    cells = counted([standing])
    by_day = {
        key: (values[MEASURES.index("assigned")], values[MEASURES.index("redeemed")])
        for (_, dimension, key, _), values in cells.values.items()
        if dimension == REDEEMED_DAY
    }
    assert by_day == {"2026-11-20": (1, 0), "2026-11-23": (0, 1)}
    assert keys_of(cells, SOURCE) == {("engine", "EUR")}


def test_a_redemption_without_an_assignment_counts_on_its_own_day() -> None:
    """S22: so that the days still add up to the total."""
    place = PLAIN.place._replace(day="")
    cells = counted([PLAIN._replace(place=place, outcome="unassigned")])
    assert {key for key, _ in keys_of(cells, ASSIGNED_DAY)} == {"2026-11-23"}


def test_customers_count_once_in_the_total() -> None:
    """S25: how many customers were assigned."""
    cells = Cells()
    cells.customer(PROMOTION, 1, 1)
    cells.customer(PROMOTION, 0, -1)
    assert total(cells, "customers_assigned") == 1
    assert total(cells, "customers_redeemed") == 0
    assert {key[1] for key in cells.values} == {TOTAL}


@given(st.lists(st.integers(0, 2**50), min_size=1))
def test_the_latest_event_is_remembered_whatever_came_last(instants: list[int]) -> None:
    """P6: late events do not move `last heard of` back."""
    cells = Cells()
    for redeemed_us in instants:
        cells.seen(PROMOTION, redeemed_us)
    assert cells.last_event_us == {PROMOTION: max(instants)}
