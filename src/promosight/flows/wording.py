"""Reasons: a decision in words a marketer understands, from the numbers it was made of."""

from __future__ import annotations

from promosight.flows.boards import Board
from promosight.flows.histories import Past
from promosight.rules.policy import Choice
from promosight.store.catalogue import Catalogue


def said_of(
    catalogue: Catalogue, board: Board, open_: list[int], choice: Choice, past: Past
) -> list[str]:
    """Why this choice: what the customer did before, what is expected, whether it was a try."""
    if not open_:
        return ["No offer is open to this customer now."]
    if choice.index is None:
        tried = "No offer was drawn, to see what happens without one."
        return [tried if choice.explored else "No offer is worth more than it costs here."]
    place = board.places[open_[choice.index]]
    said = [_history(catalogue, board, open_[choice.index], past)]
    p = float(choice.p_hat[choice.index])
    worth = float(choice.scores[choice.index])
    unit = "" if board.by_redemption else f" {catalogue.workspace.currency}"
    if board.by_redemption:
        said.append(f"It is redeemed with a probability of {_percent(p)}.")
    else:
        said.append(
            f"It is redeemed with a probability of {_percent(p)} and then brings "
            f"{place.value:.2f}{unit} at a cost of {place.cost:.2f}{unit}: {worth:.2f}{unit} expected."
        )
    if choice.explored:
        said.append(
            f"It was drawn to learn (probability {_percent(choice.propensity)}); "
            f"{_best(board, open_, choice)} looked better."
        )
    elif rival := _rival(board, open_, choice):
        said.append(rival)
    return [one for one in said if one]


def _history(catalogue: Catalogue, board: Board, at: int, past: Past) -> str:
    """What the customer did with offers like this."""
    listed = board.places[at].listed
    own = past.records.get(listed.promotion_no)
    if own is not None and own.assigned:
        return f"The customer redeemed {own.redeemed} of {own.assigned} times this promotion."
    assert listed.definition is not None
    kind, reward = listed.definition.kind, listed.definition.reward.type
    alike = [r for r in past.records.values() if r.kind == kind and r.reward_type == reward]
    assigned = sum(one.assigned for one in alike)
    if assigned:
        redeemed = sum(one.redeemed for one in alike)
        return f"The customer redeemed {redeemed} of {assigned} {kind} offers of this reward type ({reward})."
    if past.records:
        return "The customer was never given an offer like this."
    return "Nothing is known of the customer yet."


def _best(board: Board, open_: list[int], choice: Choice) -> str:
    return "no offer" if choice.best is None else _name(board, open_[choice.best])


def _rival(board: Board, open_: list[int], choice: Choice) -> str:
    """The next best offer, and how the customer would take it."""
    assert choice.index is not None
    others = [i for i in range(len(open_)) if i != choice.index]
    if not others:
        return ""
    second = max(others, key=lambda i: float(choice.scores[i]))
    mine, theirs = float(choice.p_hat[choice.index]), float(choice.p_hat[second])
    return f"Next best is {_name(board, open_[second])} ({_percent(theirs)} against {_percent(mine)})."


def _name(board: Board, at: int) -> str:
    place = board.places[at]
    tier = "" if place.tier_id is None else f" ({place.tier_id})"
    return place.listed.promotion_id + tier


def _percent(p: float) -> str:
    return f"{100 * p:.0f}%" if p >= 0.1 else f"{100 * p:.1f}%"
