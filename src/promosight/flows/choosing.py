"""Choosing: one decision, from what its transaction has read. Filters first, then the probabilities, then the draw.

Nothing is looked up here. What a decision takes (room under a cap, a place in the customer's history) it takes at once,
so that those who wait together are decided one after the other as if each were alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from promosight.flows.boards import Board, Place
from promosight.flows.decisioning import Rules
from promosight.flows.decisions_kept import Excluded, Trace, packed
from promosight.flows.histories import Past
from promosight.flows.minds import Mind
from promosight.flows.wording import said_of
from promosight.rules.caps import Grant, Room, named
from promosight.rules.decisioning import NOTHING
from promosight.rules.eligibility import Barrier, Person, barrier_of_offer, barrier_of_person
from promosight.rules.features import Record, customer_features
from promosight.rules.identity import stable_hash
from promosight.rules.instants import format_instant
from promosight.rules.leaning import lean_of
from promosight.rules.money import UNIT_MARK
from promosight.rules.policy import Arm, Exploration, choose, greed, seed_of
from promosight.store.catalogue import Catalogue

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


class Choosing:
    """The decisions of one workspace in one transaction."""

    def __init__(
        self,
        catalogue: Catalogue,
        rules: Rules,
        mind: Mind,
        board: Board,
        rooms: dict[int, Room],
        prices: dict[int, float],
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

    def decide(self, customer: Customer, asked: Question) -> Chosen:
        """Decides, and takes what the choice takes."""
        settings = self._settings
        if settings.mode == "off":
            return self._told("off", customer, asked, ["Decisioning is switched off."])
        if self._is_control(customer.customer_id):
            return self._usual("control", customer, asked)
        if settings.mode == "fixed":
            return self._usual("fixed", customer, asked)
        drawn = self._drawn(customer, asked)
        if settings.mode == "apprentice":
            return self._as_apprentice(customer, asked, drawn)
        return self._taken(customer, asked, drawn)

    def _is_control(self, customer_id: str) -> bool:
        """Whether a customer is in the group left alone: always the same, whatever else is decided."""
        share = stable_hash("control", self._salt, customer_id) / 2**63
        return share < self._settings.control_share

    def _usual(self, mode: str, customer: Customer, asked: Question) -> Chosen:
        """The offer that everybody gets in this mode, where nothing forbids it."""
        settings = self._settings
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
        open_, excluded = self._open(customer, asked._replace(candidates=(wanted,)))
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

    def _drawn(self, customer: Customer, asked: Question) -> Chosen:
        """What the policy draws. Nothing is taken yet."""
        open_, excluded = self._open(customer, asked)
        board, mind, prices = self._board, self._mind, self._prices
        arms = []
        for at in open_:
            place = board.places[at]
            price = prices.get(place.listed.promotion_no, 0.0)
            net = place.value - place.cost
            lean = lean_of(customer.past.records.get(place.listed.promotion_no), board.rate)
            arms.append(Arm(place.offer, net, place.cost, price, self._contact, lean))
        past, person = customer.past, customer.person
        x = customer_features(past.history, person.traits, {}, asked.decided_us)
        seed = seed_of(asked.decision_id, self._salt)
        choice = choose(mind.snapshot, x, arms, self._exploration, seed)
        last = len(arms)
        at = last if choice.index is None else choice.index
        place_ = None if choice.index is None else board.places[open_[at]]
        trace = Trace(
            customer_id=customer.customer_id,
            x=x,
            arms=open_,
            p=packed(choice.p_hat),
            sd=packed(choice.sd),
            pmf=packed(choice.pmf),
            prices=packed([arm.price for arm in arms]) if any(arm.price for arm in arms) else "",
            leans=packed([arm.lean for arm in arms]) if any(arm.lean for arm in arms) else "",
            contact=self._contact,
            kind=self._exploration.kind,
            greed=self._greed,
            floor=self._exploration.floor,
            seed=seed,
            at=at,
            propensity=choice.propensity,
            explored=choice.explored,
            expected=round(float(choice.scores[at]), 6),
            excluded=excluded,
            assign=asked.assign,
        )
        trace.reasons = said_of(self._catalogue, board, open_, choice, past)
        return Chosen("policy", place_, trace)

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

    def _open(self, customer: Customer, asked: Question) -> tuple[list[int], list[Excluded]]:
        """The places on the board that may be chosen, in order, and what was taken out."""
        wanted, excluded = self._wanted(asked)
        cap = self._settings.frequency_cap
        barrier = barrier_of_person(customer.person, customer.past.lately, cap)
        open_: list[int] = []
        told: set[str] = set()
        for at in wanted:
            place = self._board.places[at]
            promotion_id = place.listed.promotion_id
            if promotion_id in told:
                continue
            why = barrier or self._barrier(place, customer, asked.decided_us)
            if why is not None:
                told.add(promotion_id)
                excluded.append(Excluded(promotion_id, None, *why))
            elif full := self._full(place):
                excluded.append(Excluded(promotion_id, place.tier_id, *full))
            else:
                open_.append(at)
        return open_, excluded

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

    def _wanted(self, asked: Question) -> tuple[list[int], list[Excluded]]:
        """The places asked for, and those that are on no board."""
        board = self._board
        if asked.candidates is None:
            return list(range(len(board.places))), []
        found: set[int] = set()
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
            found.update(places)
        return sorted(found), excluded

    def _not_there(self, promotion_id: str) -> Barrier:
        listed = self._catalogue.by_id.get(promotion_id)
        if listed is None or listed.definition is None:
            return Barrier("unknown_promotion", f"there is no promotion {promotion_id}")
        status = listed.definition.status
        return Barrier(status, f"the promotion is {status}")
