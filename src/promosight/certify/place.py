"""The place of a run: the server, the workspace its key opens, and what the run calls its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from promosight.certify.facts import SECOND, microseconds
from promosight.certify.findings import Findings
from promosight.certify.wire import AT_FIRST_S, Answer, Cut, Wire
from promosight.certify.world import LONGEST, Window

_SHORTEST = 200 * SECOND
"""Facts lie at least so far apart. Where tracking began just now, the last are a little ahead, which is allowed."""

_USAGE = ("measure", "window", "limit", "committed", "redeemed")


class CannotCertify(Exception):
    """Why there is no run: nobody answers, the key is no good, or the figures of the workspace are live."""


@dataclass(frozen=True)
class Place:
    """The server and the workspace. `ahead_us`: how much the server's clock is ahead of ours."""

    wire: Wire
    findings: Findings
    run: str
    workspace: Mapping[str, Any]
    version: str
    ahead_us: int
    active: list[str] = field(default_factory=list)
    """The promotions of the run that are not drafts."""

    @property
    def tracking_us(self) -> int:
        """When the workspace began to track."""
        return microseconds(self.workspace["tracking_from"])

    @property
    def currency(self) -> str:
        """The workspace's currency."""
        return str(self.workspace["currency"])

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone."""
        return ZoneInfo(self.workspace["time_zone"])

    def now_us(self) -> int:
        """The time on the server's clock, to about a second."""
        return time.time_ns() // 1000 + self.ahead_us

    def window(self) -> Window:
        """When the facts of the run happened."""
        start = max(self.tracking_us, self.now_us() - LONGEST)
        return Window(start, max(self.now_us(), start + _SHORTEST))

    def define(self, name: str, **terms: Any) -> Answer:
        """PUTs a promotion of the run; active, and worth five, unless said otherwise."""
        reward = {"type": "amount", "currency": self.currency, "value": "5.00"}
        told = {"name": f"Certification: {name}", "status": "active", "reward": reward} | terms
        return self.put(f"{self.run}-{name}", told)

    def put(self, promotion_id: str, told: Mapping[str, Any]) -> Answer:
        """PUTs a promotion, and holds that it is taken."""
        answer = self.wire.send("PUT", f"/v1/promotions/{_part(promotion_id)}", told)
        said = f"{answer.status} {answer.body[:200]!r}"
        ok = answer.status in (200, 201)
        self.findings.hold("promotions.defined", promotion_id, ok, "201", said)
        if told["status"] == "active":  # a draft's refused events would be judged anew, and rightly
            self.active.append(promotion_id)
        return answer

    def archive(self) -> None:
        """Archives the promotions of the run, which moves none of their figures."""
        for promotion_id in self.active:
            before = self.figures(promotion_id)
            self.wire.send("POST", f"/v1/promotions/{_part(promotion_id)}/archive", {})
            after = self.figures(promotion_id)
            self.findings.expect("promotion.archived", promotion_id, before, after)

    def figures(self, promotion_id: str) -> dict[str, Any]:
        """The figures of a promotion, of a connection of its own, so that any process may answer."""
        with closing(self.wire.another()) as line:
            found = line.ask(f"/v1/promotions/{_part(promotion_id)}").get("figures")
        return as_named(found)


def as_named(figures: Any) -> dict[str, Any]:
    """Figures without what moves with time: of a limit's usage only what the contract names."""
    if not isinstance(figures, dict):
        return {}
    usage = figures.get("usage") or []
    return figures | {"usage": [{name: one.get(name) for name in _USAGE} for one in usage]}


def opened(wire: Wire, findings: Findings, run: str, *, live: bool) -> Place:
    """The place of a run. Raises CannotCertify."""
    asked_us = time.time_ns() // 1000
    try:
        answer = wire.insist("GET", "/v1/workspace", patience_s=AT_FIRST_S)
        ahead_us = _ahead_us(answer, asked_us, time.time_ns() // 1000)
        document = wire.ask("/openapi.json")
    except Cut as cut:
        raise CannotCertify(f"nobody answers there: {cut}") from None
    workspace = answer.json
    if answer.status != 200 or not isinstance(workspace, dict) or "tracking_from" not in workspace:
        said = answer.get("detail") or answer.body[:100].decode(errors="replace")
        raise CannotCertify(f"GET /v1/workspace: {answer.status} {said}")
    if not workspace.get("sandbox") and not live:
        raise CannotCertify(
            f"the workspace {workspace.get('name')} is no sandbox: a run leaves promotions and facts in it. "
            "Make one (promosight init --sandbox --workspace NAME), or say --live"
        )
    version = str(document.get("info", "version") or "unknown")
    return Place(wire, findings, run, workspace, version, ahead_us)


def _ahead_us(answer: Answer, asked_us: int, answered_us: int) -> int:
    """How far the server's clock is ahead of ours, by the Date of its answer; nothing where it has none.

    It was written between asking and being answered, however long that took; in whole seconds, and some way off.
    """
    try:
        date = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return 0
    date_us = int(date.timestamp() * SECOND)
    ahead = date_us - min(max(date_us, asked_us), answered_us)
    return ahead if abs(ahead) > 2 * SECOND else 0


def _part(name: str) -> str:
    return quote(name, safe="")
