"""Outcomes of a file: a promotion's return stays what it was until the file has ended."""

from __future__ import annotations

from promosight.flows.figures.promotion_return import Return, promotion_return
from promosight.flows.reporting.take_outcomes import OutcomeDelivery, take_outcomes
from promosight.rules.instants import DAY_US
from promosight.rules.outcomes import Outcome
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.rows import Arrival
from tests.flows.test_verify_money import acted
from tests.flows.worlds import (
    NOW_US,
    PROMOTIONS,
    begin_import,
    define,
    deliver,
    end_import,
    facts,
    open_workspace,
    source_number,
)

LATER_US = NOW_US + 40 * DAY_US
"""When all horizons have closed."""


def returns(store: Store, workspace: Workspace) -> list[Return]:
    """What every promotion returned, but for the moment it was asked at."""
    return store.read(
        lambda tx: [
            promotion_return(tx, workspace.workspace_no, one, "order_value", 30, now_us=LATER_US)
            for one in PROMOTIONS
        ]
    )


def tell(store: Store, workspace: Workspace, told: list[Outcome], import_no: int) -> None:
    arrival = Arrival(workspace.workspace_no, source_number(store, workspace), import_no, NOW_US)
    store.write(take_outcomes, OutcomeDelivery(arrival, [*told]))


def test_a_return_moves_when_a_file_of_outcomes_has_ended_and_not_before(store: Store) -> None:
    """S13, S29: readers see what was before the batch, then what is after it, never between."""
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    deliver(store, workspace, facts(1))
    before, told = returns(store, workspace), acted(1)
    import_no = begin_import(store, workspace)
    for start in range(0, len(told), 20):
        tell(store, workspace, told[start : start + 20], import_no)
        assert returns(store, workspace) == before
    end_import(store, workspace, import_no)
    assert returns(store, workspace) != before
