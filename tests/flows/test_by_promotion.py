"""Redemptions of a file that are taken promotion by promotion count, and are told, as in the order of the file."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest

from promosight.flows.checking.verify import verify
from promosight.flows.imports import run_import
from promosight.flows.imports.by_promotion import cut_by_promotion
from promosight.flows.imports.publish import start_import
from promosight.flows.imports.run_import import MAX_LISTED, ImportReport, RunningImport
from promosight.flows.imports.show_imports import Place, ProblemRow, list_imports, problem_rows
from promosight.flows.reporting.intake import Piece
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.aligned import Aligned
from promosight.rules.facts import Event, Rejection, assignment_from, event_from
from promosight.rules.instants import format_instant
from promosight.rules.repeated import few_of
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.sheets import Sheet
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.tx import Tx
from tests.flows.worlds import (
    MINUTE_US,
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    define,
    deliver,
    open_workspace,
    shown,
    source_number,
)

REFUSED = Refused(Rejection("invalid", "", "no event"), "redemptions", "bad", "{}")


def at(minute: int) -> str:
    return format_instant(TRACKING_US + 40 * 1_440 * MINUTE_US + minute * MINUTE_US)


def redeemed(event_id: str, customer: int, promotion_id: str | None, **said: Any) -> Any:
    told = {"customer_id": f"c-{customer}", "redeemed_at": at(customer % 60)} | said
    return event_from(
        ReportedEvent(event_id=event_id, promotion_id=promotion_id, **told),
        received_us=NOW_US,
        tracking_from_us=TRACKING_US,
    )


def reversal(event_id: str, original: str) -> Any:
    return event_from(
        ReportedEvent(event_id=event_id, type="reversal", reverses=original),
        received_us=NOW_US,
        tracking_from_us=TRACKING_US,
    )


def sheet_of(items: list[Any]) -> Sheet:
    """As readers give them: reversals are alone, and what was refused."""
    stand_in = redeemed("stand-in", 0, "global")
    alone = {
        row: one
        for row, one in enumerate(items)
        if not isinstance(one, Event) or one.reverses is not None
    }
    rows = [stand_in if row in alone else one for row, one in enumerate(items)]
    return Sheet(Event, [*zip(*map(msgspec.structs.astuple, rows), strict=True)], {}).apart(alone)


def in_order(items: list[Any], rows: int) -> list[tuple[int, Any]]:
    """The rows as they are taken, each behind its line."""
    parts = cut_by_promotion(Piece(range(len(items)), sheet_of(items)), rows)
    return [one for part in parts for one in zip(part.lines, part.items, strict=True)]


def test_each_row_keeps_its_line_and_each_promotion_its_order() -> None:
    items = [redeemed(f"e-{n}", n, ["b", "a", "c"][n % 3]) for n in range(30)] + [REFUSED]
    found = in_order(items, 7)
    assert sorted(line for line, _ in found) == [*range(31)]
    assert all(one == items[line] for line, one in found)
    facts = [(one.promotion_id, line) for line, one in found if isinstance(one, Event)]
    assert facts == sorted(facts)


def test_rows_are_moved_whole_in_whatever_form_their_columns_are() -> None:
    """Ids side by side, promotions kept once each, and texts that read as numbers."""
    items = [
        redeemed(f"e-{n:02}", n, ["b", "a", "c"][n % 3], order_id=str(n), order_value=str(n))
        for n in range(30)
    ]
    sheet = sheet_of([*items, REFUSED])
    columns = sheet.columns
    ids = [text or "" for text in columns["event_id"]]
    columns["event_id"] = Aligned(np.array([text.encode() for text in ids], np.bytes_))
    columns["promotion_id"] = few_of(columns["promotion_id"])
    columns["order_micros"] = few_of(columns["order_micros"])
    parts = [*cut_by_promotion(Piece(range(31), sheet), 7)]
    found = [one for part in parts for one in zip(part.lines, part.items, strict=True)]
    assert sorted(line for line, _ in found) == [*range(31)]
    assert all(one == [*items, REFUSED][line] for line, one in found)
    named = [one.promotion_id or "" for _, one in found if isinstance(one, Event)]
    assert named == sorted(named)


def test_what_lies_promotion_by_promotion_already_is_not_touched() -> None:
    items = [redeemed(f"e-{n}", n, "bca"[n // 10]) for n in range(30)]
    for rows, expected in ((items, [*range(30)]), ([*items, items[0]], [*range(20, 30)])):
        sheet = sheet_of(rows)
        sheet.columns["promotion_id"] = few_of(sheet.columns["promotion_id"])
        (piece,) = cut_by_promotion(Piece(range(len(rows)), sheet), 100)
        assert [*piece.lines][: len(expected)] == expected


def test_a_piece_is_cut_into_parts_of_about_one_size() -> None:
    items = [redeemed(f"e-{n}", n, "a") for n in range(104)]
    parts = cut_by_promotion(Piece(range(104), sheet_of(items)), 20)
    assert [len(part.items) for part in parts] == [21, 21, 21, 21, 20]


def test_where_an_id_comes_with_two_contents_all_stay_as_they_came() -> None:
    items = [redeemed("e-1", 1, "b"), redeemed("e-2", 2, "a"), redeemed("e-1", 1, "b")]
    assert [line for line, _ in in_order(items, 3)] == [1, 0, 2]
    items.append(redeemed("e-1", 1, "a"))
    assert [line for line, _ in in_order(items, 4)] == [0, 1, 2, 3]


def test_a_reversal_stays_behind_its_original_and_what_names_nothing_comes_first() -> None:
    items = [
        redeemed("e-1", 1, "b"),
        reversal("r-1", "e-1"),
        redeemed("e-2", 2, None, promo_code="a"),
        reversal("r-2", "long ago"),
        redeemed("e-3", 2, "a"),
    ]
    assert [line for line, _ in in_order(items, 5)] == [3, 2, 4, 0, 1]


def dense(seed: int) -> list[Any]:
    """Redemptions of which some come again or are reversed; in the beginning several name one id."""
    random = Random(seed)
    found: list[Any] = []
    for number in range(5_000):
        promotion = random.choice([*PROMOTIONS, "nobody-defined"])
        code = {"promo_code": "SPRING"} if random.random() < 0.02 else {}
        named = None if code and random.random() < 0.5 else promotion
        found.append(redeemed(f"e-{number}", random.randrange(900), named, **code))
        if random.random() < 0.1:
            found.append(random.choice(found))
        if random.random() < 0.03:
            found.append(reversal(f"r-{number}", f"e-{random.randrange(5_000)}"))
        if random.random() < 0.01:
            found.append(REFUSED)
    for row in range(0, 900, 100):
        found[row] = redeemed("e-1", row, "global")
    return found


def given(store: Store, seed: int) -> Workspace:
    """A workspace, and what 900 customers were given there before the file comes."""
    random = Random(seed)
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    facts = [
        assignment_from(
            ReportedAssignment(
                promotion_id=promotion_id, customer_id=f"c-{number}", assigned_at=at(0)
            ),
            received_us=NOW_US,
        )
        for number in range(900)
        for promotion_id in PROMOTIONS
        if random.random() < 0.7
    ]
    deliver(store, workspace, facts)
    return workspace


def imported(store: Store, workspace: Workspace, items: list[Any]) -> ImportReport:
    number, source_no = workspace.workspace_no, source_number(store, workspace)
    running = RunningImport(
        store,
        lambda tx: start_import(
            tx, number, source_no, kind="redemptions", name="a.csv", now_us=NOW_US
        ),
        workspace_no=number,
        source_no=source_no,
        kind="redemptions",
        clock=lambda: NOW_US,
        piece_rows=run_import.PIECE_ROWS,
    )
    pieces = [
        Piece(range(start + 2, start + 102), sheet_of(items[start : start + 100]))
        for start in range(0, len(items) // 100 * 100, 100)
    ]
    for _ in running.take("a.csv", pieces):
        pass
    return running.finish()


def rows_of(store: Store, workspace: Workspace) -> list[ProblemRow]:
    """What the only import of a store brought that needs a look."""
    number = workspace.workspace_no

    def look(tx: Tx) -> list[ProblemRow]:
        (run,), _ = list_imports(tx, number, place=Place(), limit=1)
        return list(problem_rows(tx, number, run["import_id"]))

    return store.read(look)


@pytest.mark.parametrize("seed", [1, 2])
def test_an_import_counts_and_lists_what_it_would_in_the_order_of_its_file(
    store: Store, other: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N1: the same rows are refused, and the figures are the same, in whichever order pieces are taken."""
    monkeypatch.setattr(run_import, "PIECE_ROWS", 400)
    items = dense(seed)
    workspaces = given(store, seed), given(other, seed)
    here, there = map(imported, (store, other), workspaces, (items, items))
    assert len(here.problems) == MAX_LISTED
    assert here.problems == there.problems
    assert here.rows == there.rows
    for outcome in ("rejected", "duplicate"):
        assert here.outcomes[outcome] == there.outcomes[outcome]
    assert shown(store, workspaces[0]) == shown(other, workspaces[1])
    for one, workspace in zip((store, other), workspaces, strict=True):
        waiting = [row for row in rows_of(one, workspace) if row.outcome == "pending"]
        assert len(waiting) > 400
        for row in waiting:
            assert row.line is not None
            assert items[row.line - 2].event_id == row.event_id
    assert verify(store, None).differences == []
