"""Choosing: one decision, from what its transaction has read. Filters first, then the probabilities, then the draw.

Nothing is looked up here. What a decision takes (room under a cap) it takes at once, so that those who wait together
are decided one after the other as if each were alone: they are drawn together, and as soon as an offer is shut by what
one of them drew, the rest is drawn anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from promosight.flows.decisioning.boards import Board, Floats, Place
from promosight.flows.decisioning.decisions_kept import Excluded, Trace, packed
from promosight.flows.decisioning.filters import Allowed, Customer, Filters, Flags, Question, Wanted
from promosight.flows.decisioning.histories import Past
from promosight.flows.decisioning.list_prices import tolls_of
from promosight.flows.decisioning.minds import Mind
from promosight.flows.decisioning.pricing import Prices
from promosight.flows.decisioning.rooms import Rooms
from promosight.flows.decisioning.settings import Rules
from promosight.flows.decisioning.wording import NOTHING_OPEN, Drawn, said_of
from promosight.rules.decisioning import NOTHING
from promosight.rules.features import customer_features
from promosight.rules.identity import stable_hash
from promosight.rules.leaning import lean_of
from promosight.rules.policy import (
    Benchmark,
    Exploration,
    Worths,
    choose_rows,
    greed,
    likely_of,
    seed_of,
)
from promosight.store.catalogue import Catalogue

_DRAWN_AT_ONCE = 512
_NOBODY = -1


class Chosen(NamedTuple):
    """What was decided: the offer or none, who chose, and the trace."""

    mode: str
    place: Place | None
    trace: Trace


class _Asked(NamedTuple):
    """One decision that the policy is to make. `own`: how many times the average the customer's orders are."""

    which: int
    customer: Customer
    question: Question
    allowed: Allowed
    x: dict[str, float]
    leans: list[float] | None
    own: float
    seed: int
    benchmark: int


