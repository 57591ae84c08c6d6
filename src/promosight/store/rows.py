"""Facts as they lie in the store: one struct per row, fields in the order of the columns.

The upper part of each row is what was reported; the lower part is derived and may change when other facts
of the group arrive.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from promosight.rules.facts import Assignment, Event

WAITING = 0
"""The promotion number of events whose promotion is not known by any number yet."""


class GroupKey(NamedTuple):
    """Where the facts of one promotion and one customer lie together."""

    bucket: int
    promotion_no: int
    customer_no: int


class AssignmentRow(msgspec.Struct, gc=False):
    """One row of table assignment."""

    bucket: int
    promotion_no: int
    customer_no: int
    slot: int
    workspace_no: int
    source_no: int
    import_no: int
    assigned_us: int
    expires_us: int | None
    received_us: int
    digest: int
    assignment_id: str | None
    campaign_id: str | None
    tier_id: str | None
    segment: str | None
    channels: str | None
    promo_code: str | None
    reward_micros: int | None
    reward_currency: str | None
    max_redemptions: int | None
    control: int
    withdrawn_us: int | None
    details: str | None
    redeemed_us: int | None = None  # read from the events that took its slot, never stored
    committed_micros: int = 0
    currency: str = ""

    @property
    def key(self) -> GroupKey:
        """The group it belongs to."""
        return GroupKey(self.bucket, self.promotion_no, self.customer_no)

    @property
    def public_id(self) -> str:
        """The caller's id, or one derived from the customer and the slot, the same on every machine."""
        return self.assignment_id or derived_id(self.customer_no, self.slot)


class EventRow(msgspec.Struct, gc=False):
    """One row of table event: a redemption, or a reversal when `reverses` is set."""

    bucket: int
    promotion_no: int
    customer_no: int
    redeemed_us: int
    source_no: int
    event_id: str
    workspace_no: int
    import_no: int
    received_us: int
    digest: int
    reverses: str | None
    named_customer_no: int
    promotion_id: str | None
    promo_code: str | None
    assignment_id: str | None
    campaign_id: str | None
    tier_id: str | None
    channel: str | None
    reward_micros: int | None
    reward_currency: str | None
    order_id: str | None
    order_micros: int | None
    metadata: str | None
    outcome: str = ""
    reason: str | None = None
    slot: int | None = None
    live: int = 1
    cost_micros: int = 0
    currency: str = ""

    @property
    def key(self) -> GroupKey:
        """The group it belongs to."""
        return GroupKey(self.bucket, self.promotion_no, self.customer_no)

    @property
    def told_of(self) -> int:
        """The customer it was told of. A reversal lies with its redemption, whomever it names (0: nobody)."""
        return self.customer_no if self.reverses is None else self.named_customer_no

    @property
    def identity(self) -> tuple[int, str]:
        """(source_no, event_id): what makes a second delivery the same event."""
        return self.source_no, self.event_id


def derived_id(customer_no: int, slot: int) -> str:
    """The public id of an assignment that came without one."""
    return f"asg-{customer_no:016x}-{slot:016x}"


_DERIVED_ID = re.compile(r"asg-([0-9a-f]{16})-([0-9a-f]{16})")


def derived_from(assignment_id: str) -> tuple[int, int] | None:
    """Customer and slot of a derived id; None for any other."""
    found = _DERIVED_ID.fullmatch(assignment_id)
    if found is None:
        return None
    customer_no, slot = (int(part, 16) for part in found.groups())
    return (customer_no, slot) if max(customer_no, slot) < 2**63 else None


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """By whom, when and with which import a fact arrived."""

    workspace_no: int
    source_no: int
    import_no: int
    received_us: int


def assignment_row(fact: Assignment, key: GroupKey, arrival: Arrival) -> AssignmentRow:
    """A new assignment as a row; nothing derived yet."""
    return AssignmentRow(
        *key,
        fact.slot,
        arrival.workspace_no,
        arrival.source_no,
        arrival.import_no,
        fact.assigned_us,
        fact.expires_us,
        arrival.received_us,
        fact.digest,
        fact.assignment_id,
        fact.campaign_id,
        fact.tier_id,
        fact.segment,
        "+".join(fact.channels) or None,
        fact.promo_code,
        fact.reward_micros,
        fact.currency,
        fact.max_redemptions,
        int(fact.control),
        None,
        fact.details,
    )


def assignment_columns(a: AssignmentRow, place_no: int) -> tuple[Any, ...]:
    """The columns of an assignment as they are stored: its words as the number of their place."""
    return (
        a.bucket,
        a.promotion_no,
        a.customer_no,
        a.slot,
        a.workspace_no,
        a.source_no,
        a.import_no,
        a.assigned_us,
        a.expires_us,
        a.received_us,
        a.digest,
        a.assignment_id,
        place_no,
        a.promo_code,
        a.reward_micros,
        a.reward_currency,
        a.max_redemptions,
        a.control,
        a.withdrawn_us,
        a.details,
        a.committed_micros,
        a.currency,
    )


