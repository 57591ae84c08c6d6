"""Patroni and etcd look after a primary and its standby, each in a network namespace of its own that we can cut off.

The namespaces hang on a bridge; etcd has an address of its own on it, so that a server of PostgreSQL can lose etcd and
its peer and still be reached by those who use it. Everything of one namespace together stands for one machine.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

from tests.faults.replicated import await_true, is_followed, is_primary
from tools.postgres import find_programs

_BRIDGE, _OURS, _ETCD = "pmsbr", "198.51.100.1", "198.51.100.2"
_PROGRAMS = ("patroni", "etcd", "ip", "setpriv")
_OWNER = "postgres"
TTL_SECONDS = 20
"""For so long a leader that is not heard of remains the leader; Patroni takes no less."""


class Machine:
    """One machine: Patroni and its PostgreSQL in a namespace."""

    def __init__(self, number: int, folder: Path) -> None:
        self.address = f"198.51.100.1{number}"
        self.url = f"postgresql://postgres@{self.address}:5432/postgres"
        self._space, self._cable = f"pms{number}", f"pmsv{number}"
        self._folder = folder / f"machine-{number}"
        self._running: list[subprocess.Popen[bytes]] = []

    def make(self, settings: str) -> None:
        """Makes the namespace and its cable, and the folder."""
        self._folder.mkdir()
        shutil.chown(self._folder, user=_OWNER)
        (self._folder / "patroni.yml").write_text(settings)
        space, cable = self._space, self._cable
        _ip(f"netns add {space}")
        _ip(f"link add {cable} type veth peer name eth0 netns {space}")
        _ip(f"link set {cable} master {_BRIDGE} up")
        _ip(f"-n {space} addr add {self.address}/24 dev eth0")
        _ip(f"-n {space} link set eth0 up")
        _ip(f"-n {space} link set lo up")

    def start(self) -> None:
        """Starts Patroni, as a service manager would."""
        ids = f"setpriv --reuid={_OWNER} --regid={_OWNER} --clear-groups patroni"
        command = f"ip netns exec {self._space} {ids} {self._folder}/patroni.yml".split()
        with (self._folder / "patroni.log").open("ab") as log:
            self._running.append(subprocess.Popen(command, cwd="/", stdout=log, stderr=log))

    def kill(self, *, patroni: bool) -> None:
        """Ends every process of PostgreSQL by SIGKILL, and Patroni with them where the machine is lost."""
        spared = set() if patroni else {one.pid for one in self._running}
        said = subprocess.run(
            ["ip", "netns", "pids", self._space], capture_output=True, text=True, check=True
        )
        for process in {int(one) for one in said.stdout.split()} - spared:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if patroni:
            while self._running:
                self._running.pop().wait()

    def unplug(self) -> None:
        """Nothing comes or goes any more."""
        _ip(f"link set {self._cable} down")

    def lose(self, *addresses: str) -> None:
        """Nothing goes to these any more; all others are as near as ever."""
        for one in addresses:
            _ip(f"-n {self._space} route add blackhole {one}/32")

    def mend(self) -> None:
        """The network is whole again."""
        _ip(f"link set {self._cable} up")
        _ip(f"-n {self._space} route flush type blackhole")

    def end(self) -> None:
        """Ends everything and takes the namespace away."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.kill(patroni=True)
        _ip(f"netns del {self._space}", check=False)
        _ip(f"link del {self._cable}", check=False)


class Patroni:
    """Two machines; whichever leads is asked for whenever it matters."""

    def __init__(self, machines: list[Machine], *, synchronous: bool) -> None:
        self._machines, self._synchronous = machines, synchronous
        hosts = ",".join(f"{one.address}:5432" for one in machines)
        self.url = f"postgresql://postgres@{hosts}/postgres?target_session_attrs=read-write"

    def troubles(self) -> dict[str, Callable[[random.Random], None]]:
        return {
            "kill -9 of PostgreSQL": self._kill_postgres,
            "kill -9 of everything on the primary's machine": self._kill_machine,
            "the primary's machine cut off": self._unplug,
            "the primary cut off from etcd and its standby only": self._isolate,
        }

    def await_whole(self) -> None:
        """Waits until one leads, and commits wait for the other."""
        await_true("a primary", lambda: any(is_primary(one.url) for one in self._machines))
        await_true("its standby follows", self._is_whole)

    def _is_whole(self) -> bool:
        leading = [one for one in self._machines if is_primary(one.url)]
        return len(leading) == 1 and is_followed(leading[0].url, synchronous=self._synchronous)

    def _leading(self) -> tuple[Machine, Machine]:
        first, second = self._machines
        return (first, second) if is_primary(first.url) else (second, first)

    def _kill_postgres(self, _drawn: random.Random) -> None:
        old, new = self._leading()
        old.kill(patroni=False)
        self._await_leader(new)

    def _kill_machine(self, drawn: random.Random) -> None:
        old, new = self._leading()
        old.kill(patroni=True)
        self._await_leader(new, lambda: self._come_back(old, drawn))

    def _unplug(self, drawn: random.Random) -> None:
        old, new = self._leading()
        old.unplug()
        self._await_leader(new, lambda: self._plug_in(old, drawn))

    def _isolate(self, drawn: random.Random) -> None:
        old, new = self._leading()
        old.lose(new.address, _ETCD)
        self._await_leader(new, lambda: self._plug_in(old, drawn))

    def _await_leader(self, new: Machine, then: Callable[[], None] = lambda: None) -> None:
        await_true("the standby leads", lambda: is_primary(new.url))
        then()
        self.await_whole()

    def _come_back(self, machine: Machine, drawn: random.Random) -> None:
        time.sleep(drawn.uniform(0.0, 3.0))
        machine.start()

    def _plug_in(self, machine: Machine, drawn: random.Random) -> None:
        time.sleep(drawn.uniform(0.0, 5.0))
        machine.mend()


