"""Promotions of a file by whose new terms thousands of groups are matched anew: each alone, and worked out ahead.

A hundred definitions share a transaction, in which hardly anything is matched as a rule. One that reaches many
customers is taken out of its piece, and the writer is held only to hand over what was found on a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec

from promosight.errors import Invalid
from promosight.flows.ledger.ahead import WORTH, Ahead, changed_ahead
from promosight.flows.promotions.define_promotions import Definitions, NamedPromotion
from promosight.flows.promotions.manage_promotions import keeping_status, put_ahead
from promosight.flows.reporting.intake import Piece, Receipt
from promosight.rules.identity import BUCKETS
from promosight.rules.promotions import check, terms_of
from promosight.store.catalogue import Catalogue, load
from promosight.store.engine import Store
from promosight.store.tx import Tx

Receipts = Future[Sequence[Receipt]]
_SAMPLE = WORTH // BUCKETS
"""So many groups in one bucket tell that there are enough in all of them."""


def with_large_ones_apart(
    store: Store, workspace_no: int, pieces: Iterable[Piece]
) -> Iterator[Piece]:
    """The pieces, of which each promotion that reaches many customers by new terms is one of its own."""
    for lines, items in pieces:
        start = 0
        for row in store.read(lambda tx, items=items: _large_ones(tx, workspace_no, items)):  # type: ignore[misc]
            if start < row:
                yield Piece(lines[start:row], items[start:row])
            yield Piece(lines[row : row + 1], items[row : row + 1])
            start = row + 1
        if start < len(lines):
            yield Piece(lines[start:], items[start:])


def define_ahead(
    store: Store, given: Definitions, submit: Callable[[Definitions], Receipts]
) -> Receipts:
    """Has a piece defined; one that holds a promotion alone with what was worked out for it before."""
    alone = given.items[0] if len(given.items) == 1 else None
    if not isinstance(alone, NamedPromotion):
        return submit(given)

    def find(snapshot: Tx) -> Ahead | None:
        return put_ahead(
            *(snapshot, given.arrival.workspace_no, alone.promotion_id, alone.definition),
            now_us=given.arrival.received_us,
            says_status=alone.says_status,
        )

    def change(ahead: Ahead | None) -> Receipts:
        receipts = submit(msgspec.structs.replace(given, ahead=ahead))
        receipts.exception()  # the snapshot stays open until it is done
        return receipts

    return changed_ahead(store, find, change)


def _large_ones(tx: Tx, workspace_no: int, items: Iterable[Any]) -> list[int]:
    catalogue = load(tx, workspace_no)
    return [row for row, item in enumerate(items) if _reaches_many(tx, catalogue, item)]


def _reaches_many(tx: Tx, catalogue: Catalogue, item: Any) -> bool:
    if not isinstance(item, NamedPromotion):
        return False
    before = catalogue.by_id.get(item.promotion_id)
    if before is None or before.definition is None:
        return False
    wanted = item.definition if item.says_status else keeping_status(before, item.definition)
    workspace = catalogue.workspace
    try:
        check(wanted)
    except Invalid:
        return False
    terms = terms_of(
        wanted,
        tracking_from_us=workspace.tracking_from_us,
        workspace_currency=workspace.currency,
    )
    if terms == before.terms:
        return False
    sample = {"bucket": 0, "promotion_no": before.promotion_no, "after": -1, "limit": _SAMPLE}
    return len(tx.all("groups_of_promotion", **sample)) >= _SAMPLE
