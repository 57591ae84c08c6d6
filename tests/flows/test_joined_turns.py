"""Bodies that join a turn while its first one is read: whatever becomes of one, the others count once (S5, N1)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import Future
from threading import Thread
from typing import Any

import msgspec
import pytest

from promosight.connectors.reading import Laborious, Reading, read_body
from promosight.errors import NotFound, Overloaded, Unreadable
from promosight.flows.checking.verify import verify
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.reporting.intake import Delivery, Receipt
from promosight.flows.reporting.report import report
from promosight.flows.set_up.workspaces import NewWorkspace, create_workspace
from promosight.rules.promotions import Promotion
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store, open_store
from promosight.store.rows import Arrival
from promosight.store.waiting import Job, Later
from tests.flows.worlds import (
    NOW_US,
    TRACKING_US,
    define,
    open_workspace,
    shown,
    source_number,
)

SOON = 30.0
NDJSON = "application/x-ndjson"
HELD = 2_000
"""So many events a body holds; each begins half-way through the one before."""
_SPRING = msgspec.convert(
    {"name": "Spring", "status": "active", "reward": {"type": "amount", "value": "5.00"}}, Promotion
)


def body(number: int) -> bytes:
    """The body of this number: events as lines."""
    first = number * HELD // 2
    rows = [
        {
            "event_id": f"e{no}",
            "promotion_id": "global",
            "customer_id": f"c{no % 700}",
            "redeemed_at": "2026-11-03T12:00:00Z",
            "order_value": "12.50",
        }
        for no in range(first, first + HELD)
    ]
    return b"\n".join(json.dumps(row).encode() for row in rows)


class Bodies:
    """Bodies as they come: each a payload that the writer makes when it is its turn."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        self._store = store
        self._workspace_no = workspace.workspace_no
        self._sources = [source_number(store, workspace, name) for name in ("default", "other")]

    def come(
        self, number: int, said: bytes | None = None, *, workspace_no: int = 0, brief: bool = True
    ) -> Future[list[Receipt]]:
        """Another body has come."""
        arrival = Arrival(workspace_no or self._workspace_no, self._sources[number % 2], 0, NOW_US)

        def made() -> Delivery:
            reading = Reading(NOW_US, TRACKING_US, leave=500)
            text = body(number) if said is None else said
            return Delivery(arrival, read_body("redemptions", NDJSON, text, reading), brief)

        return self.later(made)

    def later(self, made: Any, **more: Any) -> Future[Any]:
        """Whatever has a payload of this kind."""
        late: Any = Later(made, "redemptions")
        job = Job(report, late, HELD, None, **more)
        self._store._waiting.add(job)
        future: Future[Any] = job.future
        return future

    def while_one_is_read(self, come: Any) -> list[Receipt]:
        """The receipts of body 0, while which is read others come."""

        def made() -> Any:
            come()
            reading = Reading(NOW_US, TRACKING_US, leave=500)
            arrival = Arrival(self._workspace_no, self._sources[0], 0, NOW_US)
            items = read_body("redemptions", NDJSON, body(0), reading)
            return Delivery(arrival, items, brief=True)

        receipts: list[Receipt] = self.later(made).result(SOON)
        return receipts


def too_late() -> None:
    raise Overloaded("it has waited for too long")


def unreadable() -> Delivery:
    raise Unreadable("it ends in the middle of an event")


def second_workspace(store: Store) -> Workspace:
    wanted = NewWorkspace(
        workspace_id="second",
        name="Second",
        tracking_from_us=TRACKING_US,
        created_us=TRACKING_US,
    )
    made = store.change(lambda tx: create_workspace(tx, wanted))
    store.change(
        lambda tx: put_promotion(tx, made.workspace_no, "global", _SPRING, now_us=TRACKING_US)
    )
    return made


def counted(store: Store, other: Store, workspace: Workspace, numbers: Iterable[int]) -> None:
    """The figures are those of these bodies, each taken alone by another store."""
    calm = open_workspace(other)
    define(other, calm, "global")
    alone = Bodies(other, calm)
    for number in numbers:
        alone.come(number).result(SOON)
    assert shown(store, workspace) == shown(other, calm)
    assert verify(store, None).differences == []


@pytest.mark.parametrize("brief", [True, False], ids=["brief", "each told"])
def test_who_fails_among_those_who_join_leaves_the_others_as_they_are(
    store: Store, other: Store, brief: bool
) -> None:
    """P4: unreadable, too laborious, hung up, too late, of a workspace that is gone: all in one turn."""
    workspace = open_workspace(store)
    define(store, workspace, "global")
    bodies, came = Bodies(store, workspace), dict[str, Future[Any]]()
    vague = {"event_id": "e", "promotion_id": "global", "redeemed_at": "yesterday"}

    def come() -> None:
        came["unreadable"] = bodies.later(unreadable)
        came["good"] = bodies.come(1, brief=brief)
        came["laborious"] = bodies.come(1, b"\n".join([json.dumps(vague).encode()] * HELD))
        came["hung up"] = bodies.come(7)
        came["hung up"].cancel()
        came["too late"] = bodies.later(lambda: None, still=too_late)
        came["homeless"] = bodies.come(2, workspace_no=99)
        came["last"] = bodies.come(2)
        came["again"] = bodies.come(2)

    assert len(bodies.while_one_is_read(come)) == HELD
    for name, error in {
        "unreadable": Unreadable,
        "laborious": Laborious,
        "too late": Overloaded,
        "homeless": NotFound,
    }.items():
        assert isinstance(came[name].exception(SOON), error), name
    for name in ("good", "last", "again"):
        assert len(came[name].result(SOON)) == HELD, name
    counted(store, other, workspace, range(3))


def test_two_workspaces_share_a_turn_and_nothing_else(store: Store, other: Store) -> None:
    workspace = open_workspace(store)
    define(store, workspace, "global")
    second = second_workspace(store)
    bodies, came = Bodies(store, workspace), list[Future[list[Receipt]]]()
    theirs = Bodies(store, second)

    def come() -> None:
        came.extend((bodies if no % 2 else theirs).come(no) for no in range(1, 6))

    bodies.while_one_is_read(come)
    assert [len(one.result(SOON)) for one in came] == [HELD] * 5
    counted(store, other, workspace, [0, 1, 3, 5])


def test_those_who_join_a_turn_are_answered_when_the_store_closes_meanwhile(
    store_url: str, other: Store
) -> None:
    store = open_store(store_url, now_us=NOW_US)
    workspace = open_workspace(store)
    define(store, workspace, "global")
    bodies, came = Bodies(store, workspace), list[Future[list[Receipt]]]()
    closing = Thread(target=store.close)

    def come() -> None:
        came.extend(bodies.come(no) for no in range(1, 4))
        closing.start()
        while not store._waiting._closed:
            pass

    assert len(bodies.while_one_is_read(come)) == HELD
    assert [len(one.result(SOON)) for one in came] == [HELD] * 3
    closing.join(SOON)
    assert not closing.is_alive()
    again = open_store(store_url, now_us=NOW_US)
    counted(again, other, workspace, range(4))
    again.close()
