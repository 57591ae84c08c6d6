"""Single reports and questions straight from the wire: parsed, judged and queued in one step, past the framework.

Half of what a single event cost was spent on its way through a general server: its head parsed into parts that nobody
asks for, a task that waits twice, an answer made in pieces. A decision pays for the same. The plain case
needs none of it: one event in JSON, or one customer to be decided on, whole
and in one piece, without anything unusual in its head, from a caller who was seen a moment ago. It is taken here, and
answered in the same words. Whatever is less plain, and whatever would be refused, is left to the ordinary way, which
begins anew and decides alone; nothing has been done about it here. So there is one rule for everything that is refused.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from typing import Any, NamedTuple, Protocol

from promosight.api.connections.heads import Heads
from promosight.api.decisions import asked_of
from promosight.api.door.call import CLOUDEVENT, Headers, media_type_of, request_id_of
from promosight.api.door.door import (
    Answer,
    Door,
    Route,
    answered,
    broken,
    content,
    refused,
    secret_of,
)
from promosight.api.door.keys import Caller, check
from promosight.api.door.pressure import LARGE_BYTES, Stay
from promosight.api.receipts import answer_of, told
from promosight.connectors.reading import JSON, plain_fact
from promosight.errors import PromosightError, StoreError
from promosight.flows.decisioning.deciding import Decide, decide
from promosight.flows.reporting.intake import Delivery, Item, Receipt
from promosight.flows.reporting.report import report
from promosight.flows.set_up.workspaces import digest_of
from promosight.store.rows import Arrival

_HEAD = re.compile(
    rb"POST /v1/(redemptions|assignments|decisions) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)+)"
)
_UNUSUAL = frozenset(
    (
        *(b"content-encoding", b"expect", b"idempotency-key", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade"),
        *CLOUDEVENT,
    )
)
_LONGEST_HEAD = 4_096
_JSON = b"content-type: application/json\r\nx-request-id: "


class Connection(Protocol):
    """What is asked of a connection: whose it is, and to write an answer, of which it may be the last."""

    client: tuple[str, int] | None
    loop: asyncio.AbstractEventLoop
    """The loop it belongs to. To ask for the one that runs is a call to the system."""

    def owes(self) -> None:
        """An answer will come; until then nothing else is answered here."""

    def pays(self, status: int, lines: bytes, body: bytes) -> None:
        """The answer that was owed. `lines`: headers of its own, each with its end."""


class Head(NamedTuple):
    """What a plain head says."""

    route: Route
    kind: str
    size: int
    secret_digest: str
    request_id: str | None
    """The caller's own."""


class Taken:
    """The events taken in one turn of a loop, counted together at its end: one by one costs as much as to answer."""

    def __init__(self, door: Door) -> None:
        self._metrics = door.metrics
        self._seconds: dict[str, list[float]] = {}
        self._outcomes: Counter[tuple[str, str]] = Counter()

    def add(
        self, loop: asyncio.AbstractEventLoop, head: Head, outcome: str, seconds: float
    ) -> None:
        """Another event became this, in so long."""
        if not self._outcomes:
            loop.call_soon(self._count)
        self._outcomes[head.kind, outcome] += 1
        self._seconds.setdefault(head.kind, []).append(seconds)

    def _count(self) -> None:
        for kind, seconds in self._seconds.items():
            self._metrics.answered_together("POST", f"/v1/{kind}", 200, seconds)
        for (kind, outcome), items in self._outcomes.items():
            self._metrics.reported(kind, {outcome: items})
        self._seconds.clear()
        self._outcomes.clear()


