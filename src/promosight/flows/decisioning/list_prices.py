"""Prices of a list: what budgets and caps are worth to many customers who are decided on together.

Who comes first on a list says nothing, so a place under a cap goes to whom it is worth most: the prices at which the
list would take just what there is (rules/shadow.py) come off the scores before anybody is drawn. The caps themselves
are kept one by one as always. Offers that are limited together are one pool: a promotion, or its tier.
"""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from promosight.flows.decisioning.boards import Board, Floats
from promosight.flows.decisioning.rooms import Rooms
from promosight.rules.caps import Room
from promosight.rules.money import MICROS
from promosight.rules.pacing import Liability, Reserve
from promosight.rules.shadow import Pool, priced


def tolls_of(board: Board, rooms: Rooms, p: Floats, worth: Floats) -> tuple[Floats, Floats]:
    """For each place the price of a unit of its budget, if redeemed, and what a promise uses whatever comes of it.

    `p` and `worth` are customer x place, with -inf where somebody may not be offered something.
    """
    none = np.zeros(len(board.places))
    if not rooms.by_no:
        return none, none
    pools, pool_of = _pools(board, rooms)
    found = priced(p, worth, board.taken, pool_of, pools, rooms.reserve)
    money, place = found.money[pool_of], found.place[pool_of]
    if rooms.reserve == "full":
        return none, board.taken * money + place
    return money, place


def _pools(board: Board, rooms: Rooms) -> tuple[list[Pool], NDArray[np.intp]]:
    """The pools, and which each place belongs to; the first is without limits."""
    pools, numbers = [Pool()], {(0, ""): 0}
    pool_of = np.zeros(len(board.places), np.intp)
    for at, place in enumerate(board.places):
        no = place.listed.promotion_no
        room = rooms.by_no.get(no)
        if room is None:
            continue
        key = no, (place.tier_id or "") if room.by_tier else ""
        if key not in numbers:
            numbers[key] = len(pools)
            pools.append(_pool(room, place.tier_id, rooms.liabilities.get(no), rooms.reserve))
        pool_of[at] = numbers[key]
    return pools, pool_of


def _pool(room: Room, tier_id: str | None, there: Liability | None, reserve: Reserve) -> Pool:
    """What is left of a promotion's limits. Under `two_sd` open promises are told apart from what is gone."""
    money, times = room.left_for(tier_id)
    budget = inf if money is None else money / MICROS
    places = inf if times is None else times // MICROS
    if reserve == "full" or there is None:
        return Pool(budget, places)
    return Pool(budget + there.face + there.spent, places, there)
