"""Figures: what the Promotions page shows of each promotion, read from the counters alone.

A list is computed from rows that cost little: its definition and the sums of each promotion. The figures
themselves are made for the page that is shown, and remembered by what they were made of, so that a list
read again costs what changed since.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from promosight.flows.figures.sums import PLACE, Sums
from promosight.flows.figures.usage import Usage, Windows, limits_reached
from promosight.flows.ledger.held import Part, held_now
from promosight.flows.ledger.outstanding import Counters, Outstanding, Remembered
from promosight.rules import rates
from promosight.rules.instants import format_instant, kept_instant
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.tx import Row, Tx

ByCurrency = dict[str, list[int]]
"""Measures of one cell, by currency."""

_encode = msgspec.json.Encoder().encode

EVER_US = 2**63 - 1
"""Later than everything that has come: what is known by then is what is known."""
_ASSIGNED, _REPORTED = PLACE["assigned"], PLACE["reported"]


class Customers(msgspec.Struct):
    """Distinct customers."""

    assigned: int
    redeemed: int
    rate: float | None


class Figures(msgspec.Struct):
    """The figures of one promotion; names as in the HTTP contract. `interval` is the rate's, at 95% (Wilson).

    `untold`, as of a moment: figures that were not kept and are left out, such as `usage`.
    """

    state: str
    assigned: int
    redeemed: int
    rate: float | None
    interval: tuple[float, float] | None
    display: str
    customers: Customers
    redemptions: int
    excess: int
    unassigned: int
    flagged: int
    pending: int
    reversed: int
    reward_cost: dict[str, str]
    reward_units: dict[str, str]
    order_value: dict[str, str]
    usage: list[Usage]
    last_event_at: str | None
    tracked_since: str
    untold: list[str] | msgspec.UnsetType = msgspec.UNSET


class Counted:
    """One promotion and what was counted of it; everything else is made when it is asked for.

    A list makes one for each promotion it sorts, so making one must cost little.
    """

    __slots__ = ("_sums", "_view", "by_currency", "listed")

    def __init__(self, view: View, listed: Listed) -> None:
        self._view = view
        self._sums: Sums | None = None
        self.listed = listed
        self.by_currency = view.totals.get(listed.promotion_no) or {}

    @property
    def last_us(self) -> int | None:
        """When its latest accepted redemption happened."""
        return self._view.last_us(self.listed.promotion_no)

    @property
    def sums(self) -> Sums:
        """The totals."""
        if self._sums is None:
            self._sums = Sums(self.by_currency.items())
        return self._sums

    @property
    def counts(self) -> list[int]:
        """The measures that are counts, each at its place in `MEASURES`; amounts may follow."""
        if len(self.by_currency) == 1:
            return next(iter(self.by_currency.values()))
        return self.sums.counts

    def count(self, measure: str) -> int:
        """One of the measures that are counts."""
        return self.counts[PLACE[measure]]

    @property
    def state(self) -> str:
        """Whether it has a rate, and if not why."""
        return _state(self.listed, self.counts, self._view.coverage)

    @property
    def reward_cost(self) -> dict[str, int]:
        """Money given, by currency, in millionths; the promotion's own is there even at zero."""
        return _money(self.sums.cost, self.listed.terms.currency)

    @property
    def order_value(self) -> dict[str, int]:
        """Value of orders, by currency, in millionths."""
        return _money(self.sums.order, order_currency(self._view.catalogue, self.listed))

    @property
    def usage(self) -> list[Usage]:
        """How much of each limit is used."""
        if self.is_untold:
            return []
        return self._view.windows.usage(self.listed, self.sums)

    @property
    def is_untold(self) -> bool:
        """Whether its usage was not kept."""
        has_limits = self.listed.definition is not None and bool(self.listed.definition.limits)
        return has_limits and self.reserved_untold

    @property
    def reserved(self) -> list[Part]:
        """What reservations hold of it."""
        return self._view.windows.held.get(self.listed.promotion_no, [])

    @property
    def reserved_untold(self) -> bool:
        """Whether that was not kept."""
        return self.listed.promotion_no in self._view.untold

    @property
    def fullest(self) -> float | None:
        """The largest share of a limit that is used, None without limits."""
        if self.listed.definition is None or not self.listed.definition.limits:
            return None
        if self.is_untold:
            return None
        return self._view.windows.fullest(self.listed, self.sums)

    @property
    def figures(self) -> Figures:
        """All of its figures."""
        sums, state = self.sums, self.state
        tracked = state == "tracked"
        assigned, redeemed, customers, redeemers = sums.counts[:4]
        redemptions, excess, unassigned, flagged, pending, reversed_ = sums.counts[4:10]
        return Figures(
            state=state,
            assigned=assigned,
            redeemed=redeemed,
            rate=rates.rate(redeemed, assigned) if tracked else None,
            interval=rates.wilson(redeemed, assigned) if tracked else None,
            display=rates.display(redeemed, assigned) if tracked else "-",
            customers=Customers(
                customers, redeemers, rates.rate(redeemers, customers) if tracked else None
            ),
            redemptions=redemptions,
            excess=excess,
            unassigned=unassigned,
            flagged=flagged,
            pending=pending,
            reversed=reversed_,
            reward_cost=_formatted(self.reward_cost),
            reward_units=units(sums.cost),
            order_value=_formatted(self.order_value),
            usage=self.usage,
            last_event_at=None if not self.last_us else format_instant(self.last_us),
            tracked_since=self._view.tracked_since,
            untold=["usage"] if self.is_untold else msgspec.UNSET,
        )

    def encoded(self) -> msgspec.Raw:
        """The promotion with its figures as JSON; what was made of the same before is not made again."""
        limits = self._view.windows.looked_at(self.listed)
        known = self._view.encoded.get(self.listed.promotion_no)
        if (
            known is not None
            and known[0] is self.listed
            and known[1:4] == (self.by_currency, self.last_us, limits)
        ):
            return msgspec.Raw(known[4])
        same = known is not None and known[0] is self.listed
        described = known[5] if known and same else _encode(describe(self.listed))[:-1]
        text = b'%b,"figures":%b}' % (described, _encode(self.figures))
        made_of = (self.listed, self.by_currency, self.last_us, limits)
        self._view.encoded[self.listed.promotion_no] = (*made_of, text, described)
        return msgspec.Raw(text)


