"""The lines of a breakdown by code. Codes are as many as customers, so they have no counters and come in pages: each is
added up from the facts that carry its codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from operator import add, sub
from typing import NamedTuple

from promosight.flows.figures.recounted_then import Told
from promosight.flows.figures.sums import Sums
from promosight.rules.tallies import RedemptionStanding
from promosight.rules.wide import whole
from promosight.store.catalogue import Catalogue, Listed
from promosight.store.tx import Row, Tx

_HIGHEST = "\U0010ffff"
"""Sorts after every code."""


class CodePage(NamedTuple):
    """Which rows of a breakdown by code are wanted: at most `limit` of them, after a code."""

    after: str = ""
    limit: int | None = None


EVERY_CODE = CodePage()


class CodeLines:
    """A page of what was counted by code, of facts that had come by a moment and whose import was published.

    Where one page has all codes, what carries none is the rest of the total, and no fact without a code is looked at.
    """

    def __init__(
        self,
        tx: Tx,
        catalogue: Catalogue,
        listed: Listed,
        page: CodePage,
        *,
        known_us: int,
        published_import_no: int,
    ) -> None:
        self._currency = catalogue.workspace.currency
        facts = {
            "promotion_no": listed.promotion_no,
            "tracking_from_us": catalogue.workspace.tracking_from_us,
            "published_import_no": published_import_no,
            "after": page.after,
            "known_us": known_us,
        }
        self._page = page
        self._last, self._next_code = _HIGHEST, None
        self._codes: list[Row] = []
        if page.limit is not None:
            self._codes = tx.all("codes_after", limit=page.limit + 1, **facts)
            if len(self._codes) > page.limit:
                self._last = self._next_code = self._codes[page.limit - 1][0]
        self._is_whole = not page.after and self._next_code is None
        self._without = self._next_code is None and not self._is_whole
        rows = tx.all("codes_breakdown", last=self._last, without=int(self._without), **facts)
        self._groups: dict[str, Sums] = {}
        for row in rows:
            code, currency, paid_in, *counts, cost_high, cost_low, order_high, order_low = row
            sums = whole(cost_high, cost_low), whole(order_high, order_low)
            self._count(code, currency, paid_in, (*counts, *sums))

    def add(self, told: Told, sign: int) -> None:
        """Adds (sign 1) or takes away (sign -1) what facts of one group add to the page."""
        codes = {a.slot: a.promo_code for a in told.assignments}
        for slot, a in told.standing.assignments.items():
            if self._is_here(code := codes[slot]):
                numbers = [1, int(a.redeemed), 0, 0, 0, 0, 0, 0, 0, 0]
                self._count(code, a.currency, "", [sign * one for one in numbers])
        for e in told.events:
            r = told.standing.redemptions.get(e.identity)
            if r is None or r.outcome == "rejected":
                continue
            code = e.promo_code
            if code is None and e.slot is not None:
                code = codes[e.slot]
            if self._is_here(code):
                numbers = [sign * one for one in _redemption(r)]
                self._count(code, r.currency, r.order_currency, numbers)

    def groups(self, total: Sums) -> tuple[dict[str, Sums], str | None]:
        """What was counted by code, and the code after which the next page begins."""
        groups, next_code = self._groups, self._next_code
        if self._is_whole:
            rest = _without_code(total, groups.values())
            if any(rest.counts) or rest.cost or rest.order:
                groups[""] = rest
        # Those that carry no code come last of all: on a page of their own where the others fill the last one.
        if self._codes and len(groups) > len(self._codes) == self._page.limit:
            del groups[""]
            next_code = self._codes[-1][0]
        return groups, next_code

    def _is_here(self, code: str | None) -> bool:
        if code is None:
            return self._without
        return self._page.after < code <= self._last

    def _count(self, code: str | None, currency: str, paid_in: str, numbers: Sequence[int]) -> None:
        sums = self._groups.get(code or "")
        if sums is None:
            sums = self._groups[code or ""] = Sums()
        assigned, redeemed, *counts, cost, order = numbers
        # Distinct customers, accepted events and what is committed are not shown by code.
        sums.counts = list(map(add, sums.counts, [assigned, redeemed, 0, 0, *counts, 0]))
        for amounts, amount, unit in (
            (sums.cost, cost, currency),
            (sums.order, order, paid_in or self._currency),
        ):
            if amount:
                amounts[unit] = amounts.get(unit, 0) + amount
                if not amounts[unit]:
                    del amounts[unit]


def _redemption(r: RedemptionStanding) -> list[int]:
    """What a redemption adds, in the order of the statement."""
    pending = r.outcome == "pending"
    live = r.live and not pending
    counts = [int(live)]
    counts += [int(live and r.outcome == one) for one in ("excess", "unassigned", "flagged")]
    counts += [int(pending), int(not r.live and not pending)]
    return [0, 0, *counts, r.cost_micros, r.order_micros if live else 0]


def _without_code(total: Sums, coded: Collection[Sums]) -> Sums:
    """What is left of the total, of what is shown by code."""
    rest = Sums()
    rest.counts = [*total.counts[:2], 0, 0, *total.counts[4:-1], 0]
    for sums in coded:
        rest.counts = list(map(sub, rest.counts, sums.counts))
    rest.cost = _left(total.cost, [sums.cost for sums in coded])
    rest.order = _left(total.order, [sums.order for sums in coded])
    return rest


def _left(total: dict[str, int], parts: list[dict[str, int]]) -> dict[str, int]:
    left = Counter(total)
    for part in parts:
        left.subtract(part)
    return {unit: amount for unit, amount in left.items() if amount}
