"""Histories: what each of several customers was given and used before a moment, by promotion, in two reads.

The keys of facts lead with the customer's bucket and the promotion, so a customer's facts are found by walking the
workspace's promotions: two seeks for each, on keys that are there anyway. Reports cost nothing for it.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.rules.features import History, Record
from promosight.rules.identity import bucket_of
from promosight.rules.money import MICROS
from promosight.rules.wide import whole
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Row, Tx

_NOT_GIVEN: Row = (0, 0, None)
_NOT_USED: Row = (0, 0, 0, 0, None, 0)


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
    given = {row[:2]: row[2:] for row in tx.all_for("history_given", asked, workspace_no=number)}
    used = {
        row[:2]: row[2:]
        for row in tx.all_for("history_used", [one[:3] for one in asked], workspace_no=number)
    }
    sorts: dict[int, tuple[str, str]] = {}
    for key in sorted(given.keys() | used.keys()):  # in one order, as sums of floats depend on it
        no, promotion_no = key
        past, sort = found[no], sorts.get(promotion_no)
        if sort is None:
            sort = sorts[promotion_no] = _sort_of(catalogue, promotion_no)
        times, lately, last_us = given.get(key, _NOT_GIVEN)
        live, undone, high, low, used_us, orders = used.get(key, _NOT_USED)
        worth = whole(high, low) / MICROS
        past.lately += lately
        past.orders += orders
        past.spent += worth
        past.times[promotion_no] = times
        past.records[promotion_no] = Record(*sort, times, live, undone, worth, last_us, used_us)
    return found


def _sort_of(catalogue: Catalogue, promotion_no: int) -> tuple[str, str]:
    """Kind and reward type of a promotion."""
    listed = catalogue.by_no.get(promotion_no)
    definition = None if listed is None else listed.definition
    return ("global", "amount") if definition is None else (definition.kind, definition.reward.type)
