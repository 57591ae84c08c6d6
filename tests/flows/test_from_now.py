"""Counters of a moment, made of those of now: to the last digit what counting every fact of then says.

Random worlds go by; then moments at which something had happened, and the microsecond before, are asked for in both
ways, of every promotion that the short way knows.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import msgspec
import pytest

from promosight.flows.figures import from_now
from promosight.flows.figures.counted_then import count_then
from promosight.flows.figures.from_now import FromNow
from promosight.flows.figures.latest_then import Latest
from promosight.flows.figures.moments import Moments
from promosight.flows.figures.sums import Sums
from promosight.flows.imports.publish import finish_import, start_import
from promosight.flows.ledger.outstanding import CellsByKey, Outstanding
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.reporting.know_customers import Acquaintance, KnownCustomer, know_customers
from promosight.rules.facts import assignment_from, event_from
from promosight.rules.measures import MEASURES
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.tallies import (
    ASSIGNED_DAY,
    CAMPAIGN,
    CHANNEL,
    OUTCOME,
    REDEEMED_DAY,
    SEGMENT,
    SOURCE,
    TIER,
    TIER_ASSIGNED_DAY,
    TIER_REDEEMED_DAY,
    TOTAL,
)
from promosight.store.catalogue import Workspace, load
from promosight.store.engine import Store
from promosight.store.rows import Arrival
from promosight.store.tx import Tx
from tests.flows.test_as_of import World
from tests.flows.test_figures_as_of import FullWorld
from tests.flows.worlds import (
    MINUTE_US,
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    define,
    deliver,
    open_workspace,
    source_number,
)

_BY_PASS = {
    0: (TOTAL, TIER, SEGMENT, CHANNEL, CAMPAIGN, SOURCE, OUTCOME),
    1: (ASSIGNED_DAY, TIER_ASSIGNED_DAY),
    2: (REDEEMED_DAY, TIER_REDEEMED_DAY),
}
_COMMITTED = {TOTAL, TIER, *_BY_PASS[1]}
"""The dimensions by which facts are asked what they committed."""


class Way(NamedTuple):
    """How the short way goes: how few facts are looked at group by group, and whether all may have come since."""

    few: int
    in_part: int


APART = 2
GROUP_BY_GROUP, BY_SQL = Way(1_000_000, 1), Way(-1, 1)


class Brief(FullWorld):
    """A world whose imports are over soon: while one runs, facts are counted either way."""

    def step(self) -> None:
        super().step()
        if self.import_no and self.random.random() < 0.6:
            self.end_run()


def _lived(world: World) -> list[int]:
    """Lets a world go by; the moments at which something happened."""
    moments = []
    while world.items or world.import_no:
        world.step()
        if not world.items and world.import_no:
            world.end_run()
        moments.append(world.now_us)
    return moments


@pytest.mark.parametrize("way", [GROUP_BY_GROUP, BY_SQL], ids=["group by group", "by SQL"])
@pytest.mark.parametrize("seed", [31, 32, 33])
def test_counters_of_a_moment_made_of_those_of_now_are_what_all_facts_say(
    store: Store, seed: int, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N5: whatever came, was undone, mapped, issued, published or erased since, on both stores."""
    monkeypatch.setattr(from_now, "_FEW_FACTS", way.few)
    monkeypatch.setattr(from_now, "_IN_PART", way.in_part)
    world = Brief(store, seed)
    moments = _lived(world)[:: APART if store.database.runs_here else 3 * APART]
    asked = [*moments, *(one - 1 for one in moments[1::3])]
    told = [store.read(partial(_compared, world=world, at_us=at_us)) for at_us in asked]
    assert sum(told) > len(asked)


def _compared(tx: Tx, *, world: World, at_us: int) -> int:
    """Compares both ways; returns of how many promotions the short one knew."""
    moments = Moments(tx, world.number, at_us, now_us=world.now_us)
    then = from_now.from_now(tx, moments)
    if then is None:
        return 0
    known = [one for one in moments.catalogue.defined if then.knows(one.promotion_no)]
    for listed in known:
        _compare_one(tx, moments, then, listed.promotion_id)
    return len(known)


