"""Matching: what each redemption of one (promotion, customer) group counts as.

A pure function of the group's facts as a set (semantics, section 3). Whatever order the facts came in,
the answer is the same, because redemptions are taken in an order of their own: first those that name
an assignment, then those with a personal code, then those that name a campaign, then the rest; within
each by time of redemption and event id. Each takes, among the assignments it may take, the
latest-assigned one without a live redemption; if there is none, the latest-assigned one with uses left.

A reference binds only where it finds an eligible assignment: a source that names an assignment used up
is telling of one redemption too many (excess), while a source whose own ids mean nothing here is matched
as if it had named none.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from promosight.rules.instants import SECOND_US
from promosight.rules.promotions import Terms

SKEW_US = 60 * SECOND_US
"""A redemption may seem to come this long before its assignment: two systems, two clocks."""

IN_COST = ("counted", "excess", "unassigned", "flagged")
"""The outcomes that cost the brand a reward; a redemption of these is in `redemptions`."""


class Given(msgspec.Struct, gc=False):
    """An assignment as matching sees it. `public_id` is the caller's id or the derived one."""

    slot: int
    assigned_us: int
    expires_us: int | None = None
    max_redemptions: int | None = None
    control: bool = False
    withdrawn: bool = False
    public_id: str = ""
    promo_code: str | None = None
    campaign_id: str | None = None
    tier_id: str | None = None
    reward_micros: int | None = None
    currency: str | None = None


class Used(msgspec.Struct, kw_only=True, gc=False):
    """A redemption as matching sees it, with what its reversals undid.

    `code_is_foreign`: its personal code was issued to other customers only.
    `fixed`: an outcome and reason decided before the group is looked at (pending, rejected), or None.
    """

    event_id: str
    source: str
    redeemed_us: int
    assignment_id: str | None = None
    promo_code: str | None = None
    campaign_id: str | None = None
    tier_id: str | None = None
    reward_micros: int | None = None
    currency: str | None = None
    code_is_foreign: bool = False
    fully_reversed: bool = False
    reversed_micros: int = 0
    fixed: tuple[str, str] | None = None


class Verdict(msgspec.Struct, gc=False):
    """What a redemption counts as: outcome, reason, the assignment taken, whether it lives, and its net cost."""

    outcome: str
    reason: str | None
    slot: int | None
    live: bool
    cost_micros: int
    currency: str


def match(terms: Terms, given: list[Given], used: list[Used]) -> list[Verdict]:
    """The verdict on each redemption of the group, in the order of `used`."""
    uses: dict[int, int] = {}
    verdicts: list[Verdict | None] = [None] * len(used)
    queue: list[tuple[int, int, str, str, int, list[Given]]] = []
    for index, one in enumerate(used):
        if one.fixed is not None or one.code_is_foreign:
            live = not is_reversed(terms, one, [])
            verdicts[index] = decided(terms, one, live=live)
        else:
            rank, choice = candidates(given, one)
            live = not is_reversed(terms, one, choice)
            # Reversed redemptions stand last: they take nothing from a live one.
            rank += 0 if live else 10
            queue.append((rank, one.redeemed_us, one.event_id, one.source, index, choice))
    for rank, _, _, _, index, choice in sorted(queue, key=lambda entry: entry[:5]):
        verdicts[index] = take(terms, used[index], choice, uses, live=rank < 10)
    return [verdict for verdict in verdicts if verdict is not None]


def decided(terms: Terms, one: Used, *, live: bool) -> Verdict:
    """The verdict on a redemption that takes nothing, whatever its group holds."""
    if one.fixed is not None:
        return Verdict(*one.fixed, None, live, 0, "")
    return _verdict(terms, one, "flagged", "code_mismatch", None, live)


def first_use(
    terms: Terms,
    promised: int | None,
    own: str,
    reward_micros: int | None,
    currency: str | None,
) -> tuple[str | None, int, str]:
    """Reason, cost (micros) and currency of a live redemption that takes an assignment worth `promised` in `own`.

    Where a group has one assignment and one redemption in time, that says all that `match` says:
    whatever the redemption refers to, there is one assignment it can mean.
    """
    paid_in = promised_in(terms, currency or own)
    if reward_micros is None:
        return None, promised or 0, paid_in
    differs = promised is not None and promised != reward_micros
    return "value_mismatch" if differs else None, reward_micros, paid_in


def given_later(assigned_us: int, slot: int, other_us: int, other_slot: int) -> bool:
    """Whether a first redemption that names neither takes this assignment and not the other, being in time of both."""
    return (assigned_us, slot) > (other_us, other_slot)


def candidates(given: list[Given], one: Used) -> tuple[int, list[Given]]:
    """The assignments a redemption may take and the rank of its reference: 1 assignment, 2 code, 3 campaign, 4 none."""
    in_time = [a for a in given if _in_time(a, one.redeemed_us)]
    if one.assignment_id is not None:
        named = [a for a in in_time if a.public_id == one.assignment_id]
        if named:
            return 1, named
    offered = [a for a in in_time if not a.control]
    if one.promo_code is not None:
        named = [a for a in offered if a.promo_code == one.promo_code]
        if named:
            return 2, named
    if one.campaign_id is not None:
        named = [a for a in offered if a.campaign_id == one.campaign_id]
        if named:
            return 3, named
    return 4, offered or in_time


