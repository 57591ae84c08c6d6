"""What is refused is kept: with its payload and reason, listed, replayable, and listed once however often sent."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from promosight.rules.facts import Assignment, Event, Rejection, identifier
from promosight.rules.identity import stable_hash
from promosight.rules.instants import format_instant
from promosight.rules.money import format_amount
from promosight.store.rows import Arrival
from promosight.store.tx import Tx

MAX_PAYLOAD = 65_536
"""Longer payloads are cut; nothing well-formed comes near."""


class Refused(msgspec.Struct):
    """An item that is no fact: why, and what was sent. `kind` is `redemptions` or `assignments`, as its door."""

    rejection: Rejection
    kind: str
    event_id: str | None
    payload: str
    line: int | None = None


def refused_fact(fact: Assignment | Event, rejection: Rejection) -> Refused:
    """A well-formed item refused for a reason outside it; its payload is written anew from what was understood."""
    if isinstance(fact, Event):
        return Refused(rejection, "redemptions", fact.event_id, _event_payload(fact))
    return Refused(rejection, "assignments", fact.assignment_id, _assignment_payload(fact))


class _Named(msgspec.Struct):
    promotion_id: Any = None
    customer_id: Any = None


_read_names = msgspec.json.Decoder(_Named).decode


def named_in(payload: str) -> tuple[str | None, str | None]:
    """The promotion and the customer that a payload names, where these can be ids at all."""
    try:
        named = _read_names(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None, None
    return _id(named.promotion_id), _id(named.customer_id)


def _id(value: Any) -> str | None:
    named = identifier(value, "") if isinstance(value, str) else None
    return named if isinstance(named, str) else None


def write_rejections(tx: Tx, refused: list[tuple[Arrival, Refused]]) -> None:
    """Keeps refused items. What says the same and is refused for the same reason again is counted, not listed anew."""
    rows: dict[tuple[int, int, int], tuple[Any, ...]] = {}
    times: Counter[tuple[int, int, int]] = Counter()
    for arrival, one in refused:
        payload = one.payload[:MAX_PAYLOAD].replace("\x00", "\\u0000")
        reason = one.rejection
        digest = stable_hash(one.kind, reason.reason, reason.pointer, _content(payload))
        key = (arrival.workspace_no, arrival.source_no, digest)
        times[key] += 1
        rows[key] = (
            *key,
            arrival.import_no,
            one.line,
            one.kind,
            one.event_id,
            reason.reason,
            reason.pointer,
            reason.detail,
            payload,
            arrival.received_us,
            *named_in(payload),
        )
    tx.send_many("add_rejections", [(*rows[key], times[key]) for key in sorted(rows)])


_canonical = msgspec.json.Encoder(order="sorted").encode


def _content(payload: str) -> str:
    """What a payload says, however its writer spaced and ordered it: a retry may come in another form."""
    try:
        said = msgspec.json.decode(payload)
        if isinstance(said, dict):
            said = {name: value for name, value in said.items() if value is not None}
        return _canonical(said).decode()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return payload


def _event_payload(fact: Event) -> str:
    return _json(
        event_id=fact.event_id,
        type="reversal" if fact.reverses else None,
        reverses=fact.reverses,
        promotion_id=fact.promotion_id,
        promo_code=fact.promo_code,
        customer_id=fact.customer_id,
        redeemed_at=format_instant(fact.redeemed_us) if fact.redeemed_us else None,
        assignment_id=fact.assignment_id,
        campaign_id=fact.campaign_id,
        tier_id=fact.tier_id,
        channel=fact.channel,
        reward_value=_amount(fact.reward_micros),
        currency=fact.currency,
        order_id=fact.order_id,
        order_value=_amount(fact.order_micros),
        metadata=fact.metadata and msgspec.Raw(fact.metadata),
    )


def _assignment_payload(fact: Assignment) -> str:
    details = msgspec.json.decode(fact.details) if fact.details else {}
    return _json(
        promotion_id=fact.promotion_id,
        customer_id=fact.customer_id,
        assigned_at=format_instant(fact.assigned_us),
        assignment_id=fact.assignment_id,
        campaign_id=fact.campaign_id,
        tier_id=fact.tier_id,
        segment=fact.segment,
        channels=list(fact.channels) or None,
        promo_code=fact.promo_code,
        reward_value=_amount(fact.reward_micros),
        currency=fact.currency,
        expires_at=None if fact.expires_us is None else format_instant(fact.expires_us),
        max_redemptions=fact.max_redemptions,
        control=fact.control or None,
        **details,
    )


def _amount(micros: int | None) -> str | None:
    return None if micros is None else format_amount(micros, "")


def _json(**fields: Any) -> str:
    said = {name: value for name, value in fields.items() if value is not None}
    return msgspec.json.encode(said).decode()
