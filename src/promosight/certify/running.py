"""One run from the first question to the report."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from promosight import __version__
from promosight.certify import world as worlds
from promosight.certify.books import Books
from promosight.certify.chaos import deliveries, let_loose, redelivered, wrong_rows
from promosight.certify.comparing import Comparison
from promosight.certify.contract import Contract
from promosight.certify.counting import count
from promosight.certify.facts import instant
from promosight.certify.findings import Findings
from promosight.certify.place import CannotCertify, Place, opened
from promosight.certify.wire import Cut, NoAddress, Traffic, Wire

FORMAT = 1
CONTRACT = "Promosight HTTP API, version 1"
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Wanted:
    """What is to be certified, and how. `live`: also a workspace that is no sandbox."""

    address: str
    key: str
    seed: int
    facts: int
    live: bool


class Watching:
    """Who is told how far a run is. These do nothing; the command line's show it."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Something begins that is so long."""

    def advance(self, count: int) -> None:
        """So much more of it is done."""

    def failed(self, line: str) -> None:
        """A check failed for the first time."""


def certify(wanted: Wanted, watching: Watching) -> dict[str, Any]:
    """Runs it all. Raises CannotCertify."""
    traffic, findings = Traffic(), Findings(watching.failed)
    began = time.time_ns() // 1000
    try:
        wire = Wire(wanted.address, wanted.key, traffic)
        with closing(wire):
            place = opened(wire, findings, _name(wanted.seed, began), live=wanted.live)
            world = _run(place, Books(findings), wanted, watching)
    except NoAddress as error:
        raise CannotCertify(str(error)) from None
    except Cut as cut:
        raise CannotCertify(f"the server stopped answering: {cut}") from None
    findings.expect("answers.no-server-error", "answers of 5xx", [], traffic.server_errors[:5])
    return _report(place, wanted, world, began)


def _run(place: Place, books: Books, wanted: Wanted, watching: Watching) -> worlds.World:
    watching.begin("single requests")
    Contract(place).all()
    world = worlds.made(place.run, wanted.seed, wanted.facts, place.window(), place.currency)
    for terms in world.terms.values():
        place.put(terms.promotion_id, terms.definition)
    watching.begin("disorder", world.size)
    _let_loose(place, books, world, wanted.seed, watching.advance)
    for assignment_id in world.withdrawn:
        place.wire.insist("DELETE", f"/v1/assignments/{assignment_id}")
    books.close(world.facts)
    watching.begin("comparing")
    counted = count(
        world.terms.values(),
        world.assignments,
        world.events,
        set(world.withdrawn),
        place.tracking_us,
    )
    comparison = Comparison(place, world, counted)
    comparison.all(books)
    _deliver_again(place, books, world, wanted.seed, watching)
    comparison.as_of()
    place.archive()
    return world


def _let_loose(
    place: Place, books: Books, world: worlds.World, seed: int, done: Callable[[int], None]
) -> None:
    drawn = random.Random(f"{seed}/deliveries")
    promotion_id = next(iter(world.terms))
    wrong = wrong_rows(place.run, promotion_id, place.now_us(), place.tracking_us)
    given = deliveries(world.facts, drawn, wrong)
    let_loose(place.wire, books, given, seed, place.run, done)


def _deliver_again(
    place: Place, books: Books, world: worlds.World, seed: int, watching: Watching
) -> None:
    """Everything once more: no fact is new, no figure moves."""
    facts = world.facts
    watching.begin("everything again", len(facts))
    before = {name: place.figures(name) for name in world.terms}
    again = Books(place.findings)
    given = redelivered(facts, random.Random(f"{seed}/again"))
    let_loose(place.wire, again, given, seed, f"{place.run}-again", watching.advance)
    expect = place.findings.expect
    for fact in facts:
        if fact.name in books.answered:
            new = sorted(set(again.answered.get(fact.name, ())) - {"duplicate"})
            expect("delivery.again", fact.name, [], new)
    for name, shown in before.items():
        expect("delivery.again", f"figures of {name}", shown, place.figures(name))


def _name(seed: int, at_us: int) -> str:
    """What every id of a run begins with: seed and moment, since the same seed may run twice in a workspace."""
    number, letters = at_us // 1000, ""
    while number:
        number, rest = divmod(number, 36)
        letters = LETTERS[rest] + letters
    return f"certify-{seed}-{letters}"


def _report(place: Place, wanted: Wanted, world: worlds.World, began: int) -> dict[str, Any]:
    ended = time.time_ns() // 1000
    counted: Mapping[str, int] = place.wire.traffic.counted
    results = place.findings.results
    events = world.events
    return {
        "kind": "promosight conformance report",
        "format": FORMAT,
        "result": "failed" if results["failed"] else "passed",
        "server": {"address": wanted.address, "version": place.version},
        "contract": CONTRACT,
        "certifier": __version__,
        "workspace": {
            name: place.workspace.get(name)
            for name in ("workspace", "time_zone", "currency", "tracking_from", "sandbox")
        },
        "seed": wanted.seed,
        "run": place.run,
        "started_at": instant(began),
        "ended_at": instant(ended),
        "facts": {
            "assignments": len(world.assignments),
            "redemptions": sum(e.reverses is None for e in events),
            "reversals": sum(e.reverses is not None for e in events),
            "withdrawals": len(world.withdrawn),
        },
        "sent": dict(sorted(counted.items())),
        "checks": {**results, "of": len(place.findings.checks)},
        "findings": [check.told() for check in place.findings.checks.values()],
    }
