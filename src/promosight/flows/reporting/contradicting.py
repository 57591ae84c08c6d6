"""Which field of a fact made it rejected: what its receipt and the problem inbox point at.

Facts are rejected for their surroundings (decision 1), and only outcome and reason are kept of that. The field follows
from them and the fact.
"""

from __future__ import annotations

from promosight.flows.ledger.settling import is_elsewhere
from promosight.rules.facts import Rejection
from promosight.store.catalogue import Catalogue
from promosight.store.rows import EventRow

OTHER_CURRENCY = "is not the currency of the redemption it reverses; leave it out, or name that one"


def why_rejected(catalogue: Catalogue, e: EventRow) -> Rejection:
    """Reason, field and, where the reason alone says too little, a sentence of a fact that is rejected."""
    reason = e.reason or "rejected"
    if reason == "invalid":
        return Rejection(reason, "/currency", OTHER_CURRENCY)
    if reason == "identifier_conflict":
        return Rejection(reason, _contradicting(catalogue, e), "")
    return Rejection(reason, "/promotion_id" if e.promotion_id is not None else "/promo_code", "")


def _contradicting(catalogue: Catalogue, e: EventRow) -> str:
    if e.reverses is None:
        return "/promo_code"
    return "/promotion_id" if is_elsewhere(catalogue, e, e.promotion_no) else "/customer_id"
