"""Many events at once, column by column: the facts that `facts` makes one by one, at a fraction of the cost.

What nearly all events of a batch have in common is checked in a few passes over whole columns. A value that does
not pass is looked at alone; where that does not help, its *row is in doubt*: the place is left open, and the rule
for single events decides. So nothing is ever refused here, and this module must only be right in what it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from promosight.rules.facts import (
    BY_ID,
    FUTURE_TOLERANCE_US,
    Assignment,
    Event,
    Rejection,
    assignment_from,
    event_from,
    slot_of,
)
from promosight.rules.identity import content_digests, digests_of_columns, paired_digests
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.rows import Column, Rows
from promosight.rules.sheets import Sheet

TOGETHER = 1_000
"""Rows worked off together: few enough that their columns stay near the processor."""


class EventColumns(NamedTuple):
    """The fields of ReportedEvent, each a column.

    An amount may be a text, a whole number or a Decimal; an instant may be a text or its microseconds.
    """

    event_id: Column
    type: Column
    reverses: Column
    promotion_id: Column
    promo_code: Column
    customer_id: Column
    redeemed_at: Column
    assignment_id: Column
    campaign_id: Column
    tier_id: Column
    channel: Column
    reward_value: Column
    currency: Column
    order_id: Column
    order_value: Column
    metadata: Column


class AssignmentColumns(NamedTuple):
    """The fields of ReportedAssignment, each a column, as in EventColumns."""

    promotion_id: Column
    customer_id: Column
    assigned_at: Column
    assignment_id: Column
    campaign_id: Column
    occurrence: Column
    tier_id: Column
    segment: Column
    channel: Column
    channels: Column
    promo_code: Column
    reward_value: Column
    currency: Column
    expires_at: Column
    max_redemptions: Column
    control: Column
    decision_id: Column
    attributes: Column


def events_from(
    reported: Sequence[ReportedEvent], *, received_us: int, tracking_from_us: int
) -> list[Event | Rejection]:
    """What `event_from` makes of each."""
    found = events_of_columns(
        event_columns(reported), received_us=received_us, tracking_from_us=tracking_from_us
    )
    return [
        fact or event_from(row, received_us=received_us, tracking_from_us=tracking_from_us)
        for fact, row in zip(found, reported, strict=True)
    ]


def assignments_from(
    reported: Sequence[ReportedAssignment], *, received_us: int
) -> list[Assignment | Rejection]:
    """What `assignment_from` makes of each."""
    found = assignments_of_columns(assignment_columns(reported), received_us=received_us)
    return [
        fact or assignment_from(row, received_us=received_us)
        for fact, row in zip(found, reported, strict=True)
    ]


def event_columns(rows: Sequence[ReportedEvent]) -> EventColumns:
    """The columns of reported events."""
    return EventColumns(
        [r.event_id for r in rows],
        [r.type for r in rows],
        [r.reverses for r in rows],
        [r.promotion_id for r in rows],
        [r.promo_code for r in rows],
        [r.customer_id for r in rows],
        [r.redeemed_at for r in rows],
        [r.assignment_id for r in rows],
        [r.campaign_id for r in rows],
        [r.tier_id for r in rows],
        [r.channel for r in rows],
        [r.reward_value for r in rows],
        [r.currency for r in rows],
        [r.order_id for r in rows],
        [r.order_value for r in rows],
        [r.metadata for r in rows],
    )


def assignment_columns(rows: Sequence[ReportedAssignment]) -> AssignmentColumns:
    """The columns of reported assignments."""
    return AssignmentColumns(
        [r.promotion_id for r in rows],
        [r.customer_id for r in rows],
        [r.assigned_at for r in rows],
        [r.assignment_id for r in rows],
        [r.campaign_id for r in rows],
        [r.occurrence for r in rows],
        [r.tier_id for r in rows],
        [r.segment for r in rows],
        [r.channel for r in rows],
        [r.channels for r in rows],
        [r.promo_code for r in rows],
        [r.reward_value for r in rows],
        [r.currency for r in rows],
        [r.expires_at for r in rows],
        [r.max_redemptions for r in rows],
        [r.control for r in rows],
        [r.decision_id for r in rows],
        [r.attributes for r in rows],
    )


def events_of_columns(
    columns: EventColumns, *, received_us: int, tracking_from_us: int
) -> list[Event | None]:
    """The facts; None where the row is in doubt, and the rule for single events must decide."""
    found: list[Event | None] = []
    for part in _parts(columns):
        found += _events(EventColumns(*part), received_us, tracking_from_us)
    return found


def assignments_of_columns(
    columns: AssignmentColumns, *, received_us: int
) -> list[Assignment | None]:
    """The facts; None where the row is in doubt, and the rule for single assignments must decide."""
    found: list[Assignment | None] = []
    for part in _parts(columns):
        found += _assignments(AssignmentColumns(*part), received_us)
    return found


def _parts(columns: tuple[Column, ...]) -> Iterator[Sequence[Column]]:
    count = len(columns[0])
    if 0 < count <= TOGETHER:
        yield columns
        return
    for start in range(0, count, TOGETHER):
        yield [column[start : start + TOGETHER] for column in columns]


def event_sheet(
    c: EventColumns, *, received_us: int, tracking_from_us: int
) -> tuple[Sheet, set[int]]:
    """The facts as a sheet, of at most TOGETHER rows, and the rows in doubt, which the caller decides on alone."""
    rows, fields = _event_fields(c, received_us, tracking_from_us)
    return Sheet(Event, fields, {}), rows.doubts


def assignment_sheet(c: AssignmentColumns, *, received_us: int) -> tuple[Sheet, set[int]]:
    """The same of assignments."""
    rows, fields = _assignment_fields(c, received_us)
    return Sheet(Assignment, fields, {}), rows.doubts


def _events(c: EventColumns, received_us: int, tracking_from_us: int) -> list[Event | None]:
    rows, fields = _event_fields(c, received_us, tracking_from_us)
    return rows.certain(map(Event, *fields))


def _assignments(c: AssignmentColumns, received_us: int) -> list[Assignment | None]:
    rows, fields = _assignment_fields(c, received_us)
    return rows.certain(map(Assignment, *fields))


def _event_fields(
    c: EventColumns, received_us: int, tracking_from_us: int
) -> tuple[Rows, tuple[Column, ...]]:
    rows = Rows(len(c.event_id))
    rows.allow(c.type, {None, "redemption"})
    rows.allow(c.reverses, {None})  # reversals are few, and may leave out more than redemptions
    rows.need_one_of(c.promotion_id, c.promo_code)
    fields: tuple[Column, ...] = (
        rows.needed(rows.ids(c.event_id)),
        [None] * rows.count,
        rows.ids(c.promotion_id),
        rows.ids(c.promo_code),
        rows.needed(rows.ids(c.customer_id)),
        rows.within(
            rows.instants(c.redeemed_at), tracking_from_us, received_us + FUTURE_TOLERANCE_US
        ),
        rows.ids(c.assignment_id),
        rows.ids(c.campaign_id),
        rows.ids(c.tier_id),
        rows.ids(c.channel),
        rows.amounts(c.reward_value),
        rows.currencies(c.currency),
        rows.ids(c.order_id),
        rows.amounts(c.order_value),
        rows.json(c.metadata),
    )
    digests = digests_of_columns(fields)
    return rows, (*fields, digests)


def _assignment_fields(c: AssignmentColumns, received_us: int) -> tuple[Rows, tuple[Column, ...]]:
    rows = Rows(len(c.promotion_id))
    first = (
        rows.needed(rows.ids(c.promotion_id)),
        rows.needed(rows.ids(c.customer_id)),
        rows.within(rows.instants(c.assigned_at), None, received_us + FUTURE_TOLERANCE_US),
        rows.ids(c.assignment_id),
        rows.ids(c.campaign_id),
        rows.ids(c.tier_id),
        rows.ids(c.segment),
    )
    occurrence = rows.ids(c.occurrence)
    rest = (
        rows.ids(c.promo_code),
        rows.amounts(c.reward_value),
        rows.currencies(c.currency),
        rows.instants(c.expires_at),
        rows.counts(c.max_redemptions),
        rows.flags(c.control),
        rows.details(occurrence, rows.ids(c.decision_id), c.attributes),
    )
    channels = rows.channels(c.channels, c.channel)
    digests = digests_of_columns((*first, *rest))
    promotion_id, _, assigned_us, assignment_id, campaign_id, *_ = first
    if None in assignment_id:
        by_occurrence = promotion_id, assignment_id, campaign_id, occurrence, assigned_us
        slots = content_digests(map(slot_of, *by_occurrence))
    else:
        slots = paired_digests(BY_ID, assignment_id)
    return rows, (*first, channels, *rest, digests, slots)
