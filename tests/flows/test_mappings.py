"""Mappings (N6): a word that means a promotion counts as if it had been its id, whichever came first (N1).

The yardstick of a world whose tills misspell ids is the same world in which they do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from random import Random
from typing import Any

import msgspec
import pytest

from promosight.errors import Conflict, NotFound
from promosight.flows.checking.verify import verify
from promosight.flows.ledger.rematch import rebuild
from promosight.flows.promotions.manage_promotions import load_codes, put_promotion
from promosight.flows.promotions.map_words import (
    WantedMapping,
    create_mapping,
    end_mapping,
    list_mappings,
)
from promosight.flows.reporting.problems import problem_counts
from promosight.rules.facts import Assignment, Event
from promosight.rules.promotions import Promotion
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from tests.flows.telling import given, told
from tests.flows.worlds import (
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    begin_import,
    define,
    deliver,
    end_import,
    facts,
    in_order,
    open_workspace,
    shown,
    source_number,
)

SEEDS = (1, 2, 3)
WORDS = {"global": "Global 1", "tiered": "TIERED", "personal": "pers0nal"}
"""How a till writes ids; nothing of that is defined."""
_numbers = count(1)


def misspelled(seed: int) -> list[Assignment | Event]:
    """The facts of a dense world, two in three of the redemptions and reversals under other ids."""
    random = Random(seed)
    return [
        msgspec.structs.replace(one, promotion_id=WORDS[one.promotion_id])
        if isinstance(one, Event) and one.promotion_id in WORDS and random.random() < 0.67
        else one
        for one in facts(seed)
    ]


def add(
    store: Store,
    workspace: Workspace,
    word: str,
    promotion_id: str,
    *,
    field: str = "promotion_id",
    source: str | None = None,
    now_us: int = NOW_US,
) -> dict[str, Any]:
    wanted = WantedMapping(field, word, source, promotion_id)
    named = f"map_{next(_numbers)}"
    made, _ = store.change(
        lambda tx: create_mapping(
            tx, workspace.workspace_no, named, wanted, actor="ann", now_us=now_us
        )
    )
    return made


def end(store: Store, workspace: Workspace, one: dict[str, Any], now_us: int = NOW_US) -> None:
    number, named = workspace.workspace_no, one["mapping_id"]
    store.change(lambda tx: end_mapping(tx, number, named, actor="bob", now_us=now_us))


def is_as_the_facts_say(store: Store, workspace: Workspace) -> None:
    """A second engine agrees, and counting anew changes nothing."""
    number = workspace.workspace_no
    assert verify(store, number).differences == []
    before = shown(store, workspace)
    store.change(lambda tx: rebuild(tx, number))
    assert shown(store, workspace) == before


@pytest.mark.parametrize(("seed", "together"), [(1, 1), (2, 40), (3, 1_200)])
def test_in_any_order_what_is_mapped_counts_as_if_it_had_been_spelled_right(
    store: Store, seed: int, together: int
) -> None:
    """N6, N1: mappings before, between and after the events they are of, ended and made again, all delivered twice."""
    random = Random(seed * 7 + together)
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    items = misspelled(seed) + misspelled(seed)
    random.shuffle(items)
    pieces: list[Any] = [items[at : at + together] for at in range(0, len(items), together)]
    steps: list[Any] = [*pieces]
    for promotion_id, word in WORDS.items():
        at = sorted(random.randrange(len(steps) + 1) for _ in range(3))
        for place, what in zip(reversed(at), ("map", "end", "map"), strict=True):
            steps.insert(place, (what, word, promotion_id))
    _take(store, workspace, steps)
    assert shown(store, workspace) == in_order(seed)
    is_as_the_facts_say(store, workspace)


def _take(store: Store, workspace: Workspace, steps: Iterable[Any]) -> None:
    made: dict[str, dict[str, Any]] = {}
    for step in steps:
        if isinstance(step, list):
            deliver(store, workspace, step)
        elif step[0] == "map":
            made[step[1]] = add(store, workspace, step[1], step[2])
        else:
            end(store, workspace, made[step[1]])


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_what_a_mapping_did_is_undone_by_its_end(store: Store, other: Store, seed: int) -> None:
    """N6: afterwards the state is that of a store that never had one."""
    without = open_workspace(other)
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
        define(other, without, promotion_id)
    items = misspelled(seed)
    deliver(other, without, items)
    made = [add(store, workspace, word, one) for one, word in WORDS.items()]
    made.append(add(store, workspace, "NOBODYS", "global", field="promo_code"))
    deliver(store, workspace, items)
    assert shown(store, workspace) != shown(other, without)
    is_as_the_facts_say(store, workspace)
    for one in made:
        end(store, workspace, one)
    assert shown(store, workspace) == shown(other, without)
    is_as_the_facts_say(store, workspace)
    assert _waiting(store, workspace) == _waiting(other, without)


def _waiting(store: Store, workspace: Workspace) -> list[dict[str, Any]]:
    return store.read(lambda tx: problem_counts(tx, workspace.workspace_no))


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_mapped_while_an_import_runs_it_all_is_told_at_its_end(store: Store, seed: int) -> None:
    """N6, S13: readers see the figures before a file or those after it, also where its events move meanwhile."""
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    items = misspelled(seed)
    half = len(items) // 2
    deliver(store, workspace, items[:half])
    import_no = begin_import(store, workspace)
    deliver(store, workspace, items[half:], import_no=import_no)
    made = [add(store, workspace, word, one) for one, word in WORDS.items()]
    end(store, workspace, made[0])
    add(store, workspace, WORDS["global"], "global")
    end_import(store, workspace, import_no)
    assert shown(store, workspace) == in_order(seed)
    is_as_the_facts_say(store, workspace)


class World:
    """A promotion given to a few customers, and a till."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.workspace = open_workspace(store)
        define(store, self.workspace, "global")
        define(store, self.workspace, "tiered")
        source_number(store, self.workspace, "till")
        deliver(store, self.workspace, [given("ann"), given("bob")])

    def tell(self, *items: Any, source: str = "default") -> list[str]:
        receipts = deliver(self.store, self.workspace, list(items), source=source)
        return [one.outcome for one in receipts]

    def add(self, word: str, promotion_id: str = "global", **more: Any) -> dict[str, Any]:
        return add(self.store, self.workspace, word, promotion_id, **more)

    def refused(self, word: str, promotion_id: str = "global", **more: Any) -> tuple[str, str]:
        with pytest.raises(Conflict) as failed:
            self.add(word, promotion_id, **more)
        return failed.value.code, failed.value.pointer or ""


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def _used(customer: str, event_id: str | None = None, **more: Any) -> Event:
    said = {"customer_id": customer, "redeemed_at": "2026-11-02T10:00:00Z"}
    return told(**(said | {"event_id": event_id or f"e-{customer}"} | more))


