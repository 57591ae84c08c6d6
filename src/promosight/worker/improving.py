"""The improver: one thread beside the server that looks after candidates nobody has to look after.

Once a day, where enough was learned, it makes a candidate of all that was learned, gone over anew. A candidate that is
automatic is compared with the running version now and then, and promoted when even the lower bound of what it brings
more is above nothing; otherwise it waits. What is dear is done on a reading connection; where several servers do it at
once, one of them promotes and the others find that it runs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from promosight.errors import PromosightError
from promosight.flows.decisioning.candidates import compared, refit_of
from promosight.flows.decisioning.minds import Minds
from promosight.flows.decisioning.versions import (
    Doing,
    Waiting,
    add_candidate,
    give_up,
    note_shown,
    refit_due,
    run_version,
    waiting_versions,
    wanted_settings,
)
from promosight.rules.instants import HOUR_US
from promosight.store.engine import Store
from promosight.store.tx import Tx
from promosight.worker.beside import Beside

BY = "promosight"
"""Who does what nobody asked for."""
_LOOKS_EVERY_SECONDS = 5.0
_REST = 100
"""It rests so many times as long as a look took."""
_AGAIN_US = HOUR_US
_log = logging.getLogger("promosight")


class Improver(Beside):
    """The thread that looks after candidates of all workspaces of a store, until `stop`."""

    def __init__(self, store: Store, minds: Minds, *, clock: Callable[[], int]) -> None:
        super().__init__("promosight-improver", trouble="looking after candidates failed")
        self._store = store
        self._minds = minds
        self._clock = clock

    def _rest_s(self, took_s: float) -> float:
        return max(_LOOKS_EVERY_SECONDS, _REST * took_s)

    def _look(self) -> None:
        for workspace_no in self._store.read(lambda tx: refit_due(tx, now_us=self._clock())):
            if not self._stopping.is_set():
                self._refit(workspace_no)
        for one in self._store.read(waiting_versions):
            if self._stopping.is_set():
                return
            if one.shown_us is None or one.shown_us + _AGAIN_US <= self._clock():
                self._compare(one)

    def _refit(self, workspace_no: int) -> None:
        now_us = self._clock()
        state = self._store.read(lambda tx: refit_of(tx, workspace_no, self._minds, now_us=now_us))
        doing = Doing(BY, now_us, "nightly refit")

        def keep(tx: Tx) -> None:
            give_up(tx, workspace_no, BY, doing)
            settings = wanted_settings(tx, workspace_no, {})
            add_candidate(tx, workspace_no, settings, state, doing, automatic=True)

        self._store.change(keep)

    def _compare(self, one: Waiting) -> None:
        now_us = self._clock()
        number, version = one.workspace_no, one.version
        found = self._store.read(
            lambda tx: compared(tx, number, self._minds, version, now_us=now_us)
        )
        self._store.change(lambda tx: note_shown(tx, number, version, found.shown, now_us))
        if not found.better:
            return
        doing = Doing(BY, now_us, "a gain was shown", shown=found.shown)
        try:
            self._store.change(
                lambda tx: run_version(tx, number, version, "promoted", doing, found.running)
            )
        except PromosightError:
            _log.info("a version was not promoted", extra={"version": version})
