"""Redemptions among thousands that take no assignment, once it is known what they count as: written, answered, counted.

They are judged by `matching` alone and go to the store as columns. What they add to the counters is their own words.
"""

from __future__ import annotations

from collections.abc import Sequence

from promosight.flows.ledger.groups import layer_of
from promosight.flows.reporting.intake import Receipt
from promosight.flows.reporting.many import Many
from promosight.flows.reporting.plain import Plain
from promosight.rules.matching import Used, Verdict
from promosight.rules.sheets import picked
from promosight.store.column_pieces import Column

Asked = tuple[int, int, int, int]
"""A group, and the row of an event in it."""
Unmatched = tuple[Asked, Verdict]
"""An event that takes no assignment, and what it counts as."""


def used_of(plain: Plain, many: Many, rows: Sequence[int]) -> list[Used]:
    """Redemptions as matching sees them, in groups of their own codes, and nothing decided of them before."""
    names = ("event_id", "redeemed_us", "assignment_id", "promo_code", "campaign_id", "tier_id")
    said = [picked(many.column(name), rows) for name in (*names, "reward_micros", "currency")]
    sources = plain.catalogue.sources
    return [
        Used(
            event_id=event_id,
            source=sources[source_no],
            redeemed_us=redeemed_us,
            assignment_id=assignment_id,
            promo_code=promo_code,
            campaign_id=campaign_id,
            tier_id=tier_id,
            reward_micros=reward_micros,
            currency=currency,
        )
        for (
            source_no,
            event_id,
            redeemed_us,
            assignment_id,
            promo_code,
            campaign_id,
            tier_id,
            reward_micros,
            currency,
        ) in zip(picked(many.source_no, rows), *said, strict=True)
    ]


def keep_unmatched(plain: Plain, many: Many, told: list[Unmatched]) -> None:
    """Writes events that take no assignment, in the order of their groups, answers them, and moves the counters."""
    if not told:
        return
    asked, verdicts = zip(*told, strict=True)
    *keys, rows = map(list, zip(*asked, strict=True))
    _write(plain, many, keys, rows, verdicts)
    _count(plain, many, keys[1], rows, verdicts)
    _answer(plain, many, keys[1], rows, verdicts)


def _write(
    plain: Plain,
    many: Many,
    keys: Sequence[Column],
    rows: list[int],
    verdicts: Sequence[Verdict],
) -> None:
    plain.tx.add_columns(
        "add_unmatched",
        (
            *keys,
            picked(many.column("redeemed_us"), rows),
            *many.kept(rows),
            [one.outcome for one in verdicts],
            [one.reason for one in verdicts],
            [one.cost_micros for one in verdicts],
            [one.currency for one in verdicts],
            *many.beside_code(rows),
        ),
        workspace_no=plain.workspace_no,
        import_no=many.arrivals[0].import_no,
    )


def _count(
    plain: Plain,
    many: Many,
    promotion_nos: Sequence[int],
    rows: list[int],
    verdicts: Sequence[Verdict],
) -> None:
    """Adds to the counters what `settling.standing` says of events without an assignment."""
    catalogue = plain.catalogue
    cells = plain.cells[layer_of(catalogue, many.arrivals[0].import_no, ())]
    sources, day_of, usual = catalogue.sources, catalogue.days.day, catalogue.workspace.currency
    names = ("tier_id", "campaign_id", "redeemed_us", "currency", "order_micros")
    said = (picked(many.column(name), rows) for name in names)
    for no, its, source_no, tier, campaign, at_us, paid_in, order_micros in zip(
        promotion_nos, verdicts, picked(many.source_no, rows), *said, strict=True
    ):
        if its.outcome == "rejected":
            continue
        day, own = day_of(at_us), (tier or "", "", "", campaign or "")
        named = sources[source_no], day, its.outcome, its.currency, paid_in or usual
        cells.redeem((no, *own, day, *named), 1, its.cost_micros, order_micros or 0)
        if its.outcome != "pending":
            cells.seen(no, at_us)


def _answer(
    plain: Plain,
    many: Many,
    promotion_nos: Sequence[int],
    rows: list[int],
    verdicts: Sequence[Verdict],
) -> None:
    receipts, by_no = plain.receipts, plain.catalogue.by_no
    ids, received_us = picked(many.column("event_id"), rows), picked(many.received_us, rows)
    for row, no, its, event_id, came_us in zip(
        rows, promotion_nos, verdicts, ids, received_us, strict=True
    ):
        receipts[row] = Receipt(
            reported_id=event_id,
            outcome=its.outcome,
            promotion_id=by_no[no].promotion_id,
            reason=its.reason,
            received_us=came_us,
        )
