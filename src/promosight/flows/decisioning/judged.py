"""The settled decisions of a period as arrays, each with what became of it: what every estimate here is made from.

All offers are told by one yardstick, what a redemption of them is worth by what is known now, so that a decision of
spring and one of autumn can be added up. Decisions count that the policy drew and that have waited as long as any
offer may take (`horizon`), whatever came of them. Of very many decisions those of some customers are read: all of each
of them, and always the same ones.

A decision answered with `assign: false` is the brand's own to act on. Such decisions count if the brand has reported
the assignments of nearly all of their offers; otherwise they were previews, and none of them counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from promosight.flows.decisioning.boards import Board, Kept, board_of, kept_board
from promosight.flows.decisioning.decisions_kept import unpacked
from promosight.flows.decisioning.minds import Minds
from promosight.flows.decisioning.settings import Rules, rules_of
from promosight.flows.decisioning.yardstick import Named, Worth, expectations, rewards
from promosight.rules.decisioning import Settings
from promosight.rules.features import Offer
from promosight.rules.instants import DAY_US
from promosight.rules.logged import NONE, Floats, Log, Mask, horizon
from promosight.store.catalogue import Catalogue, load
from promosight.store.tx import Row, Tx

MOST = 12_000
"""So many decisions are read at most, give or take; intervals hardly get narrower by more."""
MATURITY_DAYS = 30
"""A redemption later than this is too rare to wait for."""
OPEN = 2**62
"""No end: until now."""
_REPORTED = 0.8


class Asked(NamedTuple):
    """Which decisions are judged, and by what. `horizon_days`: how old they must be; None: as long as offers last."""

    from_us: int
    to_us: int
    objective: str | None = None
    horizon_days: int | None = None


class Frame(NamedTuple):
    """What a question about decisions is answered in: the rules now, and which decisions count."""

    catalogue: Catalogue
    rules: Rules
    board: Board
    asked: Asked
    objective: str
    horizon_us: int
    counted: int
    """Decisions of the policy in the period that have settled."""
    young: int
    """And those that have not."""
    settled_us: int
    """Decisions from here on are too young."""


class Judged(NamedTuple):
    """Decisions as arrays: rows are decisions, columns offers, in the log with "none" as one more."""

    frame: Frame
    log: Log
    x: list[dict[str, float]]
    offers: list[Offer]
    named: list[Named]
    redeemed: Mask
    """Whether it was redeemed before its horizon closed, and the redemption stayed."""
    label: Mask
    """Whether it counts as redeemed in what was learned."""
    p_hat: Floats
    leans: Floats
    prices: Floats
    taught: list[Offer | None]
    """The offer as each decision taught something of it; None where it taught nothing."""
    nth: list[int]
    """How many decisions on that offer the model had learned from."""
    last: list[Kept]
    """Each offer as it was when it was last decided on."""
    own: Floats
    """How many times the average each customer's orders were, as the decision saw it."""
    worth: Worth
    every: int
    """Decisions of one customer in so many were read."""
    without_choice: int
    """Decisions at which nothing was open."""


class _Trace(msgspec.Struct):
    """What is read of a trace."""

    x: dict[str, float] = msgspec.field(default_factory=dict)
    arms: list[int] = msgspec.field(default_factory=list)
    p: str = ""
    pmf: str = ""
    prices: str = ""
    leans: str = ""
    at: int = 0
    nth: int = 0
    own: float = 1.0
    assign: bool = True


_decode = msgspec.json.Decoder(_Trace).decode


def framed(tx: Tx, workspace_no: int, minds: Minds, asked: Asked, *, now_us: int) -> Frame:
    """Which decisions a question is about."""
    catalogue = load(tx, workspace_no)
    rules = rules_of(tx, workspace_no)
    settings = rules.settings
    days = settings.assignment_days
    longest_us = horizon([None if days is None else int(days * DAY_US)], MATURITY_DAYS * DAY_US)
    if asked.horizon_days is not None:
        longest_us = asked.horizon_days * DAY_US
    asked = asked._replace(to_us=min(asked.to_us, max(now_us + 1, asked.from_us)))
    settled_us = now_us - longest_us + 1
    settled_us = min(max(settled_us, asked.from_us), asked.to_us)
    mind = minds.of(tx, catalogue)
    return Frame(
        catalogue,
        rules,
        board_of(tx, catalogue, settings, mind.epoch, mind.board),
        asked,
        asked.objective or settings.objective,
        longest_us,
        _count(tx, workspace_no, asked.from_us, settled_us),
        _count(tx, workspace_no, settled_us, asked.to_us),
        settled_us,
    )


