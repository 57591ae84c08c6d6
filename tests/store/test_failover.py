"""When the server of PostgreSQL changes under a store: another takes over, this one takes no changes any more."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from psycopg.conninfo import conninfo_to_dict

from promosight.errors import StoreError
from promosight.store import engine
from promosight.store.claims import SessionClaims
from promosight.store.database import PostgresDatabase
from promosight.store.engine import Store, open_store
from promosight.store.readers import SteadyReader
from promosight.store.tx import PostgresTx, Tx
from tools.postgres import Cluster, cluster_in


def add(tx: Tx, numbers: list[int]) -> list[int]:
    """A flow: notes customers of these numbers."""
    tx.run_many("add_customers", [(no, 1, f"c-{no}", 0) for no in numbers])
    return numbers


def stored(tx: Tx) -> list[int]:
    return sorted(row[0] for row in tx.all_for("customers_of", [(no,) for no in range(9)]))


def demote(store: Store) -> None:
    """What a server does to its sessions that has become a standby, or was set to read only: no change is taken."""

    def turn(tx: Tx) -> None:
        assert isinstance(tx, PostgresTx)
        tx.connection.execute("SET default_transaction_read_only = on")

    store.change(turn)


def forget(tx: Tx) -> None:
    """What a pooler has a session do between two of its clients."""
    assert isinstance(tx, PostgresTx)
    tx.connection.execute("DEALLOCATE ALL")


def url_of(said: dict[str, str]) -> str:
    return f"postgresql:///?{urlencode(said, quote_via=quote)}"


def among(url: str, *others: str) -> str:
    """The same store by a URL that names other hosts first."""
    said = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    hosts = ",".join([*others, said.pop("host", "")])
    ports = ",".join([*("1" for _ in others), said.pop("port", "5432")])
    return url_of(said | {"host": hosts, "port": ports})


def test_a_server_that_takes_no_changes_any_more_is_left_for_one_that_does(
    postgresql_url: str,
) -> None:
    """P4: the connection is alive and answers, but with "read-only transaction": another one is made."""
    store = open_store(postgresql_url, now_us=0)
    try:
        demote(store)
        assert store.write(add, 1) == 1
        assert store.read(stored) == [1]
    finally:
        store.close()


def test_a_connection_that_lost_its_prepared_statements_is_replaced(postgresql_url: str) -> None:
    """P4: by a pooler, or by hand; who asks, and who asks again and again, hears nothing of it."""
    store = open_store(postgresql_url, now_us=0)
    steady = SteadyReader(store.database)
    try:
        for number in range(1, 4):
            assert store.write(add, number) == number
            assert store.read(stored) == steady.read(stored) == [*range(1, number + 1)]
            store.change(forget)
            store.read(forget)
            steady.read(forget)
        together = [store.submit(add, number) for number in range(4, 9)]
        assert [one.result() for one in together] == [4, 5, 6, 7, 8]
        assert store.read(stored) == [*range(1, 9)]
    finally:
        steady.close()
        store.close()


def test_claims_are_made_anew_where_their_session_lost_what_was_prepared(
    postgresql_url: str,
) -> None:
    """P3: the driver prepares what is asked often, and the locks are gone with it."""
    store, other = (open_store(postgresql_url, now_us=0) for _ in range(2))
    claims = store.claims
    assert isinstance(claims, SessionClaims)
    try:
        assert all(claims.take(f"key-{number}") for number in range(9))
        assert claims._session is not None
        claims._session.pgconn.exec_(b"DISCARD ALL")  # of which the driver hears nothing
        assert claims.take("another")
        assert not other.claims.take("key-3")
    finally:
        other.close()
        store.close()


def test_one_that_loses_them_again_and_again_is_told_so(postgresql_url: str) -> None:
    """P16: a pooler that gives each transaction another session; 503, and what to do about it."""

    def forgetful(tx: Tx, numbers: list[int]) -> list[int]:
        add(tx, numbers)
        tx.arrive()
        forget(tx)
        return add(tx, numbers)

    store = open_store(postgresql_url, now_us=0)
    try:
        with pytest.raises(StoreError, match="a pooler must keep a session for its client"):
            store.write(forgetful, 1)
        assert store.read(stored) == []
        assert store.write(add, 2) == 2
    finally:
        store.close()


def test_a_statement_of_another_client_is_not_taken_for_ours(postgresql_url: str) -> None:
    """One session may be given to one after the other, and keep what each prepared."""
    db = PostgresDatabase(postgresql_url)
    open_store(postgresql_url, now_us=0).close()
    tx = db.connect(write=True)
    assert isinstance(tx, PostgresTx)
    db.begin(tx, write=True)
    add(tx, [1])
    other = PostgresTx(tx.connection, db.statements, {})
    assert stored(other) == [1]
    add(other, [2])
    assert stored(tx) == [1, 2]
    db.end(tx, commit=False)
    db.close(tx)


def test_where_no_server_takes_changes_senders_are_told_to_come_again(postgresql_url: str) -> None:
    """P16: a StoreError is answered with 503 and Retry-After; it is no fault of the program."""

    def turned_away(tx: Tx, numbers: list[int]) -> list[int]:
        assert isinstance(tx, PostgresTx)
        tx.connection.execute("SET TRANSACTION READ ONLY")
        return add(tx, numbers)

    store = open_store(postgresql_url, now_us=0)
    try:
        with pytest.raises(StoreError, match="takes no changes"):
            store.write(turned_away, 1)
        assert store.write(add, 2) == 2
        assert store.read(stored) == [2]
    finally:
        store.close()


def test_of_several_hosts_the_one_that_answers_is_taken(postgresql_url: str) -> None:
    """For writing, for reading, and when the store is opened."""
    store = open_store(among(postgresql_url, "/nowhere", "127.0.0.1"), now_us=0)
    try:
        assert store.write(add, 1) == 1
        assert store.read(stored) == [1]
    finally:
        store.close()


def test_a_store_that_only_a_standby_has_is_not_opened(blank_postgresql_url: str) -> None:
    """Whoever is sent to a standby is told so, in one sentence."""
    said = {name: str(value) for name, value in conninfo_to_dict(blank_postgresql_url).items()}
    said["options"] = f"{said.get('options', '')} -cdefault_transaction_read_only=on"
    with pytest.raises(StoreError, match="read-only"):
        open_store(url_of(said), now_us=0)
    anyone = said | {"target_session_attrs": "any"}
    with pytest.raises(StoreError, match="takes no changes"):
        open_store(url_of(anyone), now_us=0)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server of its own, for a test that stops it."""
    # Not in `tmp_path`: the path of its socket has to be short.
    folder = Path(tempfile.mkdtemp(prefix="promosight-pg-"))
    try:
        with cluster_in(folder) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_where_the_server_goes_away_and_stays_away_that_is_what_is_told(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """P16: also where it goes while statements travel together; and a server that is back is written to again."""

    def goes_away(tx: Tx, numbers: list[int]) -> list[int]:
        stored(tx)
        tx.send("add_schema_version", name="on its way", digest="", applied_us=0)
        cluster.stop(mode)
        stored(tx)
        return numbers

    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 1.5)  # longer than plans are kept
    with closing(open_store(cluster.url, now_us=0)) as store:
        with pytest.raises(StoreError) as told:
            store.write(goes_away, 1)
        assert str(told.value).startswith("PostgreSQL does not answer: ")
        assert " connection" in str(told.value)
        assert "pipeline" not in str(told.value)
        assert "\n" not in str(told.value)
        cluster.start()
        assert store.write(add, 2) == 2
        assert store.read(stored) == [2]
