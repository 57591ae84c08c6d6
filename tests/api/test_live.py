"""Behind the stream: who reads slowly holds nothing, who is idle costs nothing, and what fails is taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import psycopg
import pytest

from promosight.api import stream
from promosight.api.door import live as live_module
from promosight.api.door.call import Call
from promosight.api.door.channel import AT_ONCE, Channel, Listener
from promosight.api.door.door import Door
from promosight.api.door.live import Live
from promosight.errors import Overloaded
from promosight.flows.figures.watch_figures import Moved
from promosight.store.engine import Store, open_store
from promosight.store.tx import PostgresTx
from tests.api.server import new_workspace
from tests.flows.worlds import NOW_US, PROMOTIONS, define, deliver, facts, open_workspace


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    opened = open_store(sqlite_url, now_us=NOW_US)
    yield opened
    opened.close()


def moved(*ids: str, text: str = "{}") -> Moved:
    return Moved([(one, text.encode()) for one in ids], [], waiting=False)


def told(events: list[bytes]) -> list[tuple[str, str, Any]]:
    """Name, id and data of each event."""
    found = []
    for event in events:
        fields = dict(line.split(": ", 1) for line in event.decode().splitlines() if line)
        found.append((fields["event"], fields.get("id", ""), msgspec.json.decode(fields["data"])))
    return found


def test_who_reads_slowly_is_told_each_promotion_once() -> None:
    """Whatever happened a thousand times meanwhile is kept once, and told as it is now."""
    channel = Channel(1, "token")
    for number in range(1_000):
        channel.take(moved(f"p{number % 3}", text=f"[{number}]"), {"sources"})
    assert channel.number == 1_001
    lists, figures = told(channel.since(1))
    assert lists == ("changed", "", {"what": ["sources"]})
    assert figures[:2] == ("figures", "token-1001")
    assert figures[2] == {"items": [[997], [998], [999]], "removed": []}
    assert told(channel.since(1_000)) == [
        ("changed", "", {"what": ["sources"]}),
        ("figures", "token-1001", {"items": [[999]], "removed": []}),
    ]
    assert channel.since(999) is channel.since(999)  # put together once for all who know as much


def test_what_did_not_change_is_not_told_again() -> None:
    channel = Channel(1, "token")
    assert channel.take(moved("p"), set())
    assert not channel.take(moved("p"), set())
    assert not channel.take(None, set())
    assert channel.take(Moved([], ["p"], waiting=True), set())
    assert told(channel.since(2)) == [
        ("changed", "", {"what": ["problems"]}),
        ("figures", "token-3", {"items": [], "removed": ["p"]}),
    ]


def test_much_at_once_comes_in_several_events() -> None:
    """Only the last bears an id: who is cut off before it is told all of them again."""
    channel = Channel(1, "token")
    channel.take(moved(*(f"p{n:03}" for n in range(2 * AT_ONCE + 1))), set())
    events = told(channel.since(1))
    assert [len(data["items"]) for _, _, data in events] == [AT_ONCE, AT_ONCE, 1]
    assert [event_id for _, event_id, _ in events] == ["", "", "token-2"]


@pytest.mark.parametrize(
    "event_id", ["token-0", "token-2", "token-", "other-1", "token-1x", "token-²", "1", ""]
)
def test_an_id_that_was_not_given_here_is_not_believed(event_id: str) -> None:
    channel = Channel(1, "token")
    assert channel.number_of("token-1") == 1
    assert channel.number_of(event_id) is None


def watchers(store: Store) -> int:
    """How many are told of commits."""
    return len(store._told)


async def _heard(channel: Channel, listener: Listener, number: int) -> None:
    async with asyncio.timeout(60):
        while channel.number <= number:
            listener.woken.clear()
            await listener.woken.wait()


def test_nobody_looks_while_nobody_listens(store: Store) -> None:
    """The writer tells nobody of its commits, and a channel without listeners still knows what it has told."""
    workspace = open_workspace(store)
    define(store, workspace, "global")
    items = facts(1)

    async def listen() -> None:
        live = Live(store, clock=lambda: NOW_US, token="token")
        listener = Listener()
        assert watchers(store) == 0
        async with live.listening(workspace.workspace_no, listener) as channel:
            assert watchers(store) == 1
            number = channel.number
            await asyncio.to_thread(deliver, store, workspace, items[:20])
            await _heard(channel, listener, number)
        async with asyncio.timeout(60):
            while watchers(store) > 0:
                await asyncio.sleep(0.01)
        number = channel.number
        await asyncio.to_thread(deliver, store, workspace, items[20:])
        await asyncio.sleep(0.3)
        assert channel.number == number
        async with live.listening(workspace.workspace_no, listener) as again:
            assert again is channel
            assert channel.number > number  # looked at before anybody is greeted
        await live.close()

    asyncio.run(listen())


def test_hundreds_share_what_they_are_told(store: Store) -> None:
    """P9: 400 readers cost one look, and one event is put together."""
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)

    async def listen() -> None:
        live = Live(store, clock=lambda: NOW_US, token="token")
        listeners = [Listener() for _ in range(400)]
        async with AsyncExitStack() as stack:
            channels = {
                await stack.enter_async_context(live.listening(workspace.workspace_no, one))
                for one in listeners
            }
            (channel,) = channels
            number = channel.number
            await asyncio.to_thread(deliver, store, workspace, facts(1))
            await asyncio.gather(*(_heard(channel, one, number) for one in listeners))
            assert len({id(channel.since(number)) for _ in listeners}) == 1
        await live.close()

    asyncio.run(listen())


def test_listeners_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Further ones are told to come again later, before anything is kept for them."""
    workspace = open_workspace(store)
    monkeypatch.setattr(live_module, "MAX_LISTENERS", 1)

    async def listen() -> None:
        live = Live(store, clock=lambda: NOW_US, token="token")
        live.check_room()
        async with live.listening(workspace.workspace_no, Listener()):
            with pytest.raises(Overloaded):
                live.check_room()
        live.check_room()
        await live.close()

    asyncio.run(listen())


