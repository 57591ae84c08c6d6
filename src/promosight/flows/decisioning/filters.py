"""Filters: which offers may be chosen for a customer at all, before any probability, and why the others may not.

What is about the customer (eligibility, opt-outs, the frequency cap, windows of time) is asked once; what limits leave
is asked again whenever something was taken of them, so that nothing has to be refused after the draw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promosight.flows.decisioning.boards import Board, Place
from promosight.flows.decisioning.decisions_kept import Excluded
from promosight.flows.decisioning.histories import Past
from promosight.flows.decisioning.rooms import Rooms
from promosight.rules.decisioning import Settings
from promosight.rules.eligibility import Barrier, Person, barrier_of_offer, barrier_of_person
from promosight.rules.instants import format_instant
from promosight.store.catalogue import Catalogue

Flags = NDArray[np.bool_]
Wanted = tuple[str, str | None]
"""A candidate: a promotion, and a tier if it names one."""


class Customer(NamedTuple):
    """Whom a decision is about."""

    customer_id: str
    customer_no: int
    person: Person
    past: Past


class Question(NamedTuple):
    """What is asked of a decision."""

    decision_id: str
    candidates: tuple[Wanted, ...] | None
    assign: bool
    decided_us: int


class Allowed(NamedTuple):
    """Which places on the board may be chosen for a customer as long as there is room, and what was taken out, and why.

    `wanted` are those that were asked for.
    """

    open: Flags
    wanted: Flags
    excluded: list[Excluded]


class Filters:
    """The filters of one workspace in one transaction."""

    def __init__(
        self, catalogue: Catalogue, settings: Settings, board: Board, rooms: Rooms
    ) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._board = board
        self._rooms = rooms

    def allowed(self, customer: Customer, asked: Question) -> Allowed:
        """What may be chosen as far as the customer and the time decide."""
        board, person, at_us = self._board, customer.person, asked.decided_us
        wanted, excluded = self._wanted(asked)
        barrier = barrier_of_person(person, customer.past.lately, self._settings.frequency_cap)
        if barrier is not None:
            ids = {board.places[at].listed.promotion_id: None for at in np.flatnonzero(wanted)}
            excluded = excluded + [Excluded(one, None, *barrier) for one in ids]
            return Allowed(board.nothing, wanted, excluded)
        open_ = wanted
        if not board.since_us <= at_us < board.until_us:
            open_ = wanted & (board.starts_us <= at_us) & (at_us < board.ends_us)
        closer = board.closer if not person.opt_outs else range(len(board.places))
        shut = [at for at in closer if open_[at] and self._barrier(at, customer, at_us)]
        if shut:
            open_ = open_.copy()
            open_[shut] = False
        if open_ is not wanted:
            told: dict[str, Excluded] = {}
            for at in np.flatnonzero(wanted & ~open_).tolist():
                why, named = self._barrier(at, customer, at_us), board.kept[at].promotion_id
                assert why is not None
                told.setdefault(named, Excluded(named, None, *why))
            excluded = [*excluded, *told.values()]
        return Allowed(open_, wanted, excluded)

    def full(self, allowed: Allowed) -> list[Excluded]:
        """What would be open to the customer if limits had left room for it."""
        board, shut = self._board, self._rooms.shut
        return [
            Excluded(board.kept[at].promotion_id, board.kept[at].tier_id, *self._rooms.why(at))
            for at in np.flatnonzero(allowed.open & shut).tolist()
        ]

    def _barrier(self, at: int, customer: Customer, at_us: int) -> Barrier | None:
        place: Place = self._board.places[at]
        if at_us < place.starts_us:
            return Barrier("not_started", f"starts at {format_instant(place.starts_us)}")
        if at_us >= place.ends_us:
            return Barrier("ended", f"ended at {format_instant(place.ends_us)}")
        listed = place.listed
        times = customer.past.times.get(listed.promotion_no, 0)
        return barrier_of_offer(listed.promotion_id, place.terms, customer.person, times)

    def _wanted(self, asked: Question) -> tuple[Flags, list[Excluded]]:
        """The places asked for, and those that are on no board."""
        board = self._board
        if asked.candidates is None:
            return board.everything, []
        found = board.nothing.copy()
        excluded: list[Excluded] = []
        for promotion_id, tier_id in asked.candidates:
            places = board.by_promotion.get(promotion_id)
            if places is None:
                excluded.append(Excluded(promotion_id, tier_id, *self._not_there(promotion_id)))
                continue
            if tier_id is not None:
                places = [at for at in places if board.places[at].tier_id == tier_id]
            if not places:
                why = Barrier("unknown_tier", f"the promotion has no tier {tier_id}")
                excluded.append(Excluded(promotion_id, tier_id, *why))
            found[places] = True
        return found, excluded

    def _not_there(self, promotion_id: str) -> Barrier:
        listed = self._catalogue.by_id.get(promotion_id)
        if listed is None or listed.definition is None:
            return Barrier("unknown_promotion", f"there is no promotion {promotion_id}")
        status = listed.definition.status
        return Barrier(status, f"the promotion is {status}")
