"""A thread beside the server: it begins with `start`, and ends with what it has at hand after `stop`."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


class Beside(ABC):
    """What such threads have in common. `_work` goes on until `_stopping` is set."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begins, also with what an earlier server left."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after what is at hand; what is left stays for the next server."""
        self._stopping.set()
        self._thread.join()

    @abstractmethod
    def _work(self) -> None:
        """What the thread does."""