def test_a_quiet_stream_shows_that_it_lives(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment now and then keeps proxies from ending the connection; it is no event."""
    monkeypatch.setattr(stream, "_QUIET_S", 0.05)
    secret = new_workspace(sqlite_url)
    store = open_store(sqlite_url, now_us=NOW_US)

    async def listen() -> list[bytes]:
        door = Door(store, clock=lambda: NOW_US, fresh=lambda _: "token")
        headers = {b"authorization": f"Bearer {secret}".encode()}
        caller = await door.keys.caller(secret, now_us=NOW_US)
        scope: dict[str, Any] = {"state": {}, "query_string": b""}
        call = Call(scope, headers, caller, raw=b"", now_us=NOW_US, parameters={})
        answer = await stream.listen(door, call)
        came = [await anext(answer.body) for _ in range(3)]
        scope["state"]["stop"]()
        came += [piece async for piece in answer.body]
        await door.live.close()
        return came

    hello, *comments = asyncio.run(listen())
    store.close()
    assert b"event: hello\n" in hello
    assert comments == [b":\n\n", b":\n\n"]


def test_a_lost_connection_is_replaced_and_nothing_is_missed(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database may end a connection at any time; what changed meanwhile is told afterwards."""
    store = open_store(postgresql_url, now_us=NOW_US)
    workspace = open_workspace(store)
    monkeypatch.setattr(live_module, "_RESTED_S", 0.1)

    async def listen() -> None:
        live = Live(store, clock=lambda: NOW_US, token="token")
        listener = Listener()
        async with live.listening(workspace.workspace_no, listener) as channel:
            number = channel.number
            tx = live._reader._tx
            assert isinstance(tx, PostgresTx)
            with psycopg.connect(postgresql_url) as connection:
                ended = (tx.connection.info.backend_pid,)
                connection.execute("SELECT pg_terminate_backend(%s)", ended)
            await asyncio.to_thread(define, store, workspace, "global")
            await _heard(channel, listener, number)
            assert told(channel.since(number))[-1][2]["items"][0]["promotion_id"] == "global"
        await live.close()

    asyncio.run(listen())
    store.close()
