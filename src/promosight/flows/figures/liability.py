"""The liability of a promotion: what is promised, and neither redeemed nor expired. Committed, less both.

It is added up of assignments that are open and of reservations that are held, in the words and amounts in which
`committed` counts them; what an assignment promises is counted once, however often it may be used. Expiry is told by
the clock, so nothing of it is kept by a counter.
"""

from __future__ import annotations

import msgspec

from promosight.flows.figures.of_promotions import Counted, money, units
from promosight.flows.figures.unredeemed import Unredeemed
from promosight.rules.instants import format_instant


class Liability(msgspec.Struct):
    """What is promised and may still be redeemed.

    `assignments`: those that are open; `without_value`: how many of them promise no amount, as a percentage, which
    costs what is told when it is used. `reserved`: reservations that are held. `reward_value`: what both promise, by
    currency; `reward_units`: by unit. `counted_at`, of very many: when that was, some seconds before `as_of`.
    `untold`, as of a moment: `reserved`, where it was not kept; it is not in the amounts then.
    """

    assignments: int
    without_value: int
    reserved: int
    reward_value: dict[str, str]
    reward_units: dict[str, str]
    counted_at: str | msgspec.UnsetType = msgspec.UNSET
    untold: list[str] | msgspec.UnsetType = msgspec.UNSET


def shown_liability(one: Counted, found: Unredeemed, now_us: int) -> Liability:
    """The liability of a promotion at a moment; one that promises money has its own currency even at zero."""
    assert one.listed.definition is not None
    percentage = one.listed.definition.reward.type == "percentage"
    always = "" if percentage else one.listed.terms.currency
    promised = {currency: micros for currency, micros in found.micros.items() if micros}
    return Liability(
        assignments=found.open,
        without_value=found.without_value,
        reserved=found.reserved,
        reward_value=money(promised, always),
        reward_units=units(promised),
        counted_at=msgspec.UNSET if found.now_us == now_us else format_instant(found.now_us),
        untold=["reserved"] if one.reserved_untold else msgspec.UNSET,
    )
