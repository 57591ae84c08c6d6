"""What decisions taught, as sums: the state of learning is a function of the set of facts, in whatever order they came.

For each offer: the second moments of the customers' features, weighted by how much a decision can teach (p (1 - p) at
the p_hat logged with it), and the first moments, in which its label stands: 0 until a live redemption, then 1, after a
reversal 0 again. A decision touches the sums of its own offer and nothing else. Everything the model needs for all
columns of all promotions follows from these few sums when a snapshot is solved (rules/solving.py).

How long redemptions took, and the information of recent decisions by day, are summed beside (rules/delays.py).

Sums are kept in whole numbers, so they are exact and have no order. Forgetting is a weight by the decision's time: 1 at
the start of an era of eight half-lives, 256 at its end. Eras are summed apart, and put together when solved.

All is summed a second time with a half-life of two days (`lately`): what is true no more shows as a difference between
the two (rules/drifting.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from math import exp2, log
from typing import NamedTuple

import msgspec
import numpy as np
import xxhash
import zstandard
from numpy.typing import NDArray

from promosight.rules.cells import Cell, Whole, halved, recent, unfolded
from promosight.rules.delays import BINS, bin_of, day_of
from promosight.rules.features import BIAS, BOUND, DAY_US, MOST, STEPS, Offer

WEIGHT = 1 << 20
"""A weight of one, in whole numbers."""
ERA = 8
"""Half-lives of an era."""
ERAS_KEPT = 3
"""Older ones weigh less than 1 in 65,536."""
LATELY_US = 2 * DAY_US
"""The half-life of what was learned lately."""
LATELY_KEPT = 2
"""Eras of it that are kept: an older one weighs less than 1 in 256."""
COLUMNS = 2 * MOST
"""No more names of customer features than these: bias, then the history's own, then those whose hash is smallest."""
NEVER = -(1 << 62)
"""Before anything."""
LEAST_P = 1e-4
_EXACT = 4_096
"""Sums of so many products, each below 2 to the power of 40, are exact in floating point, where they are quicker."""
Floats = NDArray[np.float64]
Cells = dict[tuple[int, Offer], "Cell"]
"""By era and offer."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as learning sees it: the stored features, the offer chosen, the probability logged, when."""

    x: Mapping[str, float]
    offer: Offer
    p_hat: float
    decided_us: int
    weight: float = 1.0
    """Less than one for a decision whose outcome is partly out still (nightly replay)."""
    lean: float = 0.0
    """The part of the log-odds that was not the model's (`Arm.lean`): it explains, and nothing is learned for it."""


class Stack(NamedTuple):
    """The cells of an era side by side, in the order of their offers, over all columns of the evidence."""

    era: int
    offers: Sequence[Offer]
    second: Whole
    first: Whole
    delays: Whole
    made: list[dict[int, int]]
    decisions: list[int]
    redeemed: list[int]


