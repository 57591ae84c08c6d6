"""Activity: every receipt is counted once, under its source, hour and outcome, whatever happens to its transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from promosight.connectors.read_again import read_again
from promosight.errors import Invalid
from promosight.flows.reporting.activity import Asked, activity
from promosight.flows.reporting.intake import Delivery, Item, Receipt
from promosight.flows.reporting.problems import Page, Wanted, problems
from promosight.flows.reporting.rejecting import Refused
from promosight.flows.reporting.replay import replay
from promosight.flows.reporting.report import report
from promosight.flows.set_up.show_sources import list_sources
from promosight.flows.set_up.workspaces import NewWorkspace, create_workspace
from promosight.rules.facts import Rejection
from promosight.rules.instants import DAY_US, HOUR_US, format_instant, parse_instant
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store, open_store
from promosight.store.races import LostRace
from promosight.store.rows import Arrival
from promosight.store.tx import Tx
from tests.flows.worlds import (
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    define,
    deliver,
    facts,
    open_workspace,
    source_number,
)

REFUSED = Refused(
    Rejection("invalid", "/redeemed_at", "is missing"), "redemptions", "e", '{"event_id": "e"}'
)


@pytest.fixture
def workspace(store: Store) -> Workspace:
    made = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, made, promotion_id)
    return made


def shown(
    store: Store, workspace: Workspace, asked: Asked | None = None, *, now_us: int = NOW_US
) -> list[dict[str, Any]]:
    """The activity of the default source."""
    asked = asked or Asked("hour")
    return store.read(
        lambda tx: activity(tx, workspace.workspace_no, "default", asked, now_us=now_us)
    )


def words(items: list[Item], receipts: Sequence[Receipt]) -> Counter[str]:
    """The receipts by the words activity has for them."""
    return Counter(
        "assigned" if type(item).__name__ == "Assignment" and word == "counted" else word
        for item, word in zip(items, (receipt.outcome for receipt in receipts), strict=True)
    )


def test_every_receipt_is_counted_once_under_its_outcome(
    store: Store, workspace: Workspace
) -> None:
    """S4, S14: one by one or in batches, redemptions, assignments, duplicates and what is no fact at all."""
    items: list[Item] = [*facts(3, 60, 90), REFUSED]
    expected: Counter[str] = Counter()
    for start in range(0, len(items), 40):
        some = items[start : start + 40]
        expected += words(some, deliver(store, workspace, some))
    for one in items[:30]:
        expected += words([one], deliver(store, workspace, [one]))
    assert {"assigned", "duplicate", "counted", "rejected", "pending"} <= expected.keys()
    begun = format_instant(NOW_US // HOUR_US * HOUR_US)
    assert shown(store, workspace) == [{"from": begun, "outcomes": dict(sorted(expected.items()))}]


def test_what_is_run_again_after_a_lost_race_is_counted_once(
    store: Store, workspace: Workspace
) -> None:
    """P4: the counter is in the transaction that takes the events in, and is undone with it."""
    items: list[Item] = [*facts(4, 10, 20)]
    tries = []

    def unlucky(tx: Tx, deliveries: list[Delivery]) -> list[Sequence[Receipt]]:
        receipts = report(tx, deliveries)
        tries.append(receipts)
        if len(tries) < 3:
            raise LostRace
        return receipts

    arrival = Arrival(workspace.workspace_no, source_number(store, workspace), 0, NOW_US)
    receipts = store.write(unlucky, Delivery(arrival, items))
    assert len(tries) == 3
    assert shown(store, workspace)[0]["outcomes"] == dict(sorted(words(items, receipts).items()))


def test_several_processes_count_together(store_url: str) -> None:
    """P4, S5: each adds in a lane of its own, and nothing is lost between them."""
    stores = [open_store(store_url, now_us=NOW_US) for _ in range(3)]
    workspace = open_workspace(stores[0])

    def send(number: int) -> None:
        for n in range(10):
            refused = Refused(REFUSED.rejection, "redemptions", f"e{n}", f'{{"n": {number}}}')
            deliver(stores[number % 3], workspace, [refused])

    with ThreadPoolExecutor(6) as senders:
        for wait in [senders.submit(send, number) for number in range(6)]:
            wait.result()
    assert [item["outcomes"] for item in shown(stores[0], workspace)] == [{"rejected": 60}]
    for store in stores:
        store.close()


def test_days_and_hours_are_those_of_the_workspaces_zone(store: Store) -> None:
    """S6, S7: buckets begin on the hour and at midnight where the brand is, whole, and without the empty ones."""
    wanted = NewWorkspace(
        workspace_id="india",
        name="India",
        time_zone="Asia/Kolkata",
        tracking_from_us=TRACKING_US,
        created_us=TRACKING_US,
    )
    workspace = store.change(lambda tx: create_workspace(tx, wanted))
    source_no = source_number(store, workspace)
    times = ("2026-11-02T18:29:00Z", "2026-11-02T18:30:00Z", "2026-11-03T10:40:00Z")
    for at in times:
        arrival = Arrival(workspace.workspace_no, source_no, 0, parse_instant(at))
        store.write(report, Delivery(arrival, [REFUSED]))
    now_us = parse_instant(times[-1])
    hours = shown(store, workspace, now_us=now_us)
    assert [item["from"] for item in hours] == [
        "2026-11-02T17:30:00Z",
        "2026-11-02T18:30:00Z",
        "2026-11-03T10:30:00Z",
    ]
    days = shown(store, workspace, Asked("day"), now_us=now_us)
    assert days == [
        {"from": "2026-11-01T18:30:00Z", "outcomes": {"rejected": 1}},
        {"from": "2026-11-02T18:30:00Z", "outcomes": {"rejected": 2}},
    ]
    middle_us = parse_instant("2026-11-02T20:00:00Z")
    today = shown(store, workspace, Asked("day", middle_us, middle_us + 1), now_us=now_us)
    assert today == days[1:]
    assert shown(store, workspace, Asked("hour", now_us), now_us=now_us) == hours[2:]
    assert shown(store, workspace, Asked("hour", None, middle_us), now_us=now_us) == hours[:2]
    assert shown(store, workspace, Asked("day", now_us + DAY_US), now_us=now_us) == []
    assert shown(store, workspace, now_us=now_us + 3 * DAY_US) == []
    assert shown(store, workspace, Asked("day", None, -(2**61)), now_us=now_us) == []
    for wrong in (Asked("hour", now_us, now_us), Asked("hour", 0), Asked("day", -(2**61))):
        with pytest.raises(Invalid):
            shown(store, workspace, wrong, now_us=now_us)


def test_a_replay_is_not_the_word_of_its_source(store: Store, workspace: Workspace) -> None:
    """P10, S4: what somebody sends through again neither counts twice nor makes a silent source heard."""
    deliver(store, workspace, [REFUSED])
    before = shown(store, workspace), listed(store, workspace, NOW_US)
    assert again(store, workspace, NOW_US + HOUR_US) == {"rejected": 1}
    assert (shown(store, workspace), listed(store, workspace, NOW_US)) == before


def test_what_is_refused_for_another_reason_now_is_listed_with_that_alone(
    store: Store, workspace: Workspace
) -> None:
    """P10: a replay that fails otherwise leaves one problem and not two."""
    early = format_instant(NOW_US + HOUR_US)
    told = {"event_id": "e", "promotion_id": "draft", "customer_id": "ann", "redeemed_at": early}
    why = Rejection("future", "/redeemed_at", "lies in the future")
    deliver(store, workspace, [Refused(why, "redemptions", "e", json.dumps(told))])
    assert reasons(store, workspace) == ["future"]
    assert again(store, workspace, NOW_US) == {"rejected": 1}
    assert reasons(store, workspace) == ["future"]
    assert again(store, workspace, NOW_US + 2 * HOUR_US) == {"rejected": 1}
    assert reasons(store, workspace) == ["draft_promotion"]


def again(store: Store, workspace: Workspace, now_us: int) -> dict[str, int]:
    """What a replay of everything comes to."""
    return store.change(
        lambda tx: replay(
            tx, workspace.workspace_no, Wanted(), page=Page(), now_us=now_us, read=read_again
        )
    ).outcomes


def reasons(store: Store, workspace: Workspace) -> list[str]:
    """The reasons of all problems."""
    found, _ = store.read(
        lambda tx: problems(
            tx, workspace.workspace_no, Wanted(), page=Page(), limit=100, now_us=NOW_US
        )
    )
    return [one["reason"] for one in found]


def listed(store: Store, workspace: Workspace, now_us: int) -> list[dict[str, Any]]:
    """The workspace's sources at some time."""
    return store.read(lambda tx: list_sources(tx, workspace.workspace_no, now_us=now_us))


def test_a_live_source_is_overdue_when_its_cadence_has_passed(
    store: Store, workspace: Workspace
) -> None:
    """S7: an expectation, from when it was last heard."""
    deliver(store, workspace, [REFUSED])
    due_us = NOW_US + 6 * HOUR_US
    assert [one["due_at"] for one in listed(store, workspace, NOW_US)] == [format_instant(due_us)]
    assert [one["overdue"] for one in listed(store, workspace, due_us)] == [False]
    assert [one["overdue"] for one in listed(store, workspace, due_us + 1)] == [True]
