"""`promosight consume` as a process between real brokers and a real server: killed, doubled, told to end, held up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.certify.proxy import Faithful, Reply, Request, proxied
from tests.cli.program import fail, run, start
from tests.client.served import PATIENT_S, Served, served
from tests.consume.broker import Broker, Said

AT = "2026-11-20T10:00:00Z"
ENDED_S = 120.0
AWAY = 2**62
LOOKS_S = 0.05


@pytest.fixture
def shop(store_url: str) -> Iterator[Served]:
    """A server over a store, on each engine."""
    with served(store_url) as server:
        yield server


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """A topic of the test's own."""
    return "".join(c if c.isalnum() else "-" for c in request.node.name)


def assigned(server: Served, customers: int) -> str:
    """A promotion that so many customers have."""
    promotion_id = server.promotion()
    rows = [
        {
            "promotion_id": promotion_id,
            "customer_id": f"c{n}",
            "assigned_at": "2026-11-01T00:00:00Z",
        }
        for n in range(customers)
    ]
    with server.admin() as http:
        answer = http.post("/v1/assignments", json=rows)
        assert answer.json()["received"] == customers
    return promotion_id


def redemption(promotion_id: str, number: int, **more: Any) -> dict[str, Any]:
    said = {"promotion_id": promotion_id, "customer_id": f"c{number}", "redeemed_at": AT}
    return {**said, "order_value": "12.50", "currency": "EUR", **more}


def environment(server: Served, address: str | None = None) -> dict[str, str]:
    return {"PROMOSIGHT_URL": address or server.address, "PROMOSIGHT_KEY": server.key}


