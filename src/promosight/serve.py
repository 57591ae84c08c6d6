"""Serving: the only place that wires settings, store and HTTP door together."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import random
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import msgspec
import uvicorn
from litestar import Litestar
from uvicorn.config import STARTUP_FAILURE

from promosight.api.app import application
from promosight.api.connections import accepting
from promosight.api.door.allowance import Allowance
from promosight.api.door.door import Door
from promosight.api.door.metrics import SHARED_FOLDER
from promosight.config import Config
from promosight.connectors.spool import Spool
from promosight.errors import Invalid
from promosight.flows.ledger.recounting import recount_what_is_due
from promosight.logs import write_logs
from promosight.process import collect_rarely, keep_memory, take_short_turns
from promosight.store.engine import open_store
from promosight.store.waiting import TRACED
from promosight.worker.alerts import AlertWorker
from promosight.worker.anomalies import Noticer
from promosight.worker.imports import ImportWorker
from promosight.worker.improving import Improver
from promosight.worker.learning import Learner
from promosight.worker.retention import Keeper
from promosight.worker.webhooks import WebhookWorker

if TYPE_CHECKING:
    from promosight.api.door.tracing import Tracing

_SETTINGS = "PROMOSIGHT_SERVE_SETTINGS"
"""How worker processes learn their settings."""
_log = logging.getLogger("promosight")

OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": "promosight.api.connections.joined:JoinedHttp",
    "ws": "none",
    "lifespan": "on",
    "log_config": None,  # promosight.logs has its lines too
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,  # else anybody on this machine could claim an address in a key's ranges
    "timeout_keep_alive": 75,  # longer than balancers keep an idle connection, so that they close it
    "timeout_graceful_shutdown": 20,
}
"""How the server is run, whatever it serves."""


def now_us() -> int:
    """Microseconds since the epoch by this machine's clock."""
    return time.time_ns() // 1_000


def build_app(config: Config) -> Litestar:
    """The application over an opened store; both end when the application shuts down."""
    config.check()
    spool = Spool(spool_folder(config))
    store = open_store(config.url, now_us=now_us())
    worker = ImportWorker(store, spool, clock=now_us)
    alerts = AlertWorker(store, clock=now_us)
    noticer = Noticer(store, clock=now_us)
    door = Door(
        store,
        clock=now_us,
        fresh=secrets.token_urlsafe,
        spool=spool,
        allowance=Allowance(config.rate_limit),
        log_requests=config.log_requests,
        webhooks_private=config.webhooks_private,
    )
    tracing = _traced(door, config)
    app = application(door)
    learner = Learner(store, door.minds, clock=now_us, name=secrets.token_hex(8))
    improver = Improver(store, door.minds, clock=now_us)
    keeper = Keeper(store, clock=now_us, fresh=secrets.token_urlsafe)
    webhooks = WebhookWorker(
        store,
        clock=now_us,
        chance=random.SystemRandom().random,
        name=secrets.token_hex(8),
        private=config.webhooks_private,
    )

    def end() -> None:
        webhooks.stop()
        keeper.stop()
        noticer.stop()
        alerts.stop()
        improver.stop()
        learner.stop()
        worker.stop()
        store.close()
        if tracing is not None:
            tracing.end()
        _log.info("a server process has stopped")

    worker.start()
    learner.start()
    alerts.start()
    noticer.start()
    improver.start()
    keeper.start()
    webhooks.start()
    app.on_startup += [
        lambda: _leave_slowly(door, config.drain_seconds),
        lambda: _log.info("a server process serves"),
    ]
    app.on_shutdown += [lambda: _log.info("a server process stops"), door.live.close, end]
    return app


def _leave_slowly(door: Door, seconds: int) -> None:
    """Has SIGTERM first say that no more requests are wanted, and stop the server so many seconds later.

    Called on the server's loop, once the server has its own way of being told.
    """
    if not seconds:
        return
    loop, stop = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def told(number: int, frame: FrameType | None) -> None:
        if door.health.leaving or not callable(stop):
            return
        door.health.leaving = True
        _log.info("a server process was told to stop")
        loop.call_soon_threadsafe(loop.call_later, seconds, stop, number, frame)

    signal.signal(signal.SIGTERM, told)


def _traced(door: Door, config: Config) -> Tracing | None:
    """Has requests followed, where their traces are to go somewhere. Raises Invalid."""
    if not config.traces:
        return None
    try:
        from promosight.api.door.tracing import Tracing  # an extra, and slow to load
    except ImportError:
        raise Invalid("traces need `pip install promosight[tracing]`") from None
    return Tracing(door, config.traces)


def spool_folder(config: Config) -> Path:
    """Where files wait: as set, else beside the embedded store, else in the system's temporary folder."""
    if config.spool:
        return Path(config.spool).resolve()
    if config.url.startswith("sqlite:///"):
        return Path(config.url.removeprefix("sqlite:///")).parent / "imports"
    return Path(tempfile.gettempdir()) / f"promosight-imports-{os.getuid()}"


def worker_app() -> Litestar:
    """The application of one worker process, which leaves when the one that started it is gone."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    take_short_turns()
    collect_rarely()
    keep_memory()
    config = msgspec.json.decode(os.environ[_SETTINGS], type=Config)
    write_logs(config.log_format, _trace_of_the_moment)
    return build_app(config)


def _leave_with_parent() -> None:
    """Has this process stop as if told to when its parent was killed; it would keep the port from the next server."""
    parent = multiprocessing.parent_process()
    if parent is None:  # one process serves alone
        return
    parent.join()
    _log.warning("the main process is gone, so this server process stops")
    os.kill(os.getpid(), signal.SIGTERM)


def run(config: Config, opened: Callable[[], None]) -> None:
    """Serves until told to stop; what was accepted is worked off first. Raises Invalid, StoreError.

    `opened` is called when the store is open and as new as this program.
    """
    config.check()
    os.environ[_SETTINGS] = msgspec.json.encode(config).decode()
    write_logs(config.log_format, dict)
    Spool(spool_folder(config))  # a folder that cannot be used, and a store, are said at once
    store = open_store(config.url, now_us=now_us(), create=False)
    recount_what_is_due(store)  # by one process, before any serves
    store.close()
    opened()
    with _shared_counters(config.workers):
        settings = uvicorn.Config(
            "promosight.serve:worker_app",
            factory=True,
            host=config.host,
            port=config.port,
            workers=config.workers,
            **OPTIONS,
        )
        if not accepting.serve(settings):
            sys.exit(STARTUP_FAILURE)


def _trace_of_the_moment() -> dict[str, str]:
    traced = TRACED.get()
    return {} if traced is None else {"trace_id": traced.trace_id}


@contextmanager
def _shared_counters(workers: int) -> Iterator[None]:
    """Several processes on one port count together, in a folder: whichever is asked answers for all."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="promosight-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        yield