class View:
    """The figures of a workspace as they are in one transaction."""

    outstanding: Counters
    remembered: Remembered
    totals: Mapping[int, ByCurrency]
    encoded: dict[int, tuple[Any, ...]]
    untold: Collection[int] = ()
    """The promotions whose usage and liability are not known, for it was not written down what was held."""

    def __init__(self, tx: Tx, workspace_no: int, *, now_us: int) -> None:
        self.outstanding = outstanding = Outstanding(tx, workspace_no)
        self.catalogue = load(tx, workspace_no)
        self.remembered = outstanding.remembered
        self.totals = outstanding.totals()
        self._last_events = outstanding.last_events()
        self.coverage = Coverage(tx, self.catalogue)
        self.tracked_since = format_instant(self.catalogue.workspace.tracking_from_us)
        held = held_now(tx, self.catalogue, now_us=now_us)
        reached = limits_reached(tx, workspace_no, now_us=now_us)
        self.windows = Windows(outstanding, self.catalogue, held, now_us=now_us, reached=reached)
        self.encoded = self._encoded(tx)

    def _encoded(self, tx: Tx) -> dict[int, tuple[Any, ...]]:
        """What was encoded before under the same settings: by promotion, what of, the text, its definition's part."""
        workspace = self.catalogue.workspace
        settings = (
            *(workspace.currency, workspace.week_start, workspace.tracking_from_us),
            self.coverage.periods,
        )
        known = tx.cache.get(("figures", workspace.workspace_no))
        if known is None or known[0] != settings:
            known = tx.cache["figures", workspace.workspace_no] = (settings, {})
        encoded: dict[int, tuple[Any, ...]] = known[1]
        return encoded

    def last_us(self, promotion_no: int) -> int | None:
        """When the latest accepted redemption of a promotion happened."""
        return self._last_events.get(promotion_no)

    def counted(self, promotions: list[Listed]) -> list[Counted]:
        """These promotions with what was counted of them."""
        self.windows.want(promotions)
        return [Counted(self, listed) for listed in promotions]

    def show(self, page: list[Listed]) -> list[msgspec.Raw]:
        """These promotions with their figures, encoded."""
        return [one.encoded() for one in self.counted(page)]


def list_promotions(
    tx: Tx, workspace_no: int, *, now_us: int, ids: set[str] | None = None
) -> list[dict[str, Any]]:
    """Every defined promotion (or those of `ids`) by id, each with its definition and `figures`."""
    return promotions_in(View(tx, workspace_no, now_us=now_us), ids)


