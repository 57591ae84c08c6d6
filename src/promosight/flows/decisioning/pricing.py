"""Prices of budgets: kept with the decisions that move them, in their transaction, under the locks of the promotions.

A budget is a promotion's limit on what its rewards come to in its whole life. Its price says what one unit of it is
worth in other hands (rules/pacing.py): while there is plenty it is 0, and a budget that would be gone before its time
gets dearer until it is spent where it is worth most. The hard limits are kept by rules/caps.py: a price only ranks.
"""

from __future__ import annotations

import msgspec
import numpy as np

from promosight.flows.decisioning.boards import Board, Floats
from promosight.flows.decisioning.rooms import free_for_promises
from promosight.flows.decisioning.settings import rules_of
from promosight.flows.decisioning.wording import Drawn
from promosight.flows.ledger.held import held_now
from promosight.flows.ledger.limit_cells import has_limits
from promosight.flows.ledger.promises import Steered, liabilities, read_steered, write_steered
from promosight.flows.reserving.granting import rooms_of
from promosight.rules.caps import Room
from promosight.rules.instants import format_instant, kept_instant
from promosight.rules.money import MICROS, UNIT_MARK, amount_of_text, format_amount
from promosight.rules.pacing import Liability, begun, decisions_left, paced, reserved
from promosight.store.catalogue import Listed, load
from promosight.store.tx import Tx

_EVER_US = 2**61


class Prices:
    """The prices of one workspace's budgets in one transaction."""

    def __init__(
        self,
        tx: Tx,
        board: Board,
        rooms: dict[int, Room],
        workspace_no: int,
        *,
        together: bool,
        reserve: str,
    ) -> None:
        self._full = reserve == "full"
        self._tx = tx
        self._board = board
        self._rooms = rooms
        self._workspace_no = workspace_no
        self._together = together
        self._budgets = {no for no, room in rooms.items() if room.budget_left is not None}
        steered = read_steered(tx, workspace_no) if self._budgets else {}
        self._paces = {no: one.pace for no, one in steered.items() if one.pace is not None}
        self._steered = steered
        self.liabilities = liabilities(tx, workspace_no, steered) if self._budgets else {}
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
        left = self._left(no)
        before = self._paces.get(no) or begun(now_us, ends_us)
        after = paced(
            before,
            left=left,
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

    def _left(self, no: int) -> float:
        """What the price sees as left: under `two_sd` all that is not expected to be used (rules/pacing.py)."""
        room, there = self._rooms[no], self.liabilities.get(no) or Liability()
        left, free = room.budget_left, free_for_promises(room, there)
        assert left is not None
        assert free is not None
        return max(left / MICROS if self._full else free - there.expected, 0.0)

    def keep(self, promised: list[tuple[int, float, float]], now_us: int) -> None:
        """Writes the prices that moved, and what was promised: promotion, cost and probability."""
        moved: dict[int, Steered] = {}
        for no in self._moved | {one[0] for one in promised}:
            moved[no] = self._steered.get(no) or Steered()
            moved[no].pace = self._paces.get(no)
        for no, cost, p in promised:
            moved[no].promised.add(cost, p)
        write_steered(self._tx, self._workspace_no, moved, now_us=now_us)


class Budget(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A promotion's budget as decisions see it. `price` is in the workspace's currency for each unit of the reward.

    `left` is what can still be promised; `reserved` what is kept back for open promises, `expected` what is expected
    to be redeemed of them. `decisions_left` are those expected until the promotion ends, or in the next 30 days.
    """

    promotion_id: str
    budget: str
    left: str
    reserved: str
    expected: str
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
    steered = read_steered(tx, workspace_no)
    open_ = liabilities(tx, workspace_no, steered)
    reserve = rules_of(tx, workspace_no).settings.reserve
    moved = {row[0]: row[2] for row in tx.all("decision_prices", workspace_no=workspace_no)}
    items = [
        _budget(
            one,
            room,
            steered.get(one.promotion_no) or Steered(),
            open_.get(one.promotion_no) or Liability(),
            moved,
            reserve,
            now_us,
        )
        for one in running
        if (room := rooms[one.promotion_no]).budget_left is not None
    ]
    return Pacing(reserve=reserve, items=items)


def _budget(
    listed: Listed,
    room: Room,
    steered: Steered,
    liability: Liability,
    moved: dict[int, int],
    reserve: str,
    now_us: int,
) -> Budget:
    pace = steered.pace
    kept = reserved(liability, "two_sd" if reserve == "two_sd" else "full")
    free = free_for_promises(room, liability)
    assert free is not None
    definition, currency = listed.definition, listed.terms.currency
    assert definition is not None
    amounts = [amount_of_text(one.amount) for one in definition.limits if one.is_budget]
    ends_us = None if definition.ends_at is None else kept_instant(definition.ends_at)
    at_us = moved.get(listed.promotion_no)
    return Budget(
        promotion_id=listed.promotion_id,
        budget=format_amount(min(amounts), currency),
        left=format_amount(round((free - kept) * MICROS), currency),
        reserved=format_amount(round(kept * MICROS), currency),
        expected=format_amount(round(liability.expected * MICROS), currency),
        currency=currency.removeprefix(UNIT_MARK),
        price=0.0 if pace is None else round(pace.price, 6),
        decisions_left=None if pace is None else round(decisions_left(pace, ends_us, now_us), 1),
        ends_at=definition.ends_at,
        moved_at=None if at_us is None else format_instant(at_us),
    )