def test_what_waits_counts_at_once_and_what_comes_again_is_a_duplicate(world: World) -> None:
    """N6: replayed exactly once, whoever asks again."""
    item = _used("ann", promotion_id="GLOBAL")
    assert world.tell(item) == ["pending"]
    made = world.add("GLOBAL")
    assert made["moved"] == 1
    assert world.add("GLOBAL")["moved"] == 0, "said again it is the same mapping"
    assert world.tell(item) == ["duplicate"]
    assert world.tell(_used("bob", promotion_id="GLOBAL")) == ["counted"]
    assert world.tell(told(type="reversal", event_id="r", reverses="e-ann")) == ["counted"]
    listed = world.store.read(lambda tx: list_mappings(tx, world.workspace.workspace_no))
    assert [(one["word"], one["created_by"], one["ended_at"]) for one in listed] == [
        ("GLOBAL", "ann", None)
    ]
    is_as_the_facts_say(world.store, world.workspace)


def test_of_thousands_together_those_that_are_mapped_count_as_the_others(world: World) -> None:
    """N6, N1: by column and one by one, customers with an assignment and without."""
    customers = [f"c{n}" for n in range(1_500)]
    world.tell(*(given(one) for one in customers[::2]))
    world.add("GLOBAL")
    told_so = [
        _used(one, promotion_id=("global", "GLOBAL")[n % 3 == 0]) for n, one in enumerate(customers)
    ]
    assert sorted(set(world.tell(*told_so))) == ["counted", "pending"]
    world.tell(*(given(one, promotion_id="tiered", assignment_id=f"t-{one}") for one in customers))
    assert sorted(set(world.tell(*told_so))) == ["duplicate"]
    is_as_the_facts_say(world.store, world.workspace)


def test_a_word_may_mean_one_thing_from_one_source_and_another_from_all_others(
    world: World,
) -> None:
    """N6."""
    deliver(world.store, world.workspace, [given("ann", promotion_id="tiered", assignment_id="t")])
    world.tell(_used("ann", "mine", promotion_id="X"))
    world.tell(_used("ann", "theirs", promotion_id="X"), source="till")
    everybody = world.add("X")
    assert everybody["moved"] == 2
    own = world.add("X", "tiered", source="till")
    assert own["moved"] == 1
    is_as_the_facts_say(world.store, world.workspace)
    end(world.store, world.workspace, everybody)
    assert world.tell(_used("bob", promotion_id="X")) == ["pending"]
    assert world.tell(_used("ann", "more", promotion_id="X"), source="till") == ["counted"]
    is_as_the_facts_say(world.store, world.workspace)


