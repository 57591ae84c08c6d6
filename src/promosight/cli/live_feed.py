"""The demo's heartbeat: now and then somebody redeems, posted over HTTP like any till would."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from random import Random

from promosight.simulate.settings import World
from promosight.simulate.stream import LiveFeed

_PAUSE_SECONDS = 1.0
_NOTHING_SECONDS = 5.0
_TIMEOUT_SECONDS = 10.0


class Till:
    """Posts about one event a second from a thread of its own, until stopped."""

    def __init__(
        self, url: str, key: str, world: World, *, now: Callable[[], datetime], random: Random
    ) -> None:
        self._url = url
        self._key = key
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
                self._post(json.dumps(event).encode())

    def _pause(self) -> float:
        return self._random.expovariate(1 / _PAUSE_SECONDS)

    def _post(self, body: bytes) -> None:
        request = urllib.request.Request(
            f"{self._url}/v1/redemptions",
            data=body,
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        try:
            urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()
        except urllib.error.HTTPError as error:
            error.close()  # an event that is refused is listed; that belongs to the show
        except (OSError, http.client.HTTPException):
            self._stopped.wait(_PAUSE_SECONDS)  # not up yet, or going down