@dataclass
class Evidence:
    """The sums of all decisions of a workspace."""

    half_life_us: int
    columns: dict[str, int] = field(default_factory=lambda: {BIAS: 0})
    cells: Cells = field(default_factory=dict)
    lately: Cells = field(default_factory=dict)
    """The same with a short half-life, without days and delays."""
    latest_us: int = field(default=NEVER, compare=False)
    """When the latest decision was made, also where it was taken back since: `lately` is what is recent beside it."""
    since_us: int = field(default=NEVER, compare=False)
    """`lately` has decisions made after this: all, but for a state that was kept before there was `lately`."""
    _last: str | None = field(default=None, repr=False, compare=False)
    """The name that goes first where there is no more room; looked for when asked."""

    def add(
        self, decided: Decided, *, redeemed: bool = False, redeemed_us: int | None = None
    ) -> None:
        """A decision, not redeemed yet unless told."""
        self._sum([decided], 1)
        if redeemed:
            self.relabel(decided, redeemed=True, redeemed_us=redeemed_us)

    def add_all(self, decided: Sequence[Decided]) -> None:
        """Decisions that are not redeemed yet: the same sums as of adding one after the other, in half the time."""
        for start in range(0, len(decided), _EXACT):
            self._sum(decided[start : start + _EXACT], 1)

    def remove(
        self, decided: Decided, *, redeemed: bool = False, redeemed_us: int | None = None
    ) -> None:
        """Takes a decision out as if it had never been."""
        self._sum([decided], -1)
        if redeemed:
            self.relabel(decided, redeemed=False, redeemed_us=redeemed_us)

    def relabel(self, decided: Decided, *, redeemed: bool, redeemed_us: int | None = None) -> None:
        """Its redemption came (True) or was reversed (False). Only for a label that really changes.

        `redeemed_us` is when it was redeemed (also of what is reversed); at once unless told.
        """
        sign = 1 if redeemed else -1
        steps = self._rows([decided])[0].astype(np.int64)
        recently = (LATELY_US,) if self._is_recent(decided) else ()
        for half_life_us in (*recently, self.half_life_us):
            era, weight = _weight(decided.decided_us, half_life_us)
            cell = self._cell(half_life_us, era, decided.offer)
            one = sign * round(weight * WEIGHT)
            cell.first += one * steps
            cell.redeemed += sign
            if half_life_us == self.half_life_us:
                waited = 0 if redeemed_us is None else redeemed_us - decided.decided_us
                cell.delays[bin_of(waited)] += one

    def merge(self, other: Evidence) -> None:
        """Adds all of another part: the same as if its decisions had been added here."""
        if other.half_life_us != self.half_life_us:
            raise ValueError("evidence with different half-lives cannot be added")
        self.seen(other.latest_us)
        for name in other.columns:
            self._column(name)
        names = list(other.columns)
        to = [(self.columns[name], i) for i, name in enumerate(names) if name in self.columns]
        recently = self._recent_of(other)
        for half_life_us, cells in ((LATELY_US, recently), (self.half_life_us, other.cells)):
            for (era, offer), theirs in cells.items():
                held = [(a, i) for a, i in to if i < len(theirs.first)]
                self._cell(half_life_us, era, offer).add(theirs, held)

    def forget(self, now_us: int) -> None:
        """Drops eras that weigh nothing any more."""
        oldest = _weight(now_us, self.half_life_us)[0] - ERAS_KEPT
        self.cells = {key: cell for key, cell in self.cells.items() if key[0] > oldest}

    def seen(self, decided_us: int) -> None:
        """Somebody decided then: drops what is not recent any more beside that."""
        if decided_us > self.latest_us:
            before, self.latest_us = self._oldest_us(), decided_us
            if (oldest_us := self._oldest_us()) > before:
                oldest = _weight(oldest_us, LATELY_US)[0]
                self.lately = {key: cell for key, cell in self.lately.items() if key[0] >= oldest}
                self.since_us = self.since_us if self.since_us >= oldest_us else NEVER

    def _oldest_us(self) -> int:
        """What was decided before this is not recent, whatever became of it."""
        return (_weight(self.latest_us, LATELY_US)[0] - LATELY_KEPT + 1) * ERA * LATELY_US

    def _is_recent(self, decided: Decided) -> bool:
        return decided.decided_us > self.since_us and decided.decided_us >= self._oldest_us()

    def _recent_of(self, other: Evidence) -> Cells:
        """What another knows lately, of eras that both know alike."""
        oldest = _weight(self._oldest_us(), LATELY_US)[0]
        if self.since_us != other.since_us:
            oldest = max(oldest, _weight(max(self.since_us, other.since_us), LATELY_US)[0] + 1)
        return {key: cell for key, cell in other.lately.items() if key[0] >= oldest}

    def scale(self, era: int, now_us: int) -> float:
        """What one unit of an era's sums weighs now."""
        return scale(era, now_us, self.half_life_us)

    def stacks(self, *, lately: bool = False) -> list[Stack]:
        """All cells that hold decisions, by era: equal for equal sums, but for the order of the columns."""
        eras: dict[int, list[tuple[Offer, Cell]]] = {}
        cells = self.lately if lately else self.cells
        for (era, offer), cell in sorted(cells.items(), key=_cell_order):
            if cell.decisions:
                cell.widened(len(self.columns))
                eras.setdefault(era, []).append((offer, cell))
        return [_stacked(era, *zip(*held, strict=True)) for era, held in eras.items()]

    def canonical(self, *, lately: bool = False) -> list[Row]:
        """All cells that hold decisions, in one order, each over its own names in theirs: equal for equal sums."""
        stacks, columns = self.stacks(lately=lately), list(self.columns)
        newest = day_of(self.latest_us)
        return [row for stack in stacks for row in _rows(stack, columns, newest)]

    def encode(self) -> bytes:
        """As bytes; the same bytes for the same set of facts."""
        whole = _Kept(1, self.half_life_us, self.canonical())
        lately = _KeptLately(self.canonical(lately=True), self.since_us)
        # Each packed for itself, one behind the other: a version that knows nothing of the second reads the first.
        pack = zstandard.ZstdCompressor(level=3).compress
        return b"".join(pack(msgspec.msgpack.encode(one)) for one in (whole, lately))

    @classmethod
    def decode(cls, kept: bytes, latest_us: int = NEVER) -> Evidence:
        """What `encode` made, and when somebody decided last.

        States from before there was `lately` know of no decision that it was recent: those of the days after are.
        """
        unpack = zstandard.ZstdDecompressor().decompressobj()
        found = msgspec.msgpack.decode(unpack.decompress(kept), type=_Kept)
        rest = unpack.unused_data
        made = cls(found.half_life_us)
        for row in found.rows:
            made.merge(_unpacked(found.half_life_us, row))
        if rest:
            plain = zstandard.ZstdDecompressor().decompress(rest)
            recently = msgspec.msgpack.decode(plain, type=_KeptLately)
            for row in recently.rows:
                made.merge(_unpacked(found.half_life_us, row, lately=True))
            made.since_us = recently.since_us
        elif latest_us != NEVER:
            made.since_us = (day_of(latest_us) + 1) * DAY_US - 1
        made.seen(latest_us)
        return made

    def _sum(self, decided: Sequence[Decided], sign: int) -> None:
        """Adds decisions, or takes them out. All numbers are whole, and few enough for floats to be exact."""
        steps = self._rows(decided)
        self.seen(max(one.decided_us for one in decided))
        self._sum_rows(decided, steps, self.half_life_us, sign)
        at = [i for i, one in enumerate(decided) if self._is_recent(one)]
        if at:
            self._sum_rows([decided[i] for i in at], steps[at], LATELY_US, sign)

    def _sum_rows(
        self, decided: Sequence[Decided], steps: Floats, half_life_us: int, sign: int
    ) -> None:
        """The same with one half-life."""
        weighed = [_weighed(one, half_life_us) for one in decided]
        cells: dict[tuple[int, Offer], list[int]] = {}
        for i, one in enumerate(decided):
            cells.setdefault((weighed[i][0], one.offer), []).append(i)
        order = list(chain.from_iterable(cells.values()))
        steps = steps[order]
        _, information, pull = sign * np.array(weighed, np.float64)[order].T
        heavy, end = information[:, None] * steps, 0
        for (era, offer), which in cells.items():
            cell, start, end = self._cell(half_life_us, era, offer), end, end + len(which)
            theirs = steps[start:end]
            cell.half += (heavy[start:end].T @ theirs)[halved(len(cell.first))].astype(np.int64)
            cell.first += (pull[start:end] @ theirs).astype(np.int64)
            cell.decisions += sign * len(which)
            if half_life_us == self.half_life_us:
                by_day = _by_day(decided, weighed, which)
                for day, mass in recent(by_day, day_of(self.latest_us)).items():
                    cell.counted(day, sign * mass)

    def _cell(self, half_life_us: int, era: int, offer: Offer) -> Cell:
        """The cell of an offer in an era."""
        cells = self.lately if half_life_us == LATELY_US else self.cells
        cell = cells.get((era, offer))
        if cell is None:
            cell = cells[era, offer] = Cell(len(self.columns), bins_of(half_life_us))
        cell.widened(len(self.columns))
        return cell

    def _rows(self, decided: Sequence[Decided]) -> Floats:
        """How many steps each of some customers has of each column."""
        told = [one.x for one in decided]
        columns = self._places(list(chain.from_iterable(told)))
        values = np.fromiter(
            chain.from_iterable(x.values() for x in told), np.float64, len(columns)
        )
        rows = np.repeat(np.arange(len(told)), [len(x) for x in told])
        steps = np.zeros((len(told), len(self.columns) + 1))
        steps[rows, columns] = _steps_of(values)
        steps[:, 0] = STEPS
        return steps[:, :-1]

    def _places(self, names: Sequence[str]) -> list[int]:
        """The columns of these names; of names that there is no room for the one behind the last."""
        while True:
            known = self.columns
            try:
                return [known[name] for name in names]
            except KeyError:
                found = [self._column(name) for name in names]
            if self.columns is known:  # else one of them gave its place to another
                return [len(known) if at is None else at for at in found]

    def _column(self, name: str) -> int | None:
        at = self.columns.get(name)
        if at is None and len(self.columns) >= COLUMNS:
            return self._instead(name)
        return self.columns.setdefault(name, len(self.columns)) if at is None else at

    def _instead(self, name: str) -> int | None:
        """The place of the last name in the fixed order, if this one goes before it.

        Whoever is among the first in the end was so at any time before: what is kept does not depend on the order.
        """
        last = self._last = self._last or max(self.columns, key=_name_order)
        if _name_order(name) >= _name_order(last):
            return None
        at, self._last = self.columns[last], None
        self.columns = {name if each == last else each: i for each, i in self.columns.items()}
        for cell in chain(self.cells.values(), self.lately.values()):
            if at < len(cell.first):
                cell.half[unfolded(len(cell.first))[at]] = 0
                cell.first[at] = 0
        return at