def test_a_code_means_a_promotion_where_it_stands_alone(world: World) -> None:
    """N6: an event that names a promotion by its id is not touched by what its code is said to mean."""
    beside = _used("bob", promotion_id="tiered", promo_code="SPRNG")
    assert world.tell(beside, _used("ann", promo_code="SPRNG")) == ["unassigned", "pending"]
    assert world.add("SPRNG", field="promo_code")["moved"] == 1
    assert world.tell(_used("bob", "again", promo_code="SPRNG")) == ["counted"]
    assert world.tell(beside) == ["duplicate"]
    is_as_the_facts_say(world.store, world.workspace)


def test_a_code_that_was_given_up_keeps_what_came_by_it(world: World) -> None:
    """N6: neither a mapping nor its end moves what was placed by the code while it was one."""
    assert world.tell(_used("ann", promo_code="SPRING")) == ["counted"]
    later = NOW_US + 60_000_000
    changed = msgspec.convert(PROMOTIONS["global"] | {"code": "FALL"}, Promotion)
    number = world.workspace.workspace_no
    world.store.change(lambda tx: put_promotion(tx, number, "global", changed, now_us=later))
    deliver(
        world.store, world.workspace, [_used("bob", promo_code="SPRING")], received_us=later + 1
    )
    for meant in ("tiered", "global"):
        made = world.add("SPRING", meant, field="promo_code", now_us=later + 2)
        assert made["moved"] == 1
        end(world.store, world.workspace, made, now_us=later + 3)
        assert world.tell(_used("ann", promo_code="SPRING")) == ["duplicate"]
        is_as_the_facts_say(world.store, world.workspace)
    assert sum(one["count"] for one in _waiting(world.store, world.workspace)) == 1


def test_a_reversal_may_name_the_promotion_by_either_word(world: World) -> None:
    """N6: one that contradicted takes effect once its word means the promotion, and not any more at its end."""
    world.tell(given("cid"), _used("ann", promotion_id="global"), _used("bob", promotion_id="G"))
    by_word = told(type="reversal", event_id="r1", reverses="e-ann", promotion_id="G")
    by_id = told(type="reversal", event_id="r2", reverses="e-bob", promotion_id="global")
    assert world.tell(by_word, by_id) == ["rejected", "rejected"]
    made = world.add("G")
    assert world.tell(by_word, by_id) == ["duplicate", "duplicate"]
    is_as_the_facts_say(world.store, world.workspace)
    end(world.store, world.workspace, made)
    assert world.tell(by_word, by_id) == ["rejected", "rejected"]
    is_as_the_facts_say(world.store, world.workspace)


def test_what_contradicts_is_refused_with_the_field_it_is_about(world: World) -> None:
    """N6: in both directions: no mapping of what means something, no new meaning of what is mapped."""
    world.tell(given("ann", promotion_id="unheard", assignment_id="u"))
    number = world.workspace.workspace_no
    world.store.change(lambda tx: load_codes(tx, number, "tiered", ["POOLED"], now_us=NOW_US))
    assert world.refused("tiered") == ("promotion_exists", "/word")
    assert world.refused("unheard") == ("assignments_wait", "/word")
    assert world.refused("SPRING", field="promo_code") == ("code_taken", "/word")
    assert world.refused("POOLED", field="promo_code") == ("code_taken", "/word")
    world.add("G")
    world.add("C", field="promo_code")
    assert world.refused("G", "tiered") == ("mapped", "/word")
    with pytest.raises(Conflict):
        define(world.store, world.workspace, "tiered", code="C")
    with pytest.raises(Conflict):
        world.store.change(lambda tx: load_codes(tx, number, "tiered", ["C"], now_us=NOW_US))
    theirs = given("bob", promotion_id="tiered", assignment_id="c", promo_code="C")
    assert world.tell(theirs) == ["rejected"]
    g = Promotion(name="G", status="active")
    with pytest.raises(Conflict) as failed:
        world.store.change(lambda tx: put_promotion(tx, number, "G", g, now_us=TRACKING_US))
    assert failed.value.pointer == "/promotion_id"
    define(world.store, world.workspace, "draft")
    assert world.refused("H", "draft") == ("not_in_force", "/promotion_id")
    with pytest.raises(NotFound):
        world.add("H", "nowhere")
    with pytest.raises(NotFound):
        world.add("H", source="nowhere")


def test_a_mapped_code_may_become_one_of_its_promotion(world: World) -> None:
    """N6: shared, it stays; issued to one customer, it is theirs alone."""
    world.add("C", field="promo_code")
    assert world.tell(_used("ann", promo_code="C")) == ["counted"]
    mine = given("cid", promo_code="C", assignment_id="mine")
    assert world.tell(mine) == ["counted"]
    assert [one["reason"] for one in _waiting(world.store, world.workspace)] == ["code_mismatch"]
    is_as_the_facts_say(world.store, world.workspace)
