"""A real server to be asked what nobody means: its store, its things, and how it is found afterwards."""

from __future__ import annotations

import random
import re
import socket
import struct
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from promosight.api.door.door import Route
from tests.api.server import client_of, new_workspace, promotion
from tests.cli.program import run
from tests.faults.sending import HOST
from tests.faults.servers import Servers, says_yes
from tests.fuzz.asking import Asked, Credentials, asked, asked_of
from tests.fuzz.book import Book
from tests.fuzz.line import ANSWER_WITHIN_S, Line, Reply
from tests.fuzz.slow import held_for
from tests.fuzz.torn import Torn, torn

_ADMIN = {"email": "fuzz@shop.example", "role": "admin", "password": "correct horse battery"}
_THREADS = 4
_TORN_THREADS = 8
_HEALTHY_WITHIN_S = 20.0
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_FAULT = re.compile(r".*(?:Error|Exception|failed).*")
_SECRETS = (b"root:x:0:0", b"Traceback (most recent call last)")


class Served:
    """One server over one store. Each stretch has a workspace of its own."""

    def __init__(self, store: str, url: str, folder: Path, book: Book) -> None:
        self.store, self.url, self.book = store, url, book
        self.key = new_workspace(url)
        self._folder = folder
        self._servers = Servers(url, 1, folder)
        self.port = self._servers.ports[0]
        self._names: dict[str, str] = {}
        self._let_in = Credentials("", "")

    def start(self) -> None:
        """Starts the server."""
        self._servers.start_ended()

    def stop(self) -> None:
        """Stops the server."""
        self._servers.stop()

    def settle_in(self) -> None:
        """A fresh workspace with something of most kinds, so that requests reach further than a 404."""
        self.key = new_workspace(self.url)
        with client_of(f"http://{HOST}:{self.port}", self.key) as client:
            self._names = _things(client)
            client.post("/v1/users", json=_ADMIN)
            with httpx.Client(base_url=client.base_url, verify=False) as browser:
                browser.post("/v1/session", json=_ADMIN)
                cookie = browser.cookies.get("promosight_session") or ""
        self._let_in = Credentials(self.key, cookie)

    def request(self, seed: int, number: int) -> Asked:
        """The request of this number."""
        drawn = random.Random(f"{seed}/requests/{number}")
        return asked(drawn, self._names, self._let_in)

    def broken(self, seed: int, number: int) -> Torn:
        """The broken connection of this number."""
        return torn(random.Random(f"{seed}/wire/{number}"), self._names, self._let_in)

    def ask_all(self, seed: int, numbers: range) -> None:
        """Asks all of these, from several connections at once."""
        _beside(_THREADS, numbers, lambda mine: self._ask_some(seed, mine))

    def tear_all(self, seed: int, numbers: range) -> None:
        """Breaks all of these connections, several at once."""
        _beside(_TORN_THREADS, numbers, lambda mine: self._tear_some(seed, mine))

    def ask_routes(self, seed: int, routes: Sequence[Route], each: int) -> None:
        """Asks each of these routes so often."""
        line = Line(self.port)
        for place, route in enumerate(routes):
            for number in range(each):
                drawn = random.Random(f"{seed}/route/{place}/{number}")
                self._ask(
                    line, asked_of(route, drawn, self._names, self._let_in), place * each + number
                )
        line.close()

    def hold_open(self) -> None:
        """Connections that say something and then nothing are all ended after some time."""
        for what, seconds in held_for(self.port, self.key, self._is_healthy).items():
            self.book.waited[f"{what}, {self.store}"] = seconds
            if seconds == float("inf"):
                self.book.wrong(f"{what}: held without a bound by the server over {self.store}")

    def look_over(self, *, verify: bool = True) -> None:
        """How the server is found: healthy, its imports ended, its log without faults, its figures true."""
        door = f"{self.store}, afterwards"
        if not self._is_healthy():
            self.book.wrong(f"{door}: not healthy: {self._servers.said()[-3_000:]}")
            return
        self._await_imports()
        self.book.held(f"the server over {self.store}", self._servers.most_held(self.port))
        for log in self._folder.glob("server-*.log"):
            for said in sorted(set(_FAULT.findall(log.read_text(errors="replace")))):
                self.book.wrong(f"{door}: the log says {said[:400]}")
            log.write_text("")
        if verify:
            done = run("verify", "--database", self.url, "--json")
            if done.returncode != 0:
                self.book.wrong(f"{door}: verify says {done.stdout[:1_000]} {done.stderr[:1_000]}")

    def _ask_some(self, seed: int, numbers: range) -> None:
        line = Line(self.port)
        for number in numbers:
            self._ask(line, self.request(seed, number), number)
        line.close()

    def _ask(self, line: Line, one: Asked, number: int) -> None:
        door = f"requests, {self.store}"
        try:
            reply = line.ask(one.data, one.method)
        except (TimeoutError, OSError) as error:
            line.close()
            self.book.find(door, number, one.said, f"no answer: {error!r}", one.data)
            return
        self.book.took(door, _kind_of(reply), 0.0 if reply is None else reply.took_s)
        if wrong := _wrong(reply, one.method):
            self.book.find(door, number, one.said, wrong, one.data)

    def _tear_some(self, seed: int, numbers: range) -> None:
        for number in numbers:
            self._tear(self.broken(seed, number), number)
            if number % 200 == 0 and not self._is_healthy():
                self.book.wrong(f"not healthy after broken connection {number} of seed {seed}")

    def _tear(self, one: Torn, number: int) -> None:
        door, data = f"broken wire, {self.store}", b"".join(one.pieces)
        began = time.monotonic()
        try:
            back = _exchanged(self.port, one)
        except TimeoutError as error:
            self.book.find(door, number, one.said, f"no answer: {error!r}", data)
            return
        statuses = [int(found) for found in _STATUS.findall(back)]
        answered = (
            "held open" if not back else ("closed" if not statuses else f"{statuses[-1] // 100}xx")
        )
        self.book.took(door, answered, time.monotonic() - began)
        if bad := [one for one in statuses if one >= 500 and one != 503]:
            self.book.find(door, number, one.said, f"answered {bad[0]}: {back[-600:]!r}", data)

    def _is_healthy(self) -> bool:
        return says_yes(self.port, "/healthz", _HEALTHY_WITHIN_S)

    def _await_imports(self) -> None:
        """Waits until every file that was taken has ended; none may have ended by a fault of ours."""
        deadline = time.monotonic() + 600
        with client_of(f"http://{HOST}:{self.port}", self.key) as client:
            while True:
                items = client.get("/v1/imports", params={"limit": 1_000}).json()["items"]
                going = [one for one in items if one["state"] not in ("done", "failed")]
                if not going:
                    break
                if time.monotonic() > deadline:
                    self.book.wrong(f"{len(going)} imports do not end, such as {going[-1]}")
                    break
                time.sleep(0.2)
        faults = [one for one in items if "our fault" in str(one)]
        if faults:
            self.book.wrong(f"{len(faults)} imports failed by a fault of ours, such as {faults[0]}")


