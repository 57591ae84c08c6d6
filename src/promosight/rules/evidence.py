"""What decisions taught, as sums: the state of learning is a function of the set of facts, in whatever order they came.

For each offer: the second moments of the customers' features, weighted by how much a decision can teach (p (1 - p) at
the p_hat logged with it), and the first moments, in which its label stands: 0 until a live redemption, then 1, after a
reversal 0 again. A decision touches the sums of its own offer and nothing else. Everything the model needs for all
columns of all promotions follows from these few sums when a snapshot is solved (rules/solving.py).

How long redemptions took, and the information of recent decisions by day, are summed beside (rules/delays.py).

Sums are kept in whole numbers, so they are exact and have no order. Forgetting is a weight by the decision's time: 1 at
the start of an era of eight half-lives, 256 at its end. Eras are summed apart, and put together when solved.

All is summed a second time with a half-life of two days (`lately`), and a third time with one of some hundred decisions
of the offer (`tail`), however quickly they are made: what is true no more shows as a difference (rules/drifting.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import lru_cache
from itertools import chain
from math import exp2, log

import msgspec
import numpy as np
import xxhash
import zstandard
from numpy.typing import NDArray

from promosight.rules.cell_rows import Row, Stack, rows_of, stacked
from promosight.rules.cells import Cell, halved, recent, unfolded
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
TAIL = 200
"""The half-life of an offer's tail, in its decisions."""
TAIL_FROM = 64
"""The first decisions on an offer are in no tail: they have nothing before them that they could contradict."""
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
    nth: int = 0
    """How many decisions on the offer the model had learned from that made this one, as logged with it."""


