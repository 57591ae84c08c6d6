"""Rooms: what the limits of the offers on a board leave, while decisions take of it one after the other.

`shut` says of every place whether there is no room for it. Under the reserve `full` a promise takes its whole value of
a budget; under `two_sd` it takes what it is expected to come to and two standard deviations (rules/pacing.py), and the
budget's room is that of its liability. Limits by count are exact under both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from promosight.flows.boards import Board, Place
from promosight.rules.caps import Grant, Room, named
from promosight.rules.eligibility import Barrier
from promosight.rules.money import UNIT_MARK

Floats = NDArray[np.float64]


class Rooms:
    """The room of each place of a board."""

    def __init__(self, board: Board, rooms: dict[int, Room]) -> None:
        self._board = board
        self.by_no = rooms
        self.shut = np.zeros(len(board.places), np.bool_)
        for no in rooms:
            self._look(no)

    def take(self, at: int, p: float) -> bool:
        """Takes the room of a promise redeemed with probability `p`; says whether it shuts something."""
        no = self._board.places[at].listed.promotion_no
        room = self.by_no.get(no)
        if room is None:
            return False
        room.take(self._grant(at))
        return self._look(no)

    def why(self, at: int) -> Barrier:
        """Why a place is shut."""
        place = self._board.places[at]
        full = self.by_no[place.listed.promotion_no].full_for(self._grant(at))
        assert full is not None, "whatever is shut was so for want of room"
        what = named(full, place.listed.terms.currency.removeprefix(UNIT_MARK))
        return Barrier("cap_reached", f"{what} leaves no room for it")

    def _look(self, no: int) -> bool:
        moved = False
        for at in self._board.by_no.get(no, ()):
            if not self.shut[at] and self.by_no[no].full_for(self._grant(at)) is not None:
                self.shut[at] = moved = True
        return moved

    def _grant(self, at: int) -> Grant:
        place: Place = self._board.places[at]
        return Grant(place.tier_id, place.reward_micros)
