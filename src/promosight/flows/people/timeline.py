"""A customer's timeline: everything known of one customer in the order of time, and what it comes to.

Assignments, redemptions, reversals, outcomes and decisions are read side by side, by seeks on the keys they have
anyway. The summary says how recent, how often and how much, as the feature map of decisions sees the same customer.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec

from promosight.errors import NotFound
from promosight.rules.identity import bucket_of, customer_number
from promosight.rules.instants import DAY_US, format_instant
from promosight.rules.matching import IN_COST
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.store.catalogue import Catalogue, load
from promosight.store.rows import derived_id
from promosight.store.tx import Tx

ORDERS = ("newest", "oldest")
KINDS = ("assignment", "redemption", "reversal", "outcome", "decision")


class _Row(NamedTuple):
    """A row of `timeline`."""

    kind: str
    at_us: int
    id: str
    no: int | None
    promotion_no: int | None
    tier_id: str | None
    what: str
    micros: int | None
    currency: str | None
    order_micros: int | None
    order_currency: str | None
    about: str | None


class Entry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One thing that happened. `about` is what it refers to: the assignment redeemed, the redemption reversed,
    the order of an outcome, the assignment a decision made. `value` is the order's, or the outcome's."""

    kind: str
    at: str
    id: str
    what: str
    promotion_id: str | None
    tier_id: str | None
    reward: str | None
    currency: str | None
    value: str | None
    about: str | None
    decision_id: str | None


class Summary(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Recency, frequency and value of one customer; values by currency. `rate` is of assignments redeemed."""

    assignments: int
    redemptions: int
    reversed: int
    decisions: int
    rate: float | None
    first_at: str | None
    last_redeemed_at: str | None
    recency_days: float | None
    order_value: dict[str, str]
    reward_cost: dict[str, str]


class Timeline(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A page of a customer's timeline, and the summary of all of it."""

    customer_id: str
    known: bool
    summary: Summary
    items: list[Entry]
    next: str | None


class Asked(msgspec.Struct, frozen=True):
    """Which part of whose timeline."""

    workspace_no: int
    customer_id: str
    order: str
    limit: int
    after: int
    now_us: int
    kinds: frozenset[str] = frozenset(KINDS)


def read_timeline(tx: Tx, asked: Asked) -> Timeline:
    """One page. Raises NotFound for a customer nobody ever named."""
    catalogue = load(tx, asked.workspace_no)
    number = customer_number(catalogue.workspace.workspace_id, asked.customer_id)
    row = tx.one("customer", customer_no=number)
    if row is None or row[1] != asked.customer_id or row[2] != asked.workspace_no:
        raise NotFound(f"there is no customer {asked.customer_id}")
    found = tx.all(
        "timeline",
        workspace_no=asked.workspace_no,
        bucket=bucket_of(number),
        customer_no=number,
    )
    rows = list(map(_Row._make, found))
    if asked.order == "newest":
        rows.reverse()
    wanted = [one for one in rows if one.kind in asked.kinds]
    page = wanted[asked.after : asked.after + asked.limit]
    following = asked.after + len(page)
    return Timeline(
        customer_id=asked.customer_id,
        known=bool(row[3]),
        summary=_summary(catalogue, rows, asked.now_us),
        items=[_entry(catalogue, number, one) for one in page],
        next=str(following) if following < len(wanted) else None,
    )


def _entry(catalogue: Catalogue, customer_no: int, one: _Row) -> Entry:
    own = catalogue.workspace.currency
    listed = None if one.promotion_no is None else catalogue.by_no.get(one.promotion_no)
    named, about = one.id, one.about
    decision_id = named if one.kind == "decision" else None
    if one.kind == "assignment":
        details = msgspec.json.decode(about) if about else {}
        decision_id, about = details.get("decision_id"), None
        named = named if one.no is None else derived_id(customer_no, one.no)
    return Entry(
        kind=one.kind,
        at=format_instant(one.at_us),
        id=named,
        what=one.what,
        promotion_id=None if listed is None else listed.promotion_id,
        tier_id=one.tier_id,
        reward=None if one.micros is None else format_amount(one.micros, one.currency or own),
        currency=None if one.micros is None else (one.currency or own).removeprefix(UNIT_MARK),
        value=None
        if one.order_micros is None
        else format_amount(one.order_micros, one.order_currency or own),
        about=about,
        decision_id=decision_id,
    )


def _summary(catalogue: Catalogue, rows: list[_Row], now_us: int) -> Summary:
    given = [r for r in rows if r.kind == "assignment" and r.what == "assigned"]
    told = [r for r in rows if r.kind == "redemption"]
    used = [r for r in told if r.what in IN_COST]
    counted = sum(1 for r in used if r.what == "counted")
    last = max((r.at_us for r in used), default=None)
    first = min((r.at_us for r in rows if r.kind != "decision"), default=None)
    own = catalogue.workspace.currency
    orders: Counter[str] = Counter()
    costs: Counter[str] = Counter()
    for row in used:
        costs[row.currency or own] += row.micros or 0
        orders[row.order_currency or own] += row.order_micros or 0
    return Summary(
        assignments=len(given),
        redemptions=len(used),
        reversed=sum(1 for r in told if r.what == "reversed"),
        decisions=sum(1 for r in rows if r.kind == "decision"),
        rate=min(counted / len(given), 1.0) if given else None,
        first_at=None if first is None else format_instant(first),
        last_redeemed_at=None if last is None else format_instant(last),
        recency_days=None if last is None else round((now_us - last) / DAY_US, 3),
        order_value=_amounts(orders),
        reward_cost=_amounts(costs),
    )


def _amounts(sums: Counter[str]) -> dict[str, str]:
    return {c.removeprefix(UNIT_MARK): format_amount(m, c) for c, m in sorted(sums.items())}
