"""What servers and middlemen do wrong, each as a proxy: the certifier must find it, and name what it broke."""

from __future__ import annotations

import json
import random
from collections import Counter
from functools import cache

from promosight.certify import world as worlds
from promosight.certify.chaos import deliveries
from promosight.certify.facts import DAY, Event
from promosight.certify.forms import Form, Wrong
from tests.certify.proxy import Faithful, Reply, Request, changed

SEED, FEW = 19, 300
"""The seed of a run of the tests, and how many facts it has."""


class RepeatsUnderANewId(Faithful):
    """A gateway that tries again, and gives every attempt an event id of its own."""

    def answer(self, request: Request) -> Reply:
        """Single redemptions go through twice."""
        if request.is_single:
            told = json.loads(request.body)
            if told.get("type") != "reversal" and "event_id" in told:
                again = json.dumps(told | {"event_id": told["event_id"] + "-again"}).encode()
                headers = {k: v for k, v in request.headers.items() if k != "idempotency-key"}
                self.passed(Request(request.method, request.path, headers, again))
        return self.passed(request)


class LosesOne(Faithful):
    """A server that acknowledges an event before it keeps it, and then dies: of all that was reported one is gone."""

    def answer(self, request: Request) -> Reply:
        """The event is answered for and goes nowhere, until everything is sent again among others."""
        if request.is_single:
            told = json.loads(request.body)
            if str(told.get("event_id")).endswith(sent_alone()):
                return Reply(200, {}, json.dumps(told | {"outcome": "counted"}).encode())
        return self.passed(request)


@cache
def sent_alone() -> str:
    """The end of the id of a redemption that is sent once, alone, in a run of the tests."""
    world = worlds.made("", SEED, FEW, worlds.Window(0, DAY), "EUR")
    drawn = random.Random(f"{SEED}/deliveries")
    given = deliveries(world.facts, drawn, lambda _door, _number: Wrong(7, "invalid", ""))
    names = Counter(row.name for one in given for row in one.rows if not isinstance(row, Wrong))
    return next(
        row.name
        for one in given
        for row in one.rows
        if one.form == Form("json", style=one.form.style) and one.way == "plain"
        if isinstance(row, Event) and row.reverses is None and names[row.name] == 1
    )


class CountsOneTooMany(Faithful):
    """A figure that is off by one."""

    def answer(self, request: Request) -> Reply:
        """`redeemed` of the tiered promotion."""
        reply = self.passed(request)
        if request.method == "GET" and request.path.endswith("-tiered"):
            said = json.loads(reply.body)
            said["figures"]["redeemed"] += 1
            return changed(reply, said)
        return reply


class PutsOneIntoTheWrongTier(Faithful):
    """A breakdown whose rows sum to the total, and are wrong."""

    def answer(self, request: Request) -> Reply:
        """One assignment of the first tier counts in the second."""
        reply = self.passed(request)
        if "-tiered/breakdown?by=tier" in request.path:
            said = json.loads(reply.body)
            said["rows"][0]["assigned"] -= 1
            said["rows"][1]["assigned"] += 1
            return changed(reply, said)
        return reply


class ShowsWhatItKnew(Faithful):
    """A cache in front of the figures."""

    def answer(self, request: Request) -> Reply:
        """The figures of the promotion whose events are looked at at once are those of the first time."""
        if request.method == "GET" and request.path.endswith("-live"):
            reply: Reply = self.said.setdefault("shown", self.passed(request))
            return reply
        return self.passed(request)


class ForgetsIdempotencyKeys(Faithful):
    """A gateway that drops headers it does not know."""

    def answer(self, request: Request) -> Reply:
        """Everything goes on without its key of idempotency."""
        request.headers.pop("idempotency-key", None)
        return self.passed(request)


class FailsTheNeighbours(Faithful):
    """A validator in front that refuses a whole batch for one bad row."""

    def answer(self, request: Request) -> Reply:
        """A batch with a problem is a 422."""
        reply = self.passed(request)
        told = json.loads(reply.body) if "?outcomes=all" in request.path else {}
        return (
            Reply(422, reply.headers, b"{}") if told.get("outcomes", {}).get("rejected") else reply
        )


class BreaksDown(Faithful):
    """A server that cannot bear the unexpected."""

    def answer(self, request: Request) -> Reply:
        """An unreadable body is a 500."""
        if request.body == b'{"event_id":':
            return Reply(500, {}, b"Internal Server Error")
        return self.passed(request)


class DropsTheOffset(Faithful):
    """A server whose days are those of another zone."""

    def answer(self, request: Request) -> Reply:
        """By day, every row is a day late."""
        reply = self.passed(request)
        if "/breakdown?by=day" in request.path:
            said = json.loads(reply.body)
            for row in said["rows"]:
                row["key"] = row["key"][:-2] + f"{int(row['key'][-2:]) % 28 + 1:02}"
            return changed(reply, said)
        return reply


class HidesProblems(Faithful):
    """A server that drops in silence what it did not take."""

    def answer(self, request: Request) -> Reply:
        """No problem is listed."""
        reply = self.passed(request)
        if request.path.startswith("/v1/problems"):
            return changed(reply, {"items": [], "next": None, "counts": []})
        return reply
