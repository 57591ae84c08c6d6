"""The senders' own books: what they told, and what was acknowledged. The server's figures are held against them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from threading import Lock
from typing import Any

from tests.faults.facts import Name

_TOLD, _ACKNOWLEDGED = 1, 2


class Ledger:
    """Every fact by its name, and what went wrong that must not. Threads share it."""

    def __init__(self) -> None:
        self._state: dict[Name, int] = {}
        self._lock = Lock()
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._heard: list[float] = []  # when something was acknowledged

    def told(self, names: Iterable[Name]) -> None:
        """These are about to be sent: from now on the server may hold them."""
        with self._lock:
            for name in names:
                self._state.setdefault(name, _TOLD)

    def acknowledged(self, names: list[Name], answer: dict[str, Any]) -> None:
        """The server has answered for these: it must hold each, whatever happens from now on."""
        outcomes = Counter(answer.get("outcomes") or {answer.get("outcome"): 1})
        with self._lock:
            self.answers.update({str(outcome): n for outcome, n in outcomes.items()})
            if outcomes.total() != len(names) or outcomes["rejected"]:
                self.wrong.append(f"{len(names)} facts were answered by {answer}"[:500])
            for name in names:
                self._state[name] = _ACKNOWLEDGED
            self._heard.append(time.monotonic())

    def answered(self, status: int, body: bytes) -> None:
        """An answer that acknowledges nothing. Only those that say "later" are right here."""
        with self._lock:
            self.answers[f"status {status}"] += 1
            if status not in (429, 503):
                self.wrong.append(f"status {status}: {body[:300]!r}")

    def longest_silence(self, since: float) -> float:
        """The longest time since a moment (of the monotonic clock) in which nothing at all was acknowledged."""
        with self._lock:
            moments = [since, *(one for one in self._heard if one > since), time.monotonic()]
        return max(after - before for before, after in pairwise(moments))

    def cut(self, how: str) -> None:
        """A request without an answer."""
        with self._lock:
            self.answers[how] += 1

    @property
    def sent(self) -> set[Name]:
        """What the server may hold."""
        with self._lock:
            return set(self._state)

    @property
    def kept(self) -> set[Name]:
        """What the server must hold."""
        with self._lock:
            return {name for name, state in self._state.items() if state == _ACKNOWLEDGED}

    @property
    def acknowledgements(self) -> int:
        """How many facts were acknowledged so far, each once."""
        with self._lock:
            return sum(state == _ACKNOWLEDGED for state in self._state.values())
