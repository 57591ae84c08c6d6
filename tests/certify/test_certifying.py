"""The certifier (N14) against the real server, which passes, and against faulty ones, whose faults it names."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from promosight.certify.findings import Findings
from promosight.certify.place import opened
from promosight.certify.running import Wanted, Watching, certify
from promosight.certify.wire import Traffic, Wire
from tests.api.server import client_of, new_workspace, running, started
from tests.certify import faults
from tests.certify.faults import FEW, SEED
from tests.certify.proxy import Faithful, Reply, Request, proxied
from tests.cli.program import run
from tests.client.served import coming_up


class Served:
    """A server over a store, and keys of its workspaces."""

    def __init__(self, url: str, address: str) -> None:
        self.url, self.address = url, address
        self.sandbox = new_workspace(url, sandbox=True)


@pytest.fixture(scope="module")
def served(shared_store_url: str) -> Iterator[Served]:
    new_workspace(shared_store_url)  # there must be a store
    with running(shared_store_url) as address:
        yield Served(shared_store_url, address)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = f"sqlite:///{tmp_path_factory.mktemp('certify')}/promosight.db"
    new_workspace(url)
    with running(url) as address:
        yield Served(url, address)


def certified(address: str, key: str, seed: int = SEED, **settings: Any) -> dict[str, Any]:
    """The report of a run."""
    wanted = Wanted(address, key, seed, settings.pop("facts", FEW), settings.pop("live", False))
    return certify(wanted, settings.pop("watching", Watching()))


def failing(report: dict[str, Any]) -> set[str]:
    """The names of the checks that failed."""
    return {one["name"] for one in report["findings"] if one["result"] == "failed"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_real_server_passes_every_check(served: Served, seed: int) -> None:
    """N14: duplicates, reorderings, skew and partial failures, and every figure is what the facts come to."""
    report = certified(served.address, served.sandbox, seed)
    assert [one for one in report["findings"] if one["result"] != "passed"] == []
    assert report["result"] == "passed"
    assert report["facts"]["redemptions"] > 30


def test_two_processes_on_one_postgresql_pass(postgresql_url: str) -> None:
    """N14: whichever process is asked."""
    key = new_workspace(postgresql_url, sandbox=True)
    with running(postgresql_url, "--workers", "2") as address:
        assert failing(certified(address, key)) == set()


def test_a_workspace_of_another_zone_and_week_passes(served: Served) -> None:
    """N14: days, weeks and months are the workspace's."""
    key = new_workspace(served.url, sandbox=True)
    with client_of(served.address, key) as client:
        changes = {"time_zone": "Pacific/Auckland", "week_start": "sunday"}
        assert client.patch("/v1/workspace", json=changes).is_success
    assert failing(certified(served.address, key)) == set()


def test_a_workspace_that_began_to_track_just_now_passes(tmp_path: Path) -> None:
    """N14: what `promosight init --sandbox` makes has no past."""
    made = run("init", "--data", tmp_path, "--sandbox", "--json")
    key = json.loads(made.stdout)["key"]
    with running(f"sqlite:///{tmp_path}/promosight.db") as address:
        assert failing(certified(address, key)) == set()


class Killing(Watching):
    """Kills a server in the middle of the disorder and starts it again where it was."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.process, self.port = started(url)
        self._left = 60

    def advance(self, count: int) -> None:
        """Counts what was sent, and strikes once."""
        before, self._left = self._left, self._left - count
        if before > 0 >= self._left:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self._coming = coming_up(self._url, self.port)
            self._coming.__enter__()

    def end(self) -> None:
        """Ends the second server."""
        assert self._left <= 0
        self._coming.__exit__(None, None, None)


def test_a_server_that_is_killed_half_way_passes(store_url: str) -> None:
    """N14, N1: what was acknowledged is there, what was cut comes again, and counts once."""
    key = new_workspace(store_url, sandbox=True)
    killing = Killing(store_url)
    # Of this seed no request with a key of idempotency is under way then: it would be in flight for a minute.
    report = certified(f"http://127.0.0.1:{killing.port}", key, seed=16, watching=killing)
    killing.end()
    assert failing(report) == set()
    assert report["sent"]["unanswered"] > 0


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (faults.RepeatsUnderANewId, {"figures.promotion", "receipt.duplicate", "breakdown.tier"}),
        (faults.LosesOne, {"events.kept", "figures.promotion", "delivery.again"}),
        (faults.CountsOneTooMany, {"figures.promotion", "figures.list", "breakdown.sums"}),
        (faults.PutsOneIntoTheWrongTier, {"breakdown.tier"}),
        (faults.ShowsWhatItKnew, {"visible.acknowledged"}),
        (faults.ForgetsIdempotencyKeys, {"idempotency.same-body", "idempotency.other-body"}),
        (faults.FailsTheNeighbours, {"receipt.several"}),
        (faults.BreaksDown, {"answers.no-server-error", "errors.problem-documents"}),
        (faults.DropsTheOffset, {"breakdown.day"}),
        (faults.HidesProblems, {"problems.listed"}),
    ],
)
def test_a_fault_is_found_and_named(fault: type[Faithful], found: set[str], alone: Served) -> None:
    """N14: it can fail."""
    with proxied(fault(alone.address)) as faulty:
        report = certified(faulty, alone.sandbox)
    assert report["result"] == "failed"
    assert found <= failing(report), failing(report)
    for one in report["findings"]:
        if one["result"] == "failed":
            assert one["differences"][0].keys() == {"what", "expected", "found"}


def test_a_faithful_proxy_is_no_fault(alone: Served) -> None:
    """N14: what the faults change is all that is found."""
    with proxied(Faithful(alone.address)) as address:
        assert failing(certified(address, alone.sandbox)) == set()


class _Slow(Faithful):
    """Takes three seconds for the document of its API, as a busy server that just began does."""

    def answer(self, request: Request) -> Reply:
        if request.path == "/openapi.json":
            time.sleep(3)
        return self.passed(request)


def test_a_server_that_is_slow_at_first_is_not_taken_for_one_whose_clock_is_behind(
    alone: Served,
) -> None:
    """N14: what was known "now" would be asked of a moment before the last facts."""
    with (
        proxied(_Slow(alone.address)) as address,
        closing(Wire(address, alone.sandbox, Traffic())) as wire,
    ):
        place = opened(wire, Findings(lambda line: None), "slow", live=False)
    assert place.ahead_us == 0
