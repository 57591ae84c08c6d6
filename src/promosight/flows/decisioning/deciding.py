"""Deciding: which offer each customer gets, in one transaction for all that waited together.

What is asked again is answered from what was kept. For the rest, locks are had first (promotions with limits, then
buckets, as grants take them), then everything is read once: the catalogue, the customers, their histories, the
counters. Each is decided in its turn by `choosing`; the assignments go the way of reported ones, and are there, with
the decision and the news for the learner, when this is committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from promosight.errors import Conflict, PromosightError
from promosight.flows.decisioning.boards import Board, Place, board_of, keep_board
from promosight.flows.decisioning.choosing import Choosing, Chosen
from promosight.flows.decisioning.decisions_kept import (
    Decision,
    DecisionAnswer,
    answer_of,
    decisions_by_id,
    trace_text,
)
from promosight.flows.decisioning.filters import Customer, Question, Wanted
from promosight.flows.decisioning.histories import Moment, Past, read_pasts
from promosight.flows.decisioning.minds import Mind, Minds
from promosight.flows.decisioning.pricing import Prices
from promosight.flows.decisioning.rooms import Rooms
from promosight.flows.decisioning.settings import Rules, rules_of
from promosight.flows.ledger.counters import COUNTERS_LOCK
from promosight.flows.ledger.held import held_of
from promosight.flows.ledger.limit_cells import has_limits
from promosight.flows.ledger.naming import Customers, name_customers
from promosight.flows.ledger.places import Words, places_for
from promosight.flows.reporting.intake import Delivery, Item
from promosight.flows.reporting.know_customers import settle_waiting
from promosight.flows.reporting.report import report_granted
from promosight.flows.reserving.granting import expire, lock_of, rooms_of
from promosight.flows.set_up.workspaces import create_source
from promosight.rules.caps import Room
from promosight.rules.eligibility import Person, person_of
from promosight.rules.facts import (
    Assignment,
    Rejection,
    assignment_decided,
    channels_of,
    identifier,
)
from promosight.rules.identity import bucket_of, customer_numbers, stable_hash
from promosight.rules.instants import DAY_US
from promosight.rules.money import UNIT_MARK
from promosight.store.catalogue import Catalogue, load
from promosight.store.races import LostRace
from promosight.store.rows import Arrival
from promosight.store.tx import Tx

SOURCE = "decisioning"
"""The source of assignments that decisions make."""
EVER_US = 2**62
_PREFIX = "dec-"
_LONGEST_ID = 255


class Decide(NamedTuple):
    """One customer is to be decided on. `digest` is of all that was said: to tell a retry from another question."""

    workspace_no: int
    decision_id: str
    customer_id: str
    candidates: tuple[Wanted, ...] | None
    context: dict[str, Any]
    assign: bool
    decided_us: int
    received_us: int
    digest: int
    minds: Minds

    @property
    def before_us(self) -> int:
        """Facts up to here count: as of now all, also those that come at this very moment by another door."""
        return EVER_US if self.decided_us == self.received_us else self.decided_us


Answer = DecisionAnswer | PromosightError


def decide(tx: Tx, asked: list[Decide]) -> list[Answer]:
    """Decides; for each the answer, the same as before where it was asked before, or why there is none."""
    answers: list[Answer | None] = [None] * len(asked)
    for workspace_no in sorted({one.workspace_no for one in asked}):
        theirs = [i for i, one in enumerate(asked) if one.workspace_no == workspace_no]
        made = _decide(tx, workspace_no, [asked[i] for i in theirs], together=False)
        for i, answer in zip(theirs, made, strict=True):
            answers[i] = answer
    return [answer for answer in answers if answer is not None]


def decide_batch(tx: Tx, batches: list[list[Decide]]) -> list[list[Answer]]:
    """The same for whole lists, each after the other, and each solved as a whole."""
    return [_decide(tx, batch[0].workspace_no, batch, together=True) for batch in batches]


def assignment_id_of(decision_id: str) -> str:
    """The id of the assignment that a decision makes."""
    named = _PREFIX + decision_id
    return named if len(named) <= _LONGEST_ID else f"{_PREFIX}{stable_hash(decision_id):016x}"


def _decide(tx: Tx, workspace_no: int, asked: list[Decide], *, together: bool) -> list[Answer]:
    catalogue, limited = _locked(tx, workspace_no, asked)
    there = decisions_by_id(tx, workspace_no, [one.decision_id for one in asked])
    new: dict[str, Decide] = {}
    for one in asked:
        if one.decision_id not in there:
            new.setdefault(one.decision_id, one)
    told: dict[str, DecisionAnswer] = {}
    digests = {one.decision_id: one.digest for one in new.values()}
    for some in _rounds(catalogue, new.values()):
        told |= _Transaction(tx, catalogue, limited, some, together=together).run()
    for one_id, decision in there.items():
        digests[one_id] = decision.digest
        told[one_id] = answer_of(catalogue, decision, decision.told)
    return [
        told[one.decision_id]
        if digests[one.decision_id] == one.digest
        else Conflict(
            "this id came before with another question",
            code="event_conflict",
            pointer="/decision_id",
        )
        for one in asked
    ]


def _rounds(catalogue: Catalogue, new: Iterable[Decide]) -> list[list[Decide]]:
    """Those decided at once: of one day, whose caps are looked at, and each customer in it once."""
    rounds: list[tuple[str, list[Decide]]] = []
    latest: dict[str, int] = {}
    for one in new:
        day = catalogue.days.day(one.decided_us)
        turn = latest.get(one.customer_id, -1) + 1
        while turn < len(rounds) and rounds[turn][0] != day:
            turn += 1
        if turn == len(rounds):
            rounds.append((day, []))
        rounds[turn][1].append(one)
        latest[one.customer_id] = turn
    return [some for _, some in rounds]


def _locked(tx: Tx, workspace_no: int, asked: list[Decide]) -> tuple[Catalogue, list[int]]:
    """The catalogue and the promotions with limits, under the locks that keep both as they are found."""
    catalogue = load(tx, workspace_no)
    limited = _limited(catalogue)
    ids = {one.customer_id for one in asked}
    buckets = set(map(bucket_of, customer_numbers(catalogue.workspace.workspace_id, ids).values()))
    names = {catalogue.by_no[no].promotion_id for no in limited}
    if names:
        tx.lock(workspace_no, set(map(lock_of, names)))
    tx.lock(workspace_no, buckets)
    if SOURCE not in catalogue.sources.values():
        # It is never overdue, because it is not said to be live.
        create_source(tx, workspace_no, SOURCE, "realtime", now_us=asked[0].received_us, live=False)
    before, catalogue = catalogue.row, load(tx, workspace_no)
    if catalogue.row == before:
        return catalogue, limited
    limited = _limited(catalogue)
    if not {catalogue.by_no[no].promotion_id for no in limited} <= names:
        raise LostRace  # a limit was set meanwhile
    return catalogue, limited


def _limited(catalogue: Catalogue) -> list[int]:
    return [
        one.promotion_no
        for one in catalogue.defined
        if has_limits(one) and one.definition is not None and one.definition.status == "active"
    ]


class _Transaction:
    """New decisions of one workspace."""

    def __init__(
        self,
        tx: Tx,
        catalogue: Catalogue,
        limited: list[int],
        asked: list[Decide],
        *,
        together: bool,
    ) -> None:
        self._tx = tx
        self._together = together
        self._catalogue = catalogue
        self._limited = limited
        self._asked = asked
        self._number = catalogue.workspace.workspace_no
        self._named = Customers()

    def run(self) -> dict[str, DecisionAnswer]:
        """Decides, writes all of it, and says what was decided."""
        tx, catalogue = self._tx, self._catalogue
        rules = rules_of(tx, self._number)
        mind = self._asked[0].minds.of(tx, catalogue)
        board = board_of(tx, catalogue, rules.settings, mind.epoch, mind.board)
        customers = self._customers(rules)
        rooms = self._rooms(board, customers)
        together, reserve = self._together, rules.settings.reserve
        prices = Prices(tx, board, rooms, self._number, together=together, reserve=reserve)
        room = Rooms(board, rooms, prices.liabilities, "full" if reserve == "full" else "two_sd")
        choosing = Choosing(catalogue, rules, mind, board, room, prices, together=together)
        questions = [
            Question(one.decision_id, one.candidates, one.assign, one.decided_us)
            for one in self._asked
        ]
        chosen = choosing.decide_all(customers, questions)
        prices.keep(room.promised, self._asked[0].received_us)
        made = self._assign(rules, customers, chosen)
        return self._write(rules, mind, board, customers, chosen, made)

    def _customers(self, rules: Rules) -> list[Customer]:
        """Who is asked about: known from here on, with their past and what is said of them."""
        tx, catalogue = self._tx, self._catalogue
        workspace = catalogue.workspace
        ids = dict.fromkeys((one.customer_id for one in self._asked), True)
        numbers = customer_numbers(workspace.workspace_id, ids)
        named = name_customers(tx, workspace, numbers, ids)
        if named.newly_known:
            settle_waiting(tx, catalogue, named, self._arrival())
        # For the assignments: nobody is newly known to them any more.
        self._named.numbers, self._named.known = named.numbers, named.known
        rows = tx.all_for("profiles_of", [(no,) for no in sorted(set(named.numbers.values()))])
        profiles = {row[0]: msgspec.json.decode(row[2]) if row[2] else {} for row in rows}
        cap = rules.settings.frequency_cap
        days_us = (1 if cap is None else cap.days) * DAY_US
        moments = {
            named.numbers[one.customer_id]: Moment(one.before_us, one.decided_us - days_us)
            for one in self._asked
        }
        # Whoever was never named before has no past.
        old = {no: moment for no, moment in moments.items() if no not in named.newly_named}
        pasts = read_pasts(tx, catalogue, old)
        found = []
        for one in self._asked:
            no = named.numbers[one.customer_id]
            person = person_of(profiles.get(no, {}), one.context)
            past = pasts.get(no) or Past()
            found.append(Customer(one.customer_id, no, person, past))
        return found

    def _arrival(self) -> Arrival:
        sources = self._catalogue.sources
        source_no = next(no for no, name in sources.items() if name == SOURCE)
        return Arrival(self._number, source_no, 0, self._asked[0].received_us)

    def _rooms(self, board: Board, customers: list[Customer]) -> dict[int, Room]:
        """What the limits leave. From here to the commit nobody moves counters between two looks."""
        tx, catalogue, limited = self._tx, self._catalogue, self._limited
        said = {
            words._replace(tier_id=tier_id)
            for words in {
                _words(None, customer.person, one)
                for one, customer in zip(self._asked, customers, strict=True)
            }
            for tier_id in board.tiers
        }
        places_for(tx, self._number, said)  # numbers are given out before the counters are locked
        if not limited:
            return {}
        latest = max(one.decided_us for one in self._asked)
        expire(tx, {(self._number, no): self._asked[0].received_us for no in limited})
        tx.lock(self._number, [COUNTERS_LOCK])
        held = held_of(tx, catalogue, limited)
        return rooms_of(tx, catalogue, [catalogue.by_no[no] for no in limited], held, latest)

    def _assign(
        self, rules: Rules, customers: list[Customer], chosen: list[Chosen]
    ) -> dict[str, str]:
        """Makes the assignments; their ids by decision."""
        facts: list[Item] = []
        made: dict[str, str] = {}
        for one, customer, choice in zip(self._asked, customers, chosen, strict=True):
            if choice.place is None or not one.assign:
                continue
            made[one.decision_id] = assignment_id_of(one.decision_id)
            days = rules.settings.assignment_days
            facts.append(_assigned(one, choice.place, customer.person, days))
        if facts:
            delivery = Delivery(self._arrival(), facts)
            for receipt in report_granted(self._tx, self._catalogue, self._named, delivery):
                if receipt.outcome == "rejected":  # somebody reported an assignment under that id
                    raise Conflict(receipt.detail, code=receipt.reason, pointer="/decision_id")
        return made

    def _write(
        self,
        rules: Rules,
        mind: Mind,
        board: Board,
        customers: list[Customer],
        chosen: list[Chosen],
        made: dict[str, str],
    ) -> dict[str, DecisionAnswer]:
        keep_board(self._tx, self._number, board)
        found: dict[str, DecisionAnswer] = {}
        rows = []
        for one, customer, choice in zip(self._asked, customers, chosen, strict=True):
            place = choice.place
            decision = Decision(
                decision_id=one.decision_id,
                customer_no=customer.customer_no,
                decided_us=one.decided_us,
                received_us=one.received_us,
                digest=one.digest,
                mode=choice.mode,
                version=rules.version,
                revision=mind.revision,
                board_no=board.number,
                promotion_no=None if place is None else place.listed.promotion_no,
                tier_id=None if place is None else place.tier_id,
                assignment_id=made.get(one.decision_id),
                trace=trace_text(choice.trace),
            )
            rows.append((self._number, *msgspec.structs.astuple(decision)))
            found[one.decision_id] = answer_of(self._catalogue, decision, choice.trace)
        self._tx.add_new("add_decisions", sorted(rows, key=lambda row: row[1]))
        return found


def _words(tier_id: str | None, person: Person, one: Decide) -> Words:
    """Where the assignment of an offer counts."""
    segment = _word(person.segments[0]) if person.segments else None
    channels = channels_of(None, _word(one.context.get("channel")))
    return Words(tier_id, segment, "+".join(channels) or None, None)


def _word(said: Any) -> str | None:
    """What somebody said as far as it can be a key; None for anything else."""
    if not isinstance(said, str) or not said.strip():
        return None
    named = identifier(said, "")
    return None if isinstance(named, Rejection) else named


def _assigned(one: Decide, place: Place, person: Person, days: float | None) -> Assignment:
    """The assignment that a decision makes."""
    currency = place.listed.terms.currency
    words = _words(place.tier_id, person, one)
    in_money = place.promised is not None and not currency.startswith(UNIT_MARK)
    return assignment_decided(
        promotion_id=place.listed.promotion_id,
        customer_id=one.customer_id,
        assigned_us=one.decided_us,
        assignment_id=assignment_id_of(one.decision_id),
        tier_id=place.tier_id,
        segment=words.segment,
        channel=words.channels,
        reward_micros=place.promised,
        currency=currency if in_money else None,
        expires_us=None if days is None else one.decided_us + int(days * DAY_US),
        decision_id=one.decision_id,
    )
