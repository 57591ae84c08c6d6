"""Exporting: everything a workspace holds, record by record, in the names of the HTTP contract.

Facts come out as they were reported, so that what is exported here and imported elsewhere, source by source,
gives equal figures there. What Promosight found of a fact (its outcome, its match, its cost) is only added on
request, for those who count for themselves. All records of one export are of one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from promosight.errors import Invalid
from promosight.flows.checking import export_more
from promosight.flows.checking.export_more import Selection
from promosight.flows.figures.of_promotions import promotions_in
from promosight.flows.reporting.lookup import payload_of
from promosight.flows.reporting.problems import Page, Wanted, problems
from promosight.rules.instants import format_instant, parse_instant
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.store.catalogue import load
from promosight.store.rows import AssignmentRow, EventRow, derived_id
from promosight.store.tx import Row, Tx

Record = dict[str, Any]
KINDS = (
    *("promotions", "customers", "assignments", "redemptions", "outcomes", "decisions"),
    *("figures", "breakdowns", "days", "audience", "problems"),
)
FIGURES = ("figures", "breakdowns", "days")
"""What can be told as of a moment."""
_PAGE = 1_000


def records(tx: Tx, kind: str, selection: Selection) -> Iterator[Record]:
    """The records of a kind, streamed in constant memory, in an order that stays the same."""
    if selection.as_of_us is not None and kind not in FIGURES:
        raise Invalid("is for figures, breakdowns and days", pointer="/as_of")
    makers: dict[str, Callable[[Tx, Selection], Iterator[Record]]] = {
        "promotions": _promotions,
        "customers": _customers,
        "assignments": _assignments,
        "redemptions": _redemptions,
        "outcomes": export_more.outcomes,
        "decisions": export_more.decisions,
        "breakdowns": export_more.breakdowns,
        "days": export_more.days,
        "audience": export_more.audience,
        "figures": _figures,
        "problems": _problems,
    }
    return makers[kind](tx, selection)


def _promotions(tx: Tx, selection: Selection) -> Iterator[Record]:
    listed = load(tx, selection.workspace_no).by_id
    for promotion_id in sorted(listed):
        definition = listed[promotion_id].definition
        if definition is not None:
            yield _in_utc({"promotion_id": promotion_id, **msgspec.to_builtins(definition)})


def _customers(tx: Tx, selection: Selection) -> Iterator[Record]:
    rows = tx.each("export_customers", workspace_no=selection.workspace_no)
    for customer_id, profile in rows:
        yield {"customer_id": customer_id, **(msgspec.json.decode(profile) if profile else {})}


def _figures(tx: Tx, selection: Selection) -> Iterator[Record]:
    yield from map(_in_utc, promotions_in(export_more.view_of(tx, selection)))


def _in_utc(promotion: Record) -> Record:
    """A promotion whose instants are told in UTC, whatever offset it was defined with."""
    said = {name: promotion.get(name) for name in ("starts_at", "ends_at")}
    told = {name: format_instant(parse_instant(at)) for name, at in said.items() if at is not None}
    return promotion | told


def _problems(tx: Tx, selection: Selection) -> Iterator[Record]:
    wanted, page = Wanted(source=selection.source), Page()
    while True:
        found, following = problems(
            tx,
            selection.workspace_no,
            wanted,
            page=page,
            limit=_PAGE,
            now_us=selection.now_us,
        )
        yield from found
        if following is None:
            return
        page = following


def _rows(tx: Tx, name: str, selection: Selection) -> Iterator[Row]:
    return tx.each(name, workspace_no=selection.workspace_no, source=selection.source)


def _assignments(tx: Tx, selection: Selection) -> Iterator[Record]:
    """Withdrawn assignments are nobody's any more: they come only with what was found."""
    for promotion_id, customer_id, source, *columns in _rows(tx, "export_assignments", selection):
        a = AssignmentRow(*columns)
        if a.withdrawn_us is not None and not selection.found:
            continue
        record = _assignment(a, promotion_id, customer_id)
        if selection.found:
            record |= _found_of_assignment(a, source)
        yield record


def _assignment(a: AssignmentRow, promotion_id: str, customer_id: str) -> Record:
    details: Record = msgspec.json.decode(a.details) if a.details else {}
    return _said(
        promotion_id=promotion_id,
        customer_id=customer_id,
        assigned_at=format_instant(a.assigned_us),
        assignment_id=a.assignment_id,
        campaign_id=a.campaign_id,
        occurrence=details.get("occurrence"),
        tier_id=a.tier_id,
        segment=a.segment,
        channels=a.channels.split("+") if a.channels else None,
        promo_code=a.promo_code,
        reward_value=None if a.reward_micros is None else format_amount(a.reward_micros, ""),
        currency=a.reward_currency,
        expires_at=_instant(a.expires_us),
        max_redemptions=a.max_redemptions,
        control=True if a.control else None,
        decision_id=details.get("decision_id"),
        attributes=details.get("attributes"),
    )


def _found_of_assignment(a: AssignmentRow, source: str) -> Record:
    return _said(
        source=source,
        received_at=format_instant(a.received_us),
        matched_assignment_id=a.public_id,
        withdrawn_at=_instant(a.withdrawn_us),
        redeemed_at=_instant(a.redeemed_us),
        committed=format_amount(a.committed_micros, a.currency),
        committed_in=a.currency.removeprefix(UNIT_MARK),
    )


def _redemptions(tx: Tx, selection: Selection) -> Iterator[Record]:
    for promotion_id, customer_id, source, taken, *columns in _rows(tx, "export_events", selection):
        e = EventRow(*columns)
        record = payload_of(e, customer_id)
        if selection.found:
            record |= _found_of_event(e, source, promotion_id, taken)
        yield record


def _found_of_event(
    e: EventRow, source: str, promotion_id: str | None, taken: str | None
) -> Record:
    if e.slot is not None and taken is None:
        taken = derived_id(e.customer_no, e.slot)
    return _said(
        source=source,
        received_at=format_instant(e.received_us),
        outcome=e.outcome,
        reason=e.reason,
        matched_promotion_id=promotion_id,
        matched_assignment_id=taken,
        live=bool(e.live) and e.reverses is None,
        cost=format_amount(e.cost_micros, e.currency),
        cost_in=e.currency.removeprefix(UNIT_MARK),
    )


def _instant(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)


def _said(**fields: Any) -> Record:
    return {name: value for name, value in fields.items() if value is not None}