@dataclass
class Evidence:
    """The sums of all decisions of a workspace."""

    half_life_us: int
    columns: dict[str, int] = field(default_factory=lambda: {BIAS: 0})
    cells: Cells = field(default_factory=dict)
    lately: Cells = field(default_factory=dict)
    """The same with a short half-life, without days and delays."""
    tail: Cells = field(default_factory=dict)
    """The same of each offer's last few hundred decisions, without days and delays."""
    reached: dict[Offer, int] = field(default_factory=dict, compare=False)
    """The greatest `nth` of each offer's decisions, also where they were taken back: the tail is what is near it."""
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
        for half_life in self._counted_with(decided):
            era, weight = _weight(_place(decided, half_life), half_life)
            cell = self._cell(half_life, era, decided.offer)
            one = sign * round(weight * WEIGHT)
            cell.first += one * steps
            cell.redeemed += sign
            if half_life == self.half_life_us:
                waited = 0 if redeemed_us is None else redeemed_us - decided.decided_us
                cell.delays[bin_of(waited)] += one

    def merge(self, other: Evidence) -> None:
        """Adds all of another part: the same as if its decisions had been added here."""
        if other.half_life_us != self.half_life_us:
            raise ValueError("evidence with different half-lives cannot be added")
        self.seen(other.latest_us)
        for offer, nth in other.reached.items():
            self.heard(offer, nth)
        for name in other.columns:
            self._column(name)
        names = list(other.columns)
        to = [(self.columns[name], i) for i, name in enumerate(names) if name in self.columns]
        recently, tail = self._recent_of(other), self._tail_of(other)
        sums = ((LATELY_US, recently), (TAIL, tail), (self.half_life_us, other.cells))
        for half_life, cells in sums:
            for (era, offer), theirs in cells.items():
                held = [(a, i) for a, i in to if i < len(theirs.first)]
                self._cell(half_life, era, offer).add(theirs, held)

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

    def met(self, decided: Decided) -> None:
        """Somebody decided so, whatever became of it: drops what is not recent any more beside that."""
        self.seen(decided.decided_us)
        self.heard(decided.offer, decided.nth)

    def heard(self, offer: Offer, nth: int) -> None:
        """So many decisions on an offer were known to one who decided: drops what is no tail any more."""
        before = self.reached.get(offer, 0)
        if nth > before and nth >= TAIL_FROM:
            self.reached[offer] = nth
            if (oldest := _oldest_of_tail(nth)) > _oldest_of_tail(before):
                self.tail = {
                    key: cell
                    for key, cell in self.tail.items()
                    if key[1] != offer or key[0] >= oldest
                }

    def known(self) -> dict[Offer, int]:
        """How many decisions on each offer it has learned from; never fewer than somebody knew who decided."""
        found = dict(self.reached)
        counted: dict[Offer, int] = {}
        for (_, offer), cell in self.cells.items():
            counted[offer] = counted.get(offer, 0) + cell.decisions
        for offer, count in counted.items():
            found[offer] = max(count, found.get(offer, 0))
        return found

    def _is_of_tail(self, decided: Decided) -> bool:
        nth, reached = decided.nth, self.reached.get(decided.offer, 0)
        return nth >= TAIL_FROM and nth // (ERA * TAIL) >= _oldest_of_tail(reached)

    def _tail_of(self, other: Evidence) -> Cells:
        """What of another's tails is one here."""
        oldest = {offer: _oldest_of_tail(nth) for offer, nth in self.reached.items()}
        return {key: cell for key, cell in other.tail.items() if key[0] >= oldest.get(key[1], 0)}

    def _counted_with(self, decided: Decided) -> list[int]:
        """The half-lives that a decision is summed with."""
        found = [self.half_life_us]
        if self._is_recent(decided):
            found.append(LATELY_US)
        if self._is_of_tail(decided):
            found.append(TAIL)
        return found

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

    def stacks(self, half_life: int = 0) -> list[Stack]:
        """All cells that hold decisions, by era: equal for equal sums, but for the order of the columns."""
        eras: dict[int, list[tuple[Offer, Cell]]] = {}
        cells = self._cells(half_life)
        for (era, offer), cell in sorted(cells.items(), key=_cell_order):
            if cell.decisions:
                cell.widened(len(self.columns))
                eras.setdefault(era, []).append((offer, cell))
        return [stacked(era, *zip(*held, strict=True)) for era, held in eras.items()]

    def canonical(self, half_life: int = 0) -> list[Row]:
        """All cells that hold decisions, in one order, each over its own names in theirs: equal for equal sums."""
        stacks, columns = self.stacks(half_life), list(self.columns)
        newest = day_of(self.latest_us)
        return [row for stack in stacks for row in rows_of(stack, columns, newest)]

    def encode(self) -> bytes:
        """As bytes; the same bytes for the same set of facts."""
        whole = _Kept(1, self.half_life_us, self.canonical())
        lately = _KeptLately(self.canonical(LATELY_US), self.since_us)
        reached = sorted((*astuple(offer), nth) for offer, nth in self.reached.items())
        tail = _KeptTail(self.canonical(TAIL), reached)
        # Each packed for itself, one behind the other: a version that knows nothing of the second reads the first.
        pack = zstandard.ZstdCompressor(level=3).compress
        return b"".join(pack(msgspec.msgpack.encode(one)) for one in (whole, lately, tail))

    @classmethod
    def decode(cls, kept: bytes, latest_us: int = NEVER) -> Evidence:
        """What `encode` made, and when somebody decided last.

        States from before there was `lately` know of no decision that it was recent: those of the days after are.
        """
        parts = _frames(kept)
        found = msgspec.msgpack.decode(parts[0], type=_Kept)
        made = cls(found.half_life_us)
        for row in found.rows:
            made.merge(_unpacked(found.half_life_us, row))
        if len(parts) > 1:
            recently = msgspec.msgpack.decode(parts[1], type=_KeptLately)
            for row in recently.rows:
                made.merge(_unpacked(found.half_life_us, row, LATELY_US))
            made.since_us = recently.since_us
        elif latest_us != NEVER:
            made.since_us = (day_of(latest_us) + 1) * DAY_US - 1
        if len(parts) > 2:
            tail = msgspec.msgpack.decode(parts[2], type=_KeptTail)
            made.reached = {Offer(*one[:3]): one[3] for one in tail.reached}
            for row in tail.rows:
                made.merge(_unpacked(found.half_life_us, row, TAIL))
        made.seen(latest_us)
        return made

    def _sum(self, decided: Sequence[Decided], sign: int) -> None:
        """Adds decisions, or takes them out. All numbers are whole, and few enough for floats to be exact."""
        steps = self._rows(decided)
        self.seen(max(one.decided_us for one in decided))
        for one in decided:
            self.heard(one.offer, one.nth)
        self._sum_rows(decided, steps, self.half_life_us, sign)
        for half_life, counts in ((LATELY_US, self._is_recent), (TAIL, self._is_of_tail)):
            if at := [i for i, one in enumerate(decided) if counts(one)]:
                self._sum_rows([decided[i] for i in at], steps[at], half_life, sign)

    def _sum_rows(
        self, decided: Sequence[Decided], steps: Floats, half_life: int, sign: int
    ) -> None:
        """The same with one half-life."""
        weighed = [_weighed(one, half_life) for one in decided]
        cells: dict[tuple[int, Offer], list[int]] = {}
        for i, one in enumerate(decided):
            cells.setdefault((weighed[i][0], one.offer), []).append(i)
        order = list(chain.from_iterable(cells.values()))
        steps = steps[order]
        _, information, pull = sign * np.array(weighed, np.float64)[order].T
        heavy, end = information[:, None] * steps, 0
        for (era, offer), which in cells.items():
            cell, start, end = self._cell(half_life, era, offer), end, end + len(which)
            theirs = steps[start:end]
            cell.half += (heavy[start:end].T @ theirs)[halved(len(cell.first))].astype(np.int64)
            cell.first += (pull[start:end] @ theirs).astype(np.int64)
            cell.decisions += sign * len(which)
            if half_life == self.half_life_us:
                by_day = _by_day(decided, weighed, which)
                for day, mass in recent(by_day, day_of(self.latest_us)).items():
                    cell.counted(day, sign * mass)

    def _cells(self, half_life: int) -> Cells:
        """The sums with a half-life."""
        return {LATELY_US: self.lately, TAIL: self.tail}.get(half_life, self.cells)

    def _cell(self, half_life: int, era: int, offer: Offer) -> Cell:
        """The cell of an offer in an era."""
        cells = self._cells(half_life)
        cell = cells.get((era, offer))
        if cell is None:
            cell = cells[era, offer] = Cell(len(self.columns), bins_of(half_life))
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
        for cell in chain(self.cells.values(), self.lately.values(), self.tail.values()):
            if at < len(cell.first):
                cell.half[unfolded(len(cell.first))[at]] = 0
                cell.first[at] = 0
        return at


