"""Redemptions of groups that hold nothing: of customers who were not given the promotion, or of an unknown one.

In a group without assignments each event is judged alone, and where nothing is stored yet there is nothing to load.
So those of many that are left over for no other reason need no settling; the rest is as it was.
"""

from __future__ import annotations

from msgspec.structs import astuple

from promosight.flows.groups import layer_of
from promosight.flows.intake import Receipt
from promosight.flows.many import Placed
from promosight.flows.naming import Customers
from promosight.flows.plain import Plain
from promosight.flows.plain_events import PlainEvents
from promosight.flows.settling import Context, Standing, derive, move, standing
from promosight.rules.facts import Event
from promosight.store.rows import EventRow, GroupKey, event_row

_NOTHING = Standing({}, {})


def take_bare_events(plain: Plain, customers: Customers, told: list[Placed]) -> list[Placed]:
    """Takes them, leaving their receipts, and returns the others in their order. Raises LostRace."""
    found = _candidates(plain, customers, told)
    groups = sorted(set(found.values()))
    held = set(plain.tx.all_for("groups_with_events", groups))
    held |= {row[:2] for row in plain.tx.all_for("assignments_in_groups", groups)}
    found = {at: key for at, key in found.items() if key[1:] not in held}
    context = Context(plain.catalogue, customers.known, set(), {})
    rows = [_taken(plain, context, told[at], key) for at, key in found.items()]
    plain.tx.add_new("add_events", sorted(map(astuple, rows), key=lambda row: row[:6]))
    return [one for at, one in enumerate(told) if at not in found]


def _candidates(plain: Plain, customers: Customers, told: list[Placed]) -> dict[int, GroupKey]:
    """The groups of events that name no code and whose promotion is in force or unknown, each event once."""
    by_id, found = plain.catalogue.by_id, {}
    seen: set[tuple[int, str]] = set()
    for at, (_, fact, arrival) in enumerate(told):
        if not isinstance(fact, Event) or fact.promotion_id is None or fact.customer_id is None:
            continue
        identity = arrival.source_no, fact.event_id
        terms = by_id[fact.promotion_id].terms
        judged = terms.in_force or not terms.known
        if judged and fact.promo_code is None and fact.reverses is None and identity not in seen:
            number = by_id[fact.promotion_id].promotion_no
            found[at] = customers.key(number, fact.customer_id)
        seen.add(identity)
    if found and plain.tx.one("any_waiting") is not None:
        identities = {at: (told[at][2].source_no, told[at][1].event_id) for at in found}
        ahead = PlainEvents(plain, set()).reversed_ahead(list(identities.values()))
        found = {at: key for at, key in found.items() if identities[at] not in ahead}
    return found


def _taken(plain: Plain, context: Context, one: Placed, key: GroupKey) -> EventRow:
    """The event as a row, judged, answered and counted."""
    position, fact, arrival = one
    catalogue = plain.catalogue
    row = event_row(fact, key, arrival)
    derive(context, catalogue.terms(key.promotion_no), [], [row])
    cells = plain.cells[layer_of(catalogue, arrival.import_no, ())]
    move(cells, key, _NOTHING, standing(catalogue, [], [row]))
    if row.outcome not in ("pending", "rejected"):
        cells.seen(key.promotion_no, row.redeemed_us)
    plain.receipts[position] = Receipt(
        reported_id=row.event_id,
        outcome=row.outcome,
        promotion_id=fact.promotion_id,
        reason=row.reason,
        received_us=row.received_us,
    )
    return row
