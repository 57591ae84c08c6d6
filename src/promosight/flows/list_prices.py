"""Prices of a list: what budgets and caps are worth to many customers who are decided on together.

Who comes first on a list says nothing, so a place under a cap goes to whom it is worth most: the prices at which the
list would take just what there is (rules/shadow.py) come off the scores before anybody is drawn. The caps themselves
are kept one by one as always. Offers that are limited together are one pool: a promotion, or its tier.
"""

from __future__ import annotations

from math import inf

import numpy as np

from promosight.flows.boards import Board, Floats
from promosight.flows.rooms import Rooms
from promosight.rules.money import MICROS
from promosight.rules.shadow import Pool, priced


def tolls_of(board: Board, rooms: Rooms, p: Floats, worth: Floats) -> tuple[Floats, Floats]:
    """For each place the price of a unit of its budget, if redeemed, and what a promise uses whatever comes of it.

    `p` and `worth` are customer x place, with -inf where somebody may not be offered something.
    """
    none = np.zeros(len(board.places))
    if not rooms.by_no:
        return none, none
    pools, pool_of = _pools(board, rooms)
    found = priced(p, worth, board.taken, pool_of, pools, "full")
    return none, found.of_arms(p[:1], board.taken, pool_of, "full")


def _pools(board: Board, rooms: Rooms) -> tuple[list[Pool], np.typing.NDArray[np.intp]]:
    """The pools, and which each place belongs to; the first is without limits."""
    pools, numbers = [Pool()], {(0, ""): 0}
    pool_of = np.zeros(len(board.places), np.intp)
    for at, place in enumerate(board.places):
        room = rooms.by_no.get(place.listed.promotion_no)
        if room is None:
            continue
        key = place.listed.promotion_no, (place.tier_id or "") if room.by_tier else ""
        if key not in numbers:
            numbers[key] = len(pools)
            money, times = room.left_for(place.tier_id)
            pools.append(
                Pool(
                    inf if money is None else money / MICROS,
                    inf if times is None else times // MICROS,
                )
            )
        pool_of[at] = numbers[key]
    return pools, pool_of
