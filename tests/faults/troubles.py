"""What befalls the servers and their store while they work: one trouble at a time, drawn from a seed.

After each everything must come back without a hand, but for what a service manager does: start again what ended.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.faults.clusters import kill, start_again
from tests.faults.servers import Servers, fill
from tools.postgres import Cluster


class Troubles:
    """The troubles that a store and its servers can have here, and how often each came so far."""

    def __init__(self, servers: Servers, disk: Path | None, cluster: Cluster | None) -> None:
        self._servers, self._disk, self._cluster = servers, disk, cluster
        self.came: Counter[str] = Counter()
        self.kills = 0

    def possible(self) -> dict[str, tuple[Callable[[random.Random], None], int]]:
        """Each trouble by its name, with its weight."""
        found: dict[str, tuple[Callable[[random.Random], None], int]] = {
            "kill -9 of a server": (self._kill_one, 16),
            "kill -9 of all servers": (self._kill_all, 6),
            "a server paused": (self._pause, 2),
            "the clock stepped": (self._step_clock, 2),
        }
        if self._disk is not None:
            found["the disk full"] = self._fill_disk, 2
        if self._cluster is not None:
            found |= {
                "PostgreSQL restarted": (self._restart_postgres, 2),
                "kill -9 of PostgreSQL": (self._kill_postgres, 5),
                "connections cut in mid-transaction": (self._cut, 4),
            }
        return found

    def befall(self, drawn: random.Random) -> str:
        """One trouble, to its end: afterwards every server is ready again. Returns its name."""
        possible = self.possible()
        weights = [weight for _, weight in possible.values()]
        name = drawn.choices(list(possible), weights)[0]
        possible[name][0](drawn)
        self.came[name] += 1
        self._bring_back()
        return name

    def _bring_back(self) -> None:
        """Does what a service manager does."""
        self._servers.start_ended()
        self._servers.await_ready()

    def _kill_one(self, drawn: random.Random) -> None:
        self._servers.kill(drawn.choice(self._servers.ports))
        self.kills += 1

    def _kill_all(self, drawn: random.Random) -> None:
        for port in drawn.sample(self._servers.ports, len(self._servers.ports)):
            self._servers.kill(port)
            self.kills += 1

    def _pause(self, drawn: random.Random) -> None:
        self._servers.pause(drawn.choice(self._servers.ports), drawn.uniform(0.5, 3.0))

    def _step_clock(self, drawn: random.Random) -> None:
        self._servers.step_clock(drawn.choice((-3_600, -30, 30, 3_600)))
        time.sleep(drawn.uniform(0.2, 1.5))
        self._servers.step_clock(0)

    def _fill_disk(self, drawn: random.Random) -> None:
        assert self._disk is not None
        filler = fill(self._disk)
        time.sleep(drawn.uniform(0.3, 1.5))
        filler.unlink()
        if self._cluster is not None:
            self._start_postgres()  # it ends when its log has no room

    def _restart_postgres(self, drawn: random.Random) -> None:
        assert self._cluster is not None
        self._cluster.stop(drawn.choice(("fast", "immediate")))
        time.sleep(drawn.uniform(0.0, 1.0))
        self._start_postgres()

    def _kill_postgres(self, drawn: random.Random) -> None:
        assert self._cluster is not None
        kill(self._cluster.pid)
        self.kills += 1
        time.sleep(drawn.uniform(0.0, 0.5))
        self._start_postgres()

    def _start_postgres(self) -> None:
        assert self._cluster is not None
        start_again(self._cluster, self._cluster.url)

    def _cut(self, drawn: random.Random) -> None:
        """Ends what the servers' connections are doing, whatever that is."""
        assert self._cluster is not None
        with psycopg.connect(self._cluster.url, autocommit=True) as connection:
            for _ in range(drawn.randint(1, 10)):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
                time.sleep(drawn.uniform(0.0, 0.1))