def bins_of(half_life_us: int) -> int:
    """How many bins of delays are counted beside sums of a half-life: none beside what was learned lately."""
    return 0 if half_life_us == LATELY_US else BINS


def scale(era: int, now_us: int, half_life_us: int) -> float:
    """What one unit of the sums of an era of so many half-lives weighs now."""
    halves = (now_us - era * ERA * half_life_us) / half_life_us
    return exp2(-max(-60.0, min(200.0, halves))) / WEIGHT


def _weight(decided_us: int, half_life_us: int) -> tuple[int, float]:
    """The era of a decision, and its weight there."""
    length = ERA * half_life_us
    era = decided_us // length
    return era, exp2((decided_us - era * length) / half_life_us)


def _weighed(decided: Decided, half_life_us: int) -> tuple[int, int, int]:
    """The era of a decision, and what its features count with in the second and in the first moments."""
    p = min(max(decided.p_hat, LEAST_P), 1 - LEAST_P)
    era, weight = _weight(decided.decided_us, half_life_us)
    weight *= decided.weight
    teaches = p * (1 - p)
    pull = teaches * (log(p / (1 - p)) - decided.lean) - p
    return era, round(weight * teaches * WEIGHT), round(weight * pull * WEIGHT)


def _by_day(
    decided: Sequence[Decided], weighed: Sequence[tuple[int, int, int]], which: Iterable[int]
) -> dict[int, int]:
    """The information of some decisions by day."""
    made: dict[int, int] = {}
    for i in which:
        day = day_of(decided[i].decided_us)
        made[day] = made.get(day, 0) + weighed[i][1]
    return made