class Choosing:
    """The decisions of one workspace in one transaction. `together`: they are one list, solved as a whole."""

    def __init__(
        self,
        catalogue: Catalogue,
        rules: Rules,
        mind: Mind,
        board: Board,
        rooms: Rooms,
        prices: Prices,
        *,
        together: bool,
    ) -> None:
        self._catalogue = catalogue
        self._settings = rules.settings
        self._mind = mind
        self._board = board
        self._rooms = rooms
        self._prices = prices
        self._together = together
        self._filters = Filters(catalogue, rules.settings, board, rooms)
        s = rules.settings
        self._exploration = Exploration(s.exploration, s.gamma, s.floor)
        self._greed = greed(mind.snapshot, self._exploration)
        # With a seed of its own a workspace can be lived through again, also in another store.
        self._salt = s.seed or catalogue.workspace.workspace_id
        self._contact = 0.0 if board.by_redemption else s.contact_micros / 1e6
        self._price = prices.of_places()
        self._tolls = np.zeros(len(board.places))
        self._named = self._named_benchmark()

    def decide_all(self, customers: list[Customer], asked: list[Question]) -> list[Chosen]:
        """Decides, each customer once, and takes what the choices take."""
        made: dict[int, Chosen] = {}
        waiting: list[_Asked] = []
        for i, (customer, question) in enumerate(zip(customers, asked, strict=True)):
            if mode := self._without_policy(customer.customer_id):
                made[i] = self._usual(mode, customer, question)
            elif not self._board.places:
                made[i] = self._without_offers(customer, question)
            else:
                waiting.append(self._asked(i, customer, question))
        if self._together and waiting and self._rooms.by_no:
            self._solve(waiting)
        done = 0
        while done < len(waiting):
            done += self._draw(waiting[done : done + _DRAWN_AT_ONCE], made)
        return [made[i] for i in range(len(asked))]

    def _without_policy(self, customer_id: str) -> str | None:
        """The mode in which somebody is decided on without the policy, None with it."""
        mode = self._settings.mode
        if mode == "off":
            return mode
        if self._is_control(customer_id):
            return "control"
        return mode if mode == "fixed" else None

    def _is_control(self, customer_id: str) -> bool:
        """Whether a customer is in the group left alone: always the same, whatever else is decided."""
        share = stable_hash("control", self._salt, customer_id) / 2**63
        return share < self._settings.control_share

    def _named_benchmark(self) -> int:
        """The place of the benchmark on the board."""
        named = self._settings.benchmark
        places = [] if named is None else self._board.by_promotion.get(named.promotion_id, [])
        for at in places:
            if named is not None and self._board.places[at].tier_id == named.tier_id:
                return at
        return _NOBODY

    def _usual(self, mode: str, customer: Customer, asked: Question) -> Chosen:
        """The offer that everybody gets in this mode, where nothing forbids it."""
        settings = self._settings
        if mode == "off":
            return self._told(mode, customer, asked, ["Decisioning is switched off."])
        wanted: Wanted | None = None
        if mode == "fixed":
            fixed = settings.fixed
            wanted = None if fixed is None else (fixed.promotion_id, fixed.tier_id)
            why = "A fixed offer is set for everybody."
        else:
            wanted = None if settings.control_gets == NOTHING else (settings.control_gets, None)
            why = (
                "The customer is in the control group, which is left as it would be without decisions."
                if mode == "control"
                else "Decisions are only watched so far; business goes on as usual."
            )
        if wanted is None:
            return self._told(mode, customer, asked, [why])
        allowed = self._filters.allowed(customer, asked._replace(candidates=(wanted,)))
        excluded = allowed.excluded + self._filters.full(allowed)
        open_ = np.flatnonzero(allowed.open & ~self._rooms.shut).tolist()
        if not open_:
            return self._told(mode, customer, asked, [why, "It cannot be given here."], excluded)
        trace = Trace(
            customer_id=customer.customer_id,
            arms=[open_[0]],
            pmf=packed([1.0, 0.0]),
            expected=0.0,
            reasons=[why],
            excluded=excluded,
            assign=asked.assign,
        )
        if asked.assign:
            self._rooms.take(open_[0], 1.0)
        return Chosen(mode, self._board.places[open_[0]], trace)

    def _told(
        self,
        mode: str,
        customer: Customer,
        asked: Question,
        reasons: list[str],
        excluded: list[Excluded] | None = None,
    ) -> Chosen:
        """No offer, and why."""
        trace = Trace(
            customer_id=customer.customer_id,
            pmf=packed([1.0]),
            reasons=reasons,
            excluded=excluded or [],
            assign=asked.assign,
        )
        return Chosen(mode, None, trace)

    def _without_offers(self, customer: Customer, asked: Question) -> Chosen:
        mode = "apprentice" if self._settings.mode == "apprentice" else "policy"
        excluded = self._filters.allowed(customer, asked).excluded
        return self._told(mode, customer, asked, [NOTHING_OPEN], excluded)

    def _asked(self, which: int, customer: Customer, asked: Question) -> _Asked:
        """All that a draw takes and that no other draw changes."""
        past, board = customer.past, self._board
        allowed = self._filters.allowed(customer, asked)
        at = self._named
        if at != _NOBODY:  # where it was asked for and may not be given, a fixed offer is none
            at = _NOBODY if not allowed.wanted[at] else at if allowed.open[at] else len(board.kept)
        return _Asked(
            which,
            customer,
            asked,
            allowed,
            customer_features(past.history, customer.person.traits, {}, asked.decided_us),
            self._leans(past) if past.records else None,
            board.own(past.orders, past.spent),
            seed_of(asked.decision_id, self._salt),
            at,
        )

    def _leans(self, past: Past) -> list[float]:
        """What the customer's own record with each promotion adds."""
        board = self._board
        found = [0.0] * len(board.places)
        for no, record in past.records.items():
            for at in board.by_no.get(no, ()):
                found[at] = lean_of(record, board.rate)
        return found

    def _nets(self, some: list[_Asked]) -> Floats:
        """What a redemption of each offer is worth for each customer, less the price of what it takes."""
        own = np.array([one.own for one in some])[:, None]
        board = self._board
        nets: Floats = board.fixed + own * board.by_order
        return nets - self._price * board.taken if self._prices.any else nets

    def _lean_rows(self, some: list[_Asked]) -> Floats:
        zero = [0.0] * len(self._board.places)
        return np.array([zero if one.leans is None else one.leans for one in some])

    def _solve(self, waiting: list[_Asked]) -> None:
        """Prices of what this list would take more of than there is."""
        menu = self._board.menu(self._mind.snapshot)
        rows = self._mind.snapshot.layout.table([one.x for one in waiting])
        p = likely_of(menu, rows, self._lean_rows(waiting))
        worth = p * self._nets(waiting) - self._contact
        worth[~np.array([one.allowed.open for one in waiting])] = -np.inf
        price, self._tolls = tolls_of(self._board, self._rooms, p, worth)
        self._price = self._price + price

    def _draw(self, some: list[_Asked], made: dict[int, Chosen]) -> int:
        """Draws for these customers until one of them shuts an offer; says for how many."""
        snapshot, board = self._mind.snapshot, self._board
        open_ = self._open(some)
        columns = [self._benchmark_of(one) for one in some]
        choices = choose_rows(
            snapshot,
            board.menu(snapshot),
            snapshot.layout.table([one.x for one in some]),
            Worths(self._nets(some), self._contact, self._tolls),
            self._exploration,
            [one.seed for one in some],
            open_,
            self._lean_rows(some),
            None if self._named == _NOBODY else Benchmark(np.array(columns), self._share),
        )
        best: list[int] = choices.scores.argmax(axis=1).tolist()
        for i, one in enumerate(some):
            places = board.everywhere if open_ is None else np.flatnonzero(open_[i])
            row = Drawn.of(choices, i, places, best[i], one.own)
            made[one.which], shuts = self._made(one, row, columns[i])
            if shuts:
                return i + 1
        return len(some)

    def _open(self, some: list[_Asked]) -> Flags | None:
        """Which places are open to each of them now, None where all are to everybody."""
        limited, everything = bool(self._rooms.by_no), self._board.everything
        if not limited and all(one.allowed.open is everything for one in some):
            return None
        open_: Flags = np.array([one.allowed.open for one in some])
        if limited:
            open_ &= ~self._rooms.shut
        return None if open_.all() else open_

    @property
    def _share(self) -> float:
        named = self._settings.benchmark
        return 0.0 if named is None else named.share

    def _benchmark_of(self, one: _Asked) -> int:
        """The column of a customer's benchmark now: no offer where there is no room for it."""
        none = len(self._board.kept)
        full = 0 <= one.benchmark < none and self._rooms.shut[one.benchmark]
        return none if full else one.benchmark

    def _made(self, one: _Asked, row: Drawn, column: int) -> tuple[Chosen, bool]:
        """A decision of what was drawn, and whether it shuts an offer."""
        excluded = one.allowed.excluded
        if self._rooms.by_no and len(row.open_) < len(self._board.places):
            excluded = excluded + self._filters.full(one.allowed)
        trace = self._traced(one, row, excluded)
        if column != _NOBODY:
            trace.benchmark = int(np.searchsorted(row.open_, column))
            trace.share = self._share
        place = None if row.place is None else self._board.places[row.place]
        if self._settings.mode == "apprentice":
            return self._as_apprentice(one, place, trace), False
        if not one.question.assign:
            return Chosen("policy", place, trace), False
        self._prices.move(row, one.question.decided_us)
        p = 0.0 if row.place is None else float(row.p_hat[row.at])
        shuts = row.place is not None and self._rooms.take(row.place, p)
        return Chosen("policy", place, trace), shuts

    def _traced(self, one: _Asked, row: Drawn, excluded: list[Excluded]) -> Trace:
        trace = Trace(
            customer_id=one.customer.customer_id,
            x=one.x,
            arms=row.open_.tolist(),
            p=packed(row.p_hat),
            pmf=packed(row.pmf),
            own=one.own,
            contact=self._contact,
            kind=self._exploration.kind,
            greed=self._greed,
            floor=self._exploration.floor,
            seed=one.seed,
            at=row.at,
            propensity=float(row.pmf[row.at]),
            explored=row.at != row.best,
            expected=self._expected(one, row),
            reasons=said_of(self._catalogue, self._board, row, one.customer.past),
            excluded=excluded,
            assign=one.question.assign,
        )
        if row.place is not None:
            trace.nth = self._board.menu(self._mind.snapshot).known[row.place]
        if one.leans is not None:
            trace.leans = _unless_zero(np.array(one.leans)[row.open_])
        if self._prices.any:
            trace.prices = _unless_zero(self._price[row.open_])
            trace.tolls = _unless_zero(self._tolls[row.open_])
        return trace

    def _expected(self, one: _Asked, row: Drawn) -> float:
        """What the choice is expected to bring, whatever its budget is worth elsewhere."""
        if row.place is None:
            return 0.0
        board, at = self._board, row.place
        net = board.fixed[at] + one.own * board.by_order[at]
        return round(float(row.p_hat[row.at] * net - self._contact), 6)

    def _as_apprentice(self, one: _Asked, place: Place | None, trace: Trace) -> Chosen:
        """Business as usual is answered; what would have been chosen is kept."""
        usual = self._usual("apprentice", one.customer, one.question)
        trace.would = None if place is None else (place.listed.promotion_id, place.tier_id)
        trace.reasons = [*usual.trace.reasons, *trace.reasons]
        trace.propensity, trace.explored = 1.0, False
        return Chosen("apprentice", usual.place, trace)


def _unless_zero(numbers: Floats) -> str:
    return packed(numbers) if numbers.any() else ""