class Straight:
    """The routes that single events and single questions come by."""

    def __init__(self, door: Door, routes: tuple[Route, ...]) -> None:
        self._door = door
        paths = {one.path.encode(): one for one in routes if one.method == "POST"}
        kinds = (b"redemptions", b"assignments", b"decisions")
        self._routes = {kind: paths[b"/v1/" + kind] for kind in kinds}
        self._heads = Heads(self._parsed)
        self._taken = Taken(door)

    def take(self, connection: Connection, data: bytes) -> bool:
        """Takes in what has come on a connection where nothing else is under way, if it is one plain request."""
        end = data.find(b"\r\n\r\n", 0, _LONGEST_HEAD)
        if end < 0 or len(data) >= LARGE_BYTES:
            return False
        head = self._heads.head(data[: end + 2])
        if head is None or len(data) != end + 4 + head.size:
            return False
        began, now_us = time.perf_counter(), self._door.clock()
        try:
            caller = self._admitted(connection, head, now_us)
            item = None if caller is None else self._read(head, data[end + 4 :], caller, now_us)
            if item is None or caller is None:
                return False
            self._door.holding.take(head.size)
        except PromosightError:
            return False
        _Pending(self._door, self._taken, connection, head, began).send(caller, item, now_us)
        return True

    def _parsed(self, text: bytes) -> Head | None:
        """What a head says; None where it is not plain."""
        matched = _HEAD.fullmatch(text)
        if matched is None:
            return None
        headers: dict[bytes, bytes] = {}
        for line in matched[2].split(b"\r\n")[:-1]:
            name, _, value = line.partition(b":")
            if name.lower() in headers:
                return None
            headers[name.lower()] = value.strip(b" \t")
        secret = secret_of(headers)
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or not secret or not _is_plain(headers):
            return None
        own = request_id_of(headers) if b"x-request-id" in headers else None
        kind = matched[1]
        return Head(self._routes[kind], kind.decode(), int(length), digest_of(secret), own)

    def _admitted(self, connection: Connection, head: Head, now_us: int) -> Caller | None:
        """Who calls; None where that is to be looked up, or where more is done with requests. Raises what refuses."""
        door = self._door
        if door.answering is not answered or door.allowance.per_minute:
            return None
        if head.route.reports:
            door.pressure.check(head.size)
        caller = door.keys.known(head.secret_digest, now_us=now_us)
        if caller is not None:
            address = connection.client[0] if connection.client else ""
            check(caller, address, head.route.scope, now_us=now_us)
        return caller

    def _read(self, head: Head, body: bytes, caller: Caller, now_us: int) -> Item | Decide | None:
        """The one fact or question that a body is; None where it is anything else. Raises what refuses."""
        if head.route.reports:
            tracking_from_us = caller.workspace.tracking_from_us
            return plain_fact(
                head.kind, body, received_us=now_us, tracking_from_us=tracking_from_us
            )
        return asked_of(self._door, caller, body, now_us)


def _is_plain(headers: Headers) -> bool:
    kept = headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
    return kept and _UNUSUAL.isdisjoint(headers) and media_type_of(headers) == JSON


class _Pending:
    """One event, or question, that waits for its commit."""

    __slots__ = ("_began", "_connection", "_door", "_head", "_request_id", "_stay", "_taken")

    def __init__(
        self, door: Door, taken: Taken, connection: Connection, head: Head, began: float
    ) -> None:
        self._door = door
        self._taken = taken
        self._connection = connection
        self._head = head
        self._began = began
        self._request_id = head.request_id or request_id_of({})
        self._stay: Stay | None = None
        if head.route.reports:
            self._stay = door.pressure.begin(head.size, at_once=True)

    def send(self, caller: Caller, item: Item | Decide, now_us: int) -> None:
        """Has it written, or decided; its answer follows."""
        self._connection.owes()
        try:
            self._submit(caller, item, now_us)
        except PromosightError as error:
            self._answer(refused(error), served=isinstance(error, StoreError))

    def _submit(self, caller: Caller, item: Item | Decide, now_us: int) -> None:
        loop, store = self._connection.loop, self._door.store
        if isinstance(item, Decide):
            store.submit_telling(loop, decide, item, self._committed)
            return
        arrival = Arrival(caller.workspace.workspace_no, caller.source_no, 0, now_us)
        still = None if self._stay is None else self._stay.check
        store.submit_telling(loop, report, Delivery(arrival, [item]), self._committed, still=still)

    def _committed(self, result: Any, error: Exception | None) -> None:
        if isinstance(result, PromosightError):
            error = result
        if error is None:
            self._tell(result)
        elif isinstance(error, PromosightError):
            self._answer(refused(error), served=isinstance(error, StoreError))
        else:
            self._answer(broken(self._head.route, self._request_id, error), served=False)

    def _tell(self, result: Any) -> None:
        if not isinstance(result, list):
            self._answer(Answer(result), served=True)
            return
        receipt: Receipt = result[0]
        if receipt.outcome == "rejected":
            self._door.metrics.reported(self._head.kind, {receipt.outcome: 1})
            self._answer(answer_of(receipt), served=False)
            return
        self._end(served=True)
        seconds = time.perf_counter() - self._began
        self._taken.add(self._connection.loop, self._head, receipt.outcome, seconds)
        self._door.log(self._head.route, 200, self._request_id, seconds)
        self._connection.pays(200, _JSON + self._request_id.encode() + b"\r\n", told(receipt))

    def _answer(self, answer: Answer, *, served: bool) -> None:
        self._end(served=served)
        self._door.answered(self._head.route, answer.status, self._request_id, self._began)
        lines = f"content-type: {answer.media_type}\r\nx-request-id: {self._request_id}\r\n"
        for name, value in answer.headers.items():
            lines += f"{name.lower()}: {value}\r\n"
        self._connection.pays(answer.status, lines.encode(), content(answer))

    def _end(self, *, served: bool) -> None:
        """Nothing of it is under way or held any more."""
        if self._stay is not None:
            self._stay.end(served=served)
        self._door.holding.give_back(self._head.size)
