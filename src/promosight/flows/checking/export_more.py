"""Exporting what is no fact of a promotion: outcomes, decisions with probabilities, breakdowns, days, audiences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from promosight.errors import Invalid
from promosight.flows.figures.breakdowns import Breakdown, Line, breakdown
from promosight.flows.figures.exports import Place, customers
from promosight.flows.figures.of_promotions import View
from promosight.flows.figures.seen_then import ViewThen
from promosight.rules.instants import format_instant
from promosight.rules.money import format_amount
from promosight.store.catalogue import load
from promosight.store.tx import Tx

Record = dict[str, Any]
_GROUPS = ("tier", "segment", "channel", "campaign", "source", "outcome")
_FAR_US = 2**62
_COUNTED = (
    *("assigned", "redeemed", "rate", "redemptions", "excess", "unassigned", "flagged", "pending"),
    *("reversed", "reward_cost", "reward_units", "order_value"),
)


class Selection(msgspec.Struct, frozen=True):
    """Which records: of one source or promotion, of what audience, as of which moment, with what was found or not."""

    workspace_no: int
    source: str | None
    found: bool
    now_us: int
    promotion_id: str | None = None
    status: str | None = None
    as_of_us: int | None = None


def view_of(tx: Tx, selection: Selection) -> View:
    """The figures of now, or of the moment that is asked for."""
    number, now_us = selection.workspace_no, selection.now_us
    if selection.as_of_us is None:
        return View(tx, number, now_us=now_us)
    return ViewThen(tx, number, selection.as_of_us, now_us=now_us)


def outcomes(tx: Tx, selection: Selection) -> Iterator[Record]:
    """What customers did, as it was reported."""
    rows = tx.each("export_outcomes", workspace_no=selection.workspace_no, source=selection.source)
    for customer_id, source, outcome_id, occurred_us, measure, micros, *rest in rows:
        currency, order_id, received_us = rest
        record = {
            "outcome_id": outcome_id,
            "customer_id": customer_id,
            "occurred_at": format_instant(occurred_us),
            "measure": measure,
            "value": format_amount(micros, ""),
            "currency": currency,
        }
        if order_id is not None:
            record["order_id"] = order_id
        if selection.found:
            record |= {"source": source, "received_at": format_instant(received_us)}
        yield record


def decisions(tx: Tx, selection: Selection) -> Iterator[Record]:
    """Every decision with its context, its actions with their probabilities, and what became of it."""
    # It knows linear algebra, which takes long to load and is needed for nothing else here.
    from promosight.flows.decisioning.decision_log import every_logged, line_of

    currency = load(tx, selection.workspace_no).workspace.currency
    for one in every_logged(tx, selection.workspace_no, from_us=-_FAR_US, to_us=_FAR_US):
        record = line_of(one, currency)
        yield record | {"redeemed": one.redeemed, "explored": bool(record["explored"])}


def breakdowns(tx: Tx, selection: Selection) -> Iterator[Record]:
    """Every promotion's figures by each dimension of groups; the rows of one add up to its total."""
    for promotion_id in _promotions(tx, selection):
        for by in _GROUPS:
            part = _broken_down(tx, selection, promotion_id, by, "assigned")
            for line in part.rows:
                record = {"promotion_id": promotion_id, "by": by, "key": line.key}
                yield record | {"name": line.name} | _counted(line) | {"enough": line.enough}


def days(tx: Tx, selection: Selection) -> Iterator[Record]:
    """Every promotion's figures by day of assignment, and by day of redemption."""
    for promotion_id in _promotions(tx, selection):
        for date in ("assigned", "redeemed"):
            part = _broken_down(tx, selection, promotion_id, "day", date)
            for line in part.rows:
                yield {"promotion_id": promotion_id, "date": date, "day": line.key} | _counted(line)


def audience(tx: Tx, selection: Selection) -> Iterator[Record]:
    """The customers of a promotion that are of a status."""
    if selection.promotion_id is None:
        raise Invalid("an audience is one promotion's", pointer="/promotion")
    place: Place | None = Place()
    while place is not None:
        page, place = customers(
            *(tx, selection.workspace_no, selection.promotion_id, selection.status or "assigned"),
            place=place,
            now_us=selection.now_us,
        )
        yield from map(msgspec.structs.asdict, page)


def _promotions(tx: Tx, selection: Selection) -> list[str]:
    if selection.promotion_id is not None:
        return [selection.promotion_id]
    return [one.promotion_id for one in view_of(tx, selection).catalogue.defined]


def _broken_down(tx: Tx, selection: Selection, one: str, by: str, date: str) -> Breakdown:
    return breakdown(
        *(tx, selection.workspace_no, one, by),
        date=date,
        as_of_us=selection.as_of_us,
        now_us=selection.now_us,
    )


def _counted(line: Line) -> Record:
    low, high = line.interval or (None, None)
    record = {name: getattr(line, name) for name in _COUNTED}
    return record | {"rate_low": low, "rate_high": high}
