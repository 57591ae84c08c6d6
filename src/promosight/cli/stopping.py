"""Being told to end: SIGTERM stops a command as Ctrl-C does, so that what it began is put away.

Cron jobs and time limits send it. Without this a file that was half written would stay where it lay, and what an import
had taken would wait for the next one to be shown.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

_INTERRUPTED = "Query interrupted"
"""What DuckDB makes of any signal that is to end it."""


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Meanwhile SIGTERM raises Terminated, once; in a thread that signals do not reach, nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    except RuntimeError as error:
        if str(error) != _INTERRUPTED:
            raise
        ended = signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        raise (Terminated if ended else KeyboardInterrupt) from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # once more would leave what is put away half done
    raise Terminated
