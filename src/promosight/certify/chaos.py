"""The disorder: every fact is sent in any order, form and company, often more than once, by several senders at a time.

What is sent follows from the seed. When it arrives does not, and must not matter.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from threading import Thread
from typing import Any

from promosight.certify.books import Books
from promosight.certify.facts import DAY, SECOND, STYLES, Assignment, Event, Fact, instant
from promosight.certify.forms import ALONE, CLOUD, CLOUDS, SEVERAL, SINGLE, Form, Wrong
from promosight.certify.wire import Answer, Cut, Wire

SENDERS = 4
WAYS = ("plain", "twice", "at once", "torn", "unheard", "impatient", "keyed", "keyed unheard")
_WEIGHTS = (40, 14, 10, 8, 10, 8, 6, 4)
_SIZES = (1, 1, 1, 2, 5, 20, 80, 300)
_SENT_AGAIN = 0.25
"""The part of all facts that comes a second time in other company."""


@dataclass(frozen=True)
class Delivery:
    """One request: rows for a door in a form, and how badly it goes."""

    door: str
    form: Form
    rows: tuple[Fact | Wrong, ...]
    way: str
    number: int

    @property
    def path(self) -> str:
        """Where it is posted to."""
        return f"/v1/{self.door}?outcomes=all"


def deliveries(
    facts: Sequence[Fact], drawn: random.Random, wrong: Callable[[str, int], Wrong]
) -> list[Delivery]:
    """All facts in requests, in any order, a part of them twice. `wrong` makes rows that must be refused."""
    packed = [*facts, *drawn.sample(list(facts), int(len(facts) * _SENT_AGAIN))]
    drawn.shuffle(packed)
    found: list[Delivery] = []
    for door, cloud in (("assignments", False), ("redemptions", False), ("redemptions", True)):
        rows = [one for one in packed if _goes(one) == (door, cloud)]
        for some in _in_parts(rows, drawn):
            form = _form(len(some), cloud, drawn)
            if form.kind in ("json array", "ndjson") and drawn.random() < 0.4:
                some = _spoilt(some, door, drawn, wrong)
            way = drawn.choices(WAYS, _WEIGHTS)[0]
            found.append(Delivery(door, form, tuple(some), way, len(found)))
    drawn.shuffle(found)
    return found


def _goes(fact: Fact) -> tuple[str, bool]:
    if isinstance(fact, Assignment):
        return "assignments", False
    return "redemptions", fact.cloud


def _in_parts(rows: Sequence[Fact], drawn: random.Random) -> Iterator[list[Fact | Wrong]]:
    first = 0
    while first < len(rows):
        size = drawn.choice(_SIZES)
        yield list(rows[first : first + size])
        first += size


def _form(size: int, cloud: bool, drawn: random.Random) -> Form:
    if size == 1 and drawn.random() < 0.8:
        kind = CLOUD if cloud else SINGLE
    else:
        kind = CLOUDS if cloud else drawn.choice(SEVERAL)
    return Form(kind, compressed=drawn.random() < 0.3, style=drawn.choice(STYLES))


def _spoilt(
    rows: list[Fact | Wrong],
    door: str,
    drawn: random.Random,
    wrong: Callable[[str, int], Wrong],
) -> list[Fact | Wrong]:
    for _ in range(drawn.randrange(1, 4)):
        rows.insert(drawn.randrange(len(rows) + 1), wrong(door, drawn.randrange(2**31)))
    return rows


def wrong_rows(run: str, promotion_id: str, now_us: int, tracking_us: int) -> Any:
    """What makes rows that must be refused, each for another reason."""

    def row(named: str, dated: str, number: int, changed: dict[str, Any]) -> dict[str, Any]:
        fine = {
            named: f"{run}-wrong-{number}",
            "promotion_id": promotion_id,
            "customer_id": f"{run}-wrong",
            dated: instant(now_us),
        }
        return {k: v for k, v in (fine | changed).items() if v is not None}

    def event(number: int, **changed: Any) -> dict[str, Any]:
        return row("event_id", "redeemed_at", number, changed)

    def given(number: int, **changed: Any) -> dict[str, Any]:
        return row("assignment_id", "assigned_at", number, changed)

    def redemption(number: int) -> Wrong:
        ways = (
            Wrong(event(number, customer_id=None), "invalid", "/customer_id"),
            Wrong(event(number, redeemed_at=None), "invalid", "/redeemed_at"),
            Wrong(event(number, redeemed_at="2026-11-23T10:15:00"), "invalid", "/redeemed_at"),
            Wrong(event(number, redeemed_at=instant(now_us + DAY)), "future", "/redeemed_at"),
            Wrong(
                event(number, redeemed_at=instant(tracking_us - SECOND)),
                "backdated",
                "/redeemed_at",
            ),
            Wrong(event(number, type="gift"), "invalid", "/type"),
            Wrong(event(number, reward_value="five"), "invalid", "/reward_value"),
            Wrong(event(number, reward_value="-1.00"), "invalid", "/reward_value"),
            Wrong(event(number, customer_id="c" * 256), "invalid", "/customer_id"),
            Wrong(number, "invalid", ""),
        )
        return ways[number % len(ways)]

    def assignment(number: int) -> Wrong:
        ways = (
            Wrong(given(number, promotion_id=None), "invalid", "/promotion_id"),
            Wrong(given(number, assigned_at="yesterday"), "invalid", "/assigned_at"),
            Wrong(given(number, assigned_at=instant(now_us + DAY)), "future", "/assigned_at"),
            Wrong(given(number, max_redemptions=0), "invalid", "/max_redemptions"),
            Wrong(["not", "an", "object"], "invalid", ""),
        )
        return ways[number % len(ways)]

    return lambda door, number: (redemption if door == "redemptions" else assignment)(number)


class Sender:
    """One sender with a line of its own."""

    def __init__(self, wire: Wire, books: Books, seed: str, run: str) -> None:
        self._wire, self._books, self._run = wire, books, run
        self._drawn = random.Random(seed)

    def send(self, one: Delivery) -> None:
        """Delivers it the way it is meant, until it is acknowledged."""
        headers, body = one.form.headers, one.form.body(one.rows)
        self._wire.traffic.note(f"form: {one.form.kind}", f"way: {one.way}")
        if one.way.startswith("keyed"):
            headers = headers | {"Idempotency-Key": f"{self._run}-{one.number}"}
        if one.way in ("torn", "unheard", "keyed unheard"):
            self._books.hung_up(one.rows)
            sent = self._drawn.random() if one.way == "torn" else 1.0
            self._wire.hang_up("POST", one.path, body, headers, sent=sent)
        elif one.way == "impatient":
            self._wait_briefly(one, body, headers)
        beside = None
        if one.way == "at once":
            beside = Thread(target=self._beside, args=(one, body, headers))
            beside.start()
        first = self._told(one, self._wire, body, headers)
        if beside is not None:
            beside.join()
        if one.way == "twice":
            self._told(one, self._wire, body, headers)
        elif one.way == "keyed":
            self._repeat(first, one, body, headers)

    def _wait_briefly(self, one: Delivery, body: bytes, headers: dict[str, str]) -> None:
        brief = self._drawn.uniform(0.001, 0.03)
        self._books.hung_up(one.rows)
        try:
            answer = self._wire.once("POST", one.path, body, headers, timeout_s=brief)
        except Cut:
            return
        if answer.status < 429:
            self._books.note(one.rows, answer, single=one.form.kind in ALONE)

    def _beside(self, one: Delivery, body: bytes, headers: dict[str, str]) -> None:
        """The same request at the same moment on another connection, as a proxy that hedges does."""
        with closing(self._wire.another()) as other:
            self._told(one, other, body, headers)

    def _told(
        self, one: Delivery, wire: Wire, body: bytes, headers: dict[str, str]
    ) -> Answer | None:
        before = wire.uncertain
        try:
            answer = wire.insist("POST", one.path, body, headers)
        except Cut:
            self._books.hung_up(one.rows)
            return None
        if wire.uncertain != before:
            self._books.hung_up(one.rows)
        self._books.note(one.rows, answer, single=one.form.kind in ALONE)
        return answer

    def _repeat(
        self, first: Answer | None, one: Delivery, body: bytes, headers: dict[str, str]
    ) -> None:
        try:
            again = self._wire.insist("POST", one.path, body, headers)
        except Cut:
            return
        if first is not None:
            same = (first.status, first.body) == (again.status, again.body)
            said = f"{again.status} {again.body[:150]!r}"
            self._books.findings.hold(
                "idempotency.same-body", one.form.kind, same, f"{first.status} as before", said
            )


def let_loose(
    wire: Wire,
    books: Books,
    given: Sequence[Delivery],
    seed: int,
    run: str,
    done: Callable[[int], None],
) -> None:
    """Several senders take turns with the deliveries, each as fast as it can."""
    left = iter(given)

    def work(number: int) -> None:
        with closing(wire.another()) as line:
            sender = Sender(line, books, f"{seed}/{number}", run)
            for one in left:  # of one iterator each takes what is next
                sender.send(one)
                done(len(one.rows))

    with ThreadPoolExecutor(SENDERS) as pool:
        for ended in [pool.submit(work, number) for number in range(SENDERS)]:
            ended.result()


def redelivered(facts: Sequence[Event | Assignment], drawn: random.Random) -> list[Delivery]:
    """Everything once more, in large requests of any order."""
    rows = list(facts)
    drawn.shuffle(rows)
    found: list[Delivery] = []
    for door, cloud in (("assignments", False), ("redemptions", False), ("redemptions", True)):
        those: list[Fact | Wrong] = [one for one in rows if _goes(one) == (door, cloud)]
        for first in range(0, len(those), 500):
            form = Form(CLOUDS if cloud else "json array", style=drawn.choice(STYLES))
            some = tuple(those[first : first + 500])
            found.append(Delivery(door, form, some, "plain", len(found)))
    return found