def _stacked(era: int, offers: Sequence[Offer], cells: Sequence[Cell]) -> Stack:
    return Stack(
        era,
        offers,
        np.array([cell.half for cell in cells])[:, unfolded(len(cells[0].first))],
        np.array([cell.first for cell in cells]),
        np.array([cell.delays for cell in cells]),
        [cell.made for cell in cells],
        [cell.decisions for cell in cells],
        [cell.redeemed for cell in cells],
    )


def _steps_of(values: Floats) -> Floats:
    """How many steps each of some features has: as `stepped`."""
    told = np.nan_to_num(values, posinf=0.0, neginf=0.0).clip(-BOUND, BOUND)
    steps: Floats = np.rint(told * STEPS)
    return steps


class Row(msgspec.Struct, array_like=True):
    """A cell as it is kept. States from before delays were learned lack the last two."""

    era: int
    promotion: str
    tier: str
    features: tuple[tuple[str, float], ...]
    names: list[str]
    decisions: int
    redeemed: int
    upper: bytes
    first: bytes
    delays: list[int] = []
    made: list[tuple[int, int]] = []


class _Kept(msgspec.Struct, array_like=True):
    """What `encode` packs first."""

    version: int
    half_life_us: int
    rows: list[Row]


class _KeptLately(msgspec.Struct, array_like=True):
    """What it packs behind. States from before there was `lately` lack it."""

    rows: list[Row]
    since_us: int


