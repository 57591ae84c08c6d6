"""Settings of a server: one frozen object, every fault reported at once."""

from __future__ import annotations

import msgspec

from promosight.errors import Invalid


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Where the store is, where to listen, where files that come wait ("": beside
    the store), how many requests a minute a key may make (0: as many as it likes), the form
    of log lines, whether each request has one, where traces go ("": nowhere), and for how many seconds it
    says that it is not ready before it stops, and whether webhooks may go to addresses inside one's own network."""

    url: str
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    spool: str = ""
    rate_limit: int = 0
    log_format: str = "text"
    log_requests: bool = False
    traces: str = ""
    drain_seconds: int = 0
    webhooks_private: bool = False

    def check(self) -> None:
        """Raises Invalid naming everything that cannot be."""
        faults = []
        if not 0 <= self.port < 65_536:
            faults.append("the port must be below 65536")
        if self.workers < 1:
            faults.append("there must be at least one worker")
        if self.workers > 1 and self.url.startswith("sqlite:"):
            faults.append("SQLite takes one worker; use PostgreSQL for more")
        if faults:
            raise Invalid("; ".join(faults))