def bins_of(half_life: int) -> int:
    """How many bins of delays are counted beside sums of a half-life: none beside what is recent."""
    return 0 if half_life in (LATELY_US, TAIL) else BINS


def scale(era: int, now: int, half_life: int) -> float:
    """What one unit of the sums of an era of so many half-lives weighs now."""
    halves = (now - era * ERA * half_life) / half_life
    return exp2(-max(-60.0, min(200.0, halves))) / WEIGHT


def _place(decided: Decided, half_life: int) -> int:
    """Where a decision stands among others, in what the half-life is told in."""
    return decided.nth if half_life == TAIL else decided.decided_us


def _oldest_of_tail(reached: int) -> int:
    """The first era of an offer's tail."""
    return reached // (ERA * TAIL) - LATELY_KEPT + 1


def _weight(place: int, half_life: int) -> tuple[int, float]:
    """The era of a decision, and its weight there."""
    length = ERA * half_life
    era = place // length
    return era, exp2((place - era * length) / half_life)


def _weighed(decided: Decided, half_life: int) -> tuple[int, int, int]:
    """The era of a decision, and what its features count with in the second and in the first moments."""
    p = min(max(decided.p_hat, LEAST_P), 1 - LEAST_P)
    era, weight = _weight(_place(decided, half_life), half_life)
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


def _steps_of(values: Floats) -> Floats:
    """How many steps each of some features has: as `stepped`."""
    told = np.nan_to_num(values, posinf=0.0, neginf=0.0).clip(-BOUND, BOUND)
    steps: Floats = np.rint(told * STEPS)
    return steps


class _Kept(msgspec.Struct, array_like=True):
    """What `encode` packs first."""

    version: int
    half_life_us: int
    rows: list[Row]


class _KeptLately(msgspec.Struct, array_like=True):
    """What it packs behind. States from before there was `lately` lack it."""

    rows: list[Row]
    since_us: int


class _KeptTail(msgspec.Struct, array_like=True):
    """And behind that. States from before there were tails lack it."""

    rows: list[Row]
    reached: list[tuple[str, str, tuple[tuple[str, float], ...], int]]


def _frames(kept: bytes) -> list[bytes]:
    """What was packed one behind the other."""
    found = []
    while kept:
        unpack = zstandard.ZstdDecompressor().decompressobj()
        found.append(unpack.decompress(kept))
        kept = unpack.unused_data
    return found


@lru_cache(4_096)
def _name_order(name: str) -> tuple[bool, bool, int]:
    told = "=" in name and not name.startswith("rate:")
    return name != BIAS, told, xxhash.xxh64_intdigest(name.encode())


def _cell_order(item: tuple[tuple[int, Offer], Cell]) -> tuple[int, str, str, Iterable[object]]:
    era, offer = item[0]
    return era, offer.promotion, offer.tier, offer.features


def _unpacked(half_life_us: int, row: Row, recently: int = 0) -> Evidence:
    """A cell alone; `recently` is the half-life of what is recent."""
    cell = Cell(len(row.names), bins_of(recently))
    row.put_into(cell)
    columns = {name: i for i, name in enumerate(row.names)}
    held: Cells = {(row.era, Offer(row.promotion, row.tier, row.features)): cell}
    lately, tail = recently == LATELY_US, recently == TAIL
    return Evidence(
        half_life_us,
        columns,
        cells={} if recently else held,
        lately=held if lately else {},
        tail=held if tail else {},
    )
