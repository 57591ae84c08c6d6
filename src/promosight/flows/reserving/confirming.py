"""Confirming: reservations become assignments, by the same way in as reported ones.

An assignment bears the moment at which it was granted, not that of its confirmation: so it counts on the day whose
caps have held room for it.
"""

from __future__ import annotations

from decimal import Decimal

from promosight.errors import Conflict, PromosightError
from promosight.flows.reporting.intake import Delivery, Receipt
from promosight.flows.reporting.report import report
from promosight.rules.facts import Rejection, assignment_from
from promosight.rules.instants import format_instant
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.rules.reasons import explain
from promosight.rules.reported import ReportedAssignment
from promosight.store.rows import Arrival, Reservation
from promosight.store.tx import Tx

Asked = tuple[Reservation, int, str | None, int]
"""A reservation that is held, the source that confirms it, the id the assignment shall have, and when."""


def assign(tx: Tx, asked: list[Asked]) -> list[str | PromosightError]:
    """Makes the assignments; the id of each, or why it could not be made."""
    if not asked:
        return []
    deliveries = [_delivery(*one) for one in asked]
    return [_made(receipts[0]) for receipts in report(tx, deliveries)]


def _delivery(
    held: Reservation, source_no: int, assignment_id: str | None, now_us: int
) -> Delivery:
    money = held.reward_micros is not None and not held.currency.startswith(UNIT_MARK)
    reported = ReportedAssignment(
        promotion_id=held.promotion_id,
        customer_id=held.customer_id,
        assigned_at=format_instant(held.created_us),
        assignment_id=assignment_id or held.reservation_id,
        tier_id=held.tier_id,
        reward_value=None
        if held.reward_micros is None
        else Decimal(format_amount(held.reward_micros, held.currency)),
        currency=held.currency if money else None,
    )
    fact = assignment_from(reported, received_us=max(now_us, held.created_us))
    assert not isinstance(fact, Rejection), "a reservation is checked when it is granted"
    return Delivery(Arrival(held.workspace_no, source_no, 0, now_us), [fact])


def _made(receipt: Receipt) -> str | PromosightError:
    if receipt.outcome == "rejected" or receipt.assignment_id is None:
        why = explain(receipt.reason, receipt.detail)
        return Conflict(why, code=receipt.reason or "conflict", pointer=receipt.pointer or None)
    return receipt.assignment_id