def _beside(threads: int, numbers: range, work: Callable[[range], None]) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, [numbers[first::threads] for first in range(threads)]))


def _kind_of(reply: Reply | None) -> str:
    return (
        "closed" if reply is None else f"{reply.status // 100}xx" if reply.status != 503 else "503"
    )


def _wrong(reply: Reply | None, method: str) -> str:
    """What is wrong with an answer to a request of well-formed HTTP, "" for nothing."""
    if reply is None:
        return "closed without an answer"
    if reply.status >= 500 and not (
        reply.status in (503, 507) and (reply.status == 507 or "retry-after" in reply.headers)
    ):
        return f"answered {reply.status}: {reply.body[:400]!r}"
    if reply.took_s > ANSWER_WITHIN_S:
        return f"answered after {reply.took_s:.1f} s"
    if any(secret in reply.body for secret in _SECRETS):
        return "the answer says what nobody should read"
    media = reply.headers.get("content-type", "")
    if (
        reply.status >= 400
        and method != "HEAD"
        and media != "application/problem+json"
        and not _of_the_server(reply)
    ):
        return f"answered {reply.status} by no problem document: {media} {reply.body[:200]!r}"
    return ""


def _of_the_server(reply: Reply) -> bool:
    """Whether the HTTP parser itself refused it, which knows no documents."""
    return reply.status in (400, 431) and reply.headers.get("content-type", "").startswith(
        "text/plain"
    )


