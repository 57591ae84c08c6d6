"""One more redemption of a group, or one more reversal, judged without the others.

It is judged by what is known of how the group's assignments are used.

A customer may come thousands of times: a shop that calls every guest `guest`. To match all that they ever did for each
further redemption would make it dearer with every one. Mostly it need not be: a redemption that finds everything used
up takes nothing from anybody, and one that takes a use which nobody wanted leaves the others what they have. What
`match` would say of the whole group is known then, of the new one and of all others. Where it is not, this says so,
and the group is to be matched.

Why the others stay as they are. A redemption takes, when its turn comes, the best assignment of its choice: an unused
one before a used one, a later one before an earlier one. One more use makes an assignment worse for those whose turn
comes later, and changes none of the others. So it can matter only to those who took that very assignment: the first of
them, if it is not the first any more, and the last, if the uses do not suffice for all. Reversed redemptions have
their turn after all others, and use up nothing. In the same way a use that is given back matters to nobody where it was
not the first and there were others left.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from promosight.rules.matching import (
    Given,
    Used,
    Verdict,
    candidates,
    decided,
    is_reversed,
    most_uses,
    take,
)
from promosight.rules.promotions import Terms

Turn = tuple[int, int, str]
"""When a redemption has its turn: the rank of its reference, its time, its id. Two sources may use the same id, so
that two turns may be equal: then which comes first is not known here."""


class Uses(msgspec.Struct, gc=False):
    """How an assignment is used: by how many live redemptions, the first and the last in the order of their turns,
    and the earliest time; and how many that are reversed stand at it.

    `last` may be one that was reversed since: none that lives came later.
    """

    count: int = 0
    undone: int = 0
    redeemed_us: int | None = None
    first: Turn | None = None
    last: Turn | None = None

    def add(self, turn: Turn) -> None:
        """One more live redemption takes it."""
        self.count += 1
        self.redeemed_us = turn[1] if self.redeemed_us is None else min(self.redeemed_us, turn[1])
        self.first = turn if self.first is None else min(self.first, turn)
        self.last = turn if self.last is None else max(self.last, turn)


def turn_at(
    given: Given,
    redeemed_us: int,
    event_id: str,
    *,
    assignment_id: str | None,
    promo_code: str | None,
    campaign_id: str | None,
) -> Turn:
    """The turn of a redemption that took this assignment: as `candidates` has ranked what it names."""
    if assignment_id is not None and assignment_id == given.public_id:
        rank = 1
    elif promo_code is not None and promo_code == given.promo_code:
        rank = 2
    elif campaign_id is not None and campaign_id == given.campaign_id:
        rank = 3
    else:
        rank = 4
    return rank, redeemed_us, event_id


def one_more(
    terms: Terms, given: list[Given], uses: Mapping[int, Uses], one: Used
) -> Verdict | None:
    """The verdict on a redemption that joins a group; None where only matching the group can tell.

    `uses` has those of every slot, and what takes one is added. Nothing of the redemption is reversed.
    """
    if one.fixed is not None or one.code_is_foreign:
        return decided(terms, one, live=True)
    rank, choice = candidates(given, one)
    turn = (rank, one.redeemed_us, one.event_id)
    before: dict[int, int] = {}
    for a in choice:
        count = _uses_before(uses[a.slot], turn)
        if count is None:
            return None
        before[a.slot] = count
    verdict = take(terms, one, choice, before, live=True)
    if verdict.slot is not None:
        taken = next(a for a in choice if a.slot == verdict.slot)
        if not _leaves_others(uses[taken.slot], turn, most_uses(terms, taken)):
            return None
        uses[taken.slot].add(turn)
    return verdict


def _uses_before(uses: Uses, turn: Turn) -> int | None:
    """How often an assignment was used before this turn: exactly, or 1 where there were some and more are to come.

    Then there is a use left, as those to come have one. None where the order is not known.
    """
    if uses.first is None or uses.last is None or turn < uses.first:
        return 0
    if turn in (uses.first, uses.last):
        return None
    return uses.count if turn > uses.last else 1


def _leaves_others(uses: Uses, turn: Turn, most: int) -> bool:
    """Whether taking this assignment leaves those who took it what they have."""
    if uses.first is None:
        return not uses.undone
    is_first, uses_up = turn < uses.first, uses.count + 1 >= most
    if uses_up and uses.undone:
        return False
    return not is_first and uses.count < most


def one_less(
    terms: Terms,
    given: list[Given],
    uses: Mapping[int, Uses],
    one: Used,
    slot: int | None,
    *,
    was_live: bool,
) -> Verdict | None:
    """The verdict on a redemption of which more is reversed than before; None as in `one_more`.

    `slot`: what it took, or stood at. Where it is reversed as a whole now, `uses` are made what they are without it.
    """
    if one.fixed is not None or one.code_is_foreign:
        return decided(terms, one, live=not is_reversed(terms, one, []))
    rank, choice = candidates(given, one)
    live = not is_reversed(terms, one, choice)
    if slot is None:
        # What it may take was used up when it had its turn, and still is at the end.
        used_up = {a.slot: most_uses(terms, a) for a in choice}
        return take(terms, one, choice, used_up, live=live)
    if live:
        own = [a for a in choice if a.slot == slot]
        return take(terms, one, own, {}, live=True) if was_live else None
    if was_live:
        turn = (rank, one.redeemed_us, one.event_id)
        most = next(most_uses(terms, a) for a in choice if a.slot == slot)
        if not _is_spare(uses[slot], turn, most):
            return None
        uses[slot].count -= 1
    verdict = take(terms, one, choice, {a.slot: uses[a.slot].count for a in choice}, live=False)
    if was_live and verdict.slot is not None:
        uses[verdict.slot].undone += 1
    return verdict


def _is_spare(uses: Uses, turn: Turn, most: int) -> bool:
    """Whether a use may be given back and all others stay what they are."""
    assert uses.first is not None
    assert uses.redeemed_us is not None
    return uses.first < turn and uses.redeemed_us < turn[1] and uses.count < most
