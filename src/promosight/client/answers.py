"""What an answer to a batch means: taken, too much at once, later, or not with this key.

Between a till and its server stand proxies, and portals of hotels that answer 200 to everything. So only what is
plainly Promosight's own answer takes an event out of the outbox, refuses it or stops the sending. Anything else is
the network, and is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpx

from promosight.client.errors import Problem, problem
from promosight.client.outbox import Refusal

_OURS = "urn:promosight:problem:"
_LONGEST_WAIT_SECONDS = 600.0
_IN_FLIGHT = "idempotency_in_flight"


class Taken(NamedTuple):
    """Every event has its outcome: these were rejected, by index, and so many had which."""

    refused: Mapping[int, Refusal]
    outcomes: Mapping[str, int]


class Smaller(NamedTuple):
    """Too large, or something in it cannot be read: in halves it shows which."""

    why: Refusal


class Later(NamedTuple):
    """Nothing that could be relied on was done; try again, not before so many seconds."""

    why: str
    after_seconds: float = 0.0


class Stop(NamedTuple):
    """Trying again would change nothing."""

    problem: Problem


Verdict = Taken | Smaller | Later | Stop


def verdict(answer: httpx.Response, sent: int, now: float) -> Verdict:
    """What an answer to a batch of so many events means."""
    said = _object(answer)
    if answer.status_code == 200:
        taken = _taken(said, sent)
        return taken or Later("the answer is not Promosight's")
    if may_pass(answer):
        return Later(f"HTTP {answer.status_code}", retry_after(answer, now))
    if answer.status_code == 413:
        found = problem_of(answer)
        return Smaller(Refusal(found.code, "", found.detail))
    if not _is_ours(said):
        return Later(f"HTTP {answer.status_code}, which is not Promosight's")
    found = problem_of(answer)
    if answer.status_code in (400, 409, 422):
        return Smaller(Refusal(found.code, found.pointer or "", found.detail))
    return Stop(found)


def may_pass(answer: httpx.Response) -> bool:
    """Whether the same request may be answered otherwise in a while."""
    status = answer.status_code
    if status == 409:
        return _object(answer).get("code") == _IN_FLIGHT
    return status in (408, 425, 429) or status >= 500


def retry_after(answer: httpx.Response, now: float) -> float:
    """For how many seconds the server does not want to be asked, at most ten minutes."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), _LONGEST_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment.timestamp() - now, 0.0), _LONGEST_WAIT_SECONDS)


def problem_of(answer: httpx.Response) -> Problem:
    """The problem document of an answer, or what can be said without one."""
    said, status = _object(answer), answer.status_code
    if not _is_ours(said):
        detail = f"HTTP {status} {answer.reason_phrase}, not by Promosight: is the address right?"
        return problem(status, f"http_{status}", detail)
    faults = said.get("errors") or [{}]
    return problem(status, str(said.get("code")), str(said.get("detail")), faults[0].get("pointer"))


def _taken(said: dict[str, Any], sent: int) -> Taken | None:
    """The outcomes, where this is an answer that has one for each event."""
    outcomes, problems = said.get("outcomes"), said.get("problems")
    if said.get("received") != sent or not isinstance(outcomes, dict):
        return None
    if not isinstance(problems, list) or sum(outcomes.values()) != sent:
        return None
    refused = [one for one in problems if one["outcome"] == "rejected"]
    return Taken({one["index"]: _refusal(one) for one in refused}, outcomes)


def _refusal(one: dict[str, Any]) -> Refusal:
    pointer = str(one.get("pointer") or "").removeprefix(f"/{one['index']}")
    return Refusal(str(one.get("reason") or "rejected"), pointer, str(one.get("detail") or ""))


def _is_ours(said: dict[str, Any]) -> bool:
    return str(said.get("type")).startswith(_OURS)


def _object(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object that an answer is; nothing where it is none."""
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
