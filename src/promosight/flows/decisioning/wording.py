"""Reasons: a decision in words a marketer understands, from the numbers it was made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promosight.flows.decisioning.boards import Board, Place
from promosight.flows.decisioning.histories import Past
from promosight.rules.policy import Choices
from promosight.store.catalogue import Catalogue

Floats = NDArray[np.float64]


NOTHING_OPEN = "No offer is open to this customer now."


class Drawn(NamedTuple):
    """One decision as it was drawn, over the places of the board that were open; "none" is the last.

    `at` and `best` are places among the open ones, `len(open_)` for none. `own`: how many times the average the
    customer's orders are.
    """

    open_: NDArray[np.intp]
    at: int
    best: int
    p_hat: Floats
    pmf: Floats
    scores: Floats
    own: float
    place: int | None
    """The place on the board that was drawn."""

    @staticmethod
    def of(choices: Choices, i: int, open_: NDArray[np.intp], best: int, own: float) -> Drawn:
        """The decision on one of many customers; `best` is a column of the choices."""
        drawn, last = int(choices.index[i]), choices.p_hat.shape[1]
        p_hat, pmf, scores = choices.p_hat[i], choices.pmf[i], choices.scores[i]
        if len(open_) == last:
            place = None if drawn == last else drawn
            return Drawn(open_, drawn, best, p_hat, pmf, scores, own, place)
        whole = np.append(open_, last)
        at, best_at = np.searchsorted(whole, (drawn, best)).tolist()
        place = None if at == len(open_) else int(open_[at])
        return Drawn(open_, at, best_at, p_hat[open_], pmf[whole], scores[whole], own, place)


def said_of(catalogue: Catalogue, board: Board, row: Drawn, past: Past) -> list[str]:
    """Why this choice: what the customer did before, what is expected, whether it was a try."""
    if not len(row.open_):
        return [NOTHING_OPEN]
    if row.place is None:
        tried = "No offer was drawn, to see what happens without one."
        return [tried if row.at != row.best else "No offer is worth more than it costs here."]
    place = board.places[row.place]
    said = [_history(place, past)]
    p = float(row.p_hat[row.at])
    if board.by_redemption:
        said.append(f"It is redeemed with a probability of {_percent(p)}.")
    else:
        unit = catalogue.workspace.currency
        value, cost = board.kept[row.place].worth(row.own)
        worth = p * (value - cost)
        said.append(
            f"It is redeemed with a probability of {_percent(p)} and then brings "
            f"{value:.2f} {unit} at a cost of {cost:.2f} {unit}: {worth:.2f} {unit} expected."
        )
    if row.at != row.best:
        share = _percent(float(row.pmf[row.at]))
        said.append(
            f"It was drawn to learn (probability {share}); {_name(board, row, row.best)} looked better."
        )
    elif len(row.open_) > 1:
        rest = row.scores[:-1].copy()
        rest[row.at] = -np.inf
        second = int(rest.argmax())
        theirs = _percent(float(row.p_hat[second]))
        said.append(f"Next best is {_name(board, row, second)} ({theirs} against {_percent(p)}).")
    return said


def _history(place: Place, past: Past) -> str:
    """What the customer did with offers like this."""
    listed = place.listed
    own = past.records.get(listed.promotion_no)
    if own is not None and own.assigned:
        given, used = _times(own.assigned), _times(own.redeemed)
        return f"The customer was given this promotion {given} and redeemed it {used}."
    assert listed.definition is not None
    kind, reward = listed.definition.kind, listed.definition.reward.type
    alike = [r for r in past.records.values() if r.kind == kind and r.reward_type == reward]
    assigned = sum(one.assigned for one in alike)
    if assigned:
        redeemed = sum(one.redeemed for one in alike)
        offers = "offer" if assigned == 1 else "offers"
        return (
            f"The customer was given {assigned} {kind} {offers} of this reward type ({reward}) "
            f"and redeemed such {_times(redeemed)}."
        )
    if past.records:
        return "The customer was never given an offer like this."
    return "Nothing is known of the customer yet."


def _times(count: int) -> str:
    """How often; a reward may be used more often than it was given."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _name(board: Board, row: Drawn, at: int) -> str:
    if at == len(row.open_):
        return "no offer"
    place = board.places[int(row.open_[at])]
    tier = "" if place.tier_id is None else f" ({place.tier_id})"
    return place.listed.promotion_id + tier


def _percent(p: float) -> str:
    return f"{100 * p:.0f}%" if p >= 0.1 else f"{100 * p:.1f}%"