def _count(tx: Tx, workspace_no: int, from_us: int, to_us: int) -> int:
    row = tx.one("count_judged", workspace_no=workspace_no, from_us=from_us, to_us=to_us)
    return 0 if row is None else int(row[0])


def worth_by(tx: Tx, frame: Frame, objective: str, minds: Minds) -> Worth:
    """The yardstick of an objective."""
    settings, catalogue = frame.rules.settings, frame.catalogue
    board = frame.board
    if objective != settings.objective:
        other: Settings = msgspec.structs.replace(settings, objective=objective)
        board = board_of(tx, catalogue, other, minds.of(tx, catalogue).epoch)
    offers: dict[Named, Kept] = {(one.promotion_id, one.tier_id): one for one in board.kept}
    return Worth(
        offers,
        0.0 if board.by_redemption else settings.contact_micros / 1e6,
        "redemptions" if board.by_redemption else catalogue.workspace.currency,
    )


def judged(tx: Tx, frame: Frame, minds: Minds) -> Judged:
    """Reads the decisions."""
    workspace_no = frame.catalogue.workspace.workspace_no
    every = max(1, -(-frame.counted // MOST))
    reading = _Reading(tx, frame)
    for row in tx.each(
        "judged_decisions",
        workspace_no=workspace_no,
        from_us=frame.asked.from_us,
        to_us=frame.settled_us,
        every=every,
    ):
        reading.take(row)
    return reading.told(worth_by(tx, frame, frame.objective, minds), every)


class _Offers(NamedTuple):
    """A kept board: the column of each of its places, and the offers as learning knows them."""

    columns: NDArray[np.intp]
    offers: list[Offer]


class _Read(NamedTuple):
    """One decision."""

    customer_no: int
    decided_us: int
    trace: _Trace
    columns: NDArray[np.intp]
    acted: bool
    reported: bool
    redeemed: bool
    label: bool
    taught: Offer | None


class _Reading:
    """Decisions as they are read; columns in the order they are met."""

    def __init__(self, tx: Tx, frame: Frame) -> None:
        self._tx = tx
        self._frame = frame
        self._boards: dict[int, _Offers] = {}
        self._columns: dict[Named, int] = {}
        self._offers: list[Offer] = []
        self._last: list[Kept] = []
        self._rows: list[_Read] = []
        self._without_choice = 0

    def take(self, row: Row) -> None:
        """A row of `judged_decisions`."""
        customer_no, decided_us, board_no, assigned, text, *label = row
        trace = _decode(text)
        if not trace.p or not trace.arms:
            self._without_choice += 1
            return
        board = self._board(board_no)
        learned = label[0] is not None and not label[1]
        redeemed = learned and bool(label[0])
        taught = learned and trace.at < len(trace.arms)
        self._rows.append(
            _Read(
                customer_no,
                decided_us,
                trace,
                board.columns[trace.arms],
                trace.assign or assigned is not None,
                label[0] is not None,
                redeemed and label[2] < decided_us + self._frame.horizon_us,
                redeemed,
                board.offers[trace.arms[trace.at]] if taught else None,
            )
        )

    def _board(self, board_no: int) -> _Offers:
        found = self._boards.get(board_no)
        if found is None:
            workspace_no = self._frame.catalogue.workspace.workspace_no
            places = kept_board(self._tx, workspace_no, board_no)
            offers, columns = [one.offer for one in places], []
            for one, offer in zip(places, offers, strict=True):
                at = self._columns.setdefault((one.promotion_id, one.tier_id), len(self._columns))
                if at == len(self._offers):
                    self._offers.append(offer)
                    self._last.append(one)
                self._offers[at], self._last[at] = offer, one
                columns.append(at)
            found = self._boards[board_no] = _Offers(np.array(columns, np.intp), offers)
        return found

    def told(self, worth: Worth, every: int) -> Judged:
        """All that was read, as arrays, columns in the order of their names."""
        rows = self._rows if _acted_on(self._rows) else [one for one in self._rows if one.acted]
        named = list(self._columns)
        order = sorted(range(len(named)), key=lambda at: name_of(named[at]))
        place = np.empty(len(order), np.intp)
        place[order] = np.arange(len(order))
        last = [self._last[at] for at in order]
        own = np.array([one.trace.own for one in rows], float)
        named = [named[at] for at in order]
        nets = worth.nets(last, own)
        table = _Table(rows, place)
        p_hat = table.spread([one.trace.p for one in rows])
        return Judged(
            frame=self._frame,
            log=table.log(tuple(map(name_of, named)), p_hat, nets, worth.contact),
            x=[one.trace.x for one in rows],
            offers=[self._offers[at] for at in order],
            named=named,
            redeemed=np.array([one.redeemed for one in rows], np.bool_),
            label=np.array([one.label for one in rows], np.bool_),
            p_hat=p_hat,
            leans=table.spread([one.trace.leans for one in rows]),
            prices=table.spread([one.trace.prices for one in rows]),
            taught=[one.taught for one in rows],
            nth=[one.trace.nth for one in rows],
            last=last,
            own=own,
            worth=worth,
            every=every,
            without_choice=self._without_choice,
        )


def _acted_on(rows: list[_Read]) -> bool:
    """Whether decisions that were the brand's to act on count: it reports what it did with nearly all."""
    left = [one for one in rows if not one.acted and one.trace.at < len(one.columns)]
    return sum(one.reported for one in left) >= _REPORTED * len(left)


class _Table:
    """Where each decision's candidates stand in the table."""

    def __init__(self, rows: list[_Read], place: NDArray[np.intp]) -> None:
        self._rows = rows
        self._width = len(place)
        sizes = [len(one.columns) for one in rows]
        self._row = np.repeat(np.arange(len(rows)), sizes)
        self._column = place[_joined([one.columns for one in rows], np.intp)]
        whole = np.append(place, self._width)
        at = [one.columns[one.trace.at] if one.trace.at < len(one.columns) else -1 for one in rows]
        self._chosen = whole[np.array(at, np.intp)]

    def spread(self, texts: list[str]) -> Floats:
        """Numbers of the candidates of each decision, over all columns; 0 elsewhere."""
        found = np.zeros((len(self._rows), self._width))
        parts = [
            unpacked(text)[: len(one.columns)] if text else np.zeros(len(one.columns))
            for one, text in zip(self._rows, texts, strict=True)
        ]
        found[self._row, self._column] = _joined(parts, np.float64)
        return found

    def log(self, names: tuple[str, ...], p_hat: Floats, nets: Floats, contact: float) -> Log:
        """The log by a yardstick."""
        pmf = self.spread([one.trace.pmf for one in self._rows])
        none = np.array([unpacked(one.trace.pmf)[-1] for one in self._rows], float)
        customers = [one.customer_no for one in self._rows]
        redeemed = np.array([one.redeemed for one in self._rows], float)
        return Log(
            names=(*names, NONE),
            pmf=np.column_stack([pmf, none]) if len(self._rows) else np.zeros((0, len(names) + 1)),
            expected=expectations(p_hat, nets, contact, pmf > 0),
            chosen=self._chosen,
            reward=rewards(self._chosen, redeemed, nets, contact),
            customer=np.array([_hash(no) for no in customers], np.uint64),
            decided_us=np.array([one.decided_us for one in self._rows], np.int64),
        )


def name_of(named: Named) -> str:
    """The name of an offer in the log."""
    promotion_id, tier_id = named
    return promotion_id if tier_id is None else f"{promotion_id}/{tier_id}"


def _hash(customer_no: int) -> int:
    return xxhash.xxh64_intdigest(f"c{customer_no}".encode())


def _joined(parts: list[Any], kind: type) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
