"""Movements: what is appended counts at once, folding changes no figure, and nobody's movement is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import msgspec
import pytest

from promosight.flows.checking.verify import verify
from promosight.flows.imports.publish import finish_import, start_import
from promosight.flows.ledger import counters
from promosight.flows.ledger.counters import PUBLISHED, fold, move_counters
from promosight.flows.ledger.outstanding import Outstanding
from promosight.rules.counted import AssignedColumns, Names, UseColumns
from promosight.rules.counting import count_assigned, count_uses
from promosight.rules.instants import LocalDays, parse_instant
from promosight.rules.money import LIMIT_MICROS
from promosight.rules.restatements import lines_of
from promosight.rules.tallies import (
    DIMENSIONS,
    TOTAL,
    AssignmentStanding,
    Cells,
    Combinations,
    FirstUse,
    Place,
    RedemptionStanding,
    Sums,
    Totals,
    total_up,
)
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store, open_store
from promosight.store.tx import Tx
from tests.flows.worlds import (
    MINUTE_US,
    NOW_US,
    PROMOTIONS,
    define,
    deliver,
    facts,
    open_workspace,
    shown,
    source_number,
)

Bounds = tuple[int, int]
"""How much may be outstanding, and how much is much for one transaction."""


def _brand(store: Store) -> Workspace:
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    return workspace


def _rows(store: Store, workspace: Workspace) -> int:
    number = workspace.workspace_no
    return len(store.read(lambda tx: tx.all("every_movement", workspace_no=number)))


@pytest.mark.parametrize("bounds", [(10**6, 10**6), (40, 10**6), (40, 6), (0, 1)])
def test_figures_are_the_same_whatever_is_outstanding(
    store: Store, monkeypatch: pytest.MonkeyPatch, bounds: Bounds
) -> None:
    """S11, P6: appended only, piled up now and then, folded each time: the same, and verify agrees."""
    monkeypatch.setattr(counters, "MAX_OUTSTANDING", bounds[0])
    monkeypatch.setattr(counters, "_LOOKED_UP_EVERY", 1)
    monkeypatch.setattr(counters, "LARGE", bounds[1])
    workspace = _brand(store)
    items, random = facts(3), Random(3)
    while items:
        size = random.choice([1, 2, 9])
        deliver(store, workspace, items[:size])
        items = items[size:]
    before = shown(store, workspace)
    assert _rows(store, workspace) > 0
    assert verify(store, None).differences == []
    store.change(lambda tx: counters.pile_up(tx, workspace.workspace_no, PUBLISHED))
    assert shown(store, workspace) == before
    assert verify(store, None).differences == []
    store.change(lambda tx: fold(tx, workspace.workspace_no))
    assert _rows(store, workspace) == 0
    assert shown(store, workspace) == before
    assert verify(store, None).differences == []


@pytest.mark.parametrize("large", [10**6, 3])
def test_movements_of_an_import_are_held_and_published_with_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    """S13: in whichever form they lie there when the import ends."""
    monkeypatch.setattr(counters, "LARGE", large)
    workspace = _brand(store)
    number, source_no = workspace.workspace_no, source_number(store, workspace)
    before = shown(store, workspace, ("tier", "day"))
    import_no = store.change(
        lambda tx: start_import(
            tx, number, source_no, kind="redemptions", name="a.csv", now_us=NOW_US
        )
    )
    items = facts(5)
    for start in range(0, len(items), 20):
        deliver(store, workspace, items[start : start + 20], import_no=import_no)
    assert shown(store, workspace, ("tier", "day")) == before
    assert _rows(store, workspace) > 0
    assert verify(store, None).differences == []
    store.change(lambda tx: finish_import(tx, number, import_no, now_us=NOW_US))
    assert shown(store, workspace, ("tier", "day")) != before
    published = shown(store, workspace)
    store.change(lambda tx: fold(tx, number))
    assert _rows(store, workspace) == 0
    assert shown(store, workspace) == published
    assert verify(store, None).differences == []


def test_what_a_reader_remembers_moves_with_every_event(
    store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P3: one that has read before shows what one that has just come shows, limits and breakdowns too."""
    monkeypatch.setattr(counters, "MAX_OUTSTANDING", 25)
    monkeypatch.setattr(counters, "_LOOKED_UP_EVERY", 1)
    workspace = _brand(store)
    items, random = facts(8), Random(8)
    while items:
        size = random.choice([1, 1, 2, 9])
        deliver(store, workspace, items[:size])
        items = items[size:]
        fresh = open_store(store_url, now_us=NOW_US)
        assert shown(store, workspace) == shown(fresh, workspace)
        fresh.close()


