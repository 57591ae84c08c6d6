"""Random busy groups: whatever comes to them and in whatever order, they count as when they are counted anew.

Few promotions and one or two customers with many assignments; what is kept of them is in use from a handful of events
on. After each step everything is derived anew from the facts, in a transaction that is undone, and nothing may be other
than it was; what is kept is what the events say. At the end the second engine agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from promosight.errors import NotFound
from promosight.flows.checking.kept_groups import differing_uses
from promosight.flows.checking.verify import verify
from promosight.flows.figures.breakdowns import breakdown
from promosight.flows.ledger import kept_uses
from promosight.flows.ledger.rematch import rebuild
from promosight.flows.people.erase import erase
from promosight.flows.reporting.withdraw import withdraw
from promosight.rules.facts import assignment_from, event_from
from promosight.rules.instants import format_instant
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.engine import Store
from promosight.store.tx import Tx
from tests.flows.worlds import (
    EVENTS,
    GIVEN,
    MINUTE_US,
    NOW_US,
    TRACKING_US,
    begin_import,
    define,
    deliver,
    end_import,
    open_workspace,
)

PROMOTIONS = ("global", "tiered")
_BEGIN_US = NOW_US - 2_000 * MINUTE_US


class BusyWorld:
    """A store, and what may happen next in it, drawn by a seed."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.draw = Random(seed)
        self.workspace = open_workspace(store)
        self.number = self.workspace.workspace_no
        self.customers = ["guest", "other"][: self.draw.choice([1, 1, 2])]
        self.given: list[dict[str, Any]] = []
        self.used: list[dict[str, Any]] = []
        self.told: list[Any] = []
        self.erased = 0
        self.new_terms()

    def new_terms(self) -> None:
        """Other terms, or the same: how often, what it is worth."""
        for promotion_id in PROMOTIONS:
            value = self.draw.choice(["5.00", "2.50"])
            reward = {"type": "amount", "currency": "EUR", "value": value}
            most = self.draw.choice([1, 2, 3, 9])
            define(self.store, self.workspace, promotion_id, max_redemptions=most, reward=reward)

    def facts(self) -> None:
        """One fact, or a body of several, in any order; some that came before, some by a file."""
        count = self.draw.choice([1, 1, 1, 1, 2, 5, 12])
        kinds = self.draw.choices(
            [self.redemption, self.reversal, self.assignment], [8, 3, 2], k=count
        )
        some = [kind() for kind in kinds]
        if self.told and self.draw.random() < 0.2:
            some += self.draw.choices(self.told, k=2)
        self.draw.shuffle(some)
        self.told += some
        source = self.draw.choice(["default", "default", "till"])
        import_no = begin_import(self.store, self.workspace) if self.draw.random() < 0.05 else 0
        deliver(self.store, self.workspace, some, import_no=import_no, source=source)
        if import_no:
            end_import(self.store, self.workspace, import_no)

    def assignment(self) -> Any:
        said = self.given_to(self.draw.choice(self.customers))
        return assignment_from(msgspec.convert(said, ReportedAssignment), received_us=NOW_US)

    def given_to(self, customer_id: str) -> dict[str, Any]:
        draw, minute = self.draw, self.draw.randrange(900)
        own = f"a{len(self.given)}"
        said = {
            "promotion_id": draw.choice(PROMOTIONS),
            "customer_id": customer_id,
            "assignment_id": own,
            "occurrence": own,
            "assigned_at": at(minute),
            "campaign_id": draw.choice([None, "k1", "k2"]),
            "tier_id": draw.choice([None, "gold", "silver"]),
            "expires_at": draw.choice([None, None, None, at(minute + 300)]),
            "max_redemptions": draw.choice([None, 1, 2, 5, 40]),
            "control": draw.random() < 0.02,
        }
        self.given.append(said)
        return said

    def redemption(self) -> Any:
        return self.event(self.used_by(self.draw.choice(self.customers)))

    def used_by(self, customer_id: str) -> dict[str, Any]:
        draw = self.draw
        said = {
            "event_id": f"e{len(self.used):04}",
            "promotion_id": draw.choice(PROMOTIONS),
            "customer_id": customer_id,
            "redeemed_at": at(
                draw.choice([len(self.used) % 1_900, draw.randrange(60), draw.randrange(1200)])
            ),
            "assignment_id": draw.choice([None, None, f"a{draw.randrange(12)}"]),
            "campaign_id": draw.choice([None, None, "k1", "k2"]),
            "tier_id": draw.choice([None, None, "gold"]),
            "reward_value": draw.choice([None, None, "3.25"]),
            "order_value": draw.choice([None, "64.90"]),
        }
        self.used.append(said)
        return said

    def reversal(self) -> Any:
        draw = self.draw
        number = draw.randrange(len(self.used) + 2)
        said = {
            "event_id": f"r{len(self.told):04}-{draw.randrange(10**6)}",
            "type": "reversal",
            "reverses": f"e{number:04}",
            "redeemed_at": at(1300),
            "reward_value": draw.choice([None, None, "1.00", "3.25"]),
        }
        return self.event(said)

    def event(self, said: dict[str, Any]) -> Any:
        reported = msgspec.convert(said, ReportedEvent)
        return event_from(reported, received_us=NOW_US, tracking_from_us=TRACKING_US)

    def withdrawn(self) -> None:
        own = f"a{self.draw.randrange(len(self.given) + 1)}"
        with suppress(NotFound):
            self.store.change(
                partial(withdraw, workspace_no=self.number, assignment_id=own, now_us=NOW_US)
            )

    def erased_person(self) -> None:
        self.erased += 1
        who, token = self.draw.choice(self.customers), f"{self.erased:04}"
        self.store.change(lambda tx: erase(tx, self.number, who, token, now_us=NOW_US))

    def rebuilt(self) -> None:
        self.store.change(partial(rebuild, workspace_no=self.number))

    def step(self) -> None:
        """Something happens."""
        others: list[Callable[[], None]] = [
            self.withdrawn,
            self.erased_person,
            self.new_terms,
            self.rebuilt,
        ]
        happened = self.draw.choices([self.facts, *others], [25, 2, 2, 1, 1])[0]
        happened()