def consumed(server: Served, words: tuple[str | Path, ...], *more: str) -> dict[str, Any]:
    """What a run to the end of a topic says."""
    done = run("consume", *words, "--json", "--until-end", *more, environment=environment(server))
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@contextmanager
def consuming(
    server: Served, words: tuple[str | Path, ...], address: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A consumer that runs; whatever is left of it at the end is killed."""
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    process = start("consume", *words, environment=environment(server, address), **pipes)
    with process:
        try:
            yield process
        finally:
            process.kill()


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENT_S
    while not is_so():
        assert time.monotonic() < deadline, "it does not come to be"
        time.sleep(LOOKS_S)


def redeemed(server: Served, promotion_id: str) -> int:
    with server.admin() as http:
        found = http.get(f"/v1/promotions/{promotion_id}").json()["figures"]["redeemed"]
    return int(found)


def rejected(server: Served) -> dict[str, int]:
    """What was refused and kept, by payload, and how often it came."""
    with server.admin() as http:
        items = http.get("/v1/problems?outcome=rejected&limit=1000").json()["items"]
    said = ((one["payload"], one["times"]) for one in items)
    return {text if isinstance(text, str) else json.dumps(text): n for text, n in said}


def test_a_topic_is_reported_to_its_end_and_never_counted_twice(
    shop: Served, broker: Broker, topic: str, tmp_path: Path
) -> None:
    """P22, S4, P3: with ids and without; a reversal before its redemption; read again, nothing moves."""
    promotion_id = assigned(shop, 60)
    mine = [redemption(promotion_id, n, event_id=f"e{n}") for n in range(20)]
    reversal = {"type": "reversal", "event_id": "r", "reverses": "e3", "redeemed_at": AT}
    broker.send(topic, [{**reversal, "customer_id": "c3", "promotion_id": promotion_id}])
    broker.send(topic, [*mine, *mine[:5]])
    broker.send(topic, [redemption(promotion_id, n) for n in range(20, 60)])
    words = broker.words(tmp_path, topic)
    told = consumed(shop, words)
    assert (told["messages"], told["lag"]) == (66, 0)
    assert told["outcomes"]["duplicate"] == 5
    before = shop.figures(promotion_id)
    assert (before["redeemed"], before["reversed"]) == (59, 1)
    assert broker.committed(topic) == 66
    assert consumed(shop, words)["messages"] == 0
    again = consumed(shop, words, "--from-beginning")
    assert (again["messages"], again["outcomes"]) == (66, {"duplicate": 66})
    assert shop.figures(promotion_id) == before


def test_what_is_no_event_is_kept_and_stops_nothing(
    server: Served, broker: Broker, topic: str, tmp_path: Path
) -> None:
    """P22, P2: rubbish, no value at all, another form: refused with its reason, and the rest is counted."""
    promotion_id = assigned(server, 3)
    rubbish = [b"\x00\x01 avro?", None, b"[1]", b"{", json.dumps({"event_id": "x"}).encode()]
    for n, value in enumerate(rubbish):
        broker.send(topic, [redemption(promotion_id, n % 3), Said(value, key="one")])
    told = consumed(server, broker.words(tmp_path, topic))
    assert told["outcomes"]["rejected"] == len(rubbish)
    assert server.figures(promotion_id)["redeemed"] == 3
    assert broker.committed(topic) == 2 * len(rubbish)
    kept = rejected(server)
    assert (kept["[1]"], kept['{"event_id": "x"}']) == (1, 1)
    ends = {text.partition(": ")[2] for text in kept if text.startswith(f"{topic}/")}
    assert ends == {"\\u0000\x01 avro?", "(no value)", "{"}


def test_other_kinds_and_cloudevents_are_reported_like_ours(
    server: Served, broker: Broker, topic: str, tmp_path: Path
) -> None:
    """P22: assignments, outcomes and CloudEvents through the same command."""
    promotion_id = server.promotion()
    many = range(30)
    broker.send(
        f"{topic}-a",
        ({"promotion_id": promotion_id, "customer_id": f"c{n}", "assigned_at": AT} for n in many),
    )
    broker.send(
        f"{topic}-o",
        (
            {"customer_id": f"c{n}", "occurred_at": AT, "measure": "margin", "value": "1"}
            | {"currency": "EUR"}
            for n in many
        ),
    )
    envelope = {"specversion": "1.0", "source": "/till", "type": "promotion.redeemed", "time": AT}
    broker.send(
        topic,
        (
            {**envelope, "id": str(n), "subject": f"c{n}", "data": {"promotion_id": promotion_id}}
            for n in many
        ),
    )
    kinds = {f"{topic}-a": ("--kind", "assignments"), f"{topic}-o": ("--kind", "outcomes")}
    for name, more in (*kinds.items(), (topic, ("--cloudevents",))):
        told = consumed(server, broker.words(tmp_path, name), *more)
        assert told["messages"] == sum(told["outcomes"].values()) == 30
        assert "rejected" not in told["outcomes"]
    found = server.figures(promotion_id)
    assert (found["assigned"], found["redeemed"]) == (30, 30)


class Silent(Faithful):
    """Hands the first reports on and never tells what became of them."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.taken = threading.Event()
        self.ended = threading.Event()

    def answer(self, request: Request) -> Reply:
        found = self.passed(request)
        self.taken.set()
        self.ended.wait(PATIENT_S)
        return found


def test_killed_between_the_report_and_its_answer_it_loses_and_doubles_nothing(
    shop: Served, broker: Broker, topic: str, tmp_path: Path
) -> None:
    """P22, P3: what the server took and the group never heard of comes again, and is known."""
    promotion_id = assigned(shop, 500)
    broker.send(topic, [redemption(promotion_id, n) for n in range(500)])
    words = broker.words(tmp_path, topic)
    silent = Silent(shop.address)
    with proxied(silent) as address, consuming(shop, words, address) as process:
        assert silent.taken.wait(PATIENT_S)
        process.send_signal(signal.SIGKILL)
        assert process.wait(ENDED_S) == -signal.SIGKILL
        silent.ended.set()
    taken = redeemed(shop, promotion_id)
    assert taken > 0
    assert broker.committed(topic) == 0
    told = consumed(shop, words)
    assert told["messages"] == 500
    assert told["outcomes"]["duplicate"] == taken
    assert shop.figures(promotion_id)["redeemed"] == 500


class Busy(Faithful):
    """Sheds load: so many times, by turns with 429 and 503, and then takes everything."""

    def __init__(self, upstream: str, times: int) -> None:
        super().__init__(upstream)
        self.left = times

    def answer(self, request: Request) -> Reply:
        with self.lock:
            self.left -= 1
            is_over = self.left < 0
        if is_over:
            return self.passed(request)
        return Reply((429, 503)[self.left % 2], {"retry-after": "1"}, b"")


def test_a_server_that_sheds_load_is_waited_for(
    server: Served, broker: Broker, topic: str, tmp_path: Path
) -> None:
    """P22: longer than a session of the group; members stay in it, and nothing is reported twice."""
    promotion_id = assigned(server, 200)
    broker.send(topic, [redemption(promotion_id, n) for n in range(200)])
    words = broker.words(tmp_path, topic)
    with proxied(Busy(server.address, 4)) as address, consuming(server, words, address) as process:
        until(lambda: redeemed(server, promotion_id) == 200)
        until(lambda: broker.committed(topic) == 200)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=ENDED_S)
    assert process.returncode == 0, err
    assert b"the server does not take events now: HTTP " in err
    assert b"200 counted" in out
    assert b"duplicate" not in out
    server.figures(promotion_id)


