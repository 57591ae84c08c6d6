"""Who was assigned, who redeemed, who did not: the customers behind a promotion's figures, page by page.

A page is one short read, so a long export holds nothing open; the key of its last row is where the next one
begins.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from promosight.errors import Invalid
from promosight.flows.manage_promotions import defined
from promosight.rules.identity import BUCKETS
from promosight.rules.instants import format_instant
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.store.catalogue import load
from promosight.store.rows import derived_id
from promosight.store.tx import Row, Tx

STATUSES = ("assigned", "redeemed", "open", "expired", "excess")
PAGE_ROWS = 2_000


class Member(msgspec.Struct):
    """One customer of an audience, with the assignment (or, for `excess`, the event) that puts it there."""

    customer_id: str
    promotion_id: str
    status: str
    assignment_id: str | None
    event_id: str | None
    tier_id: str | None
    segment: str | None
    channel: str | None
    campaign_id: str | None
    promo_code: str | None
    reward_value: str
    currency: str
    assigned_at: str | None
    expires_at: str | None
    redeemed_at: str | None


class Place(NamedTuple):
    """Where the next page begins: after this bucket, customer and slot."""

    bucket: int = 0
    customer_no: int = -1
    slot: int = -1


def customers(
    tx: Tx, workspace_no: int, promotion_id: str, status: str, *, place: Place, now_us: int
) -> tuple[list[Member], Place | None]:
    """A page of an audience, and where the next one begins. Raises NotFound, or Invalid for an unknown status."""
    if status not in STATUSES:
        raise Invalid("must be one of " + ", ".join(STATUSES), pointer="/status")
    defined(tx, workspace_no, promotion_id)
    listed = load(tx, workspace_no).by_id[promotion_id]
    name = "excess_customers" if status == "excess" else "assigned_customers"
    wanted = {
        "promotion_no": listed.promotion_no,
        "status": status,
        "now_us": now_us,
        "tracking_from_us": load(tx, workspace_no).workspace.tracking_from_us,
        "limit": PAGE_ROWS,
    }
    rows = tx.all(name, **wanted, **place._asdict())
    make = _excess_member if status == "excess" else _member
    members = [make(promotion_id, row, now_us) for row in rows]
    return members, _next(rows, place)


def _next(rows: list[Row], place: Place) -> Place | None:
    if len(rows) == PAGE_ROWS:
        return Place(*rows[-1][:3])
    return Place(place.bucket + 1) if place.bucket + 1 < BUCKETS else None


def _member(promotion_id: str, row: Row, now_us: int) -> Member:
    (
        _,
        customer_no,
        slot,
        customer_id,
        assignment_id,
        assigned_us,
        expires_us,
        redeemed_us,
        *rest,
    ) = row
    tier_id, segment, channel, campaign_id, promo_code, micros, currency = rest
    gone = expires_us is not None and expires_us <= now_us
    return Member(
        customer_id=customer_id,
        promotion_id=promotion_id,
        status="redeemed" if redeemed_us is not None else "expired" if gone else "open",
        assignment_id=assignment_id or derived_id(customer_no, slot),
        event_id=None,
        tier_id=tier_id,
        segment=segment,
        channel=channel,
        campaign_id=campaign_id,
        promo_code=promo_code,
        reward_value=format_amount(micros, currency),
        currency=currency.removeprefix(UNIT_MARK),
        assigned_at=format_instant(assigned_us),
        expires_at=None if expires_us is None else format_instant(expires_us),
        redeemed_at=None if redeemed_us is None else format_instant(redeemed_us),
    )


def _excess_member(promotion_id: str, row: Row, _now_us: int) -> Member:
    (
        _,
        _,
        redeemed_us,
        customer_id,
        event_id,
        tier_id,
        channel,
        campaign_id,
        code,
        micros,
        currency,
    ) = row
    return Member(
        customer_id=customer_id,
        promotion_id=promotion_id,
        status="excess",
        assignment_id=None,
        event_id=event_id,
        tier_id=tier_id,
        segment=None,
        channel=channel,
        campaign_id=campaign_id,
        promo_code=code,
        reward_value=format_amount(micros, currency),
        currency=currency.removeprefix(UNIT_MARK),
        assigned_at=None,
        expires_at=None,
        redeemed_at=format_instant(redeemed_us),
    )