def _compare_one(tx: Tx, moments: Moments, then: FromNow, promotion_id: str) -> None:
    moment, latest = moments.of(promotion_id), Latest()
    no = moment.listed.promotion_no
    for days, dimensions in _BY_PASS.items():
        sums = count_then(tx, moment, days, tellers=() if days else (latest,))
        for dimension in dimensions:
            counted: CellsByKey = {
                (key, currency): values
                for (_, one, key, currency), values in sums.items()
                if one == dimension
            }
            made = then.cells(no, dimension)
            where = promotion_id, dimension, moment.known_us
            assert _told(made, dimension) == _told(counted, dimension), where
            if dimension != TOTAL:
                several = then.several({no: ""}, (dimension,))[no, dimension]
                assert _told(several, dimension) == _told(counted, dimension), where
    assert then.last_us(no) == latest.found(tx, moment), (promotion_id, moment.known_us)


def _told(cells: CellsByKey, dimension: int) -> dict[str, tuple[Any, ...]]:
    """What cells come to by key, as figures add them up; those that come to nothing left out."""
    by_key: dict[str, list[tuple[str, list[int]]]] = {}
    for (key, currency), values in cells.items():
        by_key.setdefault(key, []).append((currency, values))
    found = {key: Sums(values) for key, values in by_key.items()}
    return {
        key: (sums.counts, sums.cost, sums.order, sums.committed)[: 3 + (dimension in _COMMITTED)]
        for key, sums in found.items()
        if any(sums.counts) or sums.cost or sums.order
    }


def test_a_moment_after_which_nothing_came_is_told_by_the_counters_alone(store: Store) -> None:
    """N5: nobody counts facts of which none came since."""
    world = Brief(store, 34)
    at_us = _lived(world)[-1]
    world.now_us += 90 * MINUTE_US
    now, then = world.listed(), world.listed(at_us)
    names = [one["promotion_id"] for one in now["items"]]
    assert names == [one["promotion_id"] for one in then["items"]]
    for one, was in zip(now["items"], then["items"], strict=True):
        for figure in ("assigned", "redeemed", "customers", "reward_cost", "last_event_at"):
            assert one["figures"][figure] == was["figures"][figure]


class Told(NamedTuple):
    """A workspace with two promotions, and the moment after which something is set up otherwise."""

    store: Store
    workspace: Workspace
    at_us: int


@pytest.fixture
def told(store: Store) -> Told:
    workspace = open_workspace(store)
    define(store, workspace, "global")
    define(store, workspace, "tiered")
    given = {
        "promotion_id": "tiered",
        "customer_id": "known",
        "assigned_at": "2026-11-02T08:00:00Z",
    }
    used = {"promotion_id": "tiered", "redeemed_at": "2026-11-02T09:00:00Z"}
    events = [
        used | {"event_id": "e1", "customer_id": "known", "promo_code": "SUMMER"},
        used | {"event_id": "e2", "customer_id": "stranger"},
    ]
    items = [
        assignment_from(msgspec.convert(given, ReportedAssignment), received_us=NOW_US),
        *(
            event_from(
                msgspec.convert(one, ReportedEvent),
                received_us=NOW_US,
                tracking_from_us=TRACKING_US,
            )
            for one in events
        ),
    ]
    deliver(store, workspace, items)
    return Told(store, workspace, NOW_US)


