"""A primary and its synchronous standby on loopback, and a supervisor of a few lines, where there is no better one.

The supervisor is this process: it notices the end of the primary, promotes the standby, brings the old primary back as
the new one's standby (`pg_rewind`, else a new base backup) and has commits wait for it again. It knows that the primary
is dead because it killed it, so it need not settle who leads: what decides that in earnest is `patroni.py`.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tests.faults.clusters import adopt_orphans, kill, start_again
from tests.faults.replicated import asked, await_true, is_followed, is_primary
from tools.ports import HOST, kept_port
from tools.postgres import Cluster, cluster_in
from tools.system import CannotContinue


class Pair:
    """Two clusters by their ports; the first of `_order` is the primary."""

    def __init__(self, first: Cluster, second: Cluster, ports: tuple[int, int]) -> None:
        self._order = [first, second]
        self._ports = {first.folder: ports[0], second.folder: ports[1]}
        hosts = ",".join(f"{HOST}:{port}" for port in ports)
        self.url = f"postgresql://postgres@{hosts}/postgres"

    def troubles(self) -> dict[str, Callable[[random.Random], None]]:
        return {"kill -9 of the primary": self.fail_over}

    def fail_over(self, drawn: random.Random) -> None:
        """Kills the primary with all its processes; the standby takes over, the old primary follows it."""
        old, new = self._order
        _kill(old)
        time.sleep(drawn.uniform(0.1, 0.5))  # what a supervisor takes to notice
        self._promote(new)
        self._order = [new, old]
        self._bring_back(old, new)

    def begin(self) -> None:
        """Makes the second server the standby of the first."""
        primary, standby = self._order
        self._copy(standby, primary)
        self._join(standby, primary)

    def _promote(self, standby: Cluster) -> None:
        # It has no standby of its own yet: commits that wait for one would wait for ever.
        asked(self._address(standby), "ALTER SYSTEM RESET synchronous_standby_names")
        asked(self._address(standby), "SELECT pg_reload_conf()")
        asked(self._address(standby), "SELECT pg_promote()")
        await_true("the standby is promoted", lambda: is_primary(self._address(standby)))

    def _bring_back(self, old: Cluster, new: Cluster) -> None:
        try:
            # Or it says that it is still on its old timeline.
            asked(self._address(new), "CHECKPOINT")
            old.run(
                "pg_rewind",
                f"--target-pgdata={old.data}",
                f"--source-server={self._address(new)}",
                "--write-recovery-conf",
            )
        except CannotContinue:
            shutil.rmtree(old.data)
            self._copy(old, new)
        self._join(old, new)

    def _copy(self, standby: Cluster, primary: Cluster) -> None:
        standby.run(
            "pg_basebackup",
            f"--dbname={self._address(primary)}",
            f"--pgdata={standby.data}",
            "--checkpoint=fast",
            "--write-recovery-conf",
        )

    def _join(self, standby: Cluster, primary: Cluster) -> None:
        """Starts a copy of the primary under its own address, and has commits wait for it once it has all."""
        with (standby.data / "postgresql.conf").open("a") as settings:
            settings.write(f"port = {self._ports[standby.folder]}\n")
            settings.write(f"unix_socket_directories = '{standby.folder}'\n")
        start_again(standby, self._address(standby))
        address = self._address(primary)
        await_true("the standby follows", lambda: is_followed(address, synchronous=False))
        asked(address, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        asked(address, "SELECT pg_reload_conf()")
        await_true("commits wait for it", lambda: is_followed(address, synchronous=True))

    def _address(self, cluster: Cluster) -> str:
        return f"postgresql://postgres@{HOST}:{self._ports[cluster.folder]}/postgres"


@contextlib.contextmanager
def pair_in(folder: Path) -> Iterator[Pair]:
    """A started pair in an empty folder; stopped at the end. Raises CannotContinue."""
    adopt_orphans()
    (keeper, port), (second_keeper, second_port) = kept_port(), kept_port()
    (folder / "first").mkdir()
    folder.chmod(0o755)
    settings = {"listen_addresses": f"'{HOST}'", "port": str(port), "wal_log_hints": "on"}
    with keeper, second_keeper, cluster_in(folder / "first", **settings) as first:
        second = replace(first, folder=folder / "second")
        second.folder.mkdir()
        if second.owner:
            shutil.chown(second.folder, user=second.owner)
        pair = Pair(first, second, (port, second_port))
        try:
            pair.begin()
            yield pair
        finally:
            second.stop("immediate")


def _kill(cluster: Cluster) -> None:
    """Ends a server and all its processes at once, as the loss of its machine does."""
    first = cluster.pid
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    kill(first, *map(int, children))