def promotions_in(view: View, ids: set[str] | None = None) -> list[dict[str, Any]]:
    """The same of a view."""
    wanted = view.catalogue.defined
    if ids is not None:
        by_id = view.catalogue.by_id
        found = [by_id[one] for one in sorted(ids & by_id.keys())]
        wanted = [one for one in found if one.definition is not None]
    return [
        describe(one.listed) | {"figures": msgspec.to_builtins(one.figures)}
        for one in view.counted(wanted)
    ]


def page_after(
    tx: Tx, workspace_no: int, after: str, limit: int, *, now_us: int
) -> tuple[list[bytes], str | None]:
    """So many promotions by id after one, encoded with their figures, and the id to go on after, or None."""
    view = View(tx, workspace_no, now_us=now_us)
    defined = view.catalogue.defined
    start = bisect_right(defined, after, key=lambda one: one.promotion_id)
    page = defined[start : start + limit]
    more = start + limit < len(defined)
    return [bytes(text) for text in view.show(page)], page[-1].promotion_id if more else None


def describe(listed: Listed) -> dict[str, Any]:
    """A promotion's definition as the contract shows it."""
    return {
        "promotion_id": listed.promotion_id,
        **msgspec.to_builtins(listed.definition),
        "created_at": format_instant(listed.created_us),
        "updated_at": format_instant(listed.updated_us),
    }


class Coverage:
    """The periods of which a source said it reported everything: then silence means zero, not a dash."""

    def __init__(self, tx: Tx, catalogue: Catalogue, *, known_us: int = EVER_US) -> None:
        workspace = catalogue.workspace
        self._tracked_us = workspace.tracking_from_us
        self._from: list[int] = []
        self._to: list[int] = []
        # Joined where they meet, so that both lists rise.
        said = {"workspace_no": workspace.workspace_no, "known_us": known_us}
        for from_us, to_us in sorted(tx.all("coverage", **said)):
            if self._to and from_us <= self._to[-1]:
                self._to[-1] = max(to_us, self._to[-1])
            else:
                self._from.append(from_us)
                self._to.append(to_us)

    @property
    def periods(self) -> list[tuple[int, int]]:
        """What is covered, in order."""
        return list(zip(self._from, self._to, strict=True))

    def covers(self, listed: Listed) -> bool:
        """Whether some of the time a promotion runs is covered."""
        if not self._to:
            return False
        assert listed.definition is not None
        start, end = listed.definition.starts_at, listed.definition.ends_at
        from_us = max(self._tracked_us, self._tracked_us if start is None else kept_instant(start))
        first = bisect_right(self._to, from_us)
        return first < len(self._to) and (end is None or self._from[first] < kept_instant(end))


def state_of(listed: Listed, sums: Sums, coverage: Coverage) -> str:
    """Whether a promotion has a rate, and if not why (semantics, section 2)."""
    return _state(listed, sums.counts, coverage)


def _state(listed: Listed, counts: list[int], coverage: Coverage) -> str:
    return rates.state(
        historical=listed.terms.historical,
        reported=counts[_REPORTED] > 0 or coverage.covers(listed),
        assigned=counts[_ASSIGNED],
    )


def sum_cells(rows: list[Row]) -> Sums:
    """Adds up rows of (currency, measures...)."""
    return Sums((row[0], list(row[1:])) for row in rows)


def money(amounts: dict[str, int], always: str = "") -> dict[str, str]:
    """Amounts of money by currency, as decimal strings; the currency of `always` is there even at zero."""
    return _formatted(_money(amounts, always))


def _money(amounts: dict[str, int], always: str) -> dict[str, int]:
    shown = {c: v for c, v in amounts.items() if not c.startswith(UNIT_MARK) and c}
    if always and not always.startswith(UNIT_MARK):
        shown.setdefault(always, 0)
    return shown


def _formatted(amounts: dict[str, int]) -> dict[str, str]:
    return {currency: format_amount(amounts[currency], currency) for currency in sorted(amounts)}


def units(amounts: dict[str, int]) -> dict[str, str]:
    """Amounts of units (points, spins) by their name."""
    return {
        currency.removeprefix(UNIT_MARK): format_amount(amounts[currency], currency)
        for currency in sorted(amounts)
        if currency.startswith(UNIT_MARK)
    }


def order_currency(catalogue: Catalogue, listed: Listed) -> str:
    """The currency in which order value is shown even when there is none."""
    own = listed.terms.currency
    return catalogue.workspace.currency if own.startswith(UNIT_MARK) else own
