"""Histories: what each of several customers was given and used before a moment, by promotion, in two reads.

The keys of facts lead with the customer's bucket and the promotion, so a customer's facts are found by walking the
workspace's promotions: two seeks for each, on keys that are there anyway. Reports cost nothing for it.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.rules.features import History, Record
from promosight.rules.identity import bucket_of
from promosight.rules.instants import DAY_US
from promosight.rules.money import MICROS
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Tx


class Asked(NamedTuple):
    """A customer, and the moment of the decision: what came later does not count."""

    customer_no: int
    before_us: int


class Past:
    """One customer's facts by promotion number, as filters and features need them."""

    __slots__ = ("lately", "records", "times")

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.times: dict[int, int] = {}
        """How often each promotion was assigned."""
        self.lately = 0
        """Assignments within the days of the frequency cap."""

    @property
    def history(self) -> History:
        """As the feature map takes it."""
        return History(tuple(self.records.values()))


def read_pasts(
    tx: Tx, catalogue: Catalogue, asked: list[Asked], *, lately_days: int
) -> dict[Asked, Past]:
    """The past of each customer asked for."""
    found = {one: Past() for one in asked}
    latest: dict[int, int] = {}
    rounds: list[list[Asked]] = []
    for one in found:  # a customer twice, of two moments: rows do not say whose they are
        turn = latest.get(one.customer_no, 0)
        latest[one.customer_no] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(one)
    for some in rounds:
        _read(tx, catalogue, {one.customer_no: (one, found[one]) for one in some}, lately_days)
    return found


def _read(
    tx: Tx, catalogue: Catalogue, wanted: dict[int, tuple[Asked, Past]], lately_days: int
) -> None:
    number = catalogue.workspace.workspace_no
    asked = sorted(
        (bucket_of(no), no, one.before_us, one.before_us - lately_days * DAY_US)
        for no, (one, _) in wanted.items()
    )
    given: dict[tuple[int, int], tuple[int, int]] = {}
    for no, promotion_no, _tier, times, lately, last_us in tx.all_for(
        "history_given", asked, workspace_no=number
    ):
        before = given.get((no, promotion_no), (0, 0))
        given[no, promotion_no] = before[0] + times, max(before[1], last_us)
        wanted[no][1].lately += lately
    used = {
        (row[0], row[1]): row[2:]
        for row in tx.all_for("history_used", [one[:3] for one in asked], workspace_no=number)
    }
    for no, promotion_no in given.keys() | used.keys():
        past = wanted[no][1]
        times, last_us = given.get((no, promotion_no), (0, None))
        live, undone, order_micros, _orders, _cost, used_us = used.get(
            (no, promotion_no), (0, 0, 0, 0, 0, None)
        )
        past.times[promotion_no] = times
        past.records[promotion_no] = _record(
            catalogue, promotion_no, times, live, undone, order_micros, last_us, used_us
        )


def _record(
    catalogue: Catalogue,
    promotion_no: int,
    times: int,
    live: int,
    undone: int,
    order_micros: int,
    last_us: int | None,
    used_us: int | None,
) -> Record:
    listed = catalogue.by_no.get(promotion_no)
    definition = None if listed is None else listed.definition
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