def _exchanged(port: int, one: Torn) -> bytes:
    """What comes back; nothing where the server waits for more. Raises TimeoutError where it keeps sending for ever."""
    with socket.create_connection((HOST, port), timeout=5) as line:
        back = _told(line, one)
        if one.leaves == "resets":
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return back


def _told(line: socket.socket, one: Torn) -> bytes:
    try:
        for place, piece in enumerate(one.pieces):
            if place:
                time.sleep(0.002)
            line.sendall(piece)
        if one.leaves == "half":
            line.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it was refused before all was said
    if one.leaves in ("resets", "goes"):
        return b"-"
    return _heard(line)


def _heard(line: socket.socket) -> bytes:
    """What comes until the server closes, or waits for more."""
    heard, deadline = b"", time.monotonic() + ANSWER_WITHIN_S
    while time.monotonic() < deadline:
        line.settimeout(0.15 if not heard else 0.05)
        try:
            piece = line.recv(65_536)
        except TimeoutError:
            return heard
        except ConnectionError:
            return heard or b"-"
        if not piece:
            return heard or b"-"
        heard = (heard + piece)[-2_000_000:]
    raise TimeoutError("it goes on sending")


def _things(client: httpx.Client) -> dict[str, str]:
    """Something of most kinds; what paths call them."""
    promotion(
        client,
        "p",
        tiers=[{"tier_id": "gold"}],
        code="SPRING20",
        limits=[{"measure": "reward", "amount": "50"}],
    )
    promotion(client, "q")
    given = {"promotion_id": "p", "customer_id": "ann", "assigned_at": "2026-10-05T10:00:00Z"}
    client.post("/v1/assignments", json=given | {"assignment_id": "a", "tier_id": "gold"})
    redeemed = {"event_id": "e", "promotion_id": "p", "customer_id": "ann"}
    client.post("/v1/redemptions", json=redeemed | {"redeemed_at": "2026-10-06T10:00:00Z"})
    client.post("/v1/decisions", json={"customer_id": "ann", "decision_id": "d"})
    client.post("/v1/sources", json={"name": "till"})
    client.post("/v1/users", json={**_ADMIN, "email": "viewer@shop.example", "role": "viewer"})
    held = client.post(
        "/v1/reservations", json={"promotion_id": "q", "customer_id": "bob", "ttl_seconds": 3_600}
    ).json()
    named = {"kind": "redemptions"}
    file = client.post("/v1/imports", params=named, json=[redeemed]).json()
    said = {"day": "2026-10-06", "buckets": ["0" * 16] * 4}
    stated = client.post("/v1/sources/till/reconciliations", json=said).json()
    return {
        "reconciliation_id": str(stated.get("reconciliation_id", "rec")),
        "promotion_id": "p",
        "assignment_id": "a",
        "event_id": "e",
        "customer_id": "ann",
        "decision_id": "d",
        "name": "till",
        "version": "1",
        "email": "viewer@shop.example",
        "reservation_id": str(held.get("reservation_id", "r")),
        "import_id": str(file.get("import_id", "i")),
    }