def test_a_rebalance_while_the_server_is_away_loses_and_doubles_nothing(
    server: Served, broker: Broker, topic: str, tmp_path: Path
) -> None:
    """P22: one member waits with a batch in hand, and another takes half of its partitions."""
    promotion_id = assigned(server, 200)
    broker.send(topic, [redemption(promotion_id, n) for n in range(200)])
    words = broker.words(tmp_path, topic)
    lines = Busy(server.address, AWAY), Busy(server.address, AWAY)
    with (
        proxied(lines[0]) as here,
        proxied(lines[1]) as there,
        consuming(server, words, here) as one,
    ):
        until(lambda: lines[0].left < AWAY)
        with consuming(server, words, there) as other:
            until(lambda: lines[1].left < AWAY)
            for line in lines:
                line.left = 0
            until(lambda: redeemed(server, promotion_id) == 200)
            until(lambda: broker.committed(topic) == 200)
            for process in (one, other):
                process.send_signal(signal.SIGTERM)
                out, err = process.communicate(timeout=ENDED_S)
                assert process.returncode == 0, (out, err)
    found = server.figures(promotion_id)
    assert (found["redeemed"], found["redemptions"]) == (200, 200)


def test_told_to_end_it_commits_what_was_answered_for_and_gives_the_rest_back(
    server: Served, broker: Broker, topic: str, tmp_path: Path
) -> None:
    """P22: SIGTERM, also while the server is away; what comes next goes on behind it."""
    promotion_id = assigned(server, 40)
    words = broker.words(tmp_path, topic)
    broker.send(topic, [redemption(promotion_id, n) for n in range(20)])
    busy = Busy(server.address, 0)
    with proxied(busy) as address, consuming(server, words, address) as process:
        until(lambda: broker.committed(topic) == 20)
        busy.left = AWAY
        broker.send(topic, [redemption(promotion_id, n) for n in range(20, 40)])
        until(lambda: busy.left < AWAY)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=ENDED_S)
    assert process.returncode == 0, err
    assert b"it comes again" in err
    assert out.startswith(b"20 messages in ")
    assert consumed(server, words)["messages"] == 20
    assert server.figures(promotion_id)["redeemed"] == 40


def test_two_of_a_group_share_a_topic_and_one_takes_over_when_the_other_dies(
    shop: Served, broker: Broker, topic: str, tmp_path: Path
) -> None:
    """P22: a rebalance in the middle, a member killed, a member told to end: every event once."""
    promotion_id = assigned(shop, 900)
    words = broker.words(tmp_path, topic)
    broker.send(topic, [redemption(promotion_id, n) for n in range(300)])
    broker.cluster.wait_for_first_members(together=True)
    with consuming(shop, words) as one, consuming(shop, words) as other:
        until(lambda: redeemed(shop, promotion_id) == 300)
        broker.cluster.wait_for_first_members(together=False)
        one.send_signal(signal.SIGKILL)
        broker.send(topic, [redemption(promotion_id, n) for n in range(300, 600)])
        until(lambda: redeemed(shop, promotion_id) == 600)
        with consuming(shop, words) as third:
            broker.send(topic, [redemption(promotion_id, n) for n in range(600, 900)])
            until(lambda: redeemed(shop, promotion_id) == 900)
            until(lambda: broker.committed(topic) == 900)
            for process in (other, third):
                process.send_signal(signal.SIGTERM)
                out, err = process.communicate(timeout=ENDED_S)
                assert process.returncode == 0, (out, err)
    found = shop.figures(promotion_id)
    assert (found["redeemed"], found["redemptions"]) == (900, 900)


def test_what_is_wrong_is_said_with_what_mends_it(
    server: Served, broker: Broker, topic: str, tmp_path: Path
) -> None:
    """P22: each mistake in one line, with exit code 1."""
    broker.send(topic, [{"promotion_id": "P"}])
    words = broker.words(tmp_path, topic)
    good = environment(server)
    wrong = fail("consume", *broker.words(tmp_path, f"{topic}-none"), environment=good)
    assert wrong.startswith(f"the topic {topic}-none cannot be read: Broker: Unknown topic")
    denied = good | {"PROMOSIGHT_KEY": "ps_nobody"}
    assert "the server says " in fail("consume", *words, "--until-end", environment=denied)
    assert broker.committed(topic) == 0
    settings = tmp_path / "more.properties"
    settings.write_text("enable.auto.commit=true\n")
    own = fail("consume", *words, "--kafka-config", settings, environment=good)
    assert own == "line 1 of the Kafka settings: enable.auto.commit is decided by this command"
    both = ("--cloudevents", "--kind", "outcomes")
    assert "leave out --kind" in fail("consume", *words, *both, environment=good)
    plain = fail("consume", *words, environment=good | {"PROMOSIGHT_URL": "server"})
    assert plain == "url: must begin with https:// or http://"


def test_without_the_library_it_says_which_extra_to_install() -> None:
    said = (
        "import sys; sys.modules['confluent_kafka'] = None;"
        "from promosight.cli.main import main;"
        "sys.exit(main('consume --brokers b --topic t --url http://x --key k'.split()))"
    )
    told = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert told.stderr.splitlines() == [
        "promosight: reading Kafka needs a library more: pip install 'promosight[kafka]'"
    ]