def _in_time(a: Given, redeemed_us: int) -> bool:
    return not a.withdrawn and is_in_time(a.assigned_us, a.expires_us, redeemed_us)


def is_in_time(assigned_us: int, expires_us: int | None, redeemed_us: int) -> bool:
    """Whether a redemption falls into the time of an assignment."""
    return assigned_us <= redeemed_us + SKEW_US and (expires_us is None or redeemed_us < expires_us)


def take(
    terms: Terms, one: Used, choice: list[Given], uses: dict[int, int], *, live: bool
) -> Verdict:
    """The verdict on a redemption that may take these assignments, when its turn has come.

    `uses`: how often each slot was taken before; a live one adds its own.
    """
    if not choice:
        return _verdict(terms, one, "unassigned", None, None, live)
    if choice[0].control:
        return _verdict(terms, one, "flagged", "control_contamination", None, live)
    best: Given | None = None
    best_key: tuple[bool, int, int] | None = None
    for a in choice:
        taken = uses.get(a.slot, 0)
        if taken < most_uses(terms, a):
            key = (taken == 0, a.assigned_us, a.slot)
            if best_key is None or key > best_key:
                best, best_key = a, key
    if best is None:
        return _verdict(terms, one, "excess", None, None, live)
    if live:
        uses[best.slot] = uses.get(best.slot, 0) + 1
    return _verdict(terms, one, "counted", _mismatch(terms, one, best), best, live)


def most_uses(terms: Terms, a: Given) -> int:
    """How often an assignment may be used."""
    return a.max_redemptions or terms.max_redemptions


def _mismatch(terms: Terms, one: Used, a: Given) -> str | None:
    promised = assigned_micros(terms, a)
    differs = one.reward_micros is not None and promised not in (None, one.reward_micros)
    return "value_mismatch" if differs else None


def _verdict(
    terms: Terms, one: Used, outcome: str, reason: str | None, a: Given | None, live: bool
) -> Verdict:
    if one.reward_micros is not None:
        cost = one.reward_micros
    elif a is not None:
        cost = assigned_micros(terms, a) or 0
    else:
        cost = _stated_micros(terms, one)
    left = max(cost - one.reversed_micros, 0) if live else 0
    return Verdict(
        outcome, reason, None if a is None else a.slot, live, left, _currency(terms, one, a)
    )


def is_reversed(terms: Terms, one: Used, choice: list[Given]) -> bool:
    """Whether nothing of a redemption lives: reversed outright, or by parts that reach what it is worth.

    `choice`: the assignments it may take. What it does not state itself is the most that any of them promises,
    whichever it takes in the end, so that matching does not depend on itself.
    """
    if one.fully_reversed:
        return True
    if not one.reversed_micros:
        return False
    worth = one.reward_micros
    if worth is None:
        promised = [assigned_micros(terms, a) for a in choice if not a.control]
        worth = max((micros for micros in promised if micros is not None), default=None)
    return one.reversed_micros >= (_stated_micros(terms, one) if worth is None else worth)


def _stated_micros(terms: Terms, one: Used) -> int:
    if one.reward_micros is not None:
        return one.reward_micros
    return terms.tier_micros.get(one.tier_id or "", terms.value_micros or 0)


def assigned_micros(terms: Terms, a: Given) -> int | None:
    """The value promised by an assignment: its own, its tier's, the promotion's; None where only use will tell."""
    return promised_micros(terms, a.reward_micros, a.tier_id)


def promised_micros(terms: Terms, own_micros: int | None, tier_id: str | None) -> int | None:
    """The same of an assignment's own value and tier."""
    if own_micros is not None:
        return own_micros
    return terms.tier_micros.get(tier_id or "", terms.value_micros)


def promised_in(terms: Terms, own: str | None) -> str:
    """The currency of what an assignment commits: its own, unless the promotion's is a unit."""
    return terms.currency if terms.currency.startswith("~") else own or terms.currency


def _currency(terms: Terms, one: Used, a: Given | None) -> str:
    # A unit reward stays in its unit whatever currency the order was paid in. A redemption that says none is of
    # the reward that it takes: an assignment of 4.50 USD is not used up for 4.50 EUR.
    return promised_in(terms, one.currency or (None if a is None else a.currency))


def is_other_money(
    terms: Terms, redeemed_in: str | None, reversed_in: str | None, given_in: Collection[str | None]
) -> bool:
    """Whether a reversal's value is in another currency than its redemption's; nothing is converted.

    Where neither the redemption nor its promotion says a currency yet, it is not known to be another one. A redemption
    that says none may be in that of any assignment of its customer (`given_in`): which it takes is not asked, so that
    matching does not depend on itself.
    """
    if reversed_in is None or terms.currency.startswith("~"):
        return False
    if redeemed_in is None and reversed_in in given_in:
        return False
    return (redeemed_in or terms.currency or reversed_in) != reversed_in
