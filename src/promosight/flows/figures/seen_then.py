"""The figures of a workspace as they were known at a moment: what lists, heads and comparisons are made of, then.

It stands where `View` does and is read the same way. Figures are those of now without what came since (`from_now`);
where that would not be exact, or not cheaper, a promotion is counted from its facts when it is first asked for: its
totals at once, its days only where a limit or a trend looks at them.
"""

from __future__ import annotations

from promosight.flows.figures.counted_then import count_then
from promosight.flows.figures.from_now import from_now
from promosight.flows.figures.latest_then import Latest
from promosight.flows.figures.moments import Moment, Moments
from promosight.flows.figures.of_promotions import ByCurrency, Counted, View
from promosight.flows.figures.usage import Windows, limits_reached_then
from promosight.flows.ledger.held import held_then, held_untold
from promosight.flows.ledger.outstanding import CellsByKey
from promosight.rules.instants import format_instant
from promosight.rules.tallies import (
    ASSIGNED_DAY,
    REDEEMED_DAY,
    TIER_ASSIGNED_DAY,
    TIER_REDEEMED_DAY,
    TOTAL,
    Sums,
)
from promosight.store.catalogue import Listed
from promosight.store.tx import Tx

_PASSES = {ASSIGNED_DAY: 1, TIER_ASSIGNED_DAY: 1, REDEEMED_DAY: 2, TIER_REDEEMED_DAY: 2}
"""By what `count_then` counts each dimension of days; 0 for all others."""


class ViewThen(View):
    """The figures of a workspace as they were known at a moment; `only` one promotion may be all that is asked for.

    Raises Invalid where nothing can be known of it.
    """

    def __init__(
        self, tx: Tx, workspace_no: int, known_us: int, *, now_us: int, only: str | None = None
    ) -> None:
        moments = Moments(tx, workspace_no, known_us, now_us=now_us)
        self.then = self.outstanding = CountersThen(tx, moments, only=only)
        self.catalogue = moments.catalogue
        self.totals = self._totals = dict[int, ByCurrency]()
        self.coverage = moments.coverage
        self.tracked_since = format_instant(self.catalogue.workspace.tracking_from_us)
        held = held_then(tx, self.catalogue, known_us=known_us)
        self.untold = held_untold(tx, self.catalogue, known_us=known_us)
        reached = limits_reached_then(tx, workspace_no, known_us=known_us)
        self.windows = Windows(self.then, self.catalogue, held, now_us=known_us, reached=reached)
        self.encoded = {}

    def last_us(self, promotion_no: int) -> int | None:
        """When the latest accepted redemption of a promotion happened."""
        return self.then.last_us(promotion_no) or None

    def counted(self, promotions: list[Listed]) -> list[Counted]:
        """These promotions with what was counted of them."""
        for listed in promotions:
            no = listed.promotion_no
            if no not in self._totals:
                self._totals[no] = self.then.totals_of(listed)
        return super().counted(promotions)


class CountersThen:
    """The counters of a workspace's promotions as they were, each counted once at most."""

    def __init__(self, tx: Tx, moments: Moments, *, only: str | None = None) -> None:
        self._tx = tx
        self._moments = moments
        self._found: dict[tuple[int, int], Sums] = {}
        self._of: dict[int, Moment] = {}
        self._last_us: dict[int, int] = {}
        listed = None if only is None else moments.catalogue.by_id.get(only)
        promotion_no = None if listed is None else listed.promotion_no
        self._from_now = from_now(tx, moments, only=promotion_no)

    def moment(self, promotion_no: int) -> Moment:
        """The moment, as far as one promotion goes."""
        there = self._of.get(promotion_no)
        if there is None:
            promotion_id = self._moments.catalogue.by_no[promotion_no].promotion_id
            there = self._of[promotion_no] = self._moments.of(promotion_id)
        return there

    def totals_of(self, listed: Listed) -> dict[str, list[int]]:
        """The totals of a promotion by currency."""
        cells = self.cells(listed.promotion_no, TOTAL)
        return {currency: values for (_, currency), values in cells.items()}

    def cells(self, promotion_no: int, dimension: int) -> CellsByKey:
        """The cells of one promotion in one dimension, by key and currency."""
        if self._from_now is not None and self._from_now.knows(promotion_no):
            return self._from_now.cells(promotion_no, dimension)
        sums = self._counted(promotion_no, _PASSES.get(dimension, 0))
        return {(key[2], key[3]): values for key, values in sums.items() if key[1] == dimension}

    def several(
        self, first_keys: dict[int, str], dimensions: tuple[int, ...]
    ) -> dict[tuple[int, int], CellsByKey]:
        """The cells of promotions in dimensions, each from a key on, by promotion and dimension."""
        then = self._from_now
        known = {no: key for no, key in first_keys.items() if then is not None and then.knows(no)}
        found = {} if then is None else then.several(known, dimensions)
        return found | {
            (no, one): {key: v for key, v in self.cells(no, one).items() if key[0] >= first}
            for no, first in first_keys.items()
            if no not in known
            for one in dimensions
        }

    def since(self, first_keys: dict[int, str], dimensions: tuple[int, ...]) -> Sums:
        """The same cells in one dictionary."""
        return {
            (no, one, key, currency): values
            for (no, one), cells in self.several(first_keys, dimensions).items()
            for (key, currency), values in cells.items()
        }

    def last_us(self, promotion_no: int) -> int:
        """When the latest accepted redemption of a promotion happened; 0 for none."""
        if self._from_now is not None and self._from_now.knows(promotion_no):
            return self._from_now.last_us(promotion_no)
        self._counted(promotion_no, 0)
        return self._last_us[promotion_no]

    def _counted(self, promotion_no: int, days: int) -> Sums:
        there = self._found.get((promotion_no, days))
        if there is None:
            moment = self.moment(promotion_no)
            latest = Latest()
            tellers = () if days else (latest,)
            there = count_then(self._tx, moment, days, tellers=tellers)
            self._found[promotion_no, days] = there
            if not days:
                self._last_us[promotion_no] = latest.found(self._tx, moment)
        return there
