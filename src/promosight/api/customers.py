"""One customer over HTTP: the timeline of what happened, all that is kept of them, and their erasure."""

from __future__ import annotations

from promosight.api.auditing import change_noted
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.door.sparing import NOT_KEPT
from promosight.errors import Invalid
from promosight.flows.people.access_report import access_report
from promosight.flows.people.erase import erase, kept_under
from promosight.flows.people.timeline import KINDS, ORDERS, Asked, read_timeline
from promosight.rules.erasing import ERASED


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
    found = door.store.read(lambda tx: read_timeline(tx, asked))
    return Answer(found, headers=NOT_KEPT)


def report(door: Door, call: Call) -> Answer:
    """GET /v1/customers/{customer_id}/report: everything kept of one person."""
    customer_id = call.path("customer_id")
    found = door.store.read(lambda tx: access_report(tx, call.workspace_no, customer_id))
    return Answer(found, headers=NOT_KEPT)


def remove(door: Door, call: Call) -> Answer:
    """DELETE /v1/customers/{customer_id}: erases the person and keeps the totals. Noted under the token alone."""
    customer_id, random = call.path("customer_id"), door.fresh(16)
    token = ERASED + random
    change_noted(
        door,
        call,
        "customer.erase",
        token,
        lambda tx: kept_under(tx, call.workspace_no, token),
        lambda tx: erase(tx, call.workspace_no, customer_id, random, now_us=call.now_us),
    )
    return Answer(status=204)
