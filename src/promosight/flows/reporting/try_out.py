"""Trying out: reported items go through the whole flow, and nothing is kept but what the last of them came to.

The flow itself is rehearsed by the store, which undoes it (`Store.rehearse` of `report`). What is kept for whoever
sets the source up is written here, in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from promosight.flows.reporting.activity import note_tests
from promosight.flows.reporting.intake import Item, Receipt
from promosight.flows.reporting.rejecting import Refused, named_in
from promosight.rules.reasons import explain
from promosight.store.rows import Arrival
from promosight.store.tx import Tx


def keep_test(
    tx: Tx, arrival: Arrival, kind: str, items: Sequence[Item], receipts: Sequence[Receipt]
) -> None:
    """Keeps what the last item came to, that its source was heard, and how many were tried out."""
    tx.run_many("hear_sources", [(arrival.source_no, arrival.received_us)])
    if not items:
        return
    receipt = receipts[-1]
    promotion_id, customer_id = _about(items[-1])
    tx.run(
        "keep_test",
        source_no=arrival.source_no,
        received_us=arrival.received_us,
        event_id=receipt.event_id,
        outcome=receipt.outcome,
        reason=receipt.reason,
        detail=explain(receipt.reason, receipt.detail),
        promotion_id=receipt.promotion_id or promotion_id,
        customer_id=customer_id,
    )
    note_tests(tx, arrival, kind, len(items))


def note_unknown_fields(tx: Tx, arrival: Arrival, unknown: list[dict[str, str]]) -> None:
    """Keeps which names in the test just kept are no field."""
    tx.run(
        "note_unknown_fields",
        source_no=arrival.source_no,
        received_us=arrival.received_us,
        unknown_fields=msgspec.json.encode(unknown).decode(),
    )


def _about(item: Item) -> tuple[str | None, str | None]:
    """The promotion and the customer an item names, as far as it does."""
    if isinstance(item, Refused):
        return named_in(item.payload)
    return item.promotion_id, item.customer_id
