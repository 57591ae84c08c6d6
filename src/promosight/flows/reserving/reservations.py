"""Reservations: Promosight grants a reward within the caps, holds it, and makes an assignment of it or lets it go.

All that waited together is worked off together, under a lock for each promotion it is about: first what gives room
back, then what becomes an assignment, then the grants, each decided by `rules.caps` on what the counters and the
reservations say at that moment. Nothing is looked at before the lock is had, so the caps hold however many
processes grant at once. An expected answer such as a cap that is reached is a value here: raised, it would undo
the grants of everybody else in the transaction.

Locks are taken in this order: promotions, then buckets and numbers (of the assignments), then the counters. So
these changes have transactions of their own (`Store.submit_from`, `apart`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from promosight.errors import Conflict, NotFound, PromosightError
from promosight.flows.reserving.confirming import assign
from promosight.flows.reserving.granting import Reserve, grant_all, lock_of
from promosight.store.catalogue import load
from promosight.store.rows import Reservation
from promosight.store.tx import Tx


class Confirm(NamedTuple):
    """A reservation is to become an assignment, named by its own id unless another one is given."""

    workspace_no: int
    source_no: int
    reservation_id: str
    assignment_id: str | None
    now_us: int


class Release(NamedTuple):
    """A reservation is not wanted any more."""

    workspace_no: int
    reservation_id: str
    now_us: int


Change = Reserve | Confirm | Release
Answer = Reservation | PromosightError


def change_reservations(tx: Tx, changes: list[Change]) -> list[Answer]:
    """Makes changes; for each what the reservation is now, or why not."""
    answers: list[Answer | None] = [None] * len(changes)
    for workspace_no in sorted({change.workspace_no for change in changes}):
        theirs = [i for i, change in enumerate(changes) if change.workspace_no == workspace_no]
        made = _change(tx, workspace_no, [changes[i] for i in theirs])
        for i, answer in zip(theirs, made, strict=True):
            answers[i] = answer
    return [answer for answer in answers if answer is not None]


def find_reservation(tx: Tx, workspace_no: int, reservation_id: str) -> Reservation:
    """A reservation by its id. Raises NotFound."""
    rows = tx.all_for("reservations_of", [(reservation_id,)], workspace_no=workspace_no)
    if not rows:
        raise _unknown(reservation_id)
    return Reservation(*rows[0])


def _change(tx: Tx, workspace_no: int, changes: list[Change]) -> list[Answer]:
    settled = [one for one in changes if not isinstance(one, Reserve)]
    wanted = [one for one in changes if isinstance(one, Reserve)]
    ids = sorted({one.reservation_id for one in settled})
    there = _found(tx, workspace_no, ids)
    promotion_ids = {one.promotion_id for one in wanted} | {
        one.promotion_id for one in there.values()
    }
    tx.lock(workspace_no, set(map(lock_of, promotion_ids)))
    there = _found(tx, workspace_no, ids)
    _release(tx, there, [one for one in settled if isinstance(one, Release)])
    refused = _confirm(tx, there, [one for one in settled if isinstance(one, Confirm)])
    granted = iter(grant_all(tx, load(tx, workspace_no), wanted) if wanted else ())
    return [
        next(granted) if isinstance(one, Reserve) else _answer(one, there, refused)
        for one in changes
    ]


def _found(tx: Tx, workspace_no: int, ids: list[str]) -> dict[str, Reservation]:
    rows = tx.all_for("reservations_of", [(one,) for one in ids], workspace_no=workspace_no)
    return {row[0]: Reservation(*row) for row in rows}


def _release(tx: Tx, there: dict[str, Reservation], releases: Iterable[Release]) -> None:
    at_us = {one.reservation_id: one.now_us for one in releases}
    ids = sorted(at_us.keys() & there.keys())
    left = [there[one] for one in ids if there[one].state != "confirmed"]
    rows = [(one.reservation_id, at_us[one.reservation_id]) for one in left]
    tx.run_many("release_reservations", rows)
    for one in left:
        there[one.reservation_id] = msgspec.structs.replace(one, state="released")


def _confirm(
    tx: Tx, there: dict[str, Reservation], confirms: list[Confirm]
) -> dict[Confirm, PromosightError]:
    """Makes assignments of those still held; returns which could not be made."""
    first: dict[str, Confirm] = {}
    for one in confirms:
        found = there.get(one.reservation_id)
        if found is not None and found.state_at(one.now_us) == "held":
            first.setdefault(one.reservation_id, one)
    refused: dict[Confirm, PromosightError] = {}
    rows: list[tuple[str, str, int]] = []
    asked = list(first.values())
    named = [
        (there[one.reservation_id], one.source_no, one.assignment_id, one.now_us) for one in asked
    ]
    for one, made in zip(asked, assign(tx, named), strict=True):
        if isinstance(made, PromosightError):
            refused[one] = made
            continue
        rows.append((one.reservation_id, made, one.now_us))
        there[one.reservation_id] = msgspec.structs.replace(
            there[one.reservation_id], state="confirmed", assignment_id=made
        )
    tx.run_many("confirm_reservations", sorted(rows))
    return refused


def _answer(
    change: Confirm | Release,
    there: dict[str, Reservation],
    refused: dict[Confirm, PromosightError],
) -> Answer:
    found = there.get(change.reservation_id)
    if found is None:
        return _unknown(change.reservation_id)
    if isinstance(change, Release):
        return _already(found, "confirmed") if found.state == "confirmed" else found
    if change in refused:
        return refused[change]
    state = found.state_at(change.now_us)
    if state == "confirmed" and change.assignment_id not in (None, found.assignment_id):
        return Conflict(
            f"it was confirmed as {found.assignment_id}",
            code="event_conflict",
            pointer="/assignment_id",
        )
    return found if state == "confirmed" else _already(found, state)


def _already(found: Reservation, state: str) -> Conflict:
    if state == "held":  # its confirmation beside this one could not be made
        return Conflict("it is being confirmed with another assignment_id", code="event_conflict")
    return Conflict(
        f"the reservation {found.reservation_id} is {state}", code=f"reservation_{state}"
    )


def _unknown(reservation_id: str) -> NotFound:
    return NotFound(f"there is no reservation {reservation_id}")
