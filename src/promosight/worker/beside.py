"""A thread beside the server: it begins with `start`, and ends with what it has at hand after `stop`."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod

_log = logging.getLogger("promosight")


class Beside(ABC):
    """A thread that looks for work, rests and looks again until `stop`. `trouble` is what the log says of a look that
    failed; there is nobody else to tell, and the next look tries again."""

    def __init__(self, name: str, *, trouble: str) -> None:
        self._trouble = trouble
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begins, also with what an earlier server left."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after what is at hand; what is left stays for the next server."""
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        rest_s = self._rest_s(0.0)
        while not self._stopping.wait(rest_s):
            began = time.monotonic()
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - there is nobody else to tell
                self._after_trouble()
                if not self._stopping.is_set():
                    _log.error(self._trouble, exc_info=error)
            rest_s = self._rest_s(time.monotonic() - began)

    @abstractmethod
    def _look(self) -> None:
        """Does what there is to do now."""

    @abstractmethod
    def _rest_s(self, took_s: float) -> float:
        """How long it rests after a look that took so long."""

    def _after_trouble(self) -> None:  # noqa: B027 - most need nothing
        """A look failed: what was kept from one to the next may be wrong."""
