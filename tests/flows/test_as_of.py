"""Time travel: a breakdown as of a moment is, to the last digit, what it was when it was asked at that moment.

Worlds of all kinds go by, step by step: facts in any order, twice, singly and in batches; imports with other facts
between; withdrawals, other terms and codes, pools of codes, customers who become known, periods declared covered,
people erased. What everybody sees is taken down on the way, and asked for again as of then, ever later.
"""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from functools import partial
from importlib.resources import files
from itertools import count
from random import Random
from typing import Any, NamedTuple

import msgspec
import pytest

from promosight.errors import Conflict, Invalid, NotFound
from promosight.flows.figures import recounted_then, unredeemed
from promosight.flows.figures.breakdowns import DIMENSIONS, Breakdown, Line, breakdown
from promosight.flows.figures.code_lines import CodePage
from promosight.flows.figures.of_promotions import list_promotions
from promosight.flows.imports.publish import finish_import, leave_import, start_import
from promosight.flows.ledger.published import import_runs
from promosight.flows.ledger.rematch import rebuild
from promosight.flows.people.erase import erase
from promosight.flows.promotions.manage_promotions import load_codes, put_promotion
from promosight.flows.promotions.map_words import WantedMapping, create_mapping, end_mapping
from promosight.flows.reporting.know_customers import Acquaintance, KnownCustomer, know_customers
from promosight.flows.reporting.withdraw import withdraw
from promosight.flows.set_up.workspaces import cover
from promosight.rules.facts import Assignment, Event, event_from
from promosight.rules.instants import parse_instant
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedEvent
from promosight.store import migrate
from promosight.store.catalogue import load
from promosight.store.database import database
from promosight.store.engine import Store, open_store
from promosight.store.rows import Arrival
from promosight.store.tx import Tx
from tests.flows.test_restatements import told
from tests.flows.worlds import (
    MINUTE_US,
    PROMOTIONS,
    TRACKING_US,
    deliver,
    facts,
    open_workspace,
    source_number,
)

IDS = [*PROMOTIONS, "unheard"]
ASKED = [(by, "assigned") for by in DIMENSIONS] + [("day", "redeemed"), ("week", "redeemed")]
APART, APART_IF_WHOLE = 5, 3
"""Moments from one that is taken down to the next: of all, and of those when no import holds anything back. To take
down is as dear as to ask again, so only what is compared later is taken down."""


class Seen(NamedTuple):
    """What everybody saw of every promotion that was defined at a moment."""

    at_us: int
    parts: dict[tuple[str, str, str], Breakdown]


def _misspelled(seed: int) -> list[Any]:
    """Facts of which one in three that tell of `tiered` write it otherwise."""
    return [
        msgspec.structs.replace(one, promotion_id="Tiered")
        if isinstance(one, Event) and one.promotion_id == "tiered" and one.digest % 3 == 0
        else one
        for one in facts(seed)
    ]


