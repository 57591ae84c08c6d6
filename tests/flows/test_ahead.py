"""What is worked out ahead of a change comes to what the change itself would: whatever happens between the two."""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from itertools import cycle
from random import Random
from typing import Any

import msgspec
import pytest

from promosight.errors import Conflict, NotFound
from promosight.flows.checking.verify import verify
from promosight.flows.imports.publish import start_import
from promosight.flows.imports.run_import import RunningImport, each_a_piece
from promosight.flows.ledger import rematch
from promosight.flows.ledger.ahead import Ahead, changed_ahead
from promosight.flows.ledger.rematch import rebuild, rebuild_ahead, rebuild_as_found
from promosight.flows.people.erase import erase
from promosight.flows.promotions import define_ahead
from promosight.flows.promotions.define_promotions import (
    Definitions,
    NamedPromotion,
    define_promotions,
)
from promosight.flows.promotions.manage_promotions import load_codes, put_ahead, put_promotion
from promosight.flows.reporting.know_customers import Acquaintance, KnownCustomer, know_customers
from promosight.flows.reporting.rejecting import Refused
from promosight.flows.reporting.withdraw import withdraw
from promosight.flows.set_up.workspaces import Settings, change_workspace, workspace_ahead
from promosight.flows.webhooks.setting_up import Wanted, create_webhook
from promosight.rules.facts import Assignment
from promosight.rules.promotions import Promotion
from promosight.rules.webhooks import TYPES
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.rows import Arrival
from promosight.store.tx import Tx
from tests.flows.worlds import (
    EVENTS,
    GIVEN,
    MINUTE_US,
    NOW_US,
    PROMOTIONS,
    begin_import,
    define,
    deliver,
    end_import,
    facts,
    open_workspace,
    shown,
    source_number,
)

CHANGED_US = NOW_US + 60 * MINUTE_US
_LOG = "SELECT promotion_no, kind, event_id, held, facts, lines FROM restatement ORDER BY 1, 2, 3, 4, 6"
_LAST = "SELECT promotion_no, MAX(redeemed_us) FROM last_event GROUP BY promotion_no ORDER BY 1"


@pytest.fixture(autouse=True)
def _few_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rematch, "WORTH", 1)


def everything(store: Store, workspace: Workspace) -> list[Any]:
    """What is derived, what readers see, and what the log tells."""

    def look(tx: Any) -> list[Any]:
        rows = [tx.connection.execute(text).fetchall() for text in (EVENTS, GIVEN, _LOG, _LAST)]
        word = tx.connection.execute("SELECT type, import_no, facts FROM announcement").fetchall()
        told = sorted((kind, no, fact) for kind, no, facts in word for fact in json.loads(facts))
        return [*rows, told]

    return [shown(store, workspace, ("tier", "source", "day")), *store.read(look)]


