"""Who was assigned, who redeemed, who did not: the customers behind a promotion's figures, page by page.

A page is one short read of so many facts, so a long export holds nothing open; its last customer is where the next
one begins. Rows are those that the published figures count: while an import runs, groups it may have touched are
taken back to what they were before.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from promosight.flows.figures.bars import NEVER_US, Bar, Wanted, wanted
from promosight.flows.ledger.published import import_runs, stored_groups, take_back
from promosight.flows.ledger.settling import Group
from promosight.flows.promotions.manage_promotions import defined
from promosight.rules.identity import BUCKET_SHIFT, bucket_of
from promosight.rules.instants import format_instant
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.rows import AssignmentRow, EventRow, GroupKey, derived_id
from promosight.store.tx import Row, Tx

PAGE_ROWS = 4_000
"""Facts looked at for a page."""


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
    """Where a page begins: after this customer. Numbers of customers rise from bucket to bucket."""

    after: int = -1


_Page = tuple[list[Member], Place | None]


def customers(
    tx: Tx,
    workspace_no: int,
    promotion_id: str,
    status: str,
    *,
    place: Place,
    now_us: int,
    bar: Bar | None = None,
) -> tuple[list[Member], Place | None]:
    """A page of an audience, perhaps of those behind one bar, and where the next one begins.

    A page may be empty and yet not the last. Raises NotFound, or Invalid for a status or bar that there is not.
    """
    defined(tx, workspace_no, promotion_id)
    catalogue = load(tx, workspace_no)
    listed = catalogue.by_id[promotion_id]
    sought = wanted(catalogue, status, bar, now_us=now_us)
    page = _excess if status == "excess" else _assigned
    return page(tx, catalogue, listed, sought, place, now_us)


def _assigned(
    tx: Tx, catalogue: Catalogue, listed: Listed, sought: Wanted, place: Place, now_us: int
) -> _Page:
    until = _until(tx, "assigned", listed, place)
    held = import_runs(tx, catalogue.workspace)
    where = _where(catalogue, listed, place, until) | {"never_us": NEVER_US}
    rows = tx.all("assigned_customers", **sought._asdict(), **where, everything=int(held))
    if held:
        rows = _as_published(tx, catalogue, listed, sought, rows)
    return [_member(listed.promotion_id, row, now_us) for row in rows], _following(until)


def _excess(
    tx: Tx, catalogue: Catalogue, listed: Listed, sought: Wanted, place: Place, _now_us: int
) -> _Page:
    until = _until(tx, "redeemed", listed, place)
    held = import_runs(tx, catalogue.workspace)
    where = _where(catalogue, listed, place, until)
    rows = tx.all("excess_customers", **sought._asdict(), **where, everything=int(held))
    if held:
        rows = _excess_as_published(tx, catalogue, listed, rows)
    return [_excess_member(listed.promotion_id, row) for row in rows], _following(until)


_LAST_CUSTOMER = 2**63 - 1


def _until(tx: Tx, kind: str, listed: Listed, place: Place) -> int:
    """The last customer of the page: that of the so-manieth fact, wanted or not, so that a page costs the same
    whatever is looked for. All customers where there are few facts."""
    no = listed.promotion_no
    if place.after < 0 and not tx.all(f"more_{kind}_than", promotion_no=no, rows=PAGE_ROWS):
        return _LAST_CUSTOMER
    bucket = bucket_of(place.after + 1)
    row = tx.one(
        f"page_of_{kind}", bucket=bucket, promotion_no=no, after=place.after, rows=PAGE_ROWS - 1
    )
    return ((bucket + 1) << BUCKET_SHIFT) - 1 if row is None else int(row[0])


def _where(catalogue: Catalogue, listed: Listed, place: Place, until: int) -> dict[str, int]:
    return {
        "promotion_no": listed.promotion_no,
        "published_import_no": catalogue.workspace.published_import_no,
        "after": place.after,
        "until": until,
    }


def _following(until: int) -> Place | None:
    return None if until == _LAST_CUSTOMER else Place(until)


def _as_published(
    tx: Tx, catalogue: Catalogue, listed: Listed, sought: Wanted, rows: list[Row]
) -> list[Row]:
    """The rows that are wanted by what their assignments counted as before an import came."""
    groups = _groups_before(tx, catalogue, listed, rows)
    stood: dict[tuple[int, int], AssignmentRow] = {
        (a.customer_no, a.slot): a for g in groups for a in g.assignments if a.withdrawn_us is None
    }
    found: list[Row] = []
    for row in rows:
        a = stood.get(row[1:3])
        if a is not None and sought.is_redeemed_so(a.redeemed_us):
            found.append((*row[:_REDEEMED], a.redeemed_us, *row[_REDEEMED + 1 :]))
    return found


_REDEEMED = 7
"""The column of `assigned_customers` that says when."""


def _excess_as_published(
    tx: Tx, catalogue: Catalogue, listed: Listed, rows: list[Row]
) -> list[Row]:
    groups = _groups_before(tx, catalogue, listed, rows)
    stood: dict[tuple[int, str], EventRow] = {
        e.identity: e for g in groups for e in g.events if e.outcome == "excess" and e.live
    }
    return [row for row in rows if row[3:5] in stood]


def _groups_before(tx: Tx, catalogue: Catalogue, listed: Listed, rows: list[Row]) -> list[Group]:
    keys = {GroupKey(row[0], listed.promotion_no, row[1]) for row in rows}
    groups = stored_groups(tx, sorted(keys))
    take_back(tx, catalogue, groups)
    return list(groups.by_key.values())


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


def _excess_member(promotion_id: str, row: Row) -> Member:
    (
        _,
        _,
        redeemed_us,
        _,
        event_id,
        customer_id,
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