class World:
    """A workspace in which things happen, and a clock that goes on with each."""

    def __init__(self, store: Store, seed: int, *, wild: bool = False) -> None:
        self.store = store
        self.wild = wild
        self.random = Random(seed)
        self.workspace = open_workspace(store)
        self.number = self.workspace.workspace_no
        self.items: list[Any] = _misspelled(seed) + _misspelled(seed)[:20]
        self.mapped: list[str] = []
        self.random.shuffle(self.items)
        self.now_us = parse_instant("2026-11-01T22:00:00Z")
        self.given: list[str] = []
        self.terms: dict[str, dict[str, Any]] = {}
        self.import_no = 0
        for promotion_id in self.random.sample(list(PROMOTIONS), 4):
            self.define(promotion_id)

    def step(self) -> None:
        """Something happens. While an import runs nothing but the import does, unless the world is wild."""
        self.now_us += self.random.choice([1, MINUTE_US, MINUTE_US, 90 * MINUTE_US])
        things = [self.report] * 10
        if self.wild or not self.import_no:
            things += [self.withdraw, self.change, self.pool, self.know, self.cover, self.erase]
            things += [self.map, self.map]
        things += [self.end_run] if self.import_no else [self.begin_run, self.begin_run]
        things += [self.leave_run] if self.import_no and self.wild else []
        self.random.choice(things)()

    def report(self) -> None:
        size = self.random.choice([1, 1, 2, 7])
        some, self.items = self.items[:size], self.items[size:]
        apart = self.wild and self.random.random() < 0.5
        import_no = 0 if apart else self.import_no
        deliver(self.store, self.workspace, some, import_no=import_no, received_us=self.now_us)
        self.given += [
            one.assignment_id for one in some if isinstance(one, Assignment) and one.assignment_id
        ]

    def withdraw(self) -> None:
        for assignment_id in self.random.sample(self.given, min(2, len(self.given))):
            change = partial(
                withdraw,
                workspace_no=self.number,
                assignment_id=assignment_id,
                now_us=self.now_us,
            )
            try:
                self.store.change(change)
            except NotFound:
                assert self.terms  # an erased person's assignment has another id

    def define(self, promotion_id: str, **terms: Any) -> None:
        changed = self.terms.get(promotion_id, PROMOTIONS[promotion_id]) | terms
        definition = msgspec.convert(changed, Promotion)
        number, now_us = self.number, self.now_us
        self.store.change(
            lambda tx: put_promotion(tx, number, promotion_id, definition, now_us=now_us)
        )
        self.terms[promotion_id] = changed

    def change(self) -> None:
        draw = self.random
        missing = [one for one in PROMOTIONS if one not in self.terms]
        if missing and draw.random() < 0.7:
            self.define(draw.choice(missing))
            return
        changes: list[tuple[str, dict[str, Any]]] = [
            ("global", {"code": draw.choice(["SPRING", "SUMMER"])}),
            ("global", {"fallback_code": draw.choice([None, "SPRING", "NOBODYS"])}),
            ("tiered", {"max_redemptions": draw.choice([1, 2, 3])}),
            ("tiered", {"name": "Another"}),
            ("cashback", {"reward": {"type": "amount", "currency": "EUR", "value": "2.00"}}),
            ("draft", {"status": "active"}),
            ("past", {"ends_at": draw.choice(["2026-09-01T00:00:00Z", None])}),
        ]
        promotion_id, terms = draw.choice(changes)
        try:
            self.define(promotion_id, **terms)
        except Conflict as refused:
            assert refused.code in ("code_taken", "status")  # noqa: PT017

    def pool(self) -> None:
        """NOBODYS comes into the pool of a promotion; redemptions may have named it before."""
        if "personal" in self.terms:
            number, now_us = self.number, self.now_us
            codes = self.random.choice([["NOBODYS"], ["P1", "P2", "P3"]])
            try:
                self.store.change(
                    lambda tx: load_codes(tx, number, "personal", codes, now_us=now_us)
                )
            except Conflict as refused:
                assert refused.code == "code_taken"  # noqa: PT017

    def map(self) -> None:
        """A word is said to mean a promotion, or not any more."""
        draw, number, now_us = self.random, self.number, self.now_us
        if self.mapped and draw.random() < 0.4:
            ended = self.mapped.pop(draw.randrange(len(self.mapped)))
            self.store.change(
                lambda tx: end_mapping(tx, number, ended, actor="somebody", now_us=now_us)
            )
            return
        field, word = draw.choice([("promotion_id", "Tiered"), ("promo_code", "NOBODYS")])
        meant = draw.choice(list(self.terms))
        wanted = WantedMapping(field, word, draw.choice([None, None, "default"]), meant)
        try:
            made, is_new = self.store.change(
                lambda tx: create_mapping(
                    tx, number, f"map_{now_us}", wanted, actor="somebody", now_us=now_us
                )
            )
        except Conflict as refused:
            assert refused.code in ("mapped", "code_taken", "not_in_force")  # noqa: PT017
            return
        self.mapped += [made["mapping_id"]] * is_new

    def know(self) -> None:
        source_no = source_number(self.store, self.workspace)
        arrival = Arrival(self.number, source_no, 0, self.now_us)
        said = Acquaintance(arrival, [KnownCustomer(f"c{self.random.randrange(9)}")])
        self.store.change(lambda tx: know_customers(tx, [said]))

    def cover(self) -> None:
        number, now_us = self.number, self.now_us
        self.store.change(
            lambda tx: cover(
                tx, number, "default", from_us=TRACKING_US, to_us=now_us, now_us=now_us
            )
        )

    def erase(self) -> None:
        name, token = f"c{self.random.randrange(9)}", f"{self.random.getrandbits(128):032x}"
        number, now_us = self.number, self.now_us
        self.store.change(lambda tx: erase(tx, number, name, token, now_us=now_us))

    def begin_run(self) -> None:
        source_no = source_number(self.store, self.workspace)
        number, now_us = self.number, self.now_us
        self.import_no = self.store.change(
            lambda tx: start_import(
                tx, number, source_no, kind="redemptions", name=f"{now_us}", now_us=now_us
            )
        )

    def end_run(self) -> None:
        number, import_no, now_us = self.number, self.import_no, self.now_us
        self.store.change(lambda tx: finish_import(tx, number, import_no, now_us=now_us))
        self.import_no = 0

    def leave_run(self) -> None:
        import_no, now_us = self.import_no, self.now_us
        self.store.change(lambda tx: leave_import(tx, import_no, now_us=now_us))
        self.import_no = 0

    def seen(self, as_of_us: int | None = None) -> Seen:
        """Everything that is seen of promotions, now or as of a moment."""
        parts = self.store.read(partial(_seen, world=self, as_of_us=as_of_us))
        return Seen(self.now_us if as_of_us is None else as_of_us, parts)

    def asked(self, promotion_id: str, by: str, date: str, as_of_us: int | None) -> Breakdown:
        return self.store.read(
            lambda tx: _asked(tx, self.number, promotion_id, by, date, as_of_us, self.now_us)
        )


