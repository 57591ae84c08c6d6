"""Serving: the only place that wires settings, store and HTTP door together."""

from __future__ import annotations

import os
import secrets
import time
from typing import Any

import uvicorn
from litestar import Litestar

from promosight.api.app import application
from promosight.api.door import Door
from promosight.config import Config
from promosight.process import collect_rarely, take_short_turns
from promosight.store.engine import open_store

_URL = "PROMOSIGHT_SERVE_DATABASE"
"""How worker processes learn which store to open."""

OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": "promosight.api.joined:JoinedHttp",
    "ws": "none",
    "lifespan": "on",
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
    """The application over an opened store; the store is closed when the application shuts down."""
    config.check()
    store = open_store(config.url, now_us=now_us())
    app = application(Door(store, clock=now_us, fresh=secrets.token_urlsafe))
    app.on_shutdown.append(store.close)
    return app


def worker_app() -> Litestar:
    """The application of one worker process."""
    take_short_turns()
    collect_rarely()
    return build_app(Config(url=os.environ[_URL]))


def run(config: Config) -> None:
    """Serves until told to stop; what was accepted is worked off first. Raises Invalid, StoreError."""
    config.check()
    os.environ[_URL] = config.url
    open_store(config.url, now_us=now_us()).close()  # a store that cannot be opened is said at once
    uvicorn.run(
        "promosight.serve:worker_app",
        factory=True,
        host=config.host,
        port=config.port,
        workers=config.workers,
        **OPTIONS,
    )
