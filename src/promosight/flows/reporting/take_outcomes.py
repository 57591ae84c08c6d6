"""Taking outcomes in: what customers did, told once each and never changed.

They move no counter: what a promotion brought is computed from them when somebody asks (`promotion_return`).
"""

from __future__ import annotations

import msgspec

from promosight.flows.ledger.naming import Customers, name_customers
from promosight.flows.reporting.intake import Receipt, refusal
from promosight.flows.reporting.rejecting import Refused, write_rejections
from promosight.rules.facts import Rejection
from promosight.rules.identity import bucket_of, customer_numbers
from promosight.rules.instants import format_instant
from promosight.rules.money import format_amount
from promosight.rules.outcomes import Outcome
from promosight.store.catalogue import load
from promosight.store.rows import Arrival
from promosight.store.tx import Tx

Given = Outcome | Refused


class OutcomeDelivery(msgspec.Struct):
    """The outcomes that one request brings."""

    arrival: Arrival
    items: list[Given]


def take_outcomes(tx: Tx, deliveries: list[OutcomeDelivery]) -> list[list[Receipt]]:
    """A receipt for each item, in order: `counted`, `duplicate`, or `rejected` with its reason."""
    named: dict[int, set[str]] = {}
    for one in deliveries:
        ids = {item.customer_id for item in one.items if isinstance(item, Outcome)}
        named.setdefault(one.arrival.workspace_no, set()).update(ids)
    # All locks before any work, in one order everywhere.
    numbers = {no: _numbered(tx, no, ids) for no, ids in sorted(named.items())}
    taken = [_take(tx, one, numbers[one.arrival.workspace_no].numbers) for one in deliveries]
    used = {no for _, nos in taken for no in nos}
    # Outcomes that came before name nobody anew: whom only these name was erased meanwhile, and stays so.
    unnamed = {no for found in numbers.values() for no in found.newly_named} - used
    tx.run_many("forget_customers", sorted((no,) for no in unnamed))
    return [receipts for receipts, _ in taken]


def _numbered(tx: Tx, workspace_no: int, ids: set[str]) -> Customers:
    """The numbers of customers, named where nobody had. An outcome alone makes nobody a known customer."""
    workspace = load(tx, workspace_no).workspace
    numbers = customer_numbers(workspace.workspace_id, ids)
    tx.lock(workspace_no, set(map(bucket_of, numbers.values())))
    return name_customers(tx, workspace, numbers, dict.fromkeys(sorted(ids), False))


def _take(
    tx: Tx, given: OutcomeDelivery, numbers: dict[str, int]
) -> tuple[list[Receipt], set[int]]:
    """The receipts, and the numbers of the customers of new outcomes."""
    arrival = given.arrival
    identities = {(arrival.source_no, i.outcome_id) for i in given.items if isinstance(i, Outcome)}
    stored = tx.all_for("outcomes_by_identity", sorted(identities))
    present = {row[1]: (row[2], row[3]) for row in stored}
    added, refused, receipts = [], [], []
    used = set()
    for item in given.items:
        judged = _judged(item, present)
        if isinstance(judged, Refused):
            refused.append((arrival, judged))
            receipts.append(refusal(judged, arrival))
            continue
        repeated = judged.outcome_id in present
        if not repeated:
            present[judged.outcome_id] = (judged.digest, arrival.received_us)
            used.add(numbers[judged.customer_id])
            added.append(_row(judged, arrival, numbers[judged.customer_id]))
        outcome = "duplicate" if repeated else "counted"
        received_us = present[judged.outcome_id][1]
        receipts.append(Receipt(judged.outcome_id, outcome, received_us=received_us))
    tx.add_new("add_outcomes", sorted(added))
    write_rejections(tx, refused)
    tx.run_many("hear_sources", [(arrival.source_no, arrival.received_us)])
    return receipts, used


def _judged(item: Given, present: dict[str, tuple[int, int]]) -> Given:
    """The item, or its refusal where its id came before with other content."""
    if isinstance(item, Refused):
        return item
    known = present.get(item.outcome_id)
    if known is None or known[0] == item.digest:
        return item
    why = Rejection("event_conflict", "/outcome_id", "this id came before with other content")
    return Refused(why, "outcomes", item.outcome_id, _payload(item))


def _row(one: Outcome, arrival: Arrival, customer_no: int) -> tuple[object, ...]:
    return (
        *(arrival.source_no, one.outcome_id, arrival.workspace_no, customer_no),
        *(one.occurred_us, one.measure, one.value_micros, one.currency, one.order_id),
        *(one.digest, arrival.received_us, arrival.import_no),
    )


def _payload(one: Outcome) -> str:
    said = {
        "outcome_id": one.outcome_id,
        "customer_id": one.customer_id,
        "occurred_at": format_instant(one.occurred_us),
        "measure": one.measure,
        "value": format_amount(one.value_micros, one.currency),
        "currency": one.currency,
        "order_id": one.order_id,
    }
    return msgspec.json.encode({n: v for n, v in said.items() if v is not None}).decode()
