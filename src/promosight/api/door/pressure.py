"""How many reports may be under way at once, so that none of those let in waits for long when more come than go.

A bound on how many wait says nothing about how long: ten thousand events are four seconds on one machine and one on
another. So the time is what is bounded. Each report that was answered tells how long it took from its body to its
answer, and so many are let in as were answered lately in the time they should take: a few hundred at first, and twice
as many with each time that most of those let in were quick. So the first who come too many are refused, not the first
who come after a line was seen. While some have to be refused, the room is measured by those who are let in: a quick
one widens it a little, a slow one narrows it by several times that, so that nearly all are quick. When for a whole
while not one was, or nothing is answered at all, only few are let in. The others are refused at once, before their
body is read, and those who have stood in line for twice the time they should are refused when it is their turn, for
whoever comes after them would be late too.

Single events and batches are counted apart: the first by their number, the second by their bytes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

from promosight.api.connections.rounds import Rounds
from promosight.errors import Overloaded

LARGE_BYTES = 16_384
"""A body from this size on counts as a batch."""
_FORGIVEN_SECONDS = 10.0
"""So long after the last one that was slow as many are let in as at first."""
_SHORT_SECONDS = 1.0
"""For so long after one was refused there is no room for all."""
_WIDENED_BY = 0.05
_NARROWED_BY = 0.45
"""What a quick answer adds to the limit while there is no room for all, and what a slow one takes from it, as shares of
what was answered: where nine of ten are quick it stays."""
_UNREAD_SHARE = 0.5
"""Who has lain unread for so much of the time that a report should take is refused while there is no room for all."""
_ASKED_SECONDS = 0.0005
"""For so long what was found of one is taken for true of those read after it: to ask costs half as much as a refusal,
and what is read together came in turn."""
_A_FEW = 16
"""With fewer under way everybody is welcome."""
WHY = "more comes than can be answered in time"


class Terms(NamedTuple):
    """How long a report may always take, for how long all may take longer before a line is said to stand, how many are
    let in at least, and how many units before anything is known."""

    may_take_s: float
    stands_after_s: float
    at_least: int
    at_first: float


SINGLE = Terms(0.06, 0.5, 64, 256)
BATCH = Terms(0.5, 0.4, 4, 1_000_000)
_QUICKEST_TIMES = 3.0
"""A report should take no longer than that many times what the quickest one took lately, or what it always may."""
_MOST_SECONDS = 1.0
"""However long the quickest took."""
_LATELY_SECONDS = 10.0


class Pressure:
    """The reports under way in one process. Belongs to one event loop."""

    def __init__(self, rounds: Rounds, single: Terms = SINGLE, batch: Terms = BATCH) -> None:
        self._single, self._batch = _Kind(single), _Kind(batch)
        self._rounds = rounds
        self._unread_s = 0.0
        """For how long the one that was let in last had lain unread."""
        self._asked_at, self._found_s = -math.inf, 0.0

    @property
    def is_felt(self) -> bool:
        """Whether anybody may have to be refused at all."""
        return self._single.is_felt or self._batch.is_felt

    def lets_in(self, size: int, unread_s: Callable[[], float]) -> bool:
        """Whether there is room for a body of so many bytes that was just read, beside those read with it.

        `unread_s` says for how long it had lain there: while there is no room for all, it goes to those who have not
        waited for it yet.
        """
        kind, units = self._kind(size)
        coming = kind.coming(self._rounds.number)
        now = time.perf_counter()
        if kind.is_full(units, now, coming):
            return False
        self._unread_s = 0.0
        if kind.is_choosy(coming, now):
            self._unread_s = self._found(unread_s, now)
            if self._unread_s > _UNREAD_SHARE * kind.should_take_s:
                kind.refused_at = now
                return False
        kind.comes(units)
        return True

    def _found(self, unread_s: Callable[[], float], now: float) -> float:
        if now - self._asked_at > _ASKED_SECONDS:
            self._asked_at, self._found_s = now, unread_s()
        return self._found_s

    def check(self, size: int) -> None:
        """Raises Overloaded when there is no room for a body of so many bytes."""
        kind, units = self._kind(size)
        if kind.is_full(units, time.perf_counter()):
            raise Overloaded(WHY)

    def begin(self, size: int, *, at_once: bool = False) -> Stay:
        """A body of so many bytes is here; its answer is now waited for. `at_once`: it was let in just now."""
        kind, units = self._kind(size)
        began = time.perf_counter()
        if at_once:
            kind.came(units, self._rounds.number)
            began, self._unread_s = began - self._unread_s, 0.0
        return Stay(kind, units, began)

    def _kind(self, size: int) -> tuple[_Kind, int]:
        return (self._batch, size) if size >= LARGE_BYTES else (self._single, 1)


class Stay:
    """One report under way."""

    __slots__ = ("_before", "_began", "_kind", "_units")

    def __init__(self, kind: _Kind, units: int, began: float) -> None:
        self._kind, self._units, self._began = kind, units, began
        self._before = kind.begin(self, units, began)

    def check(self) -> None:
        """Whether it is worth working at it now. Raises Overloaded when it has waited for too long."""
        kind = self._kind
        if kind.is_late(time.perf_counter() - self._began):
            raise Overloaded(WHY)

    def end(self, *, served: bool) -> None:
        """It was answered; one that was refused says nothing of how long the others take."""
        self._kind.end(self, self._units)
        if served:
            now = time.perf_counter()
            self._kind.learn(self._units, self._before, now - self._began, now)


class _Kind:
    """Reports of one kind. `limit` is how many units may be under way; `refused_at` when there was no room for one."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.limit = terms.at_first
        self._there: dict[Stay, float] = {}  # since when; the oldest is the first
        self._units = 0
        self._blind = False  # the limit is a guess, because nothing was answered
        self._quickest = _Quickest()
        self.should_take_s = terms.may_take_s
        """How long a report should take here, as far as is known."""
        self._round, self._coming = 0, (0, 0)
        self._heard_at = self._quick_at = self._slow_at = self._narrowed_at = -math.inf
        self.refused_at = -math.inf

    def begin(self, stay: Stay, units: int, now: float) -> int:
        """Another is under way; how many units were before it."""
        if not self._there:
            self._heard_at = self._quick_at = now  # nobody stands here
        self._there[stay] = now
        before = self._units
        self._units += units
        return before

    def end(self, stay: Stay, units: int) -> None:
        """One is not under way any more."""
        del self._there[stay]
        self._units -= units

    def coming(self, round_number: int) -> tuple[int, int]:
        """How many were let in by their bytes in this round of the loop, and are not under way yet; their units."""
        if round_number != self._round:
            self._round, self._coming = round_number, (0, 0)
        return self._coming

    def comes(self, units: int) -> None:
        """Another was let in by its bytes."""
        reports, theirs = self._coming
        self._coming = reports + 1, theirs + units

    @property
    def is_felt(self) -> bool:
        """Whether half of the room is taken, or was too little a moment ago."""
        if 2 * self._units > self.limit:
            return True
        return self.refused_at > -math.inf and self._is_short(time.perf_counter())

    def is_choosy(self, coming: tuple[int, int], now: float) -> bool:
        """Whether there are enough under way, and not room for all who come."""
        return self._is_short(now) and len(self._there) + coming[0] >= _A_FEW

    def _is_short(self, now: float) -> bool:
        return now - self.refused_at < _SHORT_SECONDS

    def came(self, units: int, round_number: int) -> None:
        """One of those who were let in is under way in the same round."""
        reports, theirs = self.coming(round_number)
        if reports:
            self._coming = reports - 1, theirs - units

    def is_full(self, units: int, now: float, coming: tuple[int, int] = (0, 0)) -> bool:
        """Whether there is no room for so many more, beside those that are coming."""
        if len(self._there) + coming[0] < self._terms.at_least:
            return False
        self._look(now)
        if now - self._slow_at > _FORGIVEN_SECONDS:
            self.limit = max(self.limit, self._terms.at_first)
        full = self._units + coming[1] + units > self.limit
        if full:
            self.refused_at = now
        return full

    def is_late(self, waited_s: float) -> bool:
        """Whether who has waited so long must make room for those who have not."""
        return (
            waited_s > 2 * self.should_take_s
            and len(self._there) > self._terms.at_least
            and self._is_short(time.perf_counter())
        )

    def learn(self, units: int, before: int, took_s: float, now: float) -> None:
        """So much was answered in so long; that much was there when it came."""
        self._heard_at, is_short = now, self._is_short(now)
        if self._quickest.note(took_s, now, goes_on=not is_short):
            quickest_s = min(_QUICKEST_TIMES * self._quickest.seconds, _MOST_SECONDS)
            self.should_take_s = max(self._terms.may_take_s, quickest_s)
        should_take_s, there = self.should_take_s, before + units
        if took_s <= should_take_s:
            self._quick_at = now
            if there > 0.75 * self.limit:  # nothing is learnt of what was not used
                self.limit += (_WIDENED_BY if is_short else 1) * units
            return
        self._slow_at = now
        # After a change a while is left to see what comes of it.
        since = max(self._quick_at, self._narrowed_at)
        if self._blind or now - since > self._terms.stands_after_s:
            # What was there took so long; this much of it would have taken as long as it should.
            room = there * should_take_s / took_s
            self._narrow(room if self._blind else min(room, self.limit), now)
        elif is_short:
            self.limit = max(self.limit - _NARROWED_BY * units, 0.0)

    def _look(self, now: float) -> None:
        """Sees that nothing is answered, by those who stand there."""
        if self._blind or not self._there:
            return
        longest_s = now - next(iter(self._there.values()))
        silent_s = now - self._heard_at
        if longest_s > self.should_take_s and silent_s > self._terms.stands_after_s:
            self._slow_at = now
            self._narrow(0.0, now)
            self._blind = True

    def _narrow(self, limit: float, now: float) -> None:
        self.limit, self._narrowed_at, self._blind = limit, now, False


class _Quickest:
    """How long the quickest took, of the last ten to twenty seconds in which nobody was refused."""

    def __init__(self) -> None:
        self.seconds = 0.0  # nothing is known
        self._before = self._of_now = math.inf
        self._turned_at = 0.0

    def note(self, took_s: float, now: float, *, goes_on: bool) -> bool:
        """Another took so long; whether that says more. While not all go on, all of them wait, and no longer time is
        learnt."""
        if not goes_on and took_s >= self.seconds:
            return False
        if now - self._turned_at > _LATELY_SECONDS:
            self._before, self._of_now, self._turned_at = self._of_now, math.inf, now
        self._of_now = min(self._of_now, took_s)
        known_s, self.seconds = self.seconds, min(self._before, self._of_now)
        return self.seconds != known_s
