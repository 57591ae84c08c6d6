"""Busy groups: one customer with hundreds of events of one promotion. One more is judged by what is kept of them, and
counts as it would with all of them loaded; what is kept is what the facts say, whatever happened to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from promosight.flows.checking.verify import verify
from promosight.flows.ledger import kept_uses
from promosight.flows.ledger.rematch import rebuild
from promosight.flows.ledger.weighed import loaded
from promosight.flows.people.erase import erase
from promosight.flows.set_up.workspaces import NewWorkspace, create_workspace
from promosight.rules.facts import assignment_from, event_from
from promosight.rules.identity import bucket_of
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.rows import GroupKey
from promosight.store.tx import Tx
from tests.flows.test_ahead import BETWEEN, TERMS, World, everything, terms_changed
from tests.flows.test_mappings import add, end
from tests.flows.test_verify import by_hand
from tests.flows.worlds import (
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    Source,
    begin_import,
    define,
    deliver,
    end_import,
    open_workspace,
    shown,
)

NEVER = 1_000_000
"""So many events no group of these tests has."""
Busy = Callable[[int], None]


@pytest.fixture
def busy_from(monkeypatch: pytest.MonkeyPatch) -> Busy:
    """From how many events on a group is busy."""
    return partial(monkeypatch.setattr, kept_uses, "BUSY")


def guests(seed: int, given: int, used: int) -> tuple[list[Any], list[Any]]:
    """Assignments and redemptions of one customer, in few promotions; now and then one is reversed."""
    source = Source(seed)
    chance = source.random
    where = [{"customer_id": "guest", "promotion_id": chance.choice(["global", "tiered"])}]
    where.append(where[0] | {"promotion_id": "tiered"})
    assignments = [source.assignment(n) | chance.choice(where) for n in range(given)]
    events = []
    for n in range(used):
        told = source.redemption(n, assignments)
        events.append(told if told["promotion_id"] is None else told | chance.choice(where))
        if chance.random() < 0.1:
            events.append(source.reversal(n))
    return [_assignment(one) for one in assignments], [_event(one) for one in events]


def _assignment(told: dict[str, Any]) -> Any:
    return assignment_from(msgspec.convert(told, ReportedAssignment), received_us=NOW_US)


def _event(told: dict[str, Any]) -> Any:
    reported = msgspec.convert(told, ReportedEvent)
    return event_from(reported, received_us=NOW_US, tracking_from_us=TRACKING_US)


def kept_as_facts_say(store: Store) -> int:
    """Looks whether what is kept of groups is what their facts say; returns of how many something is."""
    return store.read(_kept_as_facts_say)


def _kept_as_facts_say(tx: Tx) -> int:
    keys = sorted(GroupKey(bucket_of(no), promotion_no, no) for promotion_no, no in _rows_kept(tx))
    groups = loaded(tx, keys)
    for key in keys:
        group = groups.of(key)
        for slot, uses in kept_uses.uses_of(group).items():
            its = group.kept[slot].uses
            assert (its.last or ()) >= (
                uses.last or ()
            )  # the last one may have been reversed since
            assert msgspec.structs.replace(its, last=uses.last) == uses
        came_by = {one.import_no for one in group.kept.values()}
        assert came_by == {max((e.import_no for e in group.events), default=0)}
    return len(keys)


def _rows_kept(tx: Any) -> list[Any]:
    rows: list[Any] = tx.connection.execute(
        "SELECT DISTINCT promotion_no, customer_no FROM kept_uses"
    ).fetchall()
    return rows


def _open(store: Store) -> Workspace:
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    return workspace


@pytest.mark.parametrize("seed", range(6))
def test_a_busy_group_counts_as_any_other(
    store: Store, other: Store, busy_from: Busy, seed: int
) -> None:
    """S14, S15, N1: one by one and in batches, in any order, with imports, as where each group is matched whole."""
    given, used = guests(seed, 8, 120)
    whole = _open(other)
    busy_from(NEVER)
    deliver(other, whole, [*given, *used])
    busy_from(1 + seed)
    chance = Random(seed)
    items = [*used[:80], *given[4:]]
    chance.shuffle(items)
    items = [*given[:4], *items, *used[80:]]
    workspace = _open(store)
    while items:
        count = chance.choice([1, 1, 1, 2, 10])
        some, items = items[:count], items[count:]
        import_no = begin_import(store, workspace) if chance.random() < 0.1 else 0
        deliver(store, workspace, some, import_no=import_no)
        if import_no:
            deliver(store, workspace, items[:1])  # beside a running import
            end_import(store, workspace, import_no)
        kept_as_facts_say(store)
    assert kept_as_facts_say(store)
    assert everything(store, workspace)[:2] == everything(other, whole)[:2]
    assert not verify(store, None, now_us=NOW_US).differences


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_to_a_busy_group_what_is_kept_is_what_its_facts_say(
    store: Store, other: Store, busy_from: Busy, seed: int
) -> None:
    """S14: late facts, withdrawals, codes, imports, an erasure, other terms, a rebuild."""
    seen = []
    for opened, most in ((other, NEVER), (store, 1)):
        busy_from(most)
        world = World(opened, seed)
        chance = Random(seed)
        for what in chance.sample(sorted(BETWEEN), k=len(BETWEEN)):
            terms = chance.choice(sorted(TERMS))
            terms_changed(world, terms, BETWEEN[what], ahead=chance.random() < 0.5)
            assert bool(kept_as_facts_say(opened)) == (most == 1 and bool(_kept(opened)))
        seen.append(everything(opened, world.workspace)[0])
        opened.change(partial(rebuild, workspace_no=world.number))
        kept_as_facts_say(opened)
        assert not verify(opened, world.number, now_us=NOW_US).differences
    assert seen[0] == seen[1]


def _kept(store: Store) -> int:
    return store.read(lambda tx: len(_rows_kept(tx)))


@pytest.mark.parametrize(
    ("column", "wrong", "measure"),
    [
        ("uses", "uses + 1", "uses"),
        ("undone", "1", "uses_undone"),
        ("first_use", "'[1,2,\"e\"]'", "uses_first"),
        ("last_use", "NULL", "uses_last"),
        ("last_use", "'[4,9000000000000000,\"e\"]'", "uses_last"),
        ("last_use", "'[4,1,\"e\"]'", "uses_last"),
        ("redeemed_us", "redeemed_us + 1", "uses_redeemed_us"),
        ("import_no", "7", "uses_import_no"),
        ("first_use", "'[1,2'", "uses_first"),
        ("last_use", "'[\"late\"]'", "uses_last"),
    ],
)
def test_what_is_kept_wrong_is_found_by_the_assignments_name_and_rebuild_mends_it(
    store: Store, busy_from: Busy, column: str, wrong: str, measure: str
) -> None:
    """P6: one wrong number there would be wrong outcomes later on."""
    workspace = _used_by_guest(store, busy_from, 4)
    assert verify(store, None).differences == []
    by_hand(store, f"UPDATE kept_uses SET {column} = {wrong}")
    (found,) = verify(store, None).differences
    where = "assignment a1 of customer guest"
    assert (found.promotion_id, found.where, found.measure) == ("global", where, measure)
    store.change(partial(rebuild, workspace_no=workspace.workspace_no))
    assert verify(store, None).differences == []


def _used_by_guest(store: Store, busy_from: Busy, count: int) -> Workspace:
    """One assignment, a1, so often used by a customer whose group is busy."""
    workspace = _open(store)
    define(store, workspace, "global", max_redemptions=9)
    given = {"assignment_id": "a1", "promotion_id": "global", "customer_id": "guest"}
    deliver(store, workspace, [_assignment(given | {"assigned_at": "2026-11-01T00:00:00Z"})])
    busy_from(2)
    deliver(store, workspace, [_event(_later(n)) for n in range(count)])
    return workspace


def _kept_of_guest(store: Store, busy_from: Busy) -> Workspace:
    """One assignment, a1, of which four uses are kept; the last of them was reversed since."""
    workspace = _used_by_guest(store, busy_from, 5)
    undone = {"event_id": "r", "type": "reversal", "reverses": "e000004"}
    deliver(store, workspace, [_event(undone | {"redeemed_at": "2026-11-03T00:00:00Z"})])
    assert verify(store, None).differences == []
    return workspace


def _found(store: Store) -> set[tuple[Any, ...]]:
    """What is found of the kept uses, beside what the second engine says of events and counters."""
    return {
        (d.promotion_id, d.where, d.measure, d.stored, d.computed)
        for d in verify(store, None).differences
        if d.measure.startswith("uses")
    }


def test_the_last_turn_may_be_of_one_that_was_reversed_since_and_of_no_other(
    store: Store, busy_from: Busy
) -> None:
    """P6: one too late is no wrong outcome, and has groups matched whole for nothing."""
    workspace = _kept_of_guest(store, busy_from)
    (last,) = store.read(lambda tx: _one(tx, "SELECT last_use FROM kept_uses"))
    assert '"e000004"' in last
    later = last.replace("e000004", "e000005")
    by_hand(store, f"UPDATE kept_uses SET last_use = '{later}'")
    ((_, where, measure, stored, computed),) = _found(store)
    assert (where, measure) == ("assignment a1 of customer guest", "uses_last")
    assert stored == later
    assert '"e000003"' in computed
    store.change(partial(rebuild, workspace_no=workspace.workspace_no))
    assert verify(store, None).differences == []


def _one(tx: Any, text: str) -> Any:
    return tx.connection.execute(text).fetchall()[0]


def test_an_event_that_took_an_assignment_that_is_not_there_is_found(
    store: Store, busy_from: Busy
) -> None:
    """P6: named with its customer, whatever else is wrong there."""
    _kept_of_guest(store, busy_from)
    by_hand(store, "UPDATE event SET slot = 7 WHERE event_id = 'e000002'")
    where = "slot 7 without an assignment of customer guest"
    a1 = "assignment a1 of customer guest"
    assert _found(store) == {
        ("global", where, "uses", None, 1),
        ("global", a1, "uses", 4, 3),
    }


def test_what_is_kept_of_an_assignment_that_is_not_there_is_found(
    store: Store, busy_from: Busy
) -> None:
    workspace = _kept_of_guest(store, busy_from)
    by_hand(
        store,
        "INSERT INTO kept_uses SELECT promotion_no, customer_no, 7, 0, 0, 0, NULL, NULL, NULL FROM kept_uses",
    )
    where = "slot 7 without an assignment of customer guest"
    assert _found(store) == {("global", where, "uses", 0, None)}
    store.change(partial(rebuild, workspace_no=workspace.workspace_no))
    assert verify(store, None).differences == []


def test_what_is_kept_of_a_group_without_assignments_is_found(
    store: Store, busy_from: Busy
) -> None:
    _kept_of_guest(store, busy_from)
    slot = store.read(lambda tx: _one(tx, "SELECT slot FROM assignment"))[0]
    by_hand(store, "DELETE FROM assignment")
    where = f"slot {slot} without an assignment of customer guest"
    assert _found(store) == {("global", where, "uses", 4, None)}


@pytest.mark.parametrize("count", [0, 4])
def test_what_is_kept_of_a_group_without_events_is_found(
    store: Store, busy_from: Busy, count: int
) -> None:
    """Where nothing was used, too: the next event would be judged by what another group had."""
    _kept_of_guest(store, busy_from)
    by_hand(store, "DELETE FROM event")
    by_hand(store, f"UPDATE kept_uses SET uses = {count}, undone = 0, import_no = 0")
    found = {("global", "assignment a1 of customer guest", "uses", count, None)}
    assert _found(store) == found


def test_what_is_kept_of_somebody_whom_nobody_knows_is_found(store: Store, busy_from: Busy) -> None:
    """P18: of an erased customer the number has no name any more."""
    workspace = _kept_of_guest(store, busy_from)
    copied = "SELECT promotion_no, customer_no, slot, 0, 1, 0, 5, NULL, NULL FROM assignment"
    row = store.read(lambda tx: _one(tx, copied))
    number = workspace.workspace_no
    store.change(lambda tx: erase(tx, number, "guest", "ab12", now_us=NOW_US))
    assert verify(store, None).differences == []
    values = ", ".join("NULL" if value is None else str(value) for value in row)
    by_hand(store, f"INSERT INTO kept_uses VALUES ({values})")
    where = f"slot {row[2]} without an assignment of an unknown customer"
    assert _found(store) == {("global", where, "uses", 1, None)}


def test_a_turn_that_nobody_can_read_has_the_group_counted_whole(
    store: Store, busy_from: Busy
) -> None:
    """P6: one more event is taken as ever, and what is kept is written anew by that."""
    workspace = _used_by_guest(store, busy_from, 4)
    by_hand(store, "UPDATE kept_uses SET last_use = '{'")
    deliver(store, workspace, [_event(_later(9))])
    assert verify(store, None).differences == []
    assert kept_as_facts_say(store) == 1


def test_an_assignment_of_which_nothing_is_kept_beside_others_is_found(
    store: Store, busy_from: Busy
) -> None:
    """P6: and what comes next is counted right all the same."""
    workspace = _used_by_guest(store, busy_from, 4)
    given = {"assignment_id": "a2", "promotion_id": "global", "customer_id": "guest"}
    deliver(store, workspace, [_assignment(given | {"assigned_at": "2026-11-20T00:00:00Z"})])
    assert verify(store, None).differences == []
    by_hand(store, "DELETE FROM kept_uses WHERE uses > 0")
    found = {("global", "assignment a1 of customer guest", "uses", None, 4)}
    assert _found(store) == found
    store.change(partial(rebuild, workspace_no=workspace.workspace_no))
    assert verify(store, None).differences == []
    by_hand(store, "DELETE FROM kept_uses WHERE uses > 0")
    deliver(store, workspace, [_event(_later(9))])
    assert verify(store, None).differences == []


def test_what_is_kept_of_a_promotion_that_is_not_there_is_found(
    store: Store, busy_from: Busy
) -> None:
    """P6: by whom it is kept and under which number, once however many workspaces there are."""
    workspace = _kept_of_guest(store, busy_from)
    beside = NewWorkspace(
        workspace_id="beside", name="Beside", tracking_from_us=TRACKING_US, created_us=TRACKING_US
    )
    store.change(lambda tx: create_workspace(tx, beside))
    copied = (
        "SELECT 999, {}, slot, 0, 4, 0, NULL, NULL, NULL FROM kept_uses WHERE promotion_no < 999"
    )
    by_hand(store, "INSERT INTO kept_uses " + copied.format("customer_no"))
    by_hand(store, "INSERT INTO kept_uses " + copied.format("77"))
    slot = store.read(lambda tx: _one(tx, "SELECT slot FROM assignment"))[0]
    where = f"slot {slot} of {{}} in a promotion that is not there (999)"
    whose = ("customer guest", "an unknown customer")
    assert _found(store) == {(None, where.format(who), "uses", 4, None) for who in whose}
    assert verify(store, None).different == len(whose)
    store.change(partial(rebuild, workspace_no=workspace.workspace_no))
    assert verify(store, None).differences == []


def _later(number: int) -> dict[str, Any]:
    minute, second = divmod(number, 60)
    at = f"2026-11-0{2 + minute // 1440}T{minute // 60 % 24:02}:{minute % 60:02}:{second:02}Z"
    named = {"promotion_id": "global", "customer_id": "guest"}
    return named | {"event_id": f"e{number:06}", "redeemed_at": at}


def _cost_at(store: Store, workspace: Workspace, count: int, begin: int) -> float:
    """CPU of one more event of a group of so many, the least of several."""
    deliver(store, workspace, [_event(_later(n)) for n in range(begin, count)])
    costs = []
    for n in range(count, count + 15):
        begun = time.process_time()
        deliver(store, workspace, [_event(_later(n))])
        costs.append(time.process_time() - begun)
    return min(costs)


@pytest.mark.parametrize("most", [1, 1_000_000])
def test_one_more_event_costs_no_more_where_there_are_thousands(other: Store, most: int) -> None:
    """Used up or not, the group is not loaded: 4,000 whole cost some thirty times as much as 130."""
    workspace = _open(other)
    define(other, workspace, "global", max_redemptions=most)
    named = {"promotion_id": "global", "customer_id": "guest"}
    deliver(other, workspace, [_assignment(named | {"assigned_at": "2026-11-01T00:00:00Z"})])
    few = _cost_at(other, workspace, 130, 0)
    many = _cost_at(other, workspace, 4_000, 145)
    assert many < 6 * few


def _by_word(number: int, word: str) -> Any:
    return _event(_later(number) | {"promotion_id": word})


def test_a_busy_group_that_lost_its_events_is_judged_by_those_that_came_since(
    store: Store, busy_from: Busy
) -> None:
    """S14, N6: the word by which they came means something else; what comes then is told by its own id."""
    busy_from(5)
    workspace = _open(store)
    define(store, workspace, "global", max_redemptions=1)
    named = {"promotion_id": "global", "customer_id": "guest"}
    deliver(store, workspace, [_assignment(named | {"assigned_at": "2026-11-01T00:00:00Z"})])
    mapping = add(store, workspace, "GLOBAL", "global")
    deliver(store, workspace, [_by_word(n, "GLOBAL") for n in range(8)])
    assert kept_as_facts_say(store) == 1
    end(store, workspace, mapping)
    outcomes = [deliver(store, workspace, [_event(_later(n))])[0].outcome for n in range(10, 13)]
    assert outcomes == ["counted", "excess", "excess"]
    kept_as_facts_say(store)
    assert not verify(store, None, now_us=NOW_US).differences


def test_a_busy_group_whose_events_were_all_corrected_is_judged_by_those_that_came_since(
    store: Store, busy_from: Busy
) -> None:
    """S14: they named a code of another promotion; their sender tells them anew, of that one."""
    busy_from(3)
    workspace = _open(store)
    personal = {"promotion_id": "personal", "customer_id": "guest"}
    define(store, workspace, "global", max_redemptions=1)
    given = [
        _assignment(one | {"assigned_at": "2026-11-01T00:00:00Z"})
        for one in ({"promotion_id": "global", "customer_id": "guest"}, personal)
    ]
    deliver(store, workspace, given)
    code = {"promo_code": "P1", "customer_id": "other", "promotion_id": "personal"}
    deliver(store, workspace, [_assignment(code | {"assigned_at": "2026-11-01T00:00:00Z"})])
    wrong = [_event(_later(n) | {"promo_code": "P1"}) for n in range(5)]
    deliver(store, workspace, wrong)
    assert kept_as_facts_say(store) == 1
    deliver(store, workspace, [_event(_later(n) | personal) for n in range(5)])
    outcomes = [deliver(store, workspace, [_event(_later(n))])[0].outcome for n in range(10, 13)]
    assert outcomes == ["counted", "excess", "excess"]
    kept_as_facts_say(store)
    assert not verify(store, None, now_us=NOW_US).differences


def test_a_busy_group_that_gave_back_what_an_import_brought_waits_for_no_import(
    store: Store, busy_from: Busy
) -> None:
    """S14, S13, N6: the import died; a word it used means something else since."""
    busy_from(3)
    workspace = _open(store)
    named = {"promotion_id": "global", "customer_id": "guest"}
    deliver(store, workspace, [_assignment(named | {"assigned_at": "2026-11-01T00:00:00Z"})])
    deliver(store, workspace, [_event(_later(n)) for n in range(4)])
    mapping = add(store, workspace, "GLOBAL", "global")
    import_no = begin_import(store, workspace)
    deliver(store, workspace, [_by_word(9, "GLOBAL")], import_no=import_no)
    end(store, workspace, mapping)
    before = shown(store, workspace)
    deliver(store, workspace, [_event(_later(10))])
    assert kept_as_facts_say(store) == 1
    assert b'"excess":3,' in before
    assert b'"excess":4,' in shown(store, workspace)
