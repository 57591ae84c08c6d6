"""Archives counted by a real Spark cluster, a worker of which is killed: `./dev test-spark`, apart from the suite.

A master and two workers are processes of their own here, so this shows that a cluster finds the same, and goes on
without a worker. It does not show that many machines are faster than one: the workers share two cores.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.cli.brand import simulated, take_all
from tests.cli.program import ask, run
from tests.cli.test_verify_and_rebuild import _change_by_hand
from tests.stores import made_sqlite
from tools.spark import HOME, SparkCluster, spark_cluster

# What makes starting cheap and large counts dear: data is small here, and the machine too.
CHEAP = (
    "spark.sql.shuffle.partitions=4",
    "spark.sql.adaptive.enabled=false",
    "spark.sql.codegen.wholeStage=false",
    "spark.sql.codegen.factoryMode=NO_CODEGEN",
    "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1",
    "spark.executor.memory=600m",
    "spark.driver.host=127.0.0.1",
    "spark.driver.bindAddress=127.0.0.1",
)
HEARD_WITHIN_S = 15.0
"""Until then the driver knows what it lost."""
MOST_KILLED = 8
"""A worker may end between two tasks: then another one is killed."""
PATIENCE_S = 1_800.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    with spark_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a simulated brand, a counter of which was changed by hand; beside it what verify says of it."""
    folder = tmp_path_factory.mktemp("brand")
    url = take_all(made_sqlite(folder / "store"), simulated(folder / "files"))
    _change_by_hand(url)
    found = run("verify", "--database", url, "--json")
    (folder / "verified.json").write_text(found.stdout)
    ask("archive", folder / "archive", "--database", url)
    return folder


def without_time(text: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(text)
    del report["seconds"]
    return report


def recount(
    archive: Path, url: str, *settings: str, output: Any = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """A recount on Spark, running."""
    words = ["promosight", "recount", str(archive), "--engine", "spark", "--json", "--spark", url]
    python_path = os.pathsep.join([os.environ[HOME], os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": python_path, "SPARK_LOCAL_IP": "127.0.0.1"}
    return subprocess.Popen(
        [*words, "--spark-conf", *CHEAP, *settings],
        env=environment,
        cwd=archive.parent,
        stdout=subprocess.PIPE,
        stderr=output,
    )


def counted(archive: Path, url: str) -> tuple[int, str, str]:
    with recount(archive, url, "spark.ui.enabled=false") as running:
        out, err = running.communicate(timeout=PATIENCE_S)
    return running.returncode, out.decode(), err.decode()


def test_a_cluster_finds_what_verify_finds(cluster: SparkCluster, brand: Path) -> None:
    """N1: the same differences, word by word, and the same exit code; nothing is left behind."""
    before = sorted(brand.rglob("*"))
    status, out, err = counted(brand / "archive", cluster.url)
    assert without_time(out) == without_time((brand / "verified.json").read_text()), err
    assert status == 1
    assert "`promosight rebuild` mends" in err
    assert sorted(brand.rglob("*")) == before


def test_workers_name_the_file_that_is_damaged(cluster: SparkCluster, brand: Path) -> None:
    path = sorted((brand / "archive").glob("workspace=*/ledger_event/*/*.parquet"))[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    status, _, err = counted(brand / "archive", cluster.url)
    path.write_bytes(whole)
    assert status == 1
    assert f"{path.relative_to(brand / 'archive')} is not what was written" in err


def asked(port: int, path: str) -> Any:
    with urlopen(f"http://127.0.0.1:{port}/api/v1/applications{path}", timeout=30) as answer:
        return json.load(answer)


def at_work(port: int) -> set[str]:
    """The numbers of the executors that have a task, once the first statements are done."""
    with suppress(OSError, IndexError, json.JSONDecodeError):
        name = asked(port, "")[0]["id"]
        executors = asked(port, f"/{name}/executors")
        if sum(one["completedTasks"] for one in executors) > 40:
            return {one["id"] for one in executors if one["id"] != "driver" and one["activeTasks"]}
    return set()


def tasks_lost(port: int) -> int:
    """How many tasks were at work on executors that are no more."""
    with suppress(OSError, IndexError, json.JSONDecodeError):
        executors = asked(port, f"/{asked(port, '')[0]['id']}/allexecutors")
        return sum(one["failedTasks"] for one in executors if not one["isActive"])
    return 0


def number_of(executor: int) -> str | None:
    """The number by which the driver knows an executor."""
    with suppress(OSError, ValueError):
        words = Path(f"/proc/{executor}/cmdline").read_bytes().split(b"\0")
        return words[words.index(b"--executor-id") + 1].decode()
    return None


def killed_at_work(cluster: SparkCluster, port: int) -> bool:
    """Kills a worker and its executor while it has a task: it is held first, so that the task cannot end meanwhile."""
    busy = at_work(port)
    for worker in cluster.workers:
        for executor in worker.executors:
            if number_of(executor) in busy:
                with suppress(ProcessLookupError):
                    os.kill(executor, signal.SIGSTOP)
                    time.sleep(1.0)  # what it had said before is heard
                    if number_of(executor) in at_work(port):
                        worker.kill()
                        return True
                    os.kill(executor, signal.SIGCONT)
    return False


def test_a_worker_killed_in_the_middle_of_a_stage_changes_nothing(
    cluster: SparkCluster, brand: Path
) -> None:
    """N1: its tasks are run again elsewhere, another worker joins, and every figure is the same."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log, killed, lost = brand / "driver.log", 0, 0
    with log.open("wb") as said:
        running = recount(brand / "archive", cluster.url, f"spark.ui.port={port}", output=said)
        while running.poll() is None and not lost:
            if killed < MOST_KILLED and killed_at_work(cluster, port):
                killed += 1
                cluster.add_worker()
                soon = time.monotonic() + HEARD_WITHIN_S
                while not lost and running.poll() is None and time.monotonic() < soon:
                    lost = tasks_lost(port)
                    time.sleep(0.1)
            time.sleep(0.05)
        out, _ = running.communicate(timeout=PATIENCE_S)
    assert lost, f"{killed} workers were killed, each between two tasks"
    assert "Lost executor" in log.read_text(errors="replace")
    assert without_time(out.decode()) == without_time((brand / "verified.json").read_text())
    assert running.returncode == 1
