"""The demo's heartbeat: now and then somebody redeems, posted over HTTP like any till would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from random import Random

from promosight.cli.demo_calls import Caller, NotReached
from promosight.simulate.reports import Record
from promosight.simulate.settings import World
from promosight.simulate.stream import LiveFeed

_PAUSE_SECONDS = 1.0
_NOTHING_SECONDS = 5.0


class Till:
    """Posts about one event a second from a thread of its own, until stopped."""

    def __init__(
        self, caller: Caller, world: World, *, now: Callable[[], datetime], random: Random
    ) -> None:
        self._caller = caller
        self._feed = LiveFeed(world, random)
        self._now = now
        self._random = random
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="demo-till", daemon=True)

    def start(self) -> None:
        """Begins to post as soon as the server answers."""
        self._thread.start()

    def stop(self) -> None:
        """Stops posting."""
        self._stopped.set()

    def _work(self) -> None:
        while not self._stopped.wait(self._pause()):
            event = self._feed.next(self._now())
            if event is None:
                self._stopped.wait(_NOTHING_SECONDS)
            else:
                self._post(event)

    def _pause(self) -> float:
        return self._random.expovariate(1 / _PAUSE_SECONDS)

    def _post(self, event: Record) -> None:
        try:
            self._caller.call("POST", "/v1/redemptions", event)
        except NotReached:
            self._stopped.wait(_PAUSE_SECONDS)