class World:
    """A store with half of a dense world told, and what may happen to it."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.workspace = open_workspace(store)
        self.number = self.workspace.workspace_no
        wanted = Wanted(url="https://crm.test/", events=list(TYPES), description="", private=True)
        store.change(
            lambda tx: create_webhook(tx, self.number, "wh", "secret", wanted, now_us=NOW_US)
        )
        for promotion_id in PROMOTIONS:
            define(store, self.workspace, promotion_id)
        self.items: list[Any] = facts(seed)
        Random(seed).shuffle(self.items)
        self.told(60)

    def told(self, count: int, import_no: int = 0) -> None:
        some, self.items = self.items[:count], self.items[count:]
        deliver(self.store, self.workspace, some, import_no=import_no)

    def told_singly(self, count: int) -> None:
        for _ in range(count):
            self.told(1)

    def withdrawn(self) -> None:
        given = [one.assignment_id for one in facts(0) if isinstance(one, Assignment)]
        for own in [one for one in given if one][::5]:
            change = partial(withdraw, workspace_no=self.number, assignment_id=own, now_us=NOW_US)
            with suppress(NotFound):  # it is not told of yet
                self.store.change(change)

    def known(self) -> None:
        arrival = Arrival(self.number, source_number(self.store, self.workspace), 0, NOW_US)
        people: list[KnownCustomer | Refused] = [KnownCustomer(f"c{no}", None) for no in range(9)]
        self.store.write(know_customers, Acquaintance(arrival, people))

    def codes_loaded(self) -> None:
        for no in range(0, 40, 3):
            load = partial(_load, number=self.number, code=f"P{no}")
            with suppress(Conflict):  # it is a code of another promotion
                self.store.change(load)

    def imported(self) -> None:
        import_no = begin_import(self.store, self.workspace)
        self.told(15, import_no)
        end_import(self.store, self.workspace, import_no)

    def running(self) -> None:
        self.told(15, begin_import(self.store, self.workspace))

    def erased(self) -> None:
        self.store.change(
            partial(erase, workspace_no=self.number, customer_id="c1", random="ab12", now_us=NOW_US)
        )

    def redefined(self) -> None:
        define(self.store, self.workspace, "global", max_redemptions=3)


def _load(tx: Tx, *, number: int, code: str) -> int:
    return load_codes(tx, number, "personal", [code], now_us=NOW_US)


Between = Callable[[World], None]
BETWEEN: dict[str, Between] = {
    "nothing": lambda world: None,
    "events": lambda world: world.told_singly(12),
    "a batch": lambda world: world.told(25),
    "withdrawals": World.withdrawn,
    "customers": World.known,
    "codes": World.codes_loaded,
    "an import": World.imported,
    "an import that runs on": World.running,
    "an erasure": World.erased,
    "another promotion": World.redefined,
}
TERMS: dict[str, tuple[str, dict[str, Any]]] = {
    "values": ("tiered", {"max_redemptions": 1, "reward": {"type": "amount", "value": "2.50"}}),
    "uses": ("global", {"max_redemptions": 4}),
    "activated": ("draft", {"status": "active"}),
    "by code": ("personal", {"reward": {"type": "unit", "unit": "spins", "value": "25"}}),
    "in points": ("global", {"reward": {"type": "unit", "unit": "points", "value": "3"}}),
    "ended": ("global", {"ends_at": "2026-09-01T00:00:00Z"}),
}


def terms_changed(world: World, what: str, between: Between, *, ahead: bool) -> bool:
    """Changes terms with something between looking and doing; whether what was worked out was there."""
    promotion_id, terms = TERMS[what]
    definition = msgspec.convert(PROMOTIONS[promotion_id] | terms, Promotion)
    where = (world.number, promotion_id, definition)
    return _changed(
        world,
        between,
        lambda tx: put_ahead(tx, *where, now_us=CHANGED_US),
        lambda tx, found: put_promotion(tx, *where, now_us=CHANGED_US, ahead=found),
        ahead=ahead,
    )


def settings_changed(world: World, settings: Settings, between: Between, *, ahead: bool) -> bool:
    """The same of the workspace."""
    return _changed(
        world,
        between,
        lambda tx: workspace_ahead(tx, world.number, settings),
        lambda tx, found: change_workspace(tx, world.number, settings, ahead=found),
        ahead=ahead,
    )


def _changed(
    world: World,
    between: Between,
    prepare: Callable[[Tx], Ahead | None],
    make: Callable[[Tx, Ahead | None], Any],
    *,
    ahead: bool,
) -> bool:
    def change(found: Ahead | None) -> bool:
        between(world)
        world.store.change(lambda tx: make(tx, found))
        return found is not None

    return changed_ahead(world.store, prepare, change) if ahead else change(None)


def same(store: Store, other: Store, seed: int, change: Callable[..., bool], *said: Any) -> None:
    worlds = World(store, seed), World(other, seed)
    assert change(worlds[0], *said, ahead=True)
    change(worlds[1], *said, ahead=False)
    for step in ("at once", "after more"):
        found, expected = (everything(one.store, one.workspace) for one in worlds)
        assert found == expected, step
        for one in worlds:
            one.told(len(one.items))


@pytest.mark.parametrize(
    ("happened", "what"),
    [*zip(BETWEEN, cycle(TERMS)), *zip(reversed(BETWEEN), cycle(TERMS))],
)
def test_new_terms_come_to_the_same_whatever_happens_while_they_are_worked_out(
    store: Store, other: Store, happened: str, what: str
) -> None:
    """P5: events go on meanwhile, and the figures are those of a change that nobody worked out before."""
    same(store, other, len(what), terms_changed, what, BETWEEN[happened])


@pytest.mark.parametrize("happened", BETWEEN)
def test_another_zone_comes_to_the_same_whatever_happens_while_it_is_worked_out(
    store: Store, other: Store, happened: str
) -> None:
    settings = Settings(time_zone="America/New_York", currency="USD" if " " in happened else None)
    same(store, other, len(happened), settings_changed, settings, BETWEEN[happened])


@pytest.mark.parametrize("happened", BETWEEN)
def test_a_rebuild_mends_the_same_whatever_happens_while_it_is_worked_out(
    store: Store, other: Store, happened: str
) -> None:
    """N1: what was changed behind our back is right again, for facts of before and of meanwhile."""
    same(store, other, len(happened), rebuilt, BETWEEN[happened])


_WRONG = (
    "UPDATE event SET outcome = 'excess', cost_micros = 1 WHERE outcome = 'counted' AND customer_no % 3 = 0",
    "UPDATE assignment SET committed_micros = committed_micros + 5 WHERE customer_no % 2 = 0",
    "UPDATE tally SET redeemed = redeemed + 1",
)


def rebuilt(world: World, between: Between, *, ahead: bool) -> bool:
    """Makes what is derived wrong, and has it derived anew."""

    def spoil(tx: Any) -> None:
        for text in _WRONG:
            tx.connection.execute(text)

    world.store.change(spoil)
    found = _changed(
        world,
        between,
        lambda tx: rebuild_ahead(tx, world.number),
        lambda tx, found: rebuild_as_found(tx, world.number, found),
        ahead=ahead,
    )
    assert verify(world.store, world.number).differences == []
    return found


def test_promotions_of_a_file_come_to_the_same_with_those_that_reach_many_worked_out_ahead(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P5: in the order of the file, what cannot be among them; new ones and unchanged ones stay together."""
    worlds = World(store, 3), World(other, 3)
    arrival = Arrival(worlds[1].number, source_number(other, worlds[1].workspace), 0, CHANGED_US)
    (receipts,) = other.change(lambda tx: define_promotions(tx, [Definitions(arrival, _file())]))
    monkeypatch.setattr(define_ahead, "_SAMPLE", 0)
    monkeypatch.setattr(rematch, "_pages", _everything_anew)
    assert imported(worlds[0], _file()) == Counter(one.outcome for one in receipts)
    found, expected = (everything(one.store, one.workspace) for one in worlds)
    assert found == expected


