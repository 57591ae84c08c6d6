"""Outcomes: what a customer did, whether an offer was behind it or not, and when one reported is well formed.

An outcome names no promotion. Which promotion it speaks for is found by its customer and its time, and what a
promotion brought is the difference between those it was given to and its control group (`uplift`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from promosight.rules.facts import (
    FUTURE_TOLERANCE_US,
    Fault,
    Rejection,
    identifier_or_none,
)
from promosight.rules.identity import content_digest
from promosight.rules.instants import parse_instant
from promosight.rules.money import amount_of, is_currency

MEASURES = ("order_value", "margin", "deposit")
"""What an outcome may be a value of; values of different measures are never added."""


class ReportedOutcome(msgspec.Struct, kw_only=True, gc=False):
    """What one customer did, as a source reports it: with an offer or without, also those of the control group."""

    outcome_id: Annotated[
        str | None, Meta(description="Unique per source; a retry carries the same id.")
    ] = None
    customer_id: str | None = None
    occurred_at: Annotated[
        str | None, Meta(description="RFC 3339 with offset, by the source's clock.")
    ] = None
    measure: Annotated[str | None, Meta(description="`order_value`, `margin` or `deposit`.")] = None
    value: Annotated[
        Decimal | None, Meta(description="May be negative: a loss, or an order sent back.")
    ] = None
    currency: Annotated[str | None, Meta(description="ISO 4217.")] = None
    order_id: str | None = None


class Outcome(msgspec.Struct, gc=False):
    """An outcome as a fact."""

    outcome_id: str
    customer_id: str
    occurred_us: int
    measure: str
    value_micros: int
    currency: str
    order_id: str | None
    digest: int


def outcome_from(
    reported: ReportedOutcome, *, received_us: int, tracking_from_us: int
) -> Outcome | Rejection:
    """The outcome as a fact, or why it is rejected (`invalid`, `backdated`, `future`)."""
    try:
        return _outcome(reported, received_us, tracking_from_us)
    except Fault as fault:
        return fault.rejection


def _outcome(r: ReportedOutcome, received_us: int, tracking_from_us: int) -> Outcome:
    fields = (
        _needed(identifier_or_none(r.outcome_id, "outcome_id"), "outcome_id"),
        _needed(identifier_or_none(r.customer_id, "customer_id"), "customer_id"),
        _occurred_us(r.occurred_at, received_us, tracking_from_us),
        _measure(r.measure),
        _value(r.value),
        _currency(r.currency),
        identifier_or_none(r.order_id, "order_id"),
    )
    return Outcome(*fields, content_digest(*fields))


def _needed(value: str | None, field: str) -> str:
    if value is None:
        raise Fault("invalid", field, "is missing")
    return value


def _occurred_us(text: str | None, received_us: int, tracking_from_us: int) -> int:
    said = _needed(identifier_or_none(text, "occurred_at"), "occurred_at")
    try:
        instant_us = parse_instant(said)
    except ValueError as error:
        raise Fault("invalid", "occurred_at", str(error)) from None
    if instant_us < tracking_from_us:
        raise Fault("backdated", "occurred_at", "lies before the start of tracking")
    if instant_us > received_us + FUTURE_TOLERANCE_US:
        why = "lies more than 5 minutes ahead; check the sender's clock"
        raise Fault("future", "occurred_at", why)
    return instant_us


def _measure(measure: str | None) -> str:
    if measure not in MEASURES:
        why = "is missing" if measure is None else f"must be one of {', '.join(MEASURES)}"
        raise Fault("invalid", "measure", why)
    return measure


def _value(value: Decimal | None) -> int:
    if value is None:
        raise Fault("invalid", "value", "is missing")
    try:
        return amount_of(value)
    except ValueError as error:
        raise Fault("invalid", "value", str(error)) from None


def _currency(code: str | None) -> str:
    if code is None or not is_currency(code):
        why = "is missing" if code is None else "must be an ISO 4217 code such as EUR"
        raise Fault("invalid", "currency", why)
    return code
