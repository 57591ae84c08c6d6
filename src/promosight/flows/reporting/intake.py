"""The state of one intake: items on their way to receipts, and what they have touched so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from promosight.flows.ledger.groups import Groups
from promosight.flows.ledger.naming import Customers
from promosight.flows.reporting.rejecting import Refused, refused_fact
from promosight.rules.facts import Assignment, Event, Rejection
from promosight.rules.repeated import Repeated
from promosight.rules.sheets import says_one_thing
from promosight.store.catalogue import Catalogue
from promosight.store.rows import Arrival, AssignmentRow, EventRow, GroupKey, derived_id
from promosight.store.tx import Asked, Tx

Item = Assignment | Event | Refused
_outcome = attrgetter("outcome")


class Delivery(msgspec.Struct):
    """What one request, or one piece of a file, brings.

    `brief`: of what counts or comes again its sender wants to hear the outcome and reason alone. `replayed`: it
    came before, and somebody else has it judged anew; its source is not heard by it.
    """

    arrival: Arrival
    items: Sequence[Item]
    brief: bool = False
    replayed: bool = False


class Piece(NamedTuple):
    """Some rows of a file: the line (or number) each stands at, and the item it became."""

    lines: Sequence[int]
    items: Sequence[Any]


class Receipt(msgspec.Struct):
    """The answer to one item. An assignment is named by its id or by (customer_no, slot)."""

    reported_id: str | None
    outcome: str
    promotion_id: str | None = None
    assignment: str | tuple[int, int] | None = None
    reason: str | None = None
    received_us: int = 0
    pointer: str = ""
    detail: str = ""

    @property
    def assignment_id(self) -> str | None:
        """The public id of the assignment."""
        named = self.assignment
        return derived_id(*named) if isinstance(named, tuple) else named

    @property
    def event_id(self) -> str | None:
        """The id of the event; of an assignment its public id."""
        return self.reported_id or self.assignment_id


def outcomes_of(receipts: Sequence[Receipt]) -> Counter[str]:
    """How many receipts there are of each outcome. Those of many plain facts are one and the same."""
    if receipts and says_one_thing(receipts):
        return Counter({receipts[0].outcome: len(receipts)})
    if isinstance(receipts, Repeated):
        counted: Counter[str] = Counter()
        for receipt, times in zip(receipts.values, receipts.times(), strict=True):
            if times:
                counted[receipt.outcome] += times
        return counted
    return Counter(map(_outcome, receipts))


def rows_with(
    receipts: Sequence[Receipt], wanted: Callable[[Receipt], bool]
) -> list[tuple[int, Receipt]]:
    """The receipts that are wanted, each with its row."""
    if isinstance(receipts, Repeated):
        rows = receipts.rows_of(n for n, one in enumerate(receipts.values) if wanted(one))
        return list(zip(rows, receipts.at(rows), strict=True))
    return [(row, one) for row, one in enumerate(receipts) if wanted(one)]


def refusal(refused: Refused, arrival: Arrival, there: AssignmentRow | None = None) -> Receipt:
    """The answer to an item that is no fact. `there`: the assignment that it contradicts."""
    why = refused.rejection
    return Receipt(
        reported_id=refused.event_id,
        outcome="rejected",
        assignment=None if there is None else there.public_id,
        reason=why.reason,
        received_us=arrival.received_us,
        pointer=why.pointer,
        detail=why.detail,
    )


_OTHER_CONTENT = "this id came before with other content"
_WITHOUT_ID = (
    "has no assignment_id, so promotion, customer, campaign and occurrence (without one, assigned_at) say which one it "
    "is; these came before with other content"
)


class Entry:
    """One item on its way to a receipt: the row it became or repeats, or why it was refused."""

    __slots__ = ("arrival", "first", "item", "names_nobody", "refused", "repeated", "row")

    def __init__(self, item: Item, arrival: Arrival) -> None:
        self.item = item
        self.arrival = arrival
        self.row: AssignmentRow | EventRow | None = None
        self.repeated = False
        self.names_nobody = False  # a reversal of an erased person's redemption, whomever it names
        self.first: Entry | None = None  # the same item earlier in this transaction
        self.refused: Refused | None = item if isinstance(item, Refused) else None

    def refuse(self, reason: str, pointer: str, detail: str) -> None:
        """Makes a well-formed item no fact, for a reason that lies outside it."""
        assert not isinstance(self.item, Refused)
        self.refused = refused_fact(self.item, Rejection(reason, pointer, detail))

    def repeat(self, row: AssignmentRow | EventRow, digest: int) -> None:
        """The identity is there already: the same content is a safe retry, other content a conflict."""
        self.row = row
        if row.digest == digest:
            self.repeated = True
        elif isinstance(row, EventRow):
            self.refuse("event_conflict", "/event_id", _OTHER_CONTENT)
        elif isinstance(self.item, Assignment) and self.item.assignment_id is None:
            self.refuse("event_conflict", "", _WITHOUT_ID)
        else:
            self.refuse("event_conflict", "/assignment_id", _OTHER_CONTENT)


class Stored(NamedTuple):
    """What is stored of a transaction's events: those of their identities, and whether a reversal waits anywhere."""

    events: Asked
    ahead: Asked


class Intake:
    """One workspace's items in one transaction, and the groups they touch.

    `stored`: of its events, where that is asked already.
    """

    def __init__(
        self,
        tx: Tx,
        catalogue: Catalogue,
        customers: Customers,
        entries: list[Entry],
        stored: Stored | None = None,
    ) -> None:
        self.tx = tx
        self.catalogue = catalogue
        self.customers = customers
        self.entries = entries
        self.stored = stored
        self.groups = Groups()
        self.forced: set[GroupKey] = set()
        self.more_channels: list[tuple[AssignmentRow, tuple[str, ...]]] = []
        self.kept: list[tuple[Arrival, Refused]] = []

    @property
    def workspace_no(self) -> int:
        """The workspace all of it belongs to."""
        return self.catalogue.workspace.workspace_no

    @property
    def latest(self) -> Arrival:
        """The arrival of the last of its items: before that nobody saw what they change."""
        return max((entry.arrival for entry in self.entries), key=attrgetter("received_us"))