def _file() -> list[NamedPromotion | Refused]:
    known = {name: msgspec.convert(PROMOTIONS[name], Promotion) for name in ("global", "tiered")}
    replace = msgspec.structs.replace
    return [
        NamedPromotion("new", Promotion(name="New", status="active")),
        NamedPromotion("global", replace(known["global"], max_redemptions=3)),
        NamedPromotion("tiered", replace(known["tiered"], tiers=[])),
        NamedPromotion("another", Promotion(name="Another", code="NEW-CODE")),
        NamedPromotion("global", replace(known["global"], max_redemptions=2)),
        NamedPromotion("tiered", replace(known["tiered"], max_redemptions=1)),
        NamedPromotion("broken", Promotion(name="Broken", kind="odd")),
    ]


def imported(world: World, items: list[NamedPromotion | Refused]) -> Counter[str]:
    """What becomes of the promotions of a file."""
    source_no = source_number(world.store, world.workspace)
    running = RunningImport(
        world.store,
        lambda tx: start_import(
            *(tx, world.number, source_no),
            kind="promotions",
            name="file",
            now_us=CHANGED_US,
        ),
        workspace_no=world.number,
        source_no=source_no,
        kind="promotions",
        clock=lambda: CHANGED_US,
    )
    deque(running.take("file", each_a_piece(enumerate(items, start=1))), maxlen=0)
    return running.finish().outcomes


@pytest.mark.parametrize("happened", ["nothing", "events", "a batch", "customers"])
def test_the_transaction_settles_only_what_moved(
    store: Store, happened: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts that come meanwhile do not make it do everything itself."""
    world = World(store, 4)
    monkeypatch.setattr(rematch, "_pages", _everything_anew)
    assert terms_changed(world, "values", BETWEEN[happened], ahead=True)
    settings = Settings(time_zone="America/New_York")
    assert settings_changed(world, settings, BETWEEN[happened], ahead=True)
    assert rebuilt(world, BETWEEN[happened], ahead=True)


def _everything_anew(*_: Any) -> Any:
    raise AssertionError("every group was gone over")


def test_who_is_interrupted_while_it_is_handed_over_leaves_figures_of_the_facts(
    store: Store,
) -> None:
    """N1: the transaction goes on in its thread, and has no snapshot any more to take away from."""
    world = World(store, 6)
    gone = threading.Event()
    made: list[Future[Any]] = []

    def change(found: Ahead | None) -> None:
        def late(tx: Tx, _: list[None]) -> list[int]:
            gone.wait()
            return [rebuild_as_found(tx, world.number, found)]

        assert found is not None
        world.told_singly(25)
        made.append(store.submit(late, None))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        changed_ahead(store, lambda tx: rebuild_ahead(tx, world.number), change)
    gone.set()
    assert made[0].result() > 0
    assert verify(store, world.number).differences == []


def test_two_changes_of_thousands_at_once_are_both_made(store: Store) -> None:
    """One of them is worked out before; the other one does not wait for that."""
    world = World(store, 5)

    def within(found: World) -> None:
        assert not terms_changed(found, "uses", BETWEEN["nothing"], ahead=True)

    assert terms_changed(world, "values", within, ahead=True)
    found = shown(store, world.workspace, ("tier",))
    assert b'"max_redemptions":4' in found
    assert b'"value":"2.50"' in found
    store.change(lambda tx: rebuild(tx, world.number))
    assert shown(store, world.workspace, ("tier",)) == found