def _difference(random: Random, promotions: int) -> Cells:
    cells = Cells()
    for _ in range(random.choice([1, 3, 30])):
        promotion_no = random.randrange(1, promotions + 1)
        tier, segment = random.choice(["", "a", "b"]), random.choice(["", "a"])
        day = f"2026-11-{random.randrange(1, 9):02}"
        place = Place(tier, segment, "email", "", "shop", day)
        cells.assignment(promotion_no, AssignmentStanding(place, True, "2026-11-09", 5, "EUR"), 1)
        told = RedemptionStanding(place, "till", "2026-11-09", "counted", True, 5, "EUR", 7, "USD")
        cells.redemption(promotion_no, told, 1)
        cells.customer(promotion_no, 1, 1)
        cells.seen(promotion_no, random.randrange(10**9))
    return cells


def _append(workspace_no: int, seed: int) -> Callable[[Tx], None]:
    # The flow may be run again after a lost race, so it makes its difference each time.
    return lambda tx: move_counters(tx, workspace_no, _difference(Random(seed), 5), PUBLISHED)


def _everything(tx: Tx, workspace_no: int) -> tuple[Sums, dict[int, int]]:
    view = Outstanding(tx, workspace_no)
    sums: Sums = {
        (no, TOTAL, "", currency): values
        for no, cells in view.totals().items()
        for currency, values in cells.items()
    }
    for promotion_no in range(1, 6):
        for dimension in range(1, len(DIMENSIONS)):
            for (key, currency), values in view.cells(promotion_no, dimension).items():
                sums[promotion_no, dimension, key, currency] = values
    return sums, dict(view.last_events())


def _counts(sums: Sums) -> dict[Any, int]:
    """Counts over all currencies, amounts by currency; without zeros."""
    found: dict[Any, int] = {}
    for (promotion_no, dimension, key, currency), values in sums.items():
        for measure, value in enumerate(values):
            where = (promotion_no, dimension, key, measure, currency if measure > 10 else "")
            found[where] = found.get(where, 0) + value
    return {where: value for where, value in found.items() if value}


