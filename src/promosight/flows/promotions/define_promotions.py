"""Defining promotions in bulk, from a file: each row stands for itself, one that cannot be is listed."""

from __future__ import annotations

import msgspec

from promosight.errors import Conflict, Invalid
from promosight.flows.ledger.ahead import Ahead
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.reporting.intake import Receipt, refusal
from promosight.flows.reporting.rejecting import Refused, write_rejections
from promosight.rules.facts import Rejection
from promosight.rules.promotions import Promotion
from promosight.store.rows import Arrival
from promosight.store.tx import Tx


class NamedPromotion(msgspec.Struct):
    """A definition, under the caller's id. One that `says_status` not leaves the status as it is."""

    promotion_id: str
    definition: Promotion
    says_status: bool = True


class Definitions(msgspec.Struct):
    """The promotions of one request, or of one piece of a file. `ahead`: what was worked out for one that is alone."""

    arrival: Arrival
    items: list[NamedPromotion | Refused]
    ahead: Ahead | None = None


def define_promotions(tx: Tx, given: list[Definitions]) -> list[list[Receipt]]:
    """A receipt for each item, in order: `created`, `replaced`, `unchanged`, or `rejected` with its reason."""
    return [_define(tx, one) for one in given]


def _define(tx: Tx, given: Definitions) -> list[Receipt]:
    receipts = []
    refused: list[tuple[Arrival, Refused]] = []
    for item in given.items:
        result = item if isinstance(item, Refused) else _put(tx, given.arrival, item, given.ahead)
        if isinstance(result, Refused):
            refused.append((given.arrival, result))
            result = refusal(result, given.arrival)
        receipts.append(result)
    write_rejections(tx, refused)
    return receipts


def _put(tx: Tx, arrival: Arrival, item: NamedPromotion, ahead: Ahead | None) -> Receipt | Refused:
    """Puts one promotion. It is checked before anything is written, so a refusal leaves nothing behind."""
    now_us = arrival.received_us
    try:
        listed, created = put_promotion(
            *(tx, arrival.workspace_no, item.promotion_id, item.definition),
            now_us=now_us,
            says_status=item.says_status,
            ahead=ahead,
        )
    except (Invalid, Conflict) as error:
        payload = msgspec.to_builtins(item.definition) | {"promotion_id": item.promotion_id}
        return Refused(
            Rejection(error.code, error.pointer or "", error.detail),
            "promotions",
            item.promotion_id,
            msgspec.json.encode(payload, order="sorted").decode(),
        )
    replaced = "replaced" if listed.updated_us == now_us else "unchanged"
    outcome = "created" if created else replaced
    return Receipt(item.promotion_id, outcome, item.promotion_id, received_us=now_us)
