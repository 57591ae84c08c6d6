"""Prices of budgets: kept with the decisions that move them, in their transaction, under the locks of the promotions.

A budget is a promotion's limit on what its rewards come to in its whole life. Its price says what one unit of it is
worth in other hands (rules/pacing.py): while there is plenty it is 0, and a budget that would be gone before its time
gets dearer until it is spent where it is worth most. The hard limits are kept by rules/caps.py: a price only ranks.
"""

from __future__ import annotations

import msgspec
import numpy as np

from promosight.flows.boards import Board, Floats
from promosight.flows.decisioning import rules_of
from promosight.flows.granting import rooms_of
from promosight.flows.held import held_now
from promosight.flows.limit_cells import has_limits
from promosight.flows.wording import Drawn
from promosight.rules.caps import Room
from promosight.rules.instants import format_instant, parse_instant
from promosight.rules.money import MICROS, UNIT_MARK, amount_of_text, format_amount
from promosight.rules.pacing import Pace, begun, decisions_left, paced
from promosight.store.catalogue import Listed, load
from promosight.store.tx import Tx

_EVER_US = 2**61


class Prices:
    """The prices of one workspace's budgets in one transaction."""

    def __init__(
        self, tx: Tx, board: Board, rooms: dict[int, Room], workspace_no: int, *, together: bool
    ) -> None:
        self._tx = tx
        self._board = board
        self._rooms = rooms
        self._workspace_no = workspace_no
        self._together = together
        self._budgets = {no for no, room in rooms.items() if room.budget_left is not None}
        self._paces = _paces(tx, workspace_no) if self._budgets else {}
        self._moved: set[int] = set()
        self.any = bool(rooms)
        """Whether anything is limited."""

    def of_places(self) -> Floats:
        """The price of the budget of each place; 0 without one."""
        found = np.zeros(len(self._board.places))
        for no in self._budgets & self._paces.keys():
            found[self._board.by_no.get(no, [])] = self._paces[no].price
        return found

    def move(self, row: Drawn, now_us: int) -> None:
        """A decision was drawn: every budget that was a candidate moves."""
        if not self._budgets:
            return
        board = self._board
        best: dict[int, int] = {}
        if self._together:  # what is scarce has prices of its own there; here it is only counted
            best = (
                {} if row.place is None else {board.places[row.place].listed.promotion_no: row.at}
            )
        else:
            for i in np.argsort(row.scores[:-1], kind="stable").tolist():
                best[board.places[int(row.open_[i])].listed.promotion_no] = i
        drawn = None if row.place is None else board.places[row.place].listed.promotion_no
        for no in self._budgets & best.keys():
            i = row.at if no == drawn else best[no]
            self._move(no, int(row.open_[i]), float(row.p_hat[i]), now_us, chosen=no == drawn)

    def _move(self, no: int, at: int, p: float, now_us: int, *, chosen: bool) -> None:
        place = self._board.places[at]
        ends_us = place.ends_us if place.ends_us < _EVER_US else None
        left = self._rooms[no].budget_left
        assert left is not None
        before = self._paces.get(no) or begun(now_us, ends_us)
        after = paced(
            before,
            left=left / MICROS,
            ends_us=ends_us,
            now_us=now_us,
            value=place.value - place.cost,
            cost=place.reward_micros / MICROS,
            p=p,
            chosen=chosen,
        )
        if self._together:
            after = msgspec.structs.replace(after, price=before.price)
        self._paces[no] = after
        self._moved.add(no)

    def keep(self, now_us: int) -> None:
        """Writes the prices that moved."""
        rows = [
            (self._workspace_no, no, msgspec.json.encode(self._paces[no]).decode(), now_us)
            for no in sorted(self._moved)
        ]
        self._tx.run_many("put_prices", rows)


class Budget(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A promotion's budget as decisions see it. `price` is in the workspace's currency for each unit of the reward.

    `decisions_left` are those expected until the promotion ends, or in the next 30 days.
    """

    promotion_id: str
    budget: str
    left: str
    currency: str
    price: float
    decisions_left: float | None
    ends_at: str | None
    moved_at: str | None


class Pacing(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The budgets of the promotions that run."""

    reserve: str
    items: list[Budget]


def pacing_of(tx: Tx, workspace_no: int, *, now_us: int) -> Pacing:
    """How the budgets stand."""
    catalogue = load(tx, workspace_no)
    running = [
        one
        for one in catalogue.defined
        if has_limits(one) and one.definition is not None and one.definition.status == "active"
    ]
    held = held_now(tx, catalogue, now_us=now_us)
    rooms = rooms_of(tx, catalogue, running, held, now_us)
    paces = _paces(tx, workspace_no)
    moved = {row[0]: row[2] for row in tx.all("decision_prices", workspace_no=workspace_no)}
    items = [
        _budget(one, left, paces.get(one.promotion_no), moved, now_us)
        for one in running
        if (left := rooms[one.promotion_no].budget_left) is not None
    ]
    return Pacing(reserve=rules_of(tx, workspace_no).settings.reserve, items=items)


def _budget(
    listed: Listed,
    left: int,
    pace: Pace | None,
    moved: dict[int, int],
    now_us: int,
) -> Budget:
    definition, currency = listed.definition, listed.terms.currency
    assert definition is not None
    amounts = [amount_of_text(one.amount) for one in definition.limits if one.is_budget]
    ends_us = None if definition.ends_at is None else parse_instant(definition.ends_at)
    at_us = moved.get(listed.promotion_no)
    return Budget(
        promotion_id=listed.promotion_id,
        budget=format_amount(min(amounts), currency),
        left=format_amount(left, currency),
        currency=currency.removeprefix(UNIT_MARK),
        price=0.0 if pace is None else round(pace.price, 6),
        decisions_left=None if pace is None else round(decisions_left(pace, ends_us, now_us), 1),
        ends_at=definition.ends_at,
        moved_at=None if at_us is None else format_instant(at_us),
    )


def _paces(tx: Tx, workspace_no: int) -> dict[int, Pace]:
    rows = tx.all("decision_prices", workspace_no=workspace_no)
    return {no: msgspec.json.decode(state, type=Pace) for no, state, _ in rows}
