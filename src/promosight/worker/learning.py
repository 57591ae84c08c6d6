"""The learner: one thread beside the server that turns news into what decisions are made with.

It looks a few times a second. What one process has learned the others read; where two learn at once, one of them writes
the next revision and the other begins again from it. What is dear (comparing, adding up, solving) is done here, so that
the store's writer is held only for a short transaction. It does so in small pieces with pauses: a thread that computes
takes the interpreter from the server at each of its statements.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from promosight.flows.boards import board_of
from promosight.flows.decisioning import rules_of
from promosight.flows.learning import (
    changes_of_news,
    current,
    learn,
    lesson_of,
    take_news,
    workspaces_with_news,
    write_lesson,
)
from promosight.flows.minds import Learned, Mind, Minds
from promosight.rules.decisioning import Settings
from promosight.rules.features import Offer
from promosight.rules.policy import Exploration, doubt_scale
from promosight.store.catalogue import load
from promosight.store.engine import Store
from promosight.store.tx import Tx
from promosight.worker.beside import Beside

_LOOKS_EVERY_SECONDS = 0.2
_COUNTERS_EVERY_SECONDS = 1.0
_RESTS, _RESTS_AT_MOST = 8, 0.5
"""It rests so many times as long as a look took, and never longer: what is told is learned within a second."""
_PAUSES_SECONDS = 0.001
_OFFERS_WITHOUT_PAUSE = 4
_REST = 20
"""What the counters say is solved anew no oftener than so many times as long as it takes."""


class Learner(Beside):
    """The thread that learns for all workspaces of a store, until `stop`. `name` is its own among processes."""

    def __init__(self, store: Store, minds: Minds, *, clock: Callable[[], int], name: str) -> None:
        super().__init__("promosight-learner", trouble="learning failed")
        self._store = store
        self._minds = minds
        self._clock = clock
        self._name = name
        self._known: dict[int, Learned] = {}
        self._marks: dict[int, Any] = {}
        self._next_look: dict[int, float] = {}

    def _rest_s(self, took_s: float) -> float:
        return min(max(_LOOKS_EVERY_SECONDS, _RESTS * took_s), _RESTS_AT_MOST)

    def _after_trouble(self) -> None:
        self._known.clear()
        self._stopping.wait(1.0)

    def _look(self) -> None:
        for workspace_no in self._store.read(workspaces_with_news):
            self._learn(workspace_no)
        for workspace_no in self._minds.workspaces:
            self._keep_up(workspace_no)

    def _learn(self, workspace_no: int) -> None:
        """Learns what is new in a workspace; where somebody else was first, the next look tries again."""
        taken = f"{self._name}-{self._clock()}"
        self._store.change(partial(take_news, workspace_no=workspace_no, taken=taken))
        changes, known = self._store.read(
            lambda tx: (
                changes_of_news(tx, workspace_no, taken, self._pause),
                current(tx, workspace_no, self._known.pop(workspace_no, None)),
            )
        )
        lesson = lesson_of(learn(known, changes, self._pause), changes)

        def write(tx: Tx) -> bool:
            return write_lesson(tx, workspace_no, lesson, taken, now_us=self._clock())

        if self._store.change(write):
            self._known[workspace_no] = lesson.learned
            self._solve(workspace_no)

    def _keep_up(self, workspace_no: int) -> None:
        """Chooses with what other processes learned, and with what the counters say now."""
        row = self._store.read(lambda tx: tx.one("learned_revision", workspace_no=workspace_no))
        revision = 0 if row is None else row[0]
        due = time.monotonic() >= self._next_look.get(workspace_no, 0.0)
        if revision != self._minds.revision_of(workspace_no) or (due and self._moved(workspace_no)):
            self._solve(workspace_no)

    def _moved(self, workspace_no: int) -> bool:
        self._next_look[workspace_no] = time.monotonic() + _COUNTERS_EVERY_SECONDS
        mark = self._store.read(lambda tx: tx.one("counted_mark", workspace_no=workspace_no))
        return self._marks.get(workspace_no) != mark

    def _solve(self, workspace_no: int) -> None:
        began = time.monotonic()

        def solved(tx: Tx) -> Any:
            known = current(tx, workspace_no, self._known.get(workspace_no))
            self._known[workspace_no] = known
            catalogue = load(tx, workspace_no)
            mind = self._minds.made(tx, catalogue, known)
            said = rules_of(tx, workspace_no).settings
            board = board_of(tx, catalogue, said, mind.epoch)
            self._prepare(mind, board.offers, said)
            self._minds.put(workspace_no, mind)
            return tx.one("counted_mark", workspace_no=workspace_no)

        self._marks[workspace_no] = self._store.read(solved)
        now = time.monotonic()
        rest = max(_COUNTERS_EVERY_SECONDS, _REST * (now - began))
        self._next_look[workspace_no] = now + rest

    def _prepare(self, mind: Mind, offers: tuple[Offer, ...], said: Settings) -> None:
        """Works out what the next decision would have to work out first."""
        thompson = said.exploration == "thompson"
        for number, offer in enumerate(offers):
            if not number % _OFFERS_WITHOUT_PAUSE:
                self._pause()
            mind.snapshot.weights(offer)
            if thompson:
                mind.snapshot.drawn(offer)
                mind.snapshot.doubt(offer)
        menu = mind.snapshot.menu(offers)
        if thompson:
            menu.doubts  # noqa: B018 - worked out when first asked for
            menu.draws(doubt_scale(Exploration(said.exploration, said.gamma, said.floor)))

    def _pause(self) -> None:
        self._stopping.wait(_PAUSES_SECONDS)
