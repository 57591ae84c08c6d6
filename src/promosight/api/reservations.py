"""Reservations over HTTP: ask for a reward within the caps, then confirm it or let it go."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta

from promosight.api.door.bodies import decoded, identified
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.wire import ReservationAnswer
from promosight.errors import PromosightError
from promosight.flows.reserving.granting import Reserve, would_grant
from promosight.flows.reserving.reservations import (
    Change,
    Confirm,
    Release,
    change_reservations,
    find_reservation,
)
from promosight.rules.instants import SECOND_US, format_instant
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.store.rows import Reservation


class NewReservation(msgspec.Struct, kw_only=True):
    """A reward to be held for a customer. With `dry_run` it is only said whether there is room."""

    promotion_id: str
    customer_id: str
    tier_id: Annotated[str | None, Meta(description="Needed where the promotion has tiers.")] = None
    ttl_seconds: Annotated[
        int, Meta(ge=1, le=86_400, description="How long it is held: up to a day.")
    ] = 900
    dry_run: bool = False


class Confirmation(msgspec.Struct):
    """What the assignment shall be called; default: as the reservation."""

    assignment_id: str | None = None


async def reserve(door: Door, call: Call) -> Answer:
    """POST /v1/reservations."""
    wanted = decoded(call.body, NewReservation)
    tier = wanted.tier_id
    asked = Reserve(
        call.workspace_no,
        identified(wanted.promotion_id, "/promotion_id"),
        identified(wanted.customer_id, "/customer_id"),
        None if tier is None else identified(tier, "/tier_id"),
        wanted.ttl_seconds * SECOND_US,
        f"res-{door.fresh(12)}",
        call.now_us,
    )
    if wanted.dry_run:
        found = await asyncio.to_thread(door.store.read, lambda tx: would_grant(tx, asked))
        possible = _described(found, call.now_us)
        possible.reservation_id, possible.state = None, "possible"
        return Answer(possible)
    return Answer(await _changed(door, call, asked), 201)


async def confirm(door: Door, call: Call) -> Answer:
    """POST /v1/reservations/{reservation_id}/confirm."""
    named = decoded(call.body, Confirmation).assignment_id
    change = Confirm(
        call.workspace_no,
        call.caller.source_no,
        call.path("reservation_id"),
        None if named is None else identified(named, "/assignment_id"),
        call.now_us,
    )
    return Answer(await _changed(door, call, change))


async def release(door: Door, call: Call) -> Answer:
    """POST /v1/reservations/{reservation_id}/release."""
    change = Release(call.workspace_no, call.path("reservation_id"), call.now_us)
    return Answer(await _changed(door, call, change))


def show(door: Door, call: Call) -> Answer:
    """GET /v1/reservations/{reservation_id}."""
    reservation_id = call.path("reservation_id")
    found = door.store.read(lambda tx: find_reservation(tx, call.workspace_no, reservation_id))
    return Answer(_described(found, call.now_us))


async def _changed(door: Door, call: Call, change: Change) -> ReservationAnswer:
    loop = asyncio.get_running_loop()
    found = await door.store.submit_from(loop, change_reservations, change)
    if isinstance(found, PromosightError):
        raise found
    return _described(found, call.now_us)


def _described(found: Reservation, now_us: int) -> ReservationAnswer:
    micros = found.reward_micros
    return ReservationAnswer(
        reservation_id=found.reservation_id,
        state=found.state_at(now_us),
        promotion_id=found.promotion_id,
        customer_id=found.customer_id,
        tier_id=found.tier_id,
        reward_value=None if micros is None else format_amount(micros, found.currency),
        currency=found.currency.removeprefix(UNIT_MARK),
        expires_at=format_instant(found.expires_us),
        assignment_id=UNSET if found.assignment_id is None else found.assignment_id,
    )
