"""What every test may ask for: a store to write to, and the real data.

`store_url` runs a test twice, on SQLite and on PostgreSQL, each time with an
empty store of its own; `blank_store_url` is where one is to be made. A missing
PostgreSQL is an error and never a skip, for a suite that quietly tested one
engine would prove half of what it says. Only the real data, which is not part
of the repository, may be absent; the summary then says so in red.
"""

import gc
import os
import time
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from hypothesis import settings

from tests.stores import Schemas, made_sqlite, own_database

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
DATABASE = "PROMOSIGHT_TEST_DATABASE"
EVENING = timedelta(seconds=45)

# A deadline per example would measure the neighbours on a shared machine, not our code.
settings.register_profile("promosight", deadline=None, print_blob=True)
settings.load_profile("promosight")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is loaded until all tests are found stays, and is not looked through for what could be thrown away.

    Nor is it later, again and again: a fifth of a second each time, in every process.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    """Or libraries say at the end that something of theirs was left."""
    gc.unfreeze()


def pytest_runtest_setup() -> None:
    """No test begins shortly before midnight: what it did today would be yesterday's when it looks."""
    await_morning()


def await_morning(zone: tzinfo = UTC) -> None:
    """Lets a day end that is about to; a few seconds of the next one are over then, too."""
    now = datetime.now(zone)
    if (now + EVENING).date() != now.date() or (now - timedelta(seconds=5)).date() != now.date():
        time.sleep(EVENING.total_seconds() + 5)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine; the test runs once for each."""
    name: str = request.param
    return name


@pytest.fixture
def store_url(request: pytest.FixtureRequest, engine: str) -> str:
    """The URL of an empty store; the test runs once for each engine."""
    url: str = request.getfixturevalue(f"{engine}_url")
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an empty embedded store in a folder of its own."""
    return made_sqlite(tmp_path / "store")


@pytest.fixture
def postgresql_url(schemas: Schemas) -> Iterator[str]:
    """The URL of an empty store in a PostgreSQL schema of its own."""
    with schemas.made() as url:
        yield url


@pytest.fixture
def blank_store_url(request: pytest.FixtureRequest, engine: str) -> str:
    """The URL of where a store is to be made; the test runs once for each engine."""
    url: str = request.getfixturevalue(f"blank_{engine}_url")
    return url


@pytest.fixture
def blank_sqlite_url(tmp_path: Path) -> str:
    """The URL of an embedded store to be made in an empty folder."""
    folder = tmp_path / "store"
    folder.mkdir()
    return f"sqlite:///{folder}/promosight.db"


@pytest.fixture
def blank_postgresql_url(schemas: Schemas) -> Iterator[str]:
    """The URL of an empty PostgreSQL schema, dropped afterwards."""
    with schemas.blank() as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_store_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a store for all tests of a file that do not disturb each other, once for each engine."""
    if request.param == "sqlite":
        yield made_sqlite(tmp_path_factory.mktemp("store"))
    else:
        schemas: Schemas = request.getfixturevalue("schemas")
        with schemas.made() as url:
            yield url


@pytest.fixture(scope="session")
def postgresql_server() -> str:
    """The URL of the PostgreSQL that `./dev test` started or was given."""
    url = os.environ.get(DATABASE)
    if not url:
        pytest.fail(f"{DATABASE} is not set: run the tests with ./dev test", pytrace=False)
    return url


@pytest.fixture(scope="session")
def schemas(postgresql_server: str) -> Iterator[Schemas]:
    """Schemas in a database of ours on that PostgreSQL, for tests and for servers that tests share."""
    with own_database(postgresql_server) as url:
        found = Schemas(url)
        yield found
        found.drop_all()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real data, beside the repository. Skips, loudly, where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the real data (../shared beside the repository) is not here")
    return SHARED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in red what was not tested, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(_reason(report) for report in skipped)
    if not reasons:
        return
    terminalreporter.section("NOT TESTED", red=True, bold=True)
    for reason, times in reasons.most_common():
        terminalreporter.line(f"{times} skipped: {reason}", red=True)


def _reason(report: pytest.TestReport) -> str:
    where = report.longrepr
    return where[2].removeprefix("Skipped: ") if isinstance(where, tuple) else str(where)