def _outcomes(told: Told, as_of_us: int | None = None) -> dict[str, int]:
    """How many events of the promotion count as what; as of a moment made of the counters of now."""

    def look(tx: Tx) -> CellsByKey:
        number = told.workspace.workspace_no
        catalogue = load(tx, number)
        no = catalogue.by_id["tiered"].promotion_no
        if as_of_us is None:
            return Outstanding(tx, number).cells(no, OUTCOME)
        then = from_now.from_now(tx, Moments(tx, number, as_of_us, now_us=as_of_us + MINUTE_US))
        assert then is not None
        assert then.knows(no)
        return then.cells(no, OUTCOME)

    cells = told.store.read(look)
    counts = MEASURES.index("committed_micros")
    found = {key: max(values[:counts]) for (key, _), values in cells.items()}
    return {key: number for key, number in found.items() if number}


def test_who_became_known_later_is_waited_for_as_of_before(told: Told) -> None:
    """N5: no fact came since, and yet a redemption counts that waited then."""
    before = _outcomes(told)
    assert before == {"counted": 1, "pending": 1}
    source_no = source_number(told.store, told.workspace)
    arrival = Arrival(told.workspace.workspace_no, source_no, 0, told.at_us + 1)
    said = Acquaintance(arrival, [KnownCustomer("stranger")])
    told.store.change(lambda tx: know_customers(tx, [said]))
    assert _outcomes(told) == {"counted": 1, "unassigned": 1}
    assert _outcomes(told, told.at_us) == before
    assert _outcomes(told, told.at_us + 1) == _outcomes(told)


def test_a_code_that_became_another_promotions_contradicts_nothing_as_of_before(told: Told) -> None:
    """N5: an event that names both was right until the code was given away."""
    before = _outcomes(told)
    definition = msgspec.convert(PROMOTIONS["global"] | {"code": "SUMMER"}, Promotion)
    number, later_us = told.workspace.workspace_no, told.at_us + 1
    told.store.change(lambda tx: put_promotion(tx, number, "global", definition, now_us=later_us))
    assert _outcomes(told) == {"pending": 1}
    assert _outcomes(told, told.at_us) == before


def test_what_was_judged_by_other_terms_is_not_made_of_the_counters_of_now(told: Told) -> None:
    """N5: its facts are counted; the promotion beside it need not be."""
    definition = msgspec.convert(PROMOTIONS["tiered"] | {"max_redemptions": 1}, Promotion)
    number, later_us = told.workspace.workspace_no, told.at_us + 1
    told.store.change(lambda tx: put_promotion(tx, number, "tiered", definition, now_us=later_us))
    assert told.store.read(partial(_known, told=told, as_of_us=told.at_us)) == ["global"]
    assert told.store.read(partial(_known, told=told, as_of_us=later_us)) == ["global", "tiered"]


def test_while_an_import_held_something_back_nothing_is_made_of_the_counters_of_now(
    told: Told,
) -> None:
    """N5: neither of a moment while it ran, nor of any moment while one runs."""
    number, began_us = told.workspace.workspace_no, told.at_us + 10
    source_no = source_number(told.store, told.workspace)
    begin = partial(start_import, kind="redemptions", name="night.csv", now_us=began_us)
    import_no = told.store.change(lambda tx: begin(tx, number, source_no))
    assert told.store.read(partial(_known, told=told, as_of_us=told.at_us)) == []
    ended_us = began_us + 10
    told.store.change(lambda tx: finish_import(tx, number, import_no, now_us=ended_us))
    known = {
        at_us: told.store.read(partial(_known, told=told, as_of_us=at_us))
        for at_us in (told.at_us, began_us, ended_us - 1, ended_us)
    }
    every = ["global", "tiered"]
    assert known == {told.at_us: every, began_us: [], ended_us - 1: [], ended_us: every}


def _known(tx: Tx, *, told: Told, as_of_us: int) -> list[str]:
    """The promotions that are told of a moment by the counters of now."""
    number = told.workspace.workspace_no
    moments = Moments(tx, number, as_of_us, now_us=as_of_us + MINUTE_US)
    then = from_now.from_now(tx, moments)
    every = moments.catalogue.defined
    return [one.promotion_id for one in every if then is not None and then.knows(one.promotion_no)]