@lru_cache(4_096)
def _name_order(name: str) -> tuple[bool, bool, int]:
    told = "=" in name and not name.startswith("rate:")
    return name != BIAS, told, xxhash.xxh64_intdigest(name.encode())


def _cell_order(item: tuple[tuple[int, Offer], Cell]) -> tuple[int, str, str, Iterable[object]]:
    era, offer = item[0]
    return era, offer.promotion, offer.tier, offer.features


@lru_cache(COLUMNS + 1)
def _upper(width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the upper half of a square lies, its diagonal included."""
    return np.triu_indices(width)


class _Order(NamedTuple):
    """The names that a cell has sums of, sorted, and where its sums lie in that order."""

    names: list[str]
    first: NDArray[np.intp]
    upper: NDArray[np.intp]

    @classmethod
    def of(cls, used: NDArray[np.bool_], columns: list[str]) -> _Order:
        """Of the columns used."""
        at = np.array(sorted(np.flatnonzero(used).tolist(), key=columns.__getitem__), np.intp)
        rows, cols = _upper(len(at))
        return cls([columns[i] for i in at], at, at[rows] * len(columns) + at[cols])


def _rows(stack: Stack, columns: list[str], newest: int) -> Iterator[Row]:
    """The cells as they are kept. Most have sums of the same names: their order is found once."""
    used = (stack.second.diagonal(axis1=1, axis2=2) != 0) | (stack.first != 0)
    second = stack.second.reshape(len(used), -1)
    orders: dict[bytes, _Order] = {}
    for i, offer in enumerate(stack.offers):
        which = used[i].tobytes()
        order = orders.get(which)
        if order is None:
            order = orders[which] = _Order.of(used[i], columns)
        yield Row(
            stack.era,
            offer.promotion,
            offer.tier,
            offer.features,
            order.names,
            stack.decisions[i],
            stack.redeemed[i],
            second[i, order.upper].astype("<i8", copy=False).tobytes(),
            stack.first[i, order.first].astype("<i8", copy=False).tobytes(),
            stack.delays[i].tolist(),
            list(recent(stack.made[i], newest).items()),
        )


def _unpacked(half_life_us: int, row: Row, *, lately: bool = False) -> Evidence:
    cell = Cell(len(row.names), 0 if lately else BINS)
    cell.half[unfolded(len(row.names))[_upper(len(row.names))]] = np.frombuffer(row.upper, "<i8")
    cell.first[:] = np.frombuffer(row.first, "<i8")
    cell.decisions, cell.redeemed = row.decisions, row.redeemed
    if not lately:
        cell.delays[: len(row.delays)], cell.made = row.delays, dict(row.made)
    columns = {name: i for i, name in enumerate(row.names)}
    offer = Offer(row.promotion, row.tier, row.features)
    cells: Cells = {(row.era, offer): cell}
    return Evidence(half_life_us, columns, {} if lately else cells, cells if lately else {})
