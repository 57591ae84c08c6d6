"""Live figures: what is acknowledged is on the stream at once, a batch once, and nobody misses or repeats anything."""

from __future__ import annotations

import json
import signal
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.listening import Reader, listening
from tests.api.offers import promotion
from tests.api.server import ENDS_WITHIN_S, client_of, new_workspace, serving, started
from tests.cli.program import ask

ASSIGNED = "2026-11-02T12:00:00Z"
REDEEMED = "2026-11-03T12:00:00Z"
_numbers = count()


class Brand:
    """A served workspace whose tills never report the same customer twice."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self.client = client
        self.url = url

    def offer(self, **terms: object) -> str:
        """A new promotion's id."""
        promotion_id = f"offer-{next(_numbers)}"
        promotion(self.client, promotion_id, **terms)
        return promotion_id

    def assign(self, promotion_id: str, customers: int = 1) -> list[str]:
        """Gives a promotion to new customers."""
        names = [f"c-{next(_numbers)}" for _ in range(customers)]
        given = [
            {"promotion_id": promotion_id, "customer_id": name, "assigned_at": ASSIGNED}
            for name in names
        ]
        self.post("assignments", given)
        return names

    def redeem(self, promotion_id: str, customer: str) -> float:
        """One customer redeems; the time of the acknowledgement."""
        self.post("redemptions", redemption(promotion_id, customer))
        return time.monotonic()

    def post(self, kind: str, body: Any) -> None:
        answer = self.client.post(f"/v1/{kind}", json=body)
        assert answer.status_code == 200, answer.text

    @contextmanager
    def caught_up(self) -> Iterator[Reader]:
        """A reader that has been told of all that was done before. What comes next is of what is done next.

        Else a look of the server that is still to come, for others who listen or only just left, may tell it of
        things done shortly before it came. That is right, for events tell how things stand, and it may take long.
        """
        with listening(self.client) as reader:
            reader.figures(self.offer())
            yield reader


def redemption(promotion_id: str, customer: str) -> dict[str, str]:
    return {
        "event_id": f"{promotion_id}-{customer}",
        "promotion_id": promotion_id,
        "customer_id": customer,
        "redeemed_at": REDEEMED,
    }


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brand]:
    """One server for all tests that do not disturb each other."""
    url = f"sqlite:///{tmp_path_factory.mktemp('stream')}/promosight.db"
    with serving(url, new_workspace(url)) as client:
        yield Brand(client, url)


@pytest.fixture
def either_brand(client: httpx.Client, store_url: str) -> Brand:
    """A server of its own, on either store."""
    return Brand(client, store_url)


def test_a_redemption_is_on_the_stream_when_it_is_acknowledged(either_brand: Brand) -> None:
    """S5, S12, P9: the rate moves as events arrive, and whoever looks sees it move."""
    brand = either_brand
    offer = brand.offer()
    customers = brand.assign(offer, 8)
    delays = []
    with brand.caught_up() as reader:
        assert reader.headers["content-type"] == "text/event-stream"
        assert reader.headers["cache-control"] == "no-store"
        assert reader.headers["x-accel-buffering"] == "no"
        for redeemed, customer in enumerate(customers, 1):
            time.sleep(0.15)  # an idle stream tells at once
            acknowledged = brand.redeem(offer, customer)
            told = reader.next()
            delays.append(told.at - acknowledged)
            (item,) = told.data["items"]
            assert item["figures"]["redeemed"] == redeemed
            assert item == brand.client.get(f"/v1/promotions/{offer}").json()
            assert told.data["removed"] == []
    print(f"on the stream after {statistics.median(delays) * 1000:.0f} ms (median)")
    assert statistics.median(delays) < 2


def test_a_batch_moves_the_figures_once(brand: Brand) -> None:
    """S13: after the batch, not during, and all promotions of it in one event."""
    first, second = brand.offer(), brand.offer()
    used = [redemption(one, name) for one in (first, second) for name in brand.assign(one, 300)]
    with brand.caught_up() as reader:
        brand.post("redemptions", used)
        told = reader.next()
        assert [item["promotion_id"] for item in told.data["items"]] == [first, second]
        assert [item["figures"]["redeemed"] for item in told.data["items"]] == [300, 300]
        assert reader.is_quiet(0.5)