def test_two_processes_that_append_and_fold_at_once_lose_nothing(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P4, N1: each movement is counted once, whoever folds it and whenever it is committed."""
    monkeypatch.setattr(counters, "MAX_OUTSTANDING", 60)
    monkeypatch.setattr(counters, "_LOOKED_UP_EVERY", 1)
    monkeypatch.setattr(counters, "LARGE", 40)
    stores = [open_store(store_url, now_us=NOW_US) for _ in range(3)]
    workspace = _brand(stores[0])
    number = workspace.workspace_no
    wanted = Cells()
    for seed in range(240):
        wanted.include(_difference(Random(seed), 5).combinations())

    def send(sender: int) -> None:
        for seed in range(sender, 240, 3):
            stores[sender].change(_append(number, seed))
            if seed % 20 == sender:
                stores[sender].change(lambda tx: fold(tx, number))

    with ThreadPoolExecutor(3) as senders:
        for wait in [senders.submit(send, sender) for sender in range(3)]:
            wait.result()
    last_events = dict(wanted.last_event_us)
    sums, last = stores[1].read(lambda tx: _everything(tx, number))
    assert _counts(sums) == _counts(wanted.values)
    assert last == last_events
    stores[0].change(lambda tx: fold(tx, number))
    assert stores[2].read(lambda tx: _everything(tx, number))[1] == last
    assert _counts(stores[2].read(lambda tx: _everything(tx, number))[0]) == _counts(sums)
    for one in stores:
        one.close()


NAMES = Names(
    {1: ("gold", "new", "email", "k1"), 2: ("", "", "", ""), 3: ("gold", "", "sms", "")},
    {1: "till", 2: "shop"},
    LocalDays("Europe/Vienna").day,
)
BEGIN_US = parse_instant("2026-10-24T20:00:00Z")
"""Before the end of summer time in Vienna."""


def test_thousands_of_assignments_together_add_what_each_adds_alone() -> None:
    random = Random(1)
    rows = [
        (
            random.randrange(1, 4),
            random.choice([1, 2, 3]),
            random.choice([1, 2]),
            BEGIN_US + random.randrange(40 * 60) * MINUTE_US,
            random.choice([0, 5, LIMIT_MICROS - 1]),
            random.choice(["EUR", "USD"]),
        )
        for _ in range(3_000)
    ]
    together, few, alone = Cells(), Cells(), Cells()
    count_assigned(together, AssignedColumns._make(zip(*rows, strict=True)), NAMES)
    for row in rows:
        count_assigned(few, AssignedColumns._make((value,) for value in row), NAMES)
        promotion_no, place_no, source_no, assigned_us, micros, currency = row
        words = NAMES.places[place_no]
        place = Place(*words, NAMES.sources[source_no], NAMES.day(assigned_us))
        alone.assignment(promotion_no, AssignmentStanding(place, False, "", micros, currency), 1)
    assert together.values == few.values == alone.values


@pytest.mark.parametrize("most", [3, 4_000])
def test_so_many_of_each_assignment_add_what_they_add_one_by_one(most: int) -> None:
    random = Random(3)
    rows = [
        (1, random.choice([1, 3]), 1, BEGIN_US + n * MINUTE_US, LIMIT_MICROS - n, "EUR")
        for n in range(100)
    ]
    number = [random.randrange(1, most) for _ in rows]
    together, each = Cells(), Cells()
    count_assigned(together, AssignedColumns._make(zip(*rows, strict=True)), NAMES, number)
    every = [row for row, n in zip(rows, number, strict=True) for _ in range(n)]
    each.assign((1, *NAMES.places[r[1]], "till", NAMES.day(r[3]), r[4], "EUR") for r in every)
    assert together.values == each.values


def test_thousands_of_first_redemptions_together_add_what_each_adds_alone() -> None:
    random = Random(2)
    rows = []
    for _ in range(3_000):
        own_us = BEGIN_US + random.randrange(40 * 60) * MINUTE_US
        row = (
            random.randrange(1, 4),
            random.choice([1, 2, 3]),
            random.choice([1, 2]),
            own_us,
            random.choice(["EUR", "EUR", "EUR", "USD", None]),
            random.choice([1, 2]),
            own_us + random.randrange(40 * 60) * MINUTE_US,
            "EUR",
            random.choice(["EUR", "EUR", "EUR", "USD"]),
            random.choice([5, LIMIT_MICROS - 1]),
            random.choice([0, 7, LIMIT_MICROS - 1]),
        )
        rows.append(row)
    together, few = Cells(), Cells()
    count_uses(together, UseColumns._make(zip(*rows, strict=True)), NAMES)
    for one in rows:
        count_uses(few, UseColumns._make((value,) for value in one), NAMES)
    assert together.last_event_us == few.last_event_us
    assert _counts(together.values) == _counts(few.values)


def _first_uses() -> tuple[Cells, Cells]:
    """First redemptions each told by what stands, and the same as first uses."""
    random = Random(2)
    alone = Cells()
    uses: list[FirstUse] = []
    for at_us in range(300):
        no, tier, day = random.randrange(1, 4), random.choice(["gold", ""]), random.choice("12")
        place = Place(tier, "new", "email", "", random.choice(["shop", "till"]), f"2026-11-0{day}")
        own, paid_in = random.choice(["EUR", "EUR", "USD"]), random.choice(["EUR", "EUR", "USD"])
        told = RedemptionStanding(
            place, "till", "2026-11-05", "counted", True, 5, "EUR", random.choice([0, 7]), paid_in
        )
        in_rate = random.random() < 0.8
        if in_rate:
            given = AssignmentStanding(place, True, told.day, 5, own)
            alone.assignment(no, given._replace(redeemed=False), -1)
            alone.assignment(no, given, 1)
            alone.customer(no, 0, 1)
        alone.redemption(no, told, 1)
        alone.seen(no, at_us)
        taken = place[:4], place.source, place.day, own if in_rate else None
        words = told.source, told.day, told.currency, told.order_currency
        uses.append((no, *taken, *words, told.cost_micros, told.order_micros, at_us))
    few = Cells()
    few.use_first(uses)
    return alone, few


def test_first_redemptions_add_what_each_adds_alone() -> None:
    alone, few = _first_uses()
    assert lines_of(few, "2026-11-06") == lines_of(alone, "2026-11-06") != {}
    assert few.last_event_us == alone.last_event_us
    assert _counts(few.values) == _counts(alone.values)


def test_first_redemptions_are_read_as_they_were_written_down() -> None:
    alone, few = _first_uses()
    written = msgspec.json.decode(msgspec.json.encode(few.combinations()), type=Combinations)
    read, nothing, totals = Cells(), Cells(), Totals()
    total_up(totals, written)
    for cells in read, nothing:
        cells.include(written)
    nothing.leave_out(written)
    assert _counts(nothing.values) == {}
    assert read.last_event_us == alone.last_event_us
    assert _counts(read.values) == _counts(alone.values)
    wanted = {key: values for key, values in alone.values.items() if key[1] == TOTAL}
    found = {(no, TOTAL, "", one): v for no, by in totals.items() for one, v in by.items()}
    assert _counts(found) == _counts(wanted)


def test_what_a_newer_program_wrote_down_is_refused_and_an_older_one_read() -> None:
    """N1: a program that still runs while the store is brought up to date leaves nothing out unseen."""
    of_old = msgspec.json.decode(b"[[],[],[],[[1,2,3]],[[1,5]]]", type=Combinations)
    assert (of_old.customers, of_old.last_event_us, of_old.used) == ([(1, 2, 3)], [(1, 5)], [])
    with pytest.raises(msgspec.ValidationError, match="length"):
        msgspec.json.decode(b"[[],[],[],[],[],[],[]]", type=Combinations)
