"""Sums that leave 64 bits, however they are collected: held back by imports, piled up, folded at once or late."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec
import pytest

from promosight.flows.checking.verify import verify
from promosight.flows.figures.of_promotions import list_promotions
from promosight.flows.figures.show_restatements import Before, restatements
from promosight.flows.ledger import counters
from promosight.rules.facts import Assignment, Event, assignment_from, event_from
from promosight.rules.money import LIMIT_MICROS, format_amount
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from tests.flows.worlds import (
    NOW_US,
    TRACKING_US,
    begin_import,
    define,
    deliver,
    end_import,
    open_workspace,
    shown,
)

LARGEST = LIMIT_MICROS - 1
CUSTOMERS = 1_100
"""Of the largest amount 923 are too many for 64 bits."""
Bounds = tuple[int, int]
"""How much may be outstanding, and how much is much for one transaction."""


def worth(n: int) -> int:
    """What customer `n` is promised and redeems, in millionths: the largest amount, now and then a small odd one."""
    return n if n % 11 == 0 else LARGEST - n


def given(n: int) -> Assignment:
    told = ReportedAssignment(
        promotion_id="global",
        customer_id=f"c{n}",
        assignment_id=f"a{n}",
        assigned_at="2026-11-01T10:00:00Z",
        segment=f"s{n % 3}",
        reward_value=Decimal(format_amount(worth(n), "EUR")),
    )
    fact = assignment_from(told, received_us=NOW_US)
    assert isinstance(fact, Assignment)
    return fact


def event(**said: str) -> Event:
    told = msgspec.convert({"redeemed_at": "2026-11-02T10:00:00Z"} | said, ReportedEvent)
    fact = event_from(told, received_us=NOW_US, tracking_from_us=TRACKING_US)
    assert isinstance(fact, Event)
    return fact


def used(n: int) -> Event:
    value = format_amount(worth(n), "EUR")
    return event(
        event_id=f"e{n}",
        promotion_id="global",
        customer_id=f"c{n}",
        reward_value=value,
        order_value=format_amount(LARGEST, "EUR"),
    )


def reversal(n: int) -> Event:
    """A millionth of a redemption goes back."""
    return event(event_id=f"r{n}", type="reversal", reverses=f"e{n}", reward_value="0.000001")


UNDONE = [n for n in range(CUSTOMERS) if n % 5 == 1 and worth(n)]
COST = sum(map(worth, range(CUSTOMERS))) - len(UNDONE)
ORDER = CUSTOMERS * LARGEST


def checked(store: Store, workspace: Workspace) -> bytes:
    """What a reader sees, which is exact and what the second engine says."""
    number = workspace.workspace_no
    (item,) = store.read(lambda tx: list_promotions(tx, number, now_us=NOW_US))
    assert item["figures"]["reward_cost"] == {"EUR": format_amount(COST, "EUR")}
    assert item["figures"]["order_value"] == {"EUR": format_amount(ORDER, "EUR")}
    assert verify(store, number, now_us=NOW_US).differences == []
    return shown(store, workspace)


@pytest.mark.parametrize("bounds", [(10**6, 10**6), (40, 6), (0, 1)])
@pytest.mark.parametrize("held", [False, True], ids=["reported", "imported"])
def test_sums_are_exact_however_they_are_collected(
    store: Store, monkeypatch: pytest.MonkeyPatch, bounds: Bounds, held: bool
) -> None:
    """S12, P6: appended only, piled up, folded each time, or held back until a file has ended."""
    monkeypatch.setattr(counters, "MAX_OUTSTANDING", bounds[0])
    monkeypatch.setattr(counters, "_LOOKED_UP_EVERY", 1)
    monkeypatch.setattr(counters, "LARGE", bounds[1])
    workspace = open_workspace(store)
    define(store, workspace, "global")
    import_no = begin_import(store, workspace) if held else 0
    facts = [*map(given, range(CUSTOMERS)), *map(used, range(CUSTOMERS)), *map(reversal, UNDONE)]
    draw = Random(5)
    while facts:
        size = draw.choice([1, 40, 300])
        deliver(store, workspace, facts[:size], import_no=import_no)
        facts = facts[size:]
    if held:
        end_import(store, workspace, import_no)
    before = checked(store, workspace)
    store.change(lambda tx: counters.fold(tx, workspace.workspace_no))
    assert checked(store, workspace) == before


def test_what_an_import_restates_is_told_in_full(store: Store) -> None:
    """S12, N5: days that had ended moved by more than 64 bits hold."""
    workspace = open_workspace(store)
    define(store, workspace, "global")
    deliver(store, workspace, list(map(given, range(CUSTOMERS))))
    import_no = begin_import(store, workspace)
    deliver(store, workspace, list(map(used, range(CUSTOMERS))), import_no=import_no)
    end_import(store, workspace, import_no)
    number = workspace.workspace_no
    found, _ = store.read(lambda tx: restatements(tx, number, "global", before=Before(), limit=10))
    (one,) = (one for one in found if one.kind == "import")
    assert one.total.order_value == {"EUR": format_amount(ORDER, "EUR")}
    assert verify(store, number, now_us=NOW_US).differences == []
