"""A real Spark for tests: a standalone master and its workers, as processes of their own on this machine.

Spark comes as a Python package of half a gigabyte that is in no environment of ours: `./dev test-spark` puts it into
`.spark/`, by a lock of its own, and Java from Debian where it is missing. Nothing of it is looked for
elsewhere, and everything started here is ended by its process id.

    with spark_cluster(folder) as cluster:
        cluster.url     # spark://127.0.0.1:...
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.system import CannotContinue, install_debian_packages

JAVA = "openjdk-17-jre-headless"
OLDEST_JAVA = 17
HOME = "PROMOSIGHT_TEST_SPARK"
"""The variable that names the folder Spark's Python package was put into."""
_STARTS_WITHIN_S = 240.0
_MEMORY = "768m"


def find_or_install_java() -> str:
    """The program `java`, new enough for Spark 4. Raises CannotContinue."""
    if _java_version() < OLDEST_JAVA:
        install_debian_packages(JAVA, instead="Then run the same command again.")
    if _java_version() < OLDEST_JAVA:
        raise CannotContinue(f"Spark needs Java {OLDEST_JAVA} or newer as `java`.")
    found = shutil.which("java")
    assert found is not None
    return found


def _java_version() -> int:
    if shutil.which("java") is None:
        return 0
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    return int(version[1]) if version else 0


@dataclass
class Worker:
    """A worker of one core; its executors are its children."""

    process: subprocess.Popen[bytes]

    @property
    def executors(self) -> list[int]:
        """The process ids of its executors."""
        return [pid for pid in _pids() if _parent_of(pid) == self.process.pid]

    def kill(self) -> None:
        """Ends it and its executors at once, as a machine that loses its power would."""
        for pid in [self.process.pid, *self.executors]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class SparkCluster:
    """A master and its workers."""

    folder: Path
    url: str = ""
    workers: list[Worker] = field(default_factory=list)

    def add_worker(self) -> Path:
        """Starts a worker; returns the file of what it says."""
        name = f"worker-{len(self.workers)}"
        limits = ("--cores", "1", "--memory", _MEMORY, "--work-dir", str(self.folder / name))
        process, log = self.start(name, "worker.Worker", "--webui-port", "0", *limits, self.url)
        self.workers.append(Worker(process))
        return log

    def start(
        self, name: str, program: str, *arguments: str
    ) -> tuple[subprocess.Popen[bytes], Path]:
        """Starts one of Spark's programs; what it says goes to a file."""
        home, log = Path(os.environ[HOME]) / "pyspark", self.folder / f"{name}.log"
        command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{program}"]
        environment = os.environ | {
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
        }
        with log.open("wb") as said:
            process = subprocess.Popen(
                [*map(str, command), "--host", "127.0.0.1", "--port", "0", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        return process, log


@contextmanager
def spark_cluster(folder: Path, workers: int = 2) -> Iterator[SparkCluster]:
    """A master with so many workers of one core each; ended at the end. Raises CannotContinue."""
    cluster = SparkCluster(folder)
    master, log = cluster.start("master", "master.Master", "--webui-port", "0")
    try:
        cluster.url = _told(master, log, r"Starting Spark master at (spark://\S+)")
        logs = [cluster.add_worker() for _ in range(workers)]
        for worker, log in zip(cluster.workers, logs, strict=True):
            _told(worker.process, log, r"Successfully registered with master")
        yield cluster
    finally:
        for worker in cluster.workers:
            worker.kill()
        master.kill()
        master.wait()


def _told(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
    """Waits until a program has said something; what stands in the pattern's brackets."""
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        if said := re.search(pattern, log.read_text(errors="replace")):
            return said[said.re.groups]
        time.sleep(0.1)
    raise CannotContinue(f"Spark does not start:\n{log.read_text(errors='replace')[-2000:]}")


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent_of(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat[stat.rindex(")") + 2 :].split()[1])
