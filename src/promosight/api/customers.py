"""What happened to one customer, over HTTP: the timeline of assignments, redemptions, outcomes and decisions."""

from __future__ import annotations

from promosight.api.call import Call
from promosight.api.door import Answer, Door
from promosight.errors import Invalid
from promosight.flows.timeline import KINDS, ORDERS, Asked, read_timeline


def timeline(door: Door, call: Call) -> Answer:
    """GET /v1/customers/{customer_id}/timeline."""
    order = call.query("order") or ORDERS[0]
    if order not in ORDERS:
        raise Invalid("must be one of " + ", ".join(ORDERS), pointer="/order")
    cursor = call.query("cursor") or "0"
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 9:
        raise Invalid("must be the value of next in the page before", pointer="/cursor")
    kinds = frozenset((call.query("kind") or ",".join(KINDS)).split(","))
    if not kinds <= set(KINDS):
        raise Invalid("must be of " + ", ".join(KINDS) + ", separated by commas", pointer="/kind")
    asked = Asked(
        call.workspace_no,
        call.path("customer_id"),
        order,
        call.limit(),
        int(cursor),
        call.now_us,
        kinds,
    )
    return Answer(door.store.read(lambda tx: read_timeline(tx, asked)))
