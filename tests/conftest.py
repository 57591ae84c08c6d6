"""What every test may ask for: a store to write to, and the real data.

`store_url` runs a test twice, on SQLite and on PostgreSQL, each time with an
empty store of its own. A missing PostgreSQL is an error and never a skip, for
a suite that quietly tested one engine would prove half of what it says. Only
the real data, which is not part of the repository, may be absent; the summary
then says so in red.
"""

import itertools
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
DATABASE = "PROMOSIGHT_TEST_DATABASE"
EVENING = timedelta(seconds=45)
_numbers = itertools.count(1)

# A deadline per example would measure the neighbours on a shared machine, not our code.
settings.register_profile("promosight", deadline=None, print_blob=True)
settings.load_profile("promosight")


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
    folder = tmp_path / "store"
    folder.mkdir()
    return f"sqlite:///{folder}/promosight.db"


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL schema, dropped afterwards."""
    with empty_schema(postgresql_server) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_store_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a store for all tests of a file that do not disturb each other, once for each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('store')}/promosight.db"
    else:
        with empty_schema(request.getfixturevalue("postgresql_server")) as url:
            yield url


@pytest.fixture(scope="session")
def postgresql_server() -> str:
    """The URL of the PostgreSQL that `./dev test` started or was given."""
    url = os.environ.get(DATABASE)
    if not url:
        pytest.fail(f"{DATABASE} is not set: run the tests with ./dev test", pytrace=False)
    return url


@contextmanager
def empty_schema(server: str) -> Iterator[str]:
    """The URL of a new schema on a server, dropped at the end.

    A schema and not a database: making one takes a millisecond instead of a tenth of a second.
    """
    schema = f"test_{os.getpid()}_{next(_numbers)}"
    _on_server(server, sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    yield _with_search_path(server, schema)
    _on_server(server, sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def _on_server(url: str, statement: sql.Composed) -> None:
    # A test that leaves a transaction open would make the drop wait for ever; say so instead.
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '10s'")
        connection.execute(statement)


def _with_search_path(url: str, schema: str) -> str:
    """`url` with a search path of `schema` only, beside any options it already carries.

    A server of many tests may be slow to take connections; the product would rather look for another one.
    """
    parts = urlsplit(url)
    query = {"connect_timeout": "60"} | dict(parse_qsl(parts.query))
    query["options"] = f"{query.get('options', '')} -csearch_path={schema}".strip()
    # urlunsplit would drop the empty host of `postgresql:///name?host=...`.
    whole = urlunsplit(
        parts._replace(scheme="", netloc="", query=urlencode(query, quote_via=quote))
    )
    return f"{parts.scheme}://{parts.netloc}{whole}"


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