def test_an_import_of_another_process_moves_the_figures_at_its_end(
    either_brand: Brand, tmp_path: Path
) -> None:
    """S13: what `promosight import` publishes beside the server is seen, once, and so is that it ran."""
    brand = either_brand
    offer = brand.offer()
    file = tmp_path / "used.ndjson"
    lines = [redemption(offer, name) for name in brand.assign(offer, 500)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with brand.caught_up() as reader:
        ask("import", "redemptions", file, "--database", brand.url)
        assert reader.figures(offer)["redeemed"] == 500
        assert reader.is_quiet(0.5)
        seen: set[str] = set()
        with listening(brand.client) as second:
            ask("import", "redemptions", file, "--database", brand.url)
            while not {"imports", "sources"} <= seen:
                seen |= set(second.next("changed").data["what"])
        assert reader.is_quiet(0.5)  # duplicates move nothing


def test_two_servers_tell_what_either_of_them_took(postgresql_url: str) -> None:
    """S5: a dashboard may hang on another server than the till."""
    key = new_workspace(postgresql_url)
    with serving(postgresql_url, key) as here, serving(postgresql_url, key) as there:
        taking = Brand(here, postgresql_url)
        offer = taking.offer()
        (customer,) = taking.assign(offer)
        with Brand(there, postgresql_url).caught_up() as reader:
            acknowledged = taking.redeem(offer, customer)
            told = reader.next()
            assert told.data["items"][0]["figures"]["redeemed"] == 1
            assert told.at - acknowledged < 20


def test_a_reader_that_comes_back_is_told_what_it_missed(brand: Brand) -> None:
    """S5: each promotion that moved meanwhile once, as it is now, and nothing else."""
    seen, missed, untouched = brand.offer(), brand.offer(), brand.offer()
    with brand.caught_up() as reader:
        brand.assign(seen)
        assert reader.figures(seen)["assigned"] == 1
        last_id = reader.last_id
    for customers in (1, 2, 3):
        brand.assign(missed, customers)
    with listening(brand.client, last_event_id=last_id) as reader:
        assert reader.hello.data["resumed"] is True
        told = reader.until(missed, assigned=6)
        assert [item["promotion_id"] for item in told.data["items"]] == [missed]
        assert told.event_id != last_id
    asked = brand.client.build_request("GET", f"/v1/stream?last_event_id={last_id}")
    answer = brand.client.send(asked, stream=True)
    told = Reader(answer).next()  # by now the server has seen it all, and tells it at once
    assert [item["promotion_id"] for item in told.data["items"]] == [missed]
    assert told.data["items"][0]["figures"]["assigned"] == 6
    answer.close()
    with listening(brand.client) as reader:  # a new reader has read the list
        assert reader.hello.data["resumed"] is False
        assert reader.is_quiet(0.3)
    assert untouched


@pytest.fixture(scope="module")
def many(brand: Brand) -> Iterator[httpx.Client]:
    """A workspace of the server with 250 promotions that nobody touches."""
    lines = [{"promotion_id": f"bulk-{n:03}", "name": "Bulk"} for n in range(250)]
    with client_of(str(brand.client.base_url), new_workspace(brand.url)) as client:
        answer = client.post("/v1/imports?kind=promotions", json=lines)
        path = answer.headers["location"]
        while client.get(path).json()["state"] != "done":
            time.sleep(0.05)
        yield client


@pytest.mark.parametrize("last_id", ["elsewhere-7", "no id", "-", "9" * 5_000])
def test_a_reader_from_elsewhere_is_told_everything(many: httpx.Client, last_id: str) -> None:
    """All promotions, at most 200 an event; only the last event has an id that says all is known."""
    with listening(many, last_event_id=last_id) as reader:
        assert reader.hello.data["resumed"] is False
        told = reader.next()
        items = told.data["items"]
        assert (len(items), told.event_id) == (200, "")
        told = reader.next()
        items += told.data["items"]
        assert told.event_id
        assert items == many.get("/v1/promotions?limit=1000").json()["items"]
        began_anew = reader.hello.event_id
    with listening(many, last_event_id=began_anew) as reader:
        assert reader.hello.data["resumed"] is False
        assert len(reader.next().data["items"]) == 200


def test_nine_readers_are_told_the_same(brand: Brand) -> None:
    """S5, P9: as many as there are browser tabs; and one that does not read keeps nobody waiting."""
    offer = brand.offer()
    with ExitStack() as stack, silent(brand.client):
        readers = [stack.enter_context(listening(brand.client)) for _ in range(9)]
        latest = brand.offer()
        for reader in readers:
            reader.figures(latest)  # now all have caught up
        for assigned in (1, 2, 3):
            brand.assign(offer)
            told = {json.dumps(reader.next().data) for reader in readers}
            assert len(told) == 1
            assert json.loads(told.pop())["items"][0]["figures"]["assigned"] == assigned


def test_definitions_and_lists_are_told_of(brand: Brand) -> None:
    """S12, P10: a changed promotion comes with its definition; of lists only that they moved."""
    with brand.caught_up() as reader:
        offer = brand.offer(name="Spring")
        assert reader.next().data["items"][0]["name"] == "Spring"
        brand.client.patch(f"/v1/promotions/{offer}", json={"name": "Autumn"})
        assert reader.next().data["items"][0]["name"] == "Autumn"
        brand.post("redemptions", [redemption("nobody-knows", "ann"), {"event_id": "bad"}])
        seen: set[str] = set()
        while not {"problems", "sources"} <= seen:
            seen |= set(reader.next("changed").data["what"])
        brand.client.post("/v1/sources", json={"name": "till"})
        while "sources" not in reader.next("changed").data["what"]:
            pass
        seen.clear()
        brand.client.post("/v1/imports?kind=customers", json=[{"customer_id": "ann"}])
        while "imports" not in seen:
            seen |= set(reader.next("changed").data["what"])


def test_a_reader_whose_key_ends_is_sent_away(brand: Brand) -> None:
    """P14: within some seconds, and when it comes back it is told why."""
    made = brand.client.post("/v1/keys", json={"name": "tv", "scopes": ["reports:read"]}).json()
    own = {"Authorization": f"Bearer {made['key']}"}
    with listening(brand.client, **own) as reader, listening(brand.client) as other:
        assert brand.client.delete(f"/v1/keys/{made['key_id']}").status_code == 204
        assert reader.next("end")
        brand.assign(offer := brand.offer())
        assert other.figures(offer)
    assert brand.client.get("/v1/stream", headers=own).status_code == 401


def test_only_who_may_read_reports_may_listen(brand: Brand) -> None:
    """P14: and a caller's mistake is named."""
    made = brand.client.post("/v1/keys", json={"name": "k", "scopes": ["redemptions:write"]})
    denied = brand.client.get(
        "/v1/stream", headers={"Authorization": f"Bearer {made.json()['key']}"}
    )
    assert (denied.status_code, denied.json()["code"]) == (403, "forbidden")
    wrong = brand.client.get("/v1/stream?last_event_id=%00")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/last_event_id")


def test_a_server_with_readers_stops_at_once(store_url: str) -> None:
    """An open stream, read or not, does not hold a server that is told to stop; to the next one readers are new."""
    key = new_workspace(store_url)
    process, port = started(store_url)
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}
    )
    with client, listening(client) as reader, silent(client):
        Brand(client, store_url).offer()
        last_id = reader.next().event_id
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDS_WITHIN_S) in (0, -15)
        assert time.monotonic() - began < 18  # it would wait 20 for an answer that does not end
        assert reader.next("end").at - began < 18
    with serving(store_url, key) as client, listening(client, last_event_id=last_id) as reader:
        assert reader.hello.data["resumed"] is False
        assert reader.next().data["items"] == client.get("/v1/promotions").json()["items"]


def silent(client: httpx.Client) -> socket.socket:
    """A connection that asks for everything and never reads."""
    port = client.base_url.port
    assert port is not None
    connection = socket.create_connection(("127.0.0.1", port))
    words = ["GET /v1/stream HTTP/1.1", "Host: here", "Last-Event-ID: none"]
    words.append(f"Authorization: {client.headers['authorization']}")
    connection.sendall("\r\n".join([*words, "", ""]).encode())
    return connection
