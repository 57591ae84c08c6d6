"""The funnel: of the assigned, how many redeemed, how many still may, and how many never will.

All that counters know is read from them, so that it equals the list's cell. Only what has expired, and what is still
promised, depends on the clock, and is counted over the facts (`unredeemed`).
"""

from __future__ import annotations

import msgspec

from promosight.flows.figures.liability import Liability, shown_liability
from promosight.flows.figures.of_promotions import Counted, View
from promosight.flows.figures.unredeemed import Unredeemed, unredeemed
from promosight.flows.promotions.manage_promotions import defined
from promosight.rules.instants import format_instant
from promosight.rules.measures import MEASURES
from promosight.store.tx import Tx


class Funnel(msgspec.Struct):
    """What became of a promotion's assignments, and of its redemptions; assigned = redeemed + open + expired."""

    promotion_id: str
    state: str
    assigned: int
    redeemed: int
    open: int
    expired: int
    redemptions: int
    excess: int
    unassigned: int
    flagged: int
    pending: int
    reversed: int
    liability: Liability
    as_of: str


def funnel(tx: Tx, workspace_no: int, promotion_id: str, *, now_us: int) -> Funnel:
    """A promotion's funnel. Raises NotFound."""
    defined(tx, workspace_no, promotion_id)
    view = View(tx, workspace_no, now_us=now_us)
    (one,) = view.counted([view.catalogue.by_id[promotion_id]])
    return shown_funnel(one, unredeemed(tx, view.catalogue, one, now_us=now_us), now_us=now_us)


def shown_funnel(one: Counted, found: Unredeemed, *, now_us: int) -> Funnel:
    """The funnel of a promotion whose unredeemed assignments were counted."""
    counts = dict(zip(MEASURES, one.sums.counts, strict=False))
    left = counts["assigned"] - counts["redeemed"]
    # What an import changes beyond its groups, or a count kept for a while, must not show more than there is.
    expired = min(found.expired, left)
    return Funnel(
        promotion_id=one.listed.promotion_id,
        state=one.state,
        assigned=counts["assigned"],
        redeemed=counts["redeemed"],
        open=left - expired,
        expired=expired,
        redemptions=counts["redemptions"],
        excess=counts["excess"],
        unassigned=counts["unassigned"],
        flagged=counts["flagged"],
        pending=counts["pending"],
        reversed=counts["reversed"],
        liability=shown_liability(one, found, now_us),
        as_of=format_instant(now_us),
    )
