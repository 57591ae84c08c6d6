"""The learner: one thread beside the server that turns news into what decisions are made with.

It looks a few times a second. What one process has learned the others read; where two learn at once, one of them writes
the next revision and the other begins again from it. What is dear (`study`) is done before the store's writer is held
for a short transaction: by this thread while it is little; once there was much, by a process of its own (`apart`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from promosight.flows.decisioning.boards import marked_board
from promosight.flows.decisioning.learning import (
    Lesson,
    take_news,
    workspaces_with_news,
    write_lesson,
)
from promosight.flows.decisioning.minds import Mind, Minds
from promosight.flows.decisioning.settings import rules_of
from promosight.store.catalogue import load
from promosight.store.engine import Store
from promosight.store.tx import Tx
from promosight.worker.apart import Apart
from promosight.worker.beside import Beside
from promosight.worker.study import Solved, Study, prepare

_LOOKS_EVERY_SECONDS = 0.2
_COUNTERS_EVERY_SECONDS = 1.0
_RESTS, _RESTS_AT_MOST = 8, 0.5
"""It rests so many times as long as a look took, and never longer: what is told is learned within a second."""
_PAUSES_SECONDS = 0.001
_MUCH = 150
"""So many labels in one look are learned apart from then on."""
_NEWS_AT_ONCE = 6_000
"""So many characters of news are learned in one lesson: some 400 decisions, written in a millisecond."""
_FEW = 100
"""After a lesson of fewer labels the next one waits for the next look."""
_LESSONS = 8
"""In one look, before decisions are made with what they taught."""
_REST = 20
"""What the counters say is solved anew no oftener than so many times as long as it takes."""

_log = logging.getLogger("promosight")


class Learner(Beside):
    """The thread that learns for all workspaces of a store, until `stop`. `name` is its own among processes."""

    def __init__(self, store: Store, minds: Minds, *, clock: Callable[[], int], name: str) -> None:
        super().__init__("promosight-learner", trouble="learning failed")
        self._store = store
        self._minds = minds
        self._clock = clock
        self._name = name
        self._own = Study(store.read, self._pause)
        self._apart: Apart | None = None
        self._stays = False
        """Whether a process of its own is not to be had here."""
        self._most: dict[int, int] = {}
        """How much of a workspace's news are one lesson."""
        self._marks: dict[int, Any] = {}
        self._next_look: dict[int, float] = {}

    def stop(self) -> None:
        """Ends after what is at hand here; what is left, or under way apart, stays for the next server."""
        self._stopping.set()
        if (apart := self._apart) is not None:
            apart.kill()
        super().stop()
        if apart is not None:
            apart.end()

    def _rest_s(self, took_s: float) -> float:
        return min(max(_LOOKS_EVERY_SECONDS, _RESTS * took_s), _RESTS_AT_MOST)

    def _after_trouble(self) -> None:
        self._own.forget()
        if self._apart is not None and self._apart.is_gone:
            self._apart.end()
            self._apart, self._stays = None, True
        self._stopping.wait(1.0)

    @property
    def _study(self) -> Study | Apart:
        """Who does what is dear."""
        if self._apart is not None and self._apart.is_ready():
            self._own.forget()
            return self._apart
        return self._own

    def _look(self) -> None:
        for workspace_no in self._store.read(workspaces_with_news):
            self._learn(workspace_no)
        for workspace_no in self._minds.workspaces:
            self._keep_up(workspace_no)

    def _learn(self, workspace_no: int) -> None:
        """Learns what is new in a workspace, in short lessons, as somebody may wait for each to be written.

        Where somebody else was first, the next look tries again. Where more comes than is learned, lessons get longer.
        """
        study, kept, labels = self._study, False, 0
        most = self._most.get(workspace_no, _NEWS_AT_ONCE)
        taken = self._store.join(partial(self._take, workspace_no, most))
        for _ in range(_LESSONS):
            if not taken:
                break
            lesson = study.lesson(workspace_no, taken, kept=kept)
            labels += len(lesson.labels)
            write = partial(self._write, workspace_no, lesson, taken, most)
            kept, taken = self._store.join(write)
        self._most[workspace_no] = 2 * most if taken else _NEWS_AT_ONCE
        if kept:
            self._solve(workspace_no, study, kept=True)
        if labels >= _MUCH and self._apart is None and not self._stays:
            self._begin_apart()

    def _take(self, workspace_no: int, most: int, tx: Tx) -> str:
        """The name that news were taken under; none where there are no news."""
        taken = f"{self._name}-{self._clock()}"
        return taken if take_news(tx, workspace_no, taken, most) else ""

    def _write(
        self, workspace_no: int, lesson: Lesson, taken: str, most: int, tx: Tx
    ) -> tuple[bool, str]:
        """Whether a lesson is kept, and the news for the next where this one was long enough for there to be more."""
        kept = write_lesson(tx, workspace_no, lesson, taken, now_us=self._clock())
        goes_on = kept and len(lesson.labels) >= _FEW
        return kept, self._take(workspace_no, most, tx) if goes_on else ""

    def _begin_apart(self) -> None:
        try:
            self._apart = Apart(self._store.database.url, self._store.between)
        except OSError as error:
            self._stays = True
            _log.warning("no process to learn in", exc_info=error)

    def _keep_up(self, workspace_no: int) -> None:
        """Chooses with what other processes learned, and with what the counters say now."""
        row = self._store.read(lambda tx: tx.one("learned_revision", workspace_no=workspace_no))
        revision = 0 if row is None else row[0]
        due = time.monotonic() >= self._next_look.get(workspace_no, 0.0)
        if revision != self._minds.revision_of(workspace_no) or (due and self._moved(workspace_no)):
            self._solve(workspace_no, self._study, kept=False)

    def _moved(self, workspace_no: int) -> bool:
        self._next_look[workspace_no] = time.monotonic() + _COUNTERS_EVERY_SECONDS
        mark = self._store.read(lambda tx: tx.one("counted_mark", workspace_no=workspace_no))
        return self._marks.get(workspace_no) != mark

    def _solve(self, workspace_no: int, study: Study | Apart, *, kept: bool) -> None:
        began = time.monotonic()
        solved = study.solved(workspace_no, kept=kept)
        self._store.read(lambda tx: self._put(tx, workspace_no, solved))
        self._marks[workspace_no] = solved.mark
        now = time.monotonic()
        rest = max(_COUNTERS_EVERY_SECONDS, _REST * (now - began))
        self._next_look[workspace_no] = now + rest

    def _put(self, tx: Tx, workspace_no: int, solved: Solved) -> None:
        """Has it chosen with, together with what the offers are worth now, so that no decision must work that out."""
        said, catalogue = rules_of(tx, workspace_no).settings, load(tx, workspace_no)
        epoch, before = self._minds.epoch(), self._minds.board_of(workspace_no)
        with self._store.between():
            marked = marked_board(catalogue, said, epoch, solved.sums, before)
        with self._store.between():
            prepare(marked.board.menu(solved.snapshot), said)
        self._minds.put(workspace_no, Mind(solved.revision, solved.snapshot, epoch, marked))

    def _pause(self) -> None:
        self._stopping.wait(_PAUSES_SECONDS)
