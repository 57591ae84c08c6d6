"""Histories: what each of several customers was given and used before a moment, by promotion, in two reads.

The keys of facts lead with the customer's bucket and the promotion, so a customer's facts are found by walking the
workspace's promotions: two seeks for each, on keys that are there anyway. Reports cost nothing for it.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.rules.features import History, Record
from promosight.rules.identity import bucket_of
from promosight.rules.money import MICROS
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Row, Tx


class Past:
    """One customer's facts by promotion number, as filters and features need them."""

    __slots__ = ("lately", "orders", "records", "spent", "times")

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.times: dict[int, int] = {}
        """How often each promotion was assigned."""
        self.lately = 0
        """Assignments within the days of the frequency cap."""
        self.orders = 0
        self.spent = 0.0
        """Orders of redemptions that count, and what they come to together."""

    @property
    def history(self) -> History:
        """As the feature map takes it."""
        return History(tuple(self.records.values()))


class Moment(NamedTuple):
    """What came after `before_us` does not count; what came after `since_us` is lately."""

    before_us: int
    since_us: int


def read_pasts(tx: Tx, catalogue: Catalogue, wanted: dict[int, Moment]) -> dict[int, Past]:
    """The past of each customer (by number) as of a moment."""
    number = catalogue.workspace.workspace_no
    found = {customer_no: Past() for customer_no in wanted}
    asked = sorted((bucket_of(no), no, *moment) for no, moment in wanted.items())
    given: dict[tuple[int, int], tuple[int, int]] = {}
    for no, promotion_no, times, lately, last_us in tx.all_for(
        "history_given", asked, workspace_no=number
    ):
        given[no, promotion_no] = times, last_us
        found[no].lately += lately
    used: dict[tuple[int, int], Row] = {}
    for no, promotion_no, *rest, orders in tx.all_for(
        "history_used", [one[:3] for one in asked], workspace_no=number
    ):
        used[no, promotion_no] = tuple(rest)
        found[no].orders += orders
        found[no].spent += rest[2] / MICROS
    for no, promotion_no in sorted(given.keys() | used.keys()):
        past = found[no]
        times, last_us = given.get((no, promotion_no), (0, None))
        past.times[promotion_no] = times
        past.records[promotion_no] = _record(
            catalogue, promotion_no, times, last_us, used.get((no, promotion_no))
        )
    return found


def _record(
    catalogue: Catalogue, promotion_no: int, times: int, last_us: int | None, used: Row | None
) -> Record:
    listed = catalogue.by_no.get(promotion_no)
    definition = None if listed is None else listed.definition
    live, undone, order_micros, used_us = used or (0, 0, 0, None)
    return Record(
        kind="global" if definition is None else definition.kind,
        reward_type="amount" if definition is None else definition.reward.type,
        assigned=times,
        redeemed=live,
        reversed=undone,
        value=order_micros / MICROS,
        last_assigned_us=last_us,
        last_redeemed_us=used_us,
    )