def grant_row(
    fact: Assignment,
    key: tuple[int, int, int],
    arrival: Arrival,
    place_no: int,
    promise: tuple[int, str],
) -> tuple[Any, ...]:
    """A row for `add_grants`: a new fact that names no code and commits what is promised."""
    bucket, promotion_no, customer_no = key
    committed_micros, currency = promise
    return (
        bucket,
        promotion_no,
        customer_no,
        fact.slot,
        fact.assigned_us,
        fact.expires_us,
        fact.digest,
        fact.assignment_id,
        fact.reward_micros,
        fact.currency,
        fact.max_redemptions,
        int(fact.control),
        fact.details,
        arrival.source_no,
        arrival.received_us,
        place_no,
        committed_micros,
        currency,
    )


def event_row(
    fact: Event, key: GroupKey, arrival: Arrival, *, named_customer_no: int = 0
) -> EventRow:
    """A new event as a row; nothing derived yet. A reversal keeps the customer it names apart from its key."""
    return EventRow(
        *key,
        fact.redeemed_us,
        arrival.source_no,
        fact.event_id,
        arrival.workspace_no,
        arrival.import_no,
        arrival.received_us,
        fact.digest,
        fact.reverses,
        named_customer_no,
        fact.promotion_id,
        fact.promo_code,
        fact.assignment_id,
        fact.campaign_id,
        fact.tier_id,
        fact.channel,
        fact.reward_micros,
        fact.currency,
        fact.order_id,
        fact.order_micros,
        fact.metadata,
    )


def use_row(
    fact: Event,
    bucket: int,
    promotion_no: int,
    customer_no: int,
    arrival: Arrival,
    slot: int,
    reason: str | None,
    cost_micros: int,
    currency: str,
) -> tuple[Any, ...]:
    """A row for `add_uses`: a new redemption that takes an assignment."""
    return (
        bucket,
        promotion_no,
        customer_no,
        fact.redeemed_us,
        fact.event_id,
        fact.digest,
        fact.assignment_id,
        fact.campaign_id,
        fact.tier_id,
        fact.channel,
        fact.reward_micros,
        fact.currency,
        fact.order_id,
        fact.order_micros,
        fact.metadata,
        arrival.source_no,
        arrival.received_us,
        slot,
        reason,
        cost_micros,
        currency,
        None if fact.promo_code is None else fact.promotion_id,
        fact.promo_code,
    )


def event_fact(row: EventRow, *, customer_id: str | None) -> Event:
    """The fact a row was made of."""
    return Event(
        event_id=row.event_id,
        reverses=row.reverses,
        promotion_id=row.promotion_id,
        promo_code=row.promo_code,
        customer_id=customer_id,
        redeemed_us=row.redeemed_us,
        assignment_id=row.assignment_id,
        campaign_id=row.campaign_id,
        tier_id=row.tier_id,
        channel=row.channel,
        reward_micros=row.reward_micros,
        currency=row.reward_currency,
        order_id=row.order_id,
        order_micros=row.order_micros,
        metadata=row.metadata,
        digest=row.digest,
    )


def assignment_fact(row: AssignmentRow, *, promotion_id: str, customer_id: str) -> Assignment:
    """The same of an assignment."""
    return Assignment(
        promotion_id=promotion_id,
        customer_id=customer_id,
        assigned_us=row.assigned_us,
        assignment_id=row.assignment_id,
        campaign_id=row.campaign_id,
        tier_id=row.tier_id,
        segment=row.segment,
        channels=tuple(row.channels.split("+")) if row.channels else (),
        promo_code=row.promo_code,
        reward_micros=row.reward_micros,
        currency=row.reward_currency,
        expires_us=row.expires_us,
        max_redemptions=row.max_redemptions,
        control=bool(row.control),
        details=row.details,
        digest=row.digest,
        slot=row.slot,
    )


def arrival_of(row: EventRow) -> Arrival:
    """By whom, when and with which import a stored event arrived."""
    return Arrival(row.workspace_no, row.source_no, row.import_no, row.received_us)


class Reservation(msgspec.Struct, frozen=True):
    """A reward held for a customer; fields in the order of the statement `reservations_of`."""

    reservation_id: str
    workspace_no: int
    promotion_no: int
    promotion_id: str
    customer_id: str
    tier_id: str | None
    reward_micros: int | None
    currency: str
    state: str
    created_us: int
    expires_us: int
    assignment_id: str | None

    def state_at(self, now_us: int) -> str:
        """The state at a moment: what is past its time holds nothing, whether the row says so yet or not."""
        return "expired" if self.state == "held" and self.expires_us <= now_us else self.state

    @property
    def columns(self) -> tuple[Any, ...]:
        """The columns of a new one as they are stored."""
        return (
            self.reservation_id,
            self.workspace_no,
            self.promotion_no,
            self.customer_id,
            self.tier_id,
            self.reward_micros,
            self.currency,
            self.state,
            self.created_us,
            self.expires_us,
        )
