"""What is dear of learning: comparing with what was learned, adding up, solving. It only reads: anybody may do it.

Beside a server it is done in small pieces with pauses, as a thread that computes takes the interpreter from the server
at each of its statements; where there is much to learn, in a process of its own (`apart`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

from promosight.flows.decisioning.boards import Sums, offers_of, sums_of
from promosight.flows.decisioning.learning import (
    Lesson,
    Pause,
    changes_of_news,
    current,
    learn,
    lesson_of,
)
from promosight.flows.decisioning.minds import Learned, snapshot_of
from promosight.flows.decisioning.settings import rules_of
from promosight.flows.ledger.outstanding import Outstanding
from promosight.rules.decisioning import Settings
from promosight.rules.policy import Exploration, doubt_scale
from promosight.rules.snapshot import Menu, Snapshot
from promosight.store.catalogue import load
from promosight.store.tx import Row, Tx

R = TypeVar("R")


class Read(Protocol):
    """Asks the store a question."""

    def __call__(self, question: Callable[[Tx], R], /) -> R:
        """The answer, from one consistent snapshot."""


class Solved(NamedTuple):
    """What is to be chosen with, of which revision, and how the counters stood when it was solved."""

    revision: int
    snapshot: Snapshot
    sums: dict[int, Sums]
    """What the counters said of promotions."""
    mark: Row | None


class Study:
    """What one process knows of what was learned in each workspace."""

    def __init__(self, read: Read, pause: Pause | None = None) -> None:
        self._read = read
        self._pause = pause
        self._known: dict[int, Learned] = {}
        self._next: dict[int, Learned] = {}

    def lesson(self, workspace_no: int, taken: str, *, kept: bool) -> Lesson:
        """What the news taken teach, to be written. `kept`: the lesson before it was."""
        self._settle(workspace_no, kept=kept)
        changes, known = self._read(
            lambda tx: (
                changes_of_news(tx, workspace_no, taken, self._pause),
                current(tx, workspace_no, self._known.pop(workspace_no, None)),
            )
        )
        self._next[workspace_no] = learned = learn(known, changes, self._pause)
        return lesson_of(learned, changes)

    def solved(self, workspace_no: int, *, kept: bool) -> Solved:
        """What to choose with from now on. `kept`: the last lesson was written."""
        self._settle(workspace_no, kept=kept)
        return self._read(lambda tx: self._solved(tx, workspace_no))

    def forget(self) -> None:
        """Reads everything anew."""
        self._known.clear()
        self._next.clear()

    def _settle(self, workspace_no: int, *, kept: bool) -> None:
        made = self._next.pop(workspace_no, None)
        if kept and made is not None:
            self._known[workspace_no] = made

    def _solved(self, tx: Tx, workspace_no: int) -> Solved:
        known = current(tx, workspace_no, self._known.get(workspace_no))
        self._known[workspace_no] = known
        catalogue = load(tx, workspace_no)
        counters = Outstanding(tx, workspace_no)
        snapshot = snapshot_of(catalogue, known, counters)
        if self._pause is not None:
            self._pause()
        prepare(snapshot.menu(offers_of(catalogue)), rules_of(tx, workspace_no).settings)
        mark: Any = tx.one("counted_mark", workspace_no=workspace_no)
        return Solved(known.revision, snapshot, sums_of(counters, catalogue), mark)


def prepare(menu: Menu, said: Settings) -> None:
    """Works out what the next decision would have to work out first."""
    if said.exploration == "thompson":
        menu.doubts  # noqa: B018 - worked out when first asked for
        menu.draws(doubt_scale(Exploration(said.exploration, said.gamma, said.floor)))