def _seen(tx: Tx, *, world: World, as_of_us: int | None) -> dict[tuple[str, str, str], Breakdown]:
    parts = {}
    for promotion_id in IDS:
        for by, date in ASKED:
            try:
                part = _asked(tx, world.number, promotion_id, by, date, as_of_us, world.now_us)
            except (NotFound, Invalid):
                assert by == "tier", by
                break
            parts[promotion_id, by, date] = part
    return parts


def _asked(
    tx: Tx, number: int, promotion_id: str, by: str, date: str, as_of_us: int | None, now_us: int
) -> Breakdown:
    found = breakdown(*(tx, number, promotion_id, by), date=date, as_of_us=as_of_us, now_us=now_us)
    found.as_of = None
    return found


def check(world: World, before: Seen) -> None:
    again = world.seen(before.at_us)
    assert again.parts.keys() == before.parts.keys()
    for key, part in before.parts.items():
        assert again.parts[key] == part, (key, before.at_us)


@pytest.mark.parametrize("seed", range(3))
def test_a_breakdown_as_of_a_moment_is_what_it_was_at_that_moment(store: Store, seed: int) -> None:
    """N5: by every dimension, whatever came, was undone, redefined, published or erased since."""
    world = World(store, seed)
    memory: list[Seen] = []
    for step in count():
        if not (world.items or world.import_no):
            break
        world.step()
        if not world.items and world.import_no:
            world.end_run()
        if step % APART == 0:
            memory.append(world.seen())
        if world.random.random() < 0.1:
            check(world, memory[world.random.choice(range(step + 1)) // APART])
    for before in memory:
        check(world, before)
    store.change(lambda tx: rebuild(tx, world.number))
    check(world, memory[len(memory) // 2])


@pytest.mark.parametrize("seed", range(4, 6))
def test_imports_that_ran_beside_everything_or_died_are_known_from_their_publication_on(
    store: Store, seed: int
) -> None:
    """N5, S7: whenever nothing was held back, then is what it was."""
    world = World(store, seed, wild=True)
    memory: list[Seen] = []
    whole = count()
    while world.items or world.import_no:
        world.step()
        if not world.items and world.import_no:
            world.end_run()
        workspace = store.read(lambda tx: load(tx, world.number).workspace)
        held_back = store.read(partial(import_runs, workspace=workspace))
        if not held_back and next(whole) % APART_IF_WHOLE == 0:
            memory.append(world.seen())
    assert memory
    for before in memory:
        check(world, before)


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_add_up_to_the_total_of_then_and_that_to_the_list_of_then(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S30, N5: as of a moment as now, of a large promotion and a small one. By code in pages of any size, too."""
    if seed == 2:  # so large that it is read from end to end, and in pieces
        monkeypatch.setattr(unredeemed, "_FEW", 0)
        monkeypatch.setattr(unredeemed, "_SHARE", 1_000)
        monkeypatch.setattr(recounted_then, "_GROUPS_AT_ONCE", 2)
    world = World(store, seed)
    totals: list[tuple[int, dict[str, Counter[str]]]] = []
    while world.items:
        world.step()
        items = store.read(partial(_listed, number=world.number, now_us=world.now_us))
        totals.append((world.now_us, items))
    for at_us, items in totals[:: 1 + len(totals) // 8]:
        for promotion_id, listed in items.items():
            for by, date in ASKED:
                part = world.asked(promotion_id, by, date, at_us)
                assert told(part.total) == listed
                assert _sum(part.rows) == listed
            pages = store.read(partial(_pages, world=world, promotion_id=promotion_id, at_us=at_us))
            whole = world.asked(promotion_id, "code", "assigned", at_us)
            assert [line for page in pages for line in page.rows] == whole.rows


def _listed(tx: Tx, *, number: int, now_us: int) -> dict[str, Counter[str]]:
    items = list_promotions(tx, number, now_us=now_us)
    return {one["promotion_id"]: told(Namespace(**one["figures"])) for one in items}


def _sum(rows: list[Line]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        found.update(told(row))
    return found


def _pages(tx: Tx, *, world: World, promotion_id: str, at_us: int) -> list[Breakdown]:
    found: list[Breakdown] = []
    after: str | None = ""
    while after is not None:
        page = CodePage(after, 2)
        found.append(
            breakdown(
                *(tx, world.number, promotion_id, "code"),
                page=page,
                as_of_us=at_us,
                now_us=world.now_us,
            )
        )
        after = found[-1].next_code
    return found


def test_who_was_unknown_to_an_event_that_is_refused_by_now_was_unknown_then(store: Store) -> None:
    """N5, decision 1: it waited for its customer, then its code came to be another promotion's."""
    world = World(store, 0)
    for promotion_id in ("global", "tiered"):
        world.define(promotion_id)
    said = {"event_id": "e-late", "promotion_id": "global", "promo_code": "LATER"}
    said |= {"customer_id": "stranger", "redeemed_at": "2026-11-01T21:00:00Z"}
    event = event_from(
        msgspec.convert(said, ReportedEvent),
        received_us=world.now_us,
        tracking_from_us=TRACKING_US,
    )
    [receipt] = deliver(store, world.workspace, [event], received_us=world.now_us)
    assert receipt.reason == "unknown_customer"
    before = world.seen()
    world.now_us += MINUTE_US
    world.define("tiered", code="LATER")
    refused = world.seen()
    world.now_us += MINUTE_US
    arrival = Arrival(world.number, source_number(store, world.workspace), 0, world.now_us)
    store.change(
        lambda tx: know_customers(tx, [Acquaintance(arrival, [KnownCustomer("stranger")])])
    )
    world.now_us += MINUTE_US
    check(world, before)
    check(world, refused)


def test_what_cannot_be_known_is_refused_by_name(store: Store) -> None:
    """N5: before there was anything to know, and after now."""
    world = World(store, 0)
    number, began_us = world.number, world.now_us
    late_us = began_us + 10 * MINUTE_US
    for at_us, why in (
        (TRACKING_US - 1, "lies before the start of tracking"),
        (began_us - 1, "lies before the promotion was defined"),
        (late_us + 1, "lies in the future"),
    ):
        promotion_id = next(iter(world.terms))
        with pytest.raises(Invalid, match=why) as refused:
            store.read(
                partial(
                    breakdown,
                    workspace_no=number,
                    promotion_id=promotion_id,
                    by="tier",
                    as_of_us=at_us,
                    now_us=late_us,
                )
            )
        assert refused.value.pointer == "/as_of"


def test_of_a_workspace_from_before_history_was_kept_is_told_what_was_known_since(
    blank_store_url: str,
) -> None:
    """N5: nothing is guessed of what an older version did not write down. New workspaces are told of whole."""
    every = [path.name for path in files("promosight.store").joinpath("schema").iterdir()]
    before_history = [name for name in every if name < "0016"]
    older = database(blank_store_url)
    migrate.migrate(older, now_us=TRACKING_US, only=before_history)
    tx = older.connect(write=True)
    older.begin(tx, write=True)
    old = {"workspace_id": "old", "name": "Old", "time_zone": "UTC", "currency": "EUR"}
    times = {"tracking_from_us": TRACKING_US, "created_us": TRACKING_US}
    tx.run("add_workspace", **old, **times, week_start="monday", sandbox=0)
    older.end(tx, commit=True)
    older.close(tx)
    upgraded_us = TRACKING_US + 10 * MINUTE_US
    store = open_store(blank_store_url, now_us=upgraded_us)
    try:
        define = partial(put_promotion, workspace_no=1, promotion_id="p", now_us=upgraded_us)
        store.change(lambda tx: define(tx, definition=Promotion(name="P")))
        later_us = upgraded_us + MINUTE_US
        asked = partial(breakdown, workspace_no=1, promotion_id="p", by="tier", now_us=later_us)
        with pytest.raises(Invalid, match="from when on it is kept what was known"):
            store.read(partial(asked, as_of_us=upgraded_us - 1))
        assert store.read(partial(asked, as_of_us=upgraded_us)).total.assigned == 0
        world = World(store, 0)
        with pytest.raises(Invalid, match="lies before the promotion was defined"):
            world.asked(next(iter(world.terms)), "tier", "assigned", upgraded_us - 1)
    finally:
        store.close()
