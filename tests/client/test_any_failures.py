"""Whatever fails, in whatever order: each event is sent at least once and counted once."""

from __future__ import annotations

import itertools
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.client.facts import assignment, redemption
from promosight.client.line import Line, Timing
from promosight.client.outbox import Outbox
from promosight.client.rising import RisingIds
from promosight.client.sending import Sender
from tests.client.served import Served
from tests.client.troubles import FINE, TROUBLES, Killed, Troubled

LEASE_S = 60.0
NOON = 1_795_000_000.0  # in November 2026
_customers = itertools.count(1)
Action = tuple[str, int, str]
_REPORTS = st.tuples(st.just("report"), st.integers(1, 5), st.just(""))
_SENDS = st.tuples(st.just("send"), st.integers(0, 1), st.sampled_from((FINE, *TROUBLES)))
_WAITS = st.tuples(st.just("wait"), st.integers(1, 70), st.just(""))


class Till:
    """A process at a checkout: it reports to the outbox file it shares, and sends from it, a step when told."""

    def __init__(self, server: Served, path: Path, clock: list[float]) -> None:
        self.line = Troubled()
        self._http = Line(server.address, server.key, 60, self.line)
        self.outbox = Outbox(path)
        timing = Timing(now=lambda: clock[0], random=lambda: 1.0)
        self.sender = Sender(
            self.outbox,
            self._http,
            timing=timing,
            lease_seconds=LEASE_S,
            on_problem=None,
            on_stopped=None,
        )

    def end(self) -> None:
        """Ends as if killed: what it claimed stays claimed."""
        self._http.close()
        self.outbox.close()


class Shop:
    """Two tills, one file. A till that is killed is started anew."""

    def __init__(self, server: Served, path: Path) -> None:
        self.clock = [NOON]
        self.reported = 0
        self._server, self._path = server, path
        self._promotion = server.promotion()
        self._fresh = RisingIds(lambda: self.clock[0])
        self.tills = [Till(server, path, self.clock) for _ in range(2)]

    def does(self, action: Action) -> None:
        what, number, trouble = action
        if what == "report":
            self._report(number)
        elif what == "wait":
            self.clock[0] += number
        else:
            self._send(number, trouble)

    def _report(self, number: int) -> None:
        for _ in range(number):
            named = {"promotion_id": self._promotion, "customer_id": f"c-{next(_customers)}"}
            given = {"assigned_at": "2026-11-01T08:00:00Z", "assignment_id": self._fresh()}
            told = {"event_id": self._fresh(), "redeemed_at": "2026-11-02T08:00:00Z"}
            self._add("redemptions", told["event_id"], redemption({**named, **told}))
            self._add("assignments", given["assignment_id"], assignment({**named, **given}))
            self.reported += 1

    def _add(self, kind: str, name: str, fact: dict[str, object]) -> None:
        self.tills[self.reported % 2].outbox.add(kind, name, json.dumps(fact).encode())

    def _send(self, number: int, trouble: str) -> None:
        till = self.tills[number]
        till.line.next(trouble)
        try:
            till.sender.step()
        except Killed:
            till.end()
            self.tills[number] = Till(self._server, self._path, self.clock)

    def finish(self) -> None:
        """The network is well, and time passes; what was refused alone for its size goes again."""
        outbox, sender = self.tills[0].outbox, self.tills[0].sender
        self.tills[0].line.next(FINE)
        while outbox.waiting() or outbox.refused():
            outbox.send_again([one.event_id for one in outbox.refused()])
            self.clock[0] += LEASE_S + 1
            sender.step()

    def counted(self) -> int:
        return self._server.events(self._promotion)

    def close(self) -> None:
        for till in self.tills:
            till.end()


@given(st.lists(st.one_of(_REPORTS, _SENDS, _SENDS, _WAITS), max_size=25))
@settings(max_examples=40)
def test_after_any_failures_each_event_is_counted_once(
    server: Served, actions: list[Action]
) -> None:
    """P17: lines that break before or after, busy servers, portals, proxies, killed processes, expired claims."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(server, Path(folder) / "outbox.db")
        try:
            for action in actions:
                shop.does(action)
            shop.finish()
            assert shop.counted() == shop.reported
        finally:
            shop.close()
