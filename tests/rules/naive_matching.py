"""A second matcher, written from the words of the semantics (section 3) without a look at the first.

Slow and plain: it walks through the four kinds of reference one after the other, looks at every
assignment each time, and keeps what was taken in a list. It decides outcomes and matches, not costs.
"""

from collections.abc import Iterator
from typing import NamedTuple

from promosight.rules.matching import Given, Used

MINUTE_US = 60_000_000


class Decision(NamedTuple):
    """What a redemption counts as, why where there is a reason, and the assignment it took."""

    outcome: str
    reason: str | None
    slot: int | None


def decide(
    given: list[Given], used: list[Used], reversed_ids: set[str], allowed: int
) -> dict[str, Decision]:
    """The decision on each redemption by its event id; `allowed` is the promotion's max_redemptions."""
    decided: dict[str, Decision] = {}
    taken: list[int] = []
    for wanted in ("assignment", "code", "campaign", "nothing"):
        for one in in_order(used):
            if one.event_id not in reversed_ids and binding(given, one) == wanted:
                decided[one.event_id] = decision(given, one, taken, allowed)
                if decided[one.event_id].outcome == "counted":
                    taken.append(decided[one.event_id].slot or 0)
    for one in used:
        if one.event_id in reversed_ids:
            decided[one.event_id] = decision(given, one, taken, allowed)
    for one in used:
        if one.code_is_foreign:
            decided[one.event_id] = Decision("flagged", "code_mismatch", None)
        if one.fixed is not None:
            decided[one.event_id] = Decision(*one.fixed, None)
    return decided


def in_order(used: list[Used]) -> Iterator[Used]:
    """Redemptions that ask for an assignment, by time and event id."""
    yield from sorted(
        (one for one in used if one.fixed is None and not one.code_is_foreign),
        key=lambda one: (one.redeemed_us, one.event_id, one.source),
    )


def timely(given: list[Given], one: Used) -> list[Given]:
    """Not withdrawn, assigned before (give or take a minute), not yet expired."""
    found = []
    for a in given:
        expired = a.expires_us is not None and one.redeemed_us >= a.expires_us
        too_early = one.redeemed_us < a.assigned_us - MINUTE_US
        if not (a.withdrawn or expired or too_early):
            found.append(a)
    return found


def eligible(given: list[Given], one: Used) -> list[Given]:
    """Those in time that are not control."""
    return [a for a in timely(given, one) if not a.control]


def binding(given: list[Given], one: Used) -> str:
    """Which of the redemption's references leads to an assignment; a control can only be named by its id."""
    named = [a.public_id for a in timely(given, one)]
    if one.assignment_id is not None and one.assignment_id in named:
        return "assignment"
    codes = [a.promo_code for a in eligible(given, one)]
    if one.promo_code is not None and one.promo_code in codes:
        return "code"
    campaigns = [a.campaign_id for a in eligible(given, one)]
    if one.campaign_id is not None and one.campaign_id in campaigns:
        return "campaign"
    return "nothing"


def referred(given: list[Given], one: Used) -> list[Given]:
    """The eligible assignments its binding reference leaves, and a control named by its id."""
    match binding(given, one):
        case "assignment":
            return [a for a in timely(given, one) if a.public_id == one.assignment_id]
        case "code":
            return [a for a in eligible(given, one) if a.promo_code == one.promo_code]
        case "campaign":
            return [a for a in eligible(given, one) if a.campaign_id == one.campaign_id]
        case _:
            return eligible(given, one)


def decision(given: list[Given], one: Used, taken: list[int], allowed: int) -> Decision:
    """What one redemption takes, when these slots are taken already."""
    choice = referred(given, one)
    controls = [a for a in (choice or timely(given, one)) if a.control]
    if controls and len(controls) == len(choice or timely(given, one)):
        return Decision("flagged", "control_contamination", None)
    if not choice:
        return Decision("unassigned", None, None)
    unused = [a for a in choice if a.slot not in taken]
    uses_left = [a for a in choice if taken.count(a.slot) < (a.max_redemptions or allowed)]
    best = max(unused or uses_left, key=lambda a: (a.assigned_us, a.slot), default=None)
    return Decision("excess", None, None) if best is None else Decision("counted", None, best.slot)