def at(minute: int) -> str:
    """An instant of these worlds."""
    return format_instant(_BEGIN_US + minute * MINUTE_US)


def _figures(tx: Any, number: int, promotion_ids: Sequence[str]) -> list[Any]:
    shown = [
        breakdown(tx, number, promotion_id, by, date=date)
        for promotion_id in promotion_ids
        for by in ("tier", "source", "day")
        for date in ("assigned", "redeemed")
    ]
    rows = [[tuple(r) for r in tx.connection.execute(text).fetchall()] for text in (EVENTS, GIVEN)]
    return [*rows, msgspec.json.encode(shown)]


def counted_anew(store: Store, number: int, promotion_ids: Sequence[str] = PROMOTIONS) -> None:
    """Derives everything anew in a transaction that is undone: nothing becomes other than it was."""

    def both(tx: Tx, numbers: list[int]) -> list[tuple[list[Any], list[Any]]]:
        before = _figures(tx, number, promotion_ids)
        rebuild(tx, number)
        return [(before, _figures(tx, number, promotion_ids)) for _ in numbers]

    before, after = store.rehearse(both, number).result()
    assert before == after


def run_world(store: Store, seed: int, steps: int) -> int:
    """Lets a world run, and looks after each step; returns of how many groups something was kept at the end."""
    world = BusyWorld(store, seed)
    for _ in range(steps):
        world.step()
        counted_anew(store, world.number)
        assert store.read(lambda tx: differing_uses(tx, world.number)) == []
    assert verify(store, world.number, now_us=NOW_US).differences == []
    return store.read(lambda tx: len(tx.all("kept_groups", workspace_no=world.number)))


@pytest.mark.parametrize("seed", range(3))
def test_busy_groups_count_as_when_they_are_counted_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """S14, S15, N1, P6: late, reversed, repeated, withdrawn, erased, by other terms; nothing is found by verify."""
    monkeypatch.setattr(kept_uses, "BUSY", 1 + 3 * seed)
    assert run_world(store, seed, 30)
