"""Granting: which of several asked-for rewards fit the caps, decided one after the other.

The promotions are locked already. What has expired is marked so first: from then on its room is free, and it can
never be confirmed, whatever the clock of whoever tries.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.errors import Conflict, Invalid, NotFound, PromosightError
from promosight.flows.figures.sums import Sums
from promosight.flows.figures.usage import Windows
from promosight.flows.ledger.counters import COUNTERS_LOCK
from promosight.flows.ledger.held import Held, held_now, held_of
from promosight.flows.ledger.limit_cells import has_limits
from promosight.flows.ledger.outstanding import Outstanding
from promosight.rules.caps import Grant, Room, named
from promosight.rules.identity import stable_hash
from promosight.rules.instants import kept_instant
from promosight.rules.matching import promised_micros
from promosight.rules.money import UNIT_MARK
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.rows import Reservation
from promosight.store.tx import Tx

_LOCKS = 1 << 24
"""Locks below zero keep the grants of a promotion to one process: they are taken before those of customers."""


def lock_of(promotion_id: str) -> int:
    """By its id, which is known before anything is looked up. Two that share a lock wait for each other at times."""
    return -1 - stable_hash(promotion_id) % _LOCKS


class Reserve(NamedTuple):
    """A reward is to be held for a customer, for so long."""

    workspace_no: int
    promotion_id: str
    customer_id: str
    tier_id: str | None
    ttl_us: int
    reservation_id: str
    now_us: int


def grant_all(
    tx: Tx, catalogue: Catalogue, asked: list[Reserve]
) -> list[Reservation | PromosightError]:
    """Grants what fits; for each the reservation, or why there is none."""
    answers: list[Reservation | PromosightError] = [_alone(catalogue, one) for one in asked]
    fit = [(i, one) for i, one in enumerate(answers) if isinstance(one, Reservation)]
    _expire(tx, [one for _, one in fit])
    if any(has_limits(catalogue.by_no[one.promotion_no]) for _, one in fit):
        # Nobody may move counters from the log to the tallies between two looks.
        tx.lock(catalogue.workspace.workspace_no, [COUNTERS_LOCK])
    for day in sorted({catalogue.days.day(one.created_us) for _, one in fit}):
        today = [(i, one) for i, one in fit if catalogue.days.day(one.created_us) == day]
        for i, refused in _grant(tx, catalogue, today):
            answers[i] = refused
    return answers


def would_grant(tx: Tx, asked: Reserve) -> Reservation:
    """What a reservation would be; nothing is kept. Raises the error that would refuse it."""
    catalogue = load(tx, asked.workspace_no)
    one = _alone(catalogue, asked)
    if isinstance(one, PromosightError):
        raise one
    listed = catalogue.by_no[one.promotion_no]
    held = held_now(tx, catalogue, now_us=asked.now_us)
    room = rooms_of(tx, catalogue, [listed], held, asked.now_us)[listed.promotion_no]
    if refused := _taken(room, listed, one):
        raise refused
    return one


def _alone(catalogue: Catalogue, asked: Reserve) -> Reservation | PromosightError:
    """The reservation as far as its promotion alone decides, or why not."""
    listed = catalogue.by_id.get(asked.promotion_id)
    if listed is None or listed.definition is None:
        return NotFound(f"there is no promotion {asked.promotion_id}")
    refused = _inactive(listed, asked.now_us) or _wrong_tier(listed, asked.tier_id)
    if refused:
        return refused
    return Reservation(
        reservation_id=asked.reservation_id,
        workspace_no=asked.workspace_no,
        promotion_no=listed.promotion_no,
        promotion_id=listed.promotion_id,
        customer_id=asked.customer_id,
        tier_id=asked.tier_id,
        reward_micros=promised_micros(listed.terms, None, asked.tier_id),
        currency=listed.terms.currency,
        state="held",
        created_us=asked.now_us,
        expires_us=asked.now_us + asked.ttl_us,
        assignment_id=None,
    )


def _inactive(listed: Listed, now_us: int) -> Conflict | None:
    definition = listed.definition
    assert definition is not None
    why = None
    if definition.status != "active":
        why = f"is {definition.status}"
    elif definition.starts_at is not None and now_us < kept_instant(definition.starts_at):
        why = f"starts at {definition.starts_at}"
    elif definition.ends_at is not None and now_us >= kept_instant(definition.ends_at):
        why = f"ended at {definition.ends_at}"
    if why is None:
        return None
    return Conflict(f"the promotion {listed.promotion_id} {why}", code="not_active")


def _wrong_tier(listed: Listed, tier_id: str | None) -> Invalid | None:
    definition = listed.definition
    assert definition is not None
    tiers = [one.tier_id for one in definition.tiers]
    if tier_id is None and definition.kind != "tiered":
        return None
    if tier_id in tiers:
        return None
    why = "must be one of " + ", ".join(tiers) if tiers else "the promotion has no tiers"
    return Invalid(why, pointer="/tier_id")


def _expire(tx: Tx, wanted: list[Reservation]) -> None:
    latest: dict[tuple[int, int], int] = {}
    for one in wanted:
        where = one.workspace_no, one.promotion_no
        latest[where] = max(one.created_us, latest.get(where, 0))
    expire(tx, latest)


def expire(tx: Tx, latest: dict[tuple[int, int], int]) -> None:
    """Marks what has expired of promotions (workspace, promotion) by a moment: its room is free from then on."""
    tx.run_many("expire_reservations", [(*where, at) for where, at in sorted(latest.items())])


def _grant(
    tx: Tx, catalogue: Catalogue, wanted: list[tuple[int, Reservation]]
) -> list[tuple[int, Conflict]]:
    """Keeps those of one day that fit; returns the others, and why."""
    listed = {no: catalogue.by_no[no] for no in {one.promotion_no for _, one in wanted}}
    held = held_of(tx, catalogue, (no for no, one in listed.items() if has_limits(one)))
    rooms = rooms_of(tx, catalogue, list(listed.values()), held, wanted[0][1].created_us)
    refused: list[tuple[int, Conflict]] = []
    granted: list[Reservation] = []
    for i, one in wanted:
        why = _taken(rooms[one.promotion_no], listed[one.promotion_no], one)
        if why is None:
            granted.append(one)
        else:
            refused.append((i, why))
    tx.run_many("add_reservations", [one.columns for one in granted])
    return refused


def _taken(room: Room, listed: Listed, one: Reservation) -> Conflict | None:
    full = room.take(Grant(one.tier_id, one.reward_micros or 0))
    if full is None:
        return None
    what = named(full, listed.terms.currency.removeprefix(UNIT_MARK))
    return Conflict(f"{what} leaves no room for it", code="cap_reached")


def rooms_of(
    tx: Tx, catalogue: Catalogue, promotions: list[Listed], held: Held, now_us: int
) -> dict[int, Room]:
    """What the limits of promotions leave, by promotion. Grants of them rely on their locks."""
    limited = [one for one in promotions if has_limits(one)]
    rooms = {one.promotion_no: Room((), ()) for one in promotions}
    if not limited:
        return rooms
    outstanding = Outstanding(tx, catalogue.workspace.workspace_no)
    totals = outstanding.totals()
    windows = Windows(outstanding, catalogue, held, now_us=now_us)
    windows.want(limited)
    for one in limited:
        assert one.definition is not None
        sums = Sums(totals.get(one.promotion_no, {}).items())
        used, redeemed = windows.promised(one, sums), windows.redeemed(one, sums)
        rooms[one.promotion_no] = Room(one.definition.limits, used, redeemed)
    return rooms
