"""Rooms: what the limits of the offers on a board leave, while decisions take of it one after the other.

`shut` says of every place whether there is no room for it. Under the reserve `full` a promise takes its whole value of
a budget; under `two_sd` promises of decisions together take what they are expected to come to and two standard
deviations (rules/pacing.py). What the brand reports and what reservations hold counts in full under both, and limits by
count, of a day or of a tier are exact under both.
"""

from __future__ import annotations

import numpy as np

from promosight.flows.decisioning.boards import Board, Place
from promosight.rules.caps import Grant, Room, named
from promosight.rules.eligibility import Barrier
from promosight.rules.money import MICROS, UNIT_MARK
from promosight.rules.pacing import Liability, Reserve, reserved
from promosight.rules.promotions import Limit

_TRIED = (0.1, 0.3, 0.5, 0.7, 0.85, 1.0)
"""Probabilities at one of which a promise takes the most; who it is made to must not matter."""


def free_for_promises(room: Room, there: Liability) -> float | None:
    """What the open promises of decisions may come to; None without a budget.

    A redemption is counted at once and learned of a moment later; until then its promise still seems open. So what
    is free is never more than what is not redeemed.
    """
    left, unspent = room.budget_left, room.budget_unspent
    if left is None or unspent is None:
        return None
    return min(left / MICROS + there.face, unspent / MICROS)


class Rooms:
    """The room of each place of a board. `liabilities` are of the promotions with a budget."""

    def __init__(
        self,
        board: Board,
        rooms: dict[int, Room],
        liabilities: dict[int, Liability],
        reserve: Reserve,
    ) -> None:
        self._board = board
        self.reserve: Reserve = reserve
        self.liabilities = liabilities
        self.promised: list[tuple[int, float, float]] = []
        """What was promised here: promotion, cost and probability."""
        self.by_no = rooms
        self.shut = np.zeros(len(board.places), np.bool_)
        for no in rooms:
            self._look(no)

    def take(self, at: int, p: float) -> bool:
        """Takes the room of a promise redeemed with probability `p`; says whether it shuts something."""
        place = self._board.places[at]
        no = place.listed.promotion_no
        room = self.by_no.get(no)
        if room is None:
            return False
        room.book(self._grant(at))
        if room.budget_left is not None and place.taken:
            self.liabilities[no] = self.liabilities.get(no, Liability()).promise(place.taken, p)
            self.promised.append((no, place.taken, p))
        return self._look(no)

    def why(self, at: int) -> Barrier:
        """Why a place is shut."""
        place = self._board.places[at]
        full = self._full(at)
        assert full is not None, "whatever is shut was so for want of room"
        what = named(full, place.listed.terms.currency.removeprefix(UNIT_MARK))
        return Barrier("cap_reached", f"{what} leaves no room for it")

    def _look(self, no: int) -> bool:
        moved = False
        for at in self._board.by_no.get(no, ()):
            if not self.shut[at] and self._full(at) is not None:
                self.shut[at] = moved = True
        return moved

    def _full(self, at: int) -> Limit | None:
        """The limit without room for one more promise, to whomever it is made."""
        place = self._board.places[at]
        room = self.by_no[place.listed.promotion_no]
        there = self.liabilities.get(place.listed.promotion_no, Liability())
        free = free_for_promises(room, there)
        if self.reserve == "full" or free is None or not place.taken:
            return room.full_for(self._grant(at))
        most = max(reserved(there.promise(place.taken, p), self.reserve) for p in _TRIED)
        if most > free:
            return room.budget
        return room.full_for(self._grant(at), budgets=False)

    def _grant(self, at: int) -> Grant:
        place: Place = self._board.places[at]
        return Grant(place.tier_id, place.reward_micros)
