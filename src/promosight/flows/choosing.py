"""Choosing: one decision, from what its transaction has read. Filters first, then the probabilities, then the draw.

Nothing is looked up here. What a decision takes (room under a cap, a place in the customer's history) it takes at once,
so that those who wait together are decided one after the other as if each were alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promosight.flows.boards import Board, Place
from promosight.flows.decisioning import Rules
from promosight.flows.decisions_kept import Excluded, Trace, packed
from promosight.flows.histories import Past
from promosight.flows.minds import Mind
from promosight.flows.pricing import Prices
from promosight.flows.wording import NOTHING_OPEN, Drawn, said_of
from promosight.rules.caps import Grant, Room, named
from promosight.rules.decisioning import NOTHING
from promosight.rules.eligibility import Barrier, Person, barrier_of_offer, barrier_of_person
from promosight.rules.features import Record, customer_features
from promosight.rules.identity import stable_hash
from promosight.rules.instants import format_instant
from promosight.rules.leaning import lean_of
from promosight.rules.money import UNIT_MARK
from promosight.rules.policy import Arm, Exploration, choose_many, greed, seed_of
from promosight.store.catalogue import Catalogue

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
_DRAWN_AT_ONCE = 512

Wanted = tuple[str, str | None]
"""A candidate: a promotion, and a tier if it names one."""


class Customer(NamedTuple):
    """Whom a decision is about."""

    customer_id: str
    customer_no: int
    person: Person
    past: Past


class Question(NamedTuple):
    """What is asked of a decision."""

    decision_id: str
    candidates: tuple[Wanted, ...] | None
    assign: bool
    decided_us: int


class Chosen(NamedTuple):
    """What was decided: the offer or none, who chose, and the trace."""

    mode: str
    place: Place | None
    trace: Trace


class Allowed(NamedTuple):
    """Which places on the board may be chosen for a customer, and what was taken out, and why."""

    open: Flags
    excluded: list[Excluded]


class Choosing:
    """The decisions of one workspace in one transaction."""

    def __init__(
        self,
        catalogue: Catalogue,
        rules: Rules,
        mind: Mind,
        board: Board,
        rooms: dict[int, Room],
        prices: Prices,
    ) -> None:
        self._catalogue = catalogue
        self._settings = rules.settings
        self._mind = mind
        self._board = board
        self._rooms = rooms
        self._prices = prices
        s = rules.settings
        self._exploration = Exploration(s.exploration, s.gamma, s.floor)
        self._greed = greed(mind.snapshot, self._exploration)
        self._salt = f"{catalogue.workspace.workspace_id}\x00{s.seed}"
        self._contact = 0.0 if board.by_redemption else s.contact_micros / 1e6

    def decide_all(self, customers: list[Customer], asked: list[Question]) -> list[Chosen]:
        """Decides, each customer once, and takes what the choices take."""
        made: dict[int, Chosen] = {}
        for i, (customer, question) in enumerate(zip(customers, asked, strict=True)):
            if mode := self._without_policy(customer.customer_id):
                made[i] = self._usual(mode, customer, question)
        left = [i for i in range(len(asked)) if i not in made]
        while left:
            size = self._together(len(left))
            some, left = left[:size], left[size:]
            drawn = self._draw([customers[i] for i in some], [asked[i] for i in some])
            made |= zip(some, drawn, strict=True)
        return [made[i] for i in range(len(asked))]

    def _without_policy(self, customer_id: str) -> str | None:
        """The mode in which somebody is decided on without the policy, None with it."""
        mode = self._settings.mode
        if mode == "off":
            return mode
        if self._is_control(customer_id):
            return "control"
        return mode if mode == "fixed" else None

    def _together(self, most: int) -> int:
        """How many may be drawn at once, so that whatever they draw has room. What is full is open to nobody."""
        for at in self._board.limited:
            place = self._board.places[at]
            room = self._rooms.get(place.listed.promotion_no)
            if room is not None:
                fit = room.times(Grant(place.tier_id, place.reward_micros))
                most = min(most, fit) if fit else most
        return min(most, _DRAWN_AT_ONCE)

    def _is_control(self, customer_id: str) -> bool:
        """Whether a customer is in the group left alone: always the same, whatever else is decided."""
        share = stable_hash("control", self._salt, customer_id) / 2**63
        return share < self._settings.control_share

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
        asked = asked._replace(candidates=(wanted,))
        allowed = self._allowed(customer, asked, *self._wanted(asked))
        open_, excluded = np.flatnonzero(allowed.open).tolist(), allowed.excluded
        if not open_:
            return self._told(mode, customer, asked, [why, "It cannot be given here."], excluded)
        place = self._board.places[open_[0]]
        trace = Trace(
            customer_id=customer.customer_id,
            arms=[open_[0]],
            pmf=packed([1.0, 0.0]),
            expected=0.0,
            reasons=[why],
            excluded=excluded,
            assign=asked.assign,
        )
        return self._taken(customer, asked, Chosen(mode, place, trace))

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

    def _as_apprentice(self, customer: Customer, asked: Question, drawn: Chosen) -> Chosen:
        """Business as usual is answered; what would have been chosen is kept."""
        usual = self._usual("apprentice", customer, asked)
        place = drawn.place
        would = None if place is None else (place.listed.promotion_id, place.tier_id)
        trace = drawn.trace
        trace.would = would
        trace.reasons = [*usual.trace.reasons, *trace.reasons]
        trace.propensity, trace.explored = 1.0, False
        return Chosen("apprentice", usual.place, trace)

    def _draw(self, customers: list[Customer], asked: list[Question]) -> list[Chosen]:
        """What the policy draws, and takes it."""
        board, prices = self._board, self._prices
        if not board.places:
            return [self._without_offers(*pair) for pair in zip(customers, asked, strict=True)]
        arms = [
            Arm(
                place.offer,
                place.value - place.cost,
                place.taken,
                prices.of(place.listed.promotion_no),
                self._contact,
            )
            for place in board.places
        ]
        allowed = [
            self._allowed(customer, one, *self._wanted(one))
            for customer, one in zip(customers, asked, strict=True)
        ]
        features = [
            customer_features(who.past.history, who.person.traits, {}, one.decided_us)
            for who, one in zip(customers, asked, strict=True)
        ]
        leans = np.array([self._leans(who.past) for who in customers]).reshape(-1, len(arms))
        seeds = [seed_of(one.decision_id, self._salt) for one in asked]
        choices = choose_many(
            self._mind.snapshot,
            features,
            arms,
            self._exploration,
            seeds,
            allowed=np.array([one.open for one in allowed]).reshape(-1, len(arms)),
            leans=leans,
        )
        priced = np.array([arm.price for arm in arms])
        found = []
        for i, (customer, one) in enumerate(zip(customers, asked, strict=True)):
            row = Drawn.of(choices, i, allowed[i].open)
            trace = self._traced(customer, one, row, features[i], seeds[i], allowed[i].excluded)
            trace.leans = _unless_zero(leans[i][row.open_])
            trace.prices = _unless_zero(priced[row.open_])
            if one.assign:
                prices.move(row, one.decided_us)
            found.append(self._chosen(customer, one, row, trace))
        return found

    def _without_offers(self, customer: Customer, asked: Question) -> Chosen:
        mode = "apprentice" if self._settings.mode == "apprentice" else "policy"
        _, excluded = self._wanted(asked)
        return self._told(mode, customer, asked, [NOTHING_OPEN], excluded)

    def _leans(self, past: Past) -> Floats:
        """What the customer's own record with each promotion adds."""
        board = self._board
        found = np.zeros(len(board.places))
        for no, record in past.records.items():
            if at := board.by_no.get(no):
                found[at] = lean_of(record, board.rate)
        return found

    def _traced(
        self,
        customer: Customer,
        asked: Question,
        row: Drawn,
        x: dict[str, float],
        seed: int,
        excluded: list[Excluded],
    ) -> Trace:
        return Trace(
            customer_id=customer.customer_id,
            x=x,
            arms=row.open_.tolist(),
            p=packed(row.p_hat),
            sd=packed(row.sd),
            pmf=packed(row.pmf),
            contact=self._contact,
            kind=self._exploration.kind,
            greed=self._greed,
            floor=self._exploration.floor,
            seed=seed,
            at=row.at,
            propensity=float(row.pmf[row.at]),
            explored=row.at != row.best,
            expected=round(float(row.scores[row.at]), 6),
            reasons=said_of(self._catalogue, self._board, row, customer.past),
            excluded=excluded,
            assign=asked.assign,
        )

    def _chosen(self, customer: Customer, asked: Question, row: Drawn, trace: Trace) -> Chosen:
        place = None if row.place is None else self._board.places[row.place]
        drawn = Chosen("policy", place, trace)
        if self._settings.mode == "apprentice":
            return self._as_apprentice(customer, asked, drawn)
        return self._taken(customer, asked, drawn)

    def _taken(self, customer: Customer, asked: Question, chosen: Chosen) -> Chosen:
        """Takes the room of a choice that makes an assignment, and remembers it of the customer."""
        place = chosen.place
        if place is None or not asked.assign:
            return chosen
        no = place.listed.promotion_no
        if no in self._rooms:
            self._rooms[no].take(Grant(place.tier_id, place.reward_micros))
        past = customer.past
        past.times[no] = past.times.get(no, 0) + 1
        past.lately += 1
        definition = place.listed.definition
        assert definition is not None
        record = past.records.get(no) or Record(definition.kind, definition.reward.type)
        past.records[no] = replace(
            record, assigned=record.assigned + 1, last_assigned_us=asked.decided_us
        )
        return chosen

    def _allowed(
        self, customer: Customer, asked: Question, wanted: Flags, excluded: list[Excluded]
    ) -> Allowed:
        """Which places on the board may be chosen, and what was taken out."""
        board, person = self._board, customer.person
        barrier = barrier_of_person(person, customer.past.lately, self._settings.frequency_cap)
        if barrier is not None:
            ids = {board.places[at].listed.promotion_id: None for at in np.flatnonzero(wanted)}
            return Allowed(board.nothing, excluded + [Excluded(one, None, *barrier) for one in ids])
        at_us = asked.decided_us
        open_ = wanted & (board.starts_us <= at_us) & (at_us < board.ends_us)
        closer = board.closer if not person.opt_outs else range(len(board.places))
        for at in closer:
            if open_[at] and self._why(board.places[at], customer, at_us):
                open_[at] = False
        told: set[str] = set()
        for at in np.flatnonzero(wanted & ~open_).tolist():
            place = board.places[at]
            promotion_id = place.listed.promotion_id
            if promotion_id in told:
                continue
            why, whole = self._barrier(place, customer, at_us), True
            if why is None:
                why, whole = self._full(place), False
            assert why is not None
            excluded.append(Excluded(promotion_id, None if whole else place.tier_id, *why))
            if whole:
                told.add(promotion_id)
        return Allowed(open_, excluded)

    def _why(self, place: Place, customer: Customer, at_us: int) -> Barrier | None:
        return self._barrier(place, customer, at_us) or self._full(place)

    def _barrier(self, place: Place, customer: Customer, at_us: int) -> Barrier | None:
        if at_us < place.starts_us:
            return Barrier("not_started", f"starts at {format_instant(place.starts_us)}")
        if at_us >= place.ends_us:
            return Barrier("ended", f"ended at {format_instant(place.ends_us)}")
        listed = place.listed
        times = customer.past.times.get(listed.promotion_no, 0)
        return barrier_of_offer(listed.promotion_id, place.terms, customer.person, times)

    def _full(self, place: Place) -> Barrier | None:
        room = self._rooms.get(place.listed.promotion_no)
        if room is None:
            return None
        full = room.full_for(Grant(place.tier_id, place.reward_micros))
        if full is None:
            return None
        what = named(full, place.listed.terms.currency.removeprefix(UNIT_MARK))
        return Barrier("cap_reached", f"{what} leaves no room for it")

    def _wanted(self, asked: Question) -> tuple[Flags, list[Excluded]]:
        """The places asked for, and those that are on no board."""
        board = self._board
        if asked.candidates is None:
            return board.everything, []
        found = board.nothing.copy()
        excluded: list[Excluded] = []
        for promotion_id, tier_id in asked.candidates:
            places = board.by_promotion.get(promotion_id)
            if places is None:
                excluded.append(Excluded(promotion_id, tier_id, *self._not_there(promotion_id)))
                continue
            if tier_id is not None:
                places = [at for at in places if board.places[at].tier_id == tier_id]
            if not places:
                why = Barrier("unknown_tier", f"the promotion has no tier {tier_id}")
                excluded.append(Excluded(promotion_id, tier_id, *why))
            found[places] = True
        return found, excluded

    def _not_there(self, promotion_id: str) -> Barrier:
        listed = self._catalogue.by_id.get(promotion_id)
        if listed is None or listed.definition is None:
            return Barrier("unknown_promotion", f"there is no promotion {promotion_id}")
        status = listed.definition.status
        return Barrier(status, f"the promotion is {status}")


def _unless_zero(numbers: Floats) -> str:
    return packed(numbers) if numbers.any() else ""
