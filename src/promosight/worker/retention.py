"""The keeper: one thread beside the server that forgets what a workspace does not want kept any longer.

It goes over every workspace with settings, in steps of a short transaction each, and rests many times as long as a
step took; a whole round is made every six hours, and soon after the settings changed. Servers that do it at the same
time find less to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from promosight.flows.people.retention import (
    CUSTOMERS,
    ROWS,
    Step,
    empty_refused,
    forget_answers,
    forget_customers,
    forget_payments,
    old_traces,
    payments_noted,
    quiet_customers,
    retentions,
    shorten_traces,
)
from promosight.rules.instants import HOUR_US
from promosight.rules.keeping import Retention, before
from promosight.store.engine import Store
from promosight.store.tx import Tx
from promosight.worker.beside import Beside

_LOOKS_EVERY_SECONDS = 2.0
_ROUND_EVERY_US = 6 * HOUR_US
_REST = 10
"""It rests so many times as long as a step took."""
_LONGEST_REST_S = 2.0


class Keeper(Beside):
    """The thread that forgets in all workspaces of a store, until `stop`."""

    def __init__(
        self, store: Store, *, clock: Callable[[], int], fresh: Callable[[int], str]
    ) -> None:
        super().__init__("promosight-keeper", trouble="what is to be forgotten cannot be")
        self._store = store
        self._clock = clock
        self._fresh = fresh
        self._done: dict[int, tuple[Retention, int]] = {}

    def _rest_s(self, took_s: float) -> float:  # noqa: ARG002 - every step has had its rest
        return _LOOKS_EVERY_SECONDS

    def _look(self) -> None:
        for workspace_no, wanted in self._store.read(retentions):
            done = self._done.get(workspace_no)
            now_us = self._clock()
            if done is None or done[0] != wanted or done[1] + _ROUND_EVERY_US <= now_us:
                self.go_round(workspace_no, wanted)
                self._done[workspace_no] = (wanted, now_us)

    def go_round(self, workspace_no: int, wanted: Retention) -> None:
        """Forgets all there is to forget in a workspace, unless it is stopped."""
        for days, forget in (
            (wanted.refused_days, self._rows_of(empty_refused)),
            (wanted.answers_days, self._rows_of(forget_answers)),
            (wanted.traces_days, self._traces),
            (wanted.payments_days, self._payments),
            (wanted.customers_days, self._customers),
        ):
            now_us = self._clock()
            before_us = before(days, now_us)
            if before_us is not None:
                forget(Step(workspace_no, before_us, lambda: self._fresh(16), now_us))

    def _rows_of(self, forget: Callable[..., int]) -> Callable[[Step], None]:
        def until_none_is_left(step: Step) -> None:
            while not self._stopping.is_set():
                if self._step(partial(forget, step=step)) < ROWS:
                    return

        return until_none_is_left

    def _traces(self, step: Step) -> None:
        after = (0, "")
        while not self._stopping.is_set():
            found = self._store.read(partial(old_traces, step=step, after=after))
            if not found:
                return
            self._step(partial(shorten_traces, step=step, traces=found))
            after = found[-1][:2]

    def _payments(self, step: Step) -> None:
        after = (0, "")
        while not self._stopping.is_set():
            found = self._store.read(partial(payments_noted, step=step, after=after))
            if not found:
                return
            if any(last_us < step.before_us for _, _, last_us in found):
                self._step(partial(forget_payments, step=step, payments=found))
            after = found[-1][:2]

    def _customers(self, step: Step) -> None:
        after: int | None = -1
        while after is not None and not self._stopping.is_set():
            quiet, after = self._store.read(partial(quiet_customers, step=step, after_no=after))
            for start in range(0, len(quiet), CUSTOMERS):
                if not self._stopping.is_set():
                    some = quiet[start : start + CUSTOMERS]
                    self._step(partial(forget_customers, step=step, customers=some))

    def _step(self, forget: Callable[[Tx], int]) -> int:
        began = time.monotonic()
        count = self._store.change(forget)
        self._stopping.wait(min(_LONGEST_REST_S, _REST * (time.monotonic() - began)))
        return count
