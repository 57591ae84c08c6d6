"""Replay: what was refused goes through the door again once it is mended, in bulk.

What waits or is flagged needs no replay: it is matched whenever what it waits for arrives. A replay is nobody's
report: its source is not heard by it, and no activity is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from promosight.errors import Invalid
from promosight.flows.reporting.intake import Delivery, Item, Receipt
from promosight.flows.reporting.problem_keys import key_of
from promosight.flows.reporting.problems import Found, Page, Search, Wanted
from promosight.flows.reporting.rejecting import Refused
from promosight.flows.reporting.report import report
from promosight.rules.erasing import is_emptied
from promosight.rules.facts import Rejection, assignment_from, event_from
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.catalogue import Catalogue, Workspace, load
from promosight.store.rows import Arrival
from promosight.store.tx import Row, Tx

MAX_REPLAY = 10_000
"""So many are sent through in one transaction; who has more asks again from where it ended."""

Read = Callable[[Refused, int, int], Item | None]
"""Reads once more what was refused in a form of another system, as if it came at an instant, tracking since another;
None for our own forms."""

_ALL = 2**62


class Replayed(msgspec.Struct):
    """How many were sent through again, what became of them, and how many of those wanted lie after `next`."""

    replayed: int
    outcomes: dict[str, int]
    left: int = 0
    next: Page | None = None


def replay(
    tx: Tx, workspace_no: int, wanted: Wanted, *, page: Page, now_us: int, read: Read
) -> Replayed:
    """Sends what was refused through again, as if it came now: the newest first, up to MAX_REPLAY of them."""
    if wanted.outcome not in (None, "rejected"):
        return Replayed(0, {})
    catalogue = load(tx, workspace_no)
    found = Search(catalogue, wanted, page, MAX_REPLAY).rejections(tx)
    keys = [(f.key.source_no, *f.key.reference) for f in found]
    replayed = _replay(tx, catalogue, keys, now_us, read)
    if len(found) == MAX_REPLAY:
        _count_left(tx, catalogue, wanted, found[-1], replayed)
    return replayed


def replay_these(
    tx: Tx, workspace_no: int, problem_ids: list[str], wanted: Wanted, *, now_us: int, read: Read
) -> Replayed:
    """Sends those of these that are wanted through again. Raises Invalid for too many.

    An id that is no refused item's, or not any more, is passed over.
    """
    if len(problem_ids) > MAX_REPLAY:
        raise Invalid(f"at most {MAX_REPLAY} at once", pointer="/ids")
    if wanted.outcome not in (None, "rejected"):
        return Replayed(0, {})
    catalogue = load(tx, workspace_no)
    named = _rejections_among(problem_ids)
    if any(value is not None for value in wanted):
        found = Search(catalogue, wanted, Page(), _ALL).rejections(tx)
        named &= {(f.key.source_no, *f.key.reference) for f in found}
    return _replay(tx, catalogue, sorted(named), now_us, read)


def _rejections_among(problem_ids: list[str]) -> set[tuple[Any, ...]]:
    keys: set[tuple[Any, ...]] = set()
    for one in problem_ids:
        try:
            key = key_of(one)
        except ValueError:
            continue
        if key.form == "rejection":
            keys.add((key.source_no, *key.reference))
    return keys


def _count_left(
    tx: Tx, catalogue: Catalogue, wanted: Wanted, last: Found, replayed: Replayed
) -> None:
    replayed.left = Search(catalogue, wanted, last.page, 0).rejections_left(tx)
    replayed.next = last.page if replayed.left else None


def _replay(
    tx: Tx, catalogue: Catalogue, keys: list[tuple[Any, ...]], now_us: int, read: Read
) -> Replayed:
    workspace_no = catalogue.workspace.workspace_no
    found = tx.all_for("rejections_of", sorted(keys), workspace_no=workspace_no)
    # What was emptied since would only be refused for what is missing now, and no more say why it once was.
    refused = [row for row in found if not is_emptied(row[9])]
    receipts = _send_again(tx, catalogue.workspace, refused, now_us, read)
    # One that is refused for another reason now is listed anew, with that.
    mended = [
        (workspace_no, *row[:2])
        for row, receipt in zip(refused, receipts, strict=True)
        if receipt.outcome != "rejected" or (receipt.reason, receipt.pointer) != row[6:8]
    ]
    tx.run_many("remove_rejections", sorted(mended))
    outcomes = Counter(receipt.outcome for receipt in receipts)
    return Replayed(len(receipts), dict(sorted(outcomes.items())))


def _send_again(
    tx: Tx, workspace: Workspace, refused: list[Row], now_us: int, read: Read
) -> list[Receipt]:
    deliveries = [
        Delivery(
            Arrival(workspace.workspace_no, row[0], 0, now_us),
            [_item(row, now_us, workspace.tracking_from_us, read)],
            replayed=True,
        )
        for row in refused
    ]
    return [receipts[0] for receipts in report(tx, deliveries)] if deliveries else []


def _item(row: Row, now_us: int, tracking_from_us: int, read: Read) -> Item:
    _, _, _, line, kind, event_id, reason, pointer, detail, payload, *_ = row
    again = Refused(Rejection(reason, pointer, detail), kind, event_id, payload, line)
    if kind not in ("redemptions", "assignments"):
        return again  # a promotion or customer is mended by sending it again
    other = read(again, now_us, tracking_from_us)
    if other is not None:
        return other
    try:
        if kind == "redemptions":
            event = msgspec.json.decode(payload, type=ReportedEvent)
            fact: Any = event_from(event, received_us=now_us, tracking_from_us=tracking_from_us)
        else:
            assignment = msgspec.json.decode(payload, type=ReportedAssignment)
            fact = assignment_from(assignment, received_us=now_us)
    except (msgspec.DecodeError, ValueError):
        return again
    if isinstance(fact, Rejection):
        return msgspec.structs.replace(again, rejection=fact)
    item: Item = fact
    return item
