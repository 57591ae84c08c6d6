"""Knowing customers: the brand says who its customers are, and what it wants remembered of them.

Redemptions of customers nobody knew wait as `pending`; whoever becomes known here has theirs matched in the
same transaction.
"""

from __future__ import annotations

import msgspec

from promosight.flows.ledger.context import context_of
from promosight.flows.ledger.groups import Groups, settle
from promosight.flows.ledger.history import note_known
from promosight.flows.ledger.naming import Customers, name_customers
from promosight.flows.ledger.restating import Restating
from promosight.flows.reporting.intake import Receipt, refusal
from promosight.flows.reporting.rejecting import Refused, write_rejections
from promosight.rules.identity import bucket_of, customer_numbers
from promosight.store.catalogue import Catalogue, load
from promosight.store.rows import Arrival
from promosight.store.tx import Tx


class KnownCustomer(msgspec.Struct):
    """A customer by the caller's id. `profile` is canonical JSON; None leaves the profile as it is."""

    customer_id: str
    profile: str | None = None


class Acquaintance(msgspec.Struct):
    """What one request, or one piece of a file, says of customers."""

    arrival: Arrival
    items: list[KnownCustomer | Refused]


def know_customers(tx: Tx, given: list[Acquaintance]) -> list[list[Receipt]]:
    """A receipt for each item, in order: `created`, `updated`, `unchanged`, or `rejected` with its reason.

    A customer that only redemptions had named counts as created.
    """
    return [_know(tx, one) for one in given]


def _know(tx: Tx, given: Acquaintance) -> list[Receipt]:
    arrival = given.arrival
    said = {i.customer_id: i for i in given.items if isinstance(i, KnownCustomer)}
    workspace = load(tx, arrival.workspace_no).workspace
    numbers = customer_numbers(workspace.workspace_id, said)
    tx.lock(arrival.workspace_no, set(map(bucket_of, numbers.values())))
    catalogue = load(tx, arrival.workspace_no)
    customers = name_customers(tx, workspace, numbers, dict.fromkeys(said, True))
    outcomes = _write_profiles(tx, customers, said)
    settle_waiting(tx, catalogue, customers, arrival)
    refused = [(arrival, item) for item in given.items if isinstance(item, Refused)]
    write_rejections(tx, refused)
    return [
        refusal(item, arrival)
        if isinstance(item, Refused)
        else Receipt(item.customer_id, outcomes[item.customer_id], received_us=arrival.received_us)
        for item in given.items
    ]


def _write_profiles(tx: Tx, customers: Customers, said: dict[str, KnownCustomer]) -> dict[str, str]:
    """Writes the profiles that changed; returns each customer's outcome."""
    wanted = [(no,) for no in sorted(customers.numbers.values())]
    before = {row[0]: row[2] for row in tx.all_for("profiles_of", wanted)}
    new = customers.newly_named | set(customers.newly_known)
    changed: list[tuple[int, str]] = []
    outcomes = {}
    for customer_id, item in said.items():
        customer_no = customers.numbers[customer_id]
        differs = item.profile is not None and item.profile != before.get(customer_no)
        if item.profile is not None and differs:
            changed.append((customer_no, item.profile))
        outcomes[customer_id] = (
            "created" if customer_no in new else "updated" if differs else "unchanged"
        )
    tx.run_many("profile_customers", sorted(changed))
    return outcomes


def settle_waiting(tx: Tx, catalogue: Catalogue, customers: Customers, arrival: Arrival) -> None:
    """Settles the groups in which events waited for these customers to be known."""
    waiting = note_known(tx, customers.newly_known, arrival)
    if not waiting:
        return
    groups = Groups()
    groups.load_assignments(tx, waiting)
    groups.load_events(tx, waiting)
    context = context_of(tx, catalogue, groups, customers.known)
    restating = Restating(catalogue, arrival.received_us)
    settle(tx, context, groups, import_no=arrival.import_no, restating=restating)
    restating.write(tx)
