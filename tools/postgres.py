"""A real PostgreSQL of our own, for tests and benchmarks, gone when they end.

The tests never run against an imitation: `temporary_postgres()` finds the
server's programs (or installs the Debian package), makes a cluster in a
temporary folder, listens on a unix socket there and nowhere else, and removes
it all at the end. PostgreSQL refuses to run as root, so root starts it as the
`postgres` user. Durability stays on: a suite that passes only without fsync
would prove little.

    with temporary_postgres() as url:
        psycopg.connect(url)
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tools.system import CannotContinue, install_debian_packages, say

OLDEST_VERSION = 15
SOCKET_PATH_LIMIT = 107  # bytes, the kernel's limit on a unix socket's address
DEBIAN_BINARIES = Path("/usr/lib/postgresql")
GIVE_ONE = (
    "Or name a running PostgreSQL 15 or newer whose user may create schemas: "
    "PROMOSIGHT_TEST_DATABASE=postgresql://user:password@host/database ./dev test"
)
SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "100",
    "fsync": "on",
    "log_min_messages": "warning",
}


@dataclass(frozen=True)
class Cluster:
    """One cluster: the folder of its programs, its own folder, and who runs it (None: we do)."""

    binaries: Path
    folder: Path
    owner: str | None

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says; shown when it does not start."""
        return self.folder / "log"

    @property
    def url(self) -> str:
        """The address in libpq's form; the socket folder stands where a host would."""
        return f"postgresql:///postgres?host={quote(str(self.folder), safe='')}&user=postgres"

    def start(self) -> None:
        """Starts it and waits until it answers. Raises `CannotContinue`."""
        # pg_ctl starts the server in a session of its own, so Ctrl-C does not take it from under
        # tests that are still cleaning up.
        self.run("pg_ctl", f"--pgdata={self.data}", f"--log={self.log}", "--wait", "start")

    def stop(self, mode: str) -> None:
        """Stops it, if it runs: `fast` lets it write down what it knows, `immediate` is as good as a crash."""
        if not (self.data / "postmaster.pid").exists():
            return
        try:
            self.run("pg_ctl", f"--pgdata={self.data}", f"--mode={mode}", "--wait", "stop")
        except CannotContinue as error:
            say(f"could not stop the temporary PostgreSQL: {error}")

    def run(self, program: str, *arguments: str) -> None:
        """Runs one of the server's programs as its owner, from a folder that the owner can read.

        Raises `CannotContinue`.
        """
        with tempfile.TemporaryFile() as output:
            # A file and not a pipe: the started server would hold a pipe open for ever.
            done = subprocess.run(
                [str(self.binaries / program), *arguments],
                cwd=self.folder,
                user=self.owner,
                group=pwd.getpwnam(self.owner).pw_gid if self.owner else None,
                extra_groups=[] if self.owner else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        if done.returncode != 0:
            log = self.log.read_text(errors="replace") if self.log.exists() else ""
            raise CannotContinue(f"PostgreSQL's {program} failed:\n{said}{log}\n{GIVE_ONE}")

    @property
    def pid(self) -> int:
        """The process id of its first process. Raises OSError when it does not run."""
        return int((self.data / "postmaster.pid").read_text().split()[0])


@contextmanager
def temporary_postgres(**settings: str) -> Iterator[str]:
    """Give the URL of a fresh PostgreSQL, with settings beside our own; stop it and delete its folder at the end.

    Raises `CannotContinue` when there is none and none can be installed or started.
    """
    folder = Path(tempfile.mkdtemp(prefix="promosight-pg-"))
    try:
        with cluster_in(folder, **settings) as cluster:
            yield cluster.url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cluster_in(folder: Path, **settings: str) -> Iterator[Cluster]:
    """A started cluster in an empty folder, with settings beside our own; stopped at the end.

    For tests that stop, kill and start it themselves. Raises `CannotContinue` as `temporary_postgres`.
    """
    cluster = Cluster(find_programs(), folder, _unprivileged_user())
    try:
        _make(cluster, SETTINGS | settings)
        cluster.start()
        yield cluster
    finally:
        cluster.stop("immediate")


def find_programs() -> Path:
    """The folder of PostgreSQL's programs, installed where they are missing. Raises `CannotContinue`."""
    found = _find()
    if found is None:
        install_debian_packages("postgresql", instead=GIVE_ONE)
        found = _find()
    if found is None:
        raise CannotContinue(
            f"The installed PostgreSQL is older than {OLDEST_VERSION}.\n"
            f"Install PostgreSQL {OLDEST_VERSION} or newer. {GIVE_ONE}"
        )
    return found


def _find() -> Path | None:
    """The folder of the newest PostgreSQL programs that are new enough."""
    folders = [*DEBIAN_BINARIES.glob("*/bin")]
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    versions = {folder: _version(folder) for folder in folders}
    usable = [folder for folder in folders if versions[folder] >= OLDEST_VERSION]
    return max(usable, key=lambda folder: versions[folder], default=None)


def _version(binaries: Path) -> int:
    """The major version of the programs in `binaries`, 0 when they are not all there."""
    if not all((binaries / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
        return 0
    shown = subprocess.run(
        [str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=False
    ).stdout
    major = re.search(r"(\d+)", shown)
    return int(major[1]) if major else 0


def _unprivileged_user() -> str | None:
    """Who must run the server: None where we ourselves may, else `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    raise CannotContinue("Root cannot run PostgreSQL and there is no user `postgres` or `nobody`.")


def _make(cluster: Cluster, given: dict[str, str]) -> None:
    socket = cluster.folder / ".s.PGSQL.5432"
    if len(os.fsencode(socket)) > SOCKET_PATH_LIMIT:
        raise CannotContinue(f"{socket} is too long for a unix socket: set TMPDIR to a short path.")
    if cluster.owner:
        shutil.chown(cluster.folder, user=cluster.owner)
    cluster.run(
        "initdb",
        f"--pgdata={cluster.data}",
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-instructions",
    )
    with (cluster.data / "postgresql.conf").open("a") as settings:
        settings.writelines(f"{name} = {value}\n" for name, value in given.items())
        settings.write(f"unix_socket_directories = '{cluster.folder}'\n")
