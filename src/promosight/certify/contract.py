"""What the contract says of single requests, tried one after the other in promotions of their own."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event as Flag
from threading import Thread
from typing import Any

from promosight.certify.facts import DAY, SECOND, instant
from promosight.certify.place import Place
from promosight.certify.wire import Answer

_BATCH = 1_000
RECEIPT = {"event_id", "outcome", "promotion_id", "assignment_id", "reason", "received_at"}


class Contract:
    """The requests, and what must come of each."""

    def __init__(self, place: Place) -> None:
        self._place, self._wire, self._run = place, place.wire, place.run
        self._then_us = place.window().at(0.5)
        self._number = self._uncertain = 0

    def all(self) -> None:
        """All of them."""
        steps = (
            *(self.receipts, self.idempotency, self.mistakes, self.clocks, self.expiry),
            *(self.before_tracking, self.unknown, self.statuses, self.dash, self.withdrawal),
            *(self.acknowledged, self.batch),
        )
        for step in steps:
            self._uncertain = self._wire.uncertain
            step()

    def _expect(self, name: str, what: str, expected: Any, found: Any) -> None:
        self._hold(name, what, expected == found, expected, found)

    def _hold(self, name: str, what: str, right: bool, expected: Any, found: Any) -> None:
        """Tries a check. After a lost answer a step proves nothing: its request may have been done twice."""
        if right or self._wire.uncertain == self._uncertain:
            self._place.findings.hold(name, what, right, expected, found)
        else:
            self._place.findings.skip(name, "the server was away meanwhile")

    def _event(self, promotion: str, customer: str = "c", **more: Any) -> dict[str, Any]:
        return self._fact("event_id", "redeemed_at", promotion, customer) | more

    def _assignment(self, promotion: str, customer: str = "c", **more: Any) -> dict[str, Any]:
        return self._fact("assignment_id", "assigned_at", promotion, customer) | more

    def _fact(self, named: str, dated: str, promotion: str, customer: str) -> dict[str, Any]:
        self._number += 1
        return {
            named: f"{self._run}-k{self._number}",
            "promotion_id": f"{self._run}-{promotion}",
            "customer_id": f"{self._run}-{promotion}-{customer}",
            dated: instant(self._then_us),
        }

    def _post(self, door: str, told: Any, **headers: str) -> Answer:
        return self._wire.send("POST", f"/v1/{door}", told, **headers)

    def _figures(self, promotion: str, *names: str) -> list[Any]:
        found = self._place.figures(f"{self._run}-{promotion}")
        return [found.get(name) for name in names]

    def receipts(self) -> None:
        """One event: its receipt, its retry, its conflict, its refusal."""
        self._place.define("receipts")
        self._post("assignments", self._assignment("receipts"))
        told = self._event("receipts")
        first = self._post("redemptions", told)
        found = (first.status, first.get("outcome"), first.get("event_id"))
        self._expect("receipt.single", "status, outcome", (200, "counted", told["event_id"]), found)
        missing = sorted(RECEIPT - (first.json or {}).keys())
        self._expect("receipt.single", "fields that are missing", [], missing)
        again = self._post("redemptions", told)
        self._expect(
            "receipt.duplicate", "outcome", (200, "duplicate"), (again.status, again.get("outcome"))
        )
        self._conflict(told)
        bad = self._post("redemptions", self._event("receipts", redeemed_at="2026-11-23T10:15:00"))
        found = (bad.status, bad.get("code"), bad.get("errors", 0, "pointer"))
        self._expect("receipt.rejected", "a naive time", (422, "invalid", "/redeemed_at"), found)
        figures = self._figures("receipts", "assigned", "redeemed", "redemptions", "excess")
        self._expect("receipt.duplicate", "figures after retries", [1, 1, 1, 0], figures)

    def _conflict(self, told: dict[str, Any]) -> None:
        other = told | {"order_value": "99.00"}
        answer = self._post("redemptions", other)
        found = (answer.status, answer.get("code"))
        self._expect("receipt.conflict", "other content", (409, "event_conflict"), found)
        many = self._post("redemptions", [other, self._event("receipts", "stranger")])
        problems = {one.get("reason") for one in many.get("problems") or ()}
        self._hold(
            *("receipt.conflict", "among others"),
            many.status == 200 and "event_conflict" in problems,
            "200, event_conflict",
            f"{many.status}, {sorted(map(str, problems))}",
        )
        order_value = self._figures("receipts", "order_value")[0] or {}
        self._expect(
            "receipt.conflict", "order value", [0.0], list(map(float, order_value.values()))
        )

    def idempotency(self) -> None:
        """A key of idempotency, with the same body and with another."""
        self._place.define("keys")
        told = self._event("keys")
        key = f"{self._run}-idempotent"
        first = self._post("redemptions", told, Idempotency_Key=key)
        again = self._post("redemptions", told, Idempotency_Key=key)
        said = (again.status, again.body)
        self._expect("idempotency.same-body", "the answer", (first.status, first.body), said)
        other = self._post("redemptions", self._event("keys"), Idempotency_Key=key)
        self._expect("idempotency.other-body", "status", 422, other.status)

    def mistakes(self) -> None:
        """What callers do wrong, and the status each is answered with."""
        stranger = type(self._wire)(self._wire.address, "", self._wire.traffic)
        json_type = {"Content-Type": "application/json"}
        post = self._wire.insist
        answers = {
            "an unreadable body (400)": post("POST", "/v1/redemptions", b'{"event_id":', json_type),
            "no key (401)": stranger.insist("GET", "/v1/promotions"),
            "an unknown promotion (404)": self._wire.ask(f"/v1/promotions/{self._run}-nowhere"),
            "a media type (415)": post(
                *("POST", "/v1/redemptions", b"a", {"Content-Type": "image/png"})
            ),
            "a breakdown by the weather (422)": self._wire.ask(
                f"/v1/promotions/{self._run}-keys/breakdown", by="weather"
            ),
        }
        stranger.close()
        for what, answer in answers.items():
            media = answer.headers.get("content-type", "").split(";")[0]
            expected = (int(what[-4:-1]), "application/problem+json", True)
            found = (answer.status, media, isinstance(answer.get("code"), str))
            self._expect("errors.problem-documents", what, expected, found)

    def clocks(self) -> None:
        """Clocks that are ahead or behind, within the limits and beyond."""
        self._place.define("clocks")
        now, tracking = self._place.now_us(), self._place.tracking_us
        for name, what, at_us, outcome in (
            ("time.future", "4 minutes ahead", now + 240 * SECOND, None),
            ("time.future", "7 minutes ahead", now + 420 * SECOND, "future"),
            ("time.backdated", "at tracking start", tracking, None),
            ("time.backdated", "a microsecond before", tracking - 1, "backdated"),
        ):
            answer = self._post("redemptions", self._event("clocks", redeemed_at=instant(at_us)))
            reason = answer.get("reason") if answer.status != 200 else None
            expected = (200 if outcome is None else 422, outcome)
            self._expect(name, what, expected, (answer.status, reason))
        given_us = self._place.window().at(0) + 100 * SECOND
        for what, before_us, outcome in (
            ("60 s before its assignment", 60 * SECOND, "counted"),
            ("60.000001 s before", 60 * SECOND + 1, "unassigned"),
        ):
            told = self._assignment("clocks", what, assigned_at=instant(given_us))
            self._post("assignments", told)
            self._single("time.skew", what, "clocks", what, given_us - before_us, outcome)

    def expiry(self) -> None:
        """The last microsecond of a reward, and the one after."""
        self._place.define("expiry")
        ends_us = self._then_us + 10 * SECOND
        for what, at_us, outcome in (
            ("a microsecond before it expires", ends_us - 1, "counted"),
            ("when it expires", ends_us, "unassigned"),
        ):
            told = self._assignment("expiry", what, expires_at=instant(ends_us))
            self._post("assignments", told)
            self._single("time.expiry", what, "expiry", what, at_us, outcome)

    def _single(
        self, name: str, what: str, promotion: str, customer: str, at_us: int, outcome: str
    ) -> None:
        told = self._event(promotion, customer, redeemed_at=instant(at_us))
        self._expect(name, what, outcome, self._post("redemptions", told).get("outcome"))

    def before_tracking(self) -> None:
        """A reward of the time before tracking is honoured, and in no rate."""
        self._place.define("moved")
        before = instant(self._place.tracking_us - DAY)
        self._post("assignments", self._assignment("moved", assigned_at=before))
        self._post("redemptions", self._event("moved"))
        found = self._figures("moved", "assigned", "redeemed", "redemptions")
        self._expect("time.before-tracking", "assigned, redeemed, redemptions", [0, 0, 1], found)

    def unknown(self) -> None:
        """What is reported of a promotion that nobody has defined waits for it."""
        given = self._post("assignments", self._assignment("later"))
        used = self._post("redemptions", self._event("later"))
        back = self._event("later", type="reversal", reverses=f"{self._run}-k{self._number + 2}")
        early = self._post("redemptions", back)
        found = [one.get("outcome") for one in (given, used, early)]
        self._expect("promotion.unknown", "before", ["pending"] * 3, found)
        self._place.define("later")
        second = self._event("later", event_id=back["reverses"])
        self._post("redemptions", second)
        figures = self._figures("later", "assigned", "redeemed", "redemptions", "reversed")
        self._expect("promotion.unknown", "once it is defined", [1, 1, 1, 1], figures)

    def statuses(self) -> None:
        """A draft, one that ended before tracking, one that was deactivated."""
        self._place.define("draft", status="draft")
        answer = self._post("redemptions", self._event("draft"))
        found = (answer.status, answer.get("reason"))
        self._expect("promotion.draft", "a redemption", (422, "draft_promotion"), found)
        ended = instant(self._place.tracking_us - DAY)
        self._place.define("ended", ends_at=ended)
        answer = self._post("redemptions", self._event("ended"))
        found = (answer.status, answer.get("reason"))
        self._expect("promotion.historical", "a redemption", (422, "historical_promotion"), found)
        figures = self._figures("ended", "state", "rate", "display")
        self._expect("promotion.historical", "its figures", ["not_tracked", None, "-"], figures)
        self._place.define("paused")
        self._post("assignments", self._assignment("paused"))
        paused = self._wire.send("POST", f"/v1/promotions/{self._run}-paused/deactivate", {})
        answer = self._post("redemptions", self._event("paused"))
        statuses = (paused.status, answer.status, answer.get("outcome"))
        self._expect("promotion.deactivated", "a redemption", (200, 200, "counted"), statuses)

    def dash(self) -> None:
        """Nothing reported is a dash, all of it reversed is a number."""
        self._place.define("dash")
        self._post("assignments", self._assignment("dash"))
        figures = self._figures("dash", "state", "rate", "display")
        self._expect("promotion.no-data", "before any event", ["no_data", None, "-"], figures)
        told = self._event("dash")
        self._post("redemptions", told)
        back = self._event("dash", type="reversal", reverses=told["event_id"])
        self._post("redemptions", back)
        figures = self._figures("dash", "state", "rate", "display")
        self._expect("promotion.no-data", "all reversed", ["tracked", 0.0, "0%"], figures)

    def withdrawal(self) -> None:
        """An assignment is withdrawn, twice."""
        self._place.define("withdrawn")
        told = self._assignment("withdrawn")
        self._post("assignments", told)
        path = f"/v1/assignments/{told['assignment_id']}"
        statuses = [self._wire.insist("DELETE", path).status < 300 for _ in range(2)]
        self._expect("assignment.withdrawn", "both times", [True, True], statuses)
        found = self._figures("withdrawn", "assigned")
        self._expect("assignment.withdrawn", "assigned", [0], found)

    def acknowledged(self) -> None:
        """Whoever was answered sees it counted, whichever process is asked."""
        self._place.define("live")
        for number in range(1, 11):
            self._post("assignments", self._assignment("live", f"c{number}"))
            self._post("redemptions", self._event("live", f"c{number}"))
            found = self._figures("live", "assigned", "redeemed")
            self._expect("visible.acknowledged", f"event {number}", [number, number], found)

    def batch(self) -> None:
        """A batch is seen whole or not at all by those who look while it goes in."""
        self._place.define("batch")
        seen: set[tuple[Any, ...]] = set()
        ended = Flag()
        looking = Thread(target=self._watch, args=(seen, ended))
        looking.start()
        try:
            for part in range(3):
                customers = [f"b{part}-{n}" for n in range(_BATCH)]
                self._post("assignments", [self._assignment("batch", one) for one in customers])
                self._post("redemptions", [self._event("batch", one) for one in customers])
        finally:
            ended.set()
            looking.join()
        allowed = {(n * _BATCH, m * _BATCH) for n in range(4) for m in (n - 1, n) if m >= 0}
        self._expect("visible.batch", "figures between", [], _sorted(seen - allowed))
        found = self._figures("batch", "assigned", "redeemed")
        self._expect("visible.batch", "figures after", [3 * _BATCH] * 2, found)

    def _watch(self, seen: set[tuple[Any, ...]], ended: Flag) -> None:
        while not ended.is_set():
            seen.add(tuple(self._figures("batch", "assigned", "redeemed")))


def _sorted(seen: Iterable[tuple[Any, ...]]) -> list[str]:
    return sorted(map(str, seen))[:5]