def can_run() -> bool:
    """Whether what this takes is here: the programs, and the right to make namespaces."""
    return os.geteuid() == 0 and all(map(shutil.which, _PROGRAMS))


@contextlib.contextmanager
def patroni_in(folder: Path, *, synchronous: bool) -> Iterator[Patroni]:
    """Two machines that follow each other, in an empty folder; gone at the end."""
    folder.chmod(0o755)
    machines = [Machine(number, folder) for number in (1, 2)]
    patroni = Patroni(machines, synchronous=synchronous)
    try:
        with _bridge(), _etcd(folder):
            try:
                for number, one in enumerate(machines, 1):
                    one.make(_settings(number, one.address, folder, synchronous))
                machines[0].start()
                await_true("the first leads", lambda: is_primary(machines[0].url))
                machines[1].start()
                patroni.await_whole()
                yield patroni
            finally:
                for one in machines:
                    one.end()
    except AssertionError as error:
        logs = [one.read_text(errors="replace")[-3_000:] for one in folder.glob("machine-*/*.log")]
        raise AssertionError("\n".join([str(error), *logs])) from error


@contextlib.contextmanager
def _bridge() -> Iterator[None]:
    _ip(f"link add {_BRIDGE} type bridge")
    try:
        for address in (_OURS, _ETCD):
            _ip(f"addr add {address}/24 dev {_BRIDGE}")
        _ip(f"link set {_BRIDGE} up")
        yield
    finally:
        _ip(f"link del {_BRIDGE}", check=False)


@contextlib.contextmanager
def _etcd(folder: Path) -> Iterator[None]:
    client, peer = f"http://{_ETCD}:2379", f"http://{_ETCD}:2380"
    words = (
        f"etcd --data-dir {folder}/etcd --listen-client-urls {client} --advertise-client-urls {client} "
        f"--listen-peer-urls {peer} --initial-advertise-peer-urls {peer} --initial-cluster default={peer}"
    )
    with (folder / "etcd.log").open("wb") as log:
        process = subprocess.Popen(words.split(), stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _settings(number: int, address: str, folder: Path, synchronous: bool) -> str:
    """Patroni's settings: the least it takes, and leave to fail over at once when PostgreSQL ends."""
    own = folder / f"machine-{number}"
    return dedent(f"""\
        scope: promosight
        name: machine-{number}
        restapi: {{listen: "{address}:8008", connect_address: "{address}:8008"}}
        etcd3: {{host: "{_ETCD}:2379"}}
        bootstrap:
          dcs:
            ttl: {TTL_SECONDS}
            loop_wait: 2
            retry_timeout: 3
            primary_start_timeout: 0
            maximum_lag_on_failover: 1073741824
            synchronous_mode: {str(synchronous).lower()}
            postgresql:
              use_pg_rewind: true
              parameters: {{max_connections: 100, max_wal_size: 1GB}}
          initdb: [data-checksums, {{encoding: UTF8}}, {{locale: C.UTF-8}}]
        postgresql:
          listen: "{address}:5432"
          connect_address: "{address}:5432"
          data_dir: {own}/data
          bin_dir: {find_programs()}
          pgpass: {own}/pgpass
          authentication:
            superuser: {{username: postgres, password: unused}}
            replication: {{username: replicator, password: unused}}
          pg_hba:
            - local all all trust
            - host all all 198.51.100.0/24 trust
            - host replication all 198.51.100.0/24 trust
          parameters: {{unix_socket_directories: {own}}}
        """)


def _ip(words: str, *, check: bool = True) -> None:
    subprocess.run(["ip", *words.split()], check=check, capture_output=True)
