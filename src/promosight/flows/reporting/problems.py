"""The problem inbox: what waits, what is flagged, what was refused; found page by page, with what to do about each.

Problems are of three forms: events, assignments of promotions nobody defined, and rejections, which are no facts.
Each is asked for by itself, from the place where a page begins on, and they are merged here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from promosight.flows.reporting.contradicting import why_rejected
from promosight.flows.reporting.lookup import payload_of, payload_of_fact
from promosight.flows.reporting.problem_keys import Key, key_of
from promosight.rules.identity import customer_number
from promosight.rules.instants import DAY_US, format_instant
from promosight.rules.reasons import advise, explain
from promosight.store.catalogue import Catalogue, load
from promosight.store.rows import AssignmentRow, EventRow, assignment_fact, derived_from
from promosight.store.tx import Tx

STALE_AFTER_US = 30 * DAY_US
"""What has waited longer is marked stale; it is never dropped."""

_END = 2**62
_NONE = -1
"""No source, promotion or customer has this number."""


class Wanted(NamedTuple):
    """Which problems: all, or those of an outcome, a reason, a source; `q`: of this event, customer or promotion."""

    outcome: str | None = None
    reason: str | None = None
    source: str | None = None
    q: str | None = None


class Page(NamedTuple):
    """Where a page begins: after this time and problem. The default is the newest."""

    before_us: int = _END
    after: str = ""


class Found(NamedTuple):
    """A problem that was found."""

    received_us: int
    key: Key
    outcome: str
    reason: str

    @property
    def order(self) -> tuple[Any, ...]:
        """The latest first; of one moment by key."""
        return -self.received_us, self.key

    @property
    def page(self) -> Page:
        """The page that begins after it."""
        return Page(self.received_us, self.key.problem_id)


def problems(
    tx: Tx, workspace_no: int, wanted: Wanted, *, page: Page, limit: int, now_us: int
) -> tuple[list[dict[str, Any]], Page | None]:
    """A page of problems, the newest first, and where the next one begins."""
    catalogue = load(tx, workspace_no)
    search = Search(catalogue, wanted, page, limit)
    found = []
    if wanted.outcome in (None, "pending") and wanted.reason in (None, "unknown_promotion"):
        found += search.assignments(tx)
    found += search.events(tx)
    if wanted.outcome in (None, "rejected"):
        found += search.rejections(tx)
    found.sort(key=lambda one: one.order)
    items = _described(tx, catalogue, found[:limit], now_us)
    return items, None if len(found) < limit else found[limit - 1].page


def problem_counts(tx: Tx, workspace_no: int) -> list[dict[str, Any]]:
    """How many problems there are of each outcome, reason and source."""
    rows = tx.all("problem_counts", workspace_no=workspace_no)
    names = ("outcome", "reason", "source", "count")
    return [dict(zip(names, row, strict=True)) for row in rows]


class Search:
    """What is looked for among the problems of each form, and from where on."""

    def __init__(self, catalogue: Catalogue, wanted: Wanted, page: Page, limit: int) -> None:
        numbers = {name: no for no, name in catalogue.sources.items()}
        q = wanted.q
        listed = catalogue.by_id.get(q or "")
        its_customer_no, its_slot = derived_from(q or "") or (_NONE, _NONE)
        self._after = key_of(page.after) if page.after else None
        self._asked: dict[str, Any] = {
            "workspace_no": catalogue.workspace.workspace_no,
            "before_us": page.before_us,
            "outcome": wanted.outcome,
            "reason": wanted.reason,
            "source_no": None if wanted.source is None else numbers.get(wanted.source, _NONE),
            "id": q,
            "customer_no": customer_number(catalogue.workspace.workspace_id, q or ""),
            "promotion_no": listed.promotion_no if listed else _NONE,
            "its_customer_no": its_customer_no,
            "its_slot": its_slot,
            "limit": limit,
        }

    def events(self, tx: Tx) -> list[Found]:
        """Events that wait, are flagged or were refused."""
        asked = self._asked | self._begin("event", "event_id")
        return [
            Found(row[0], Key("event", row[1], (row[2],)), *row[3:])
            for row in tx.all("problem_events", **asked)
        ]

    def assignments(self, tx: Tx) -> list[Found]:
        """Assignments of promotions nobody defined."""
        names = ("bucket", "promotion_no", "customer_no", "slot")
        asked = self._asked | self._begin("assignment", *names)
        return [
            Found(row[0], Key("assignment", row[1], row[2:]), "pending", "unknown_promotion")
            for row in tx.all("problem_assignments", **asked)
        ]

    def rejections(self, tx: Tx) -> list[Found]:
        """What was refused and is no fact."""
        asked = self._asked | self._begin("rejection", "digest")
        return [
            Found(row[0], Key("rejection", row[1], (row[2],)), "rejected", row[3])
            for row in tx.all("problem_rejections", **asked)
        ]

    def rejections_left(self, tx: Tx) -> int:
        """How many of those there are from here on."""
        row = tx.one("rejections_left", **self._asked, **self._begin("rejection", "digest"))
        assert row is not None
        return int(row[0])

    def _begin(self, form: str, *names: str) -> dict[str, Any]:
        """Of the moment at which the page before ended: after which source and reference of this form."""
        source_no, reference = _NONE, tuple("" if name == "event_id" else 0 for name in names)
        if self._after is not None and form == self._after.form:
            _, source_no, reference = self._after
        elif self._after is not None and form < self._after.form:
            source_no = _END  # all of this form came before
        return {
            "after_source_no": source_no,
            **{f"after_{name}": value for name, value in zip(names, reference, strict=True)},
        }


def _described(
    tx: Tx, catalogue: Catalogue, found: list[Found], now_us: int
) -> list[dict[str, Any]]:
    keys = {form: [one.key for one in found if one.key.form == form] for form in _DESCRIBED}
    shown: dict[Key, dict[str, Any]] = {}
    for form, describe in _DESCRIBED.items():
        shown |= describe(tx, catalogue, keys[form])
    return [
        {
            "problem_id": one.key.problem_id,
            "source": catalogue.sources[one.key.source_no],
            "outcome": one.outcome,
            "reason": one.reason,
            "received_at": format_instant(one.received_us),
            "stale": one.outcome == "pending" and one.received_us + STALE_AFTER_US < now_us,
            **(about := shown[one.key]),
            "detail": explain(one.reason, about["detail"]),
            "advice": advise(one.outcome, one.reason),
        }
        for one in found
    ]


def _events(tx: Tx, catalogue: Catalogue, keys: list[Key]) -> dict[Key, dict[str, Any]]:
    identities = sorted((key.source_no, *key.reference) for key in keys)
    found = [EventRow(*r) for r in tx.all_for("events_by_identity", identities)]
    names = _customer_ids(tx, {e.told_of for e in found})
    lines = lines_of(tx, [(e.import_no, e.event_id) for e in found])
    shown: dict[Key, dict[str, Any]] = {}
    for e in found:
        about = _problem("redemptions", e.event_id, payload_of(e, names.get(e.told_of)))
        about["line"] = lines.get((e.import_no, e.event_id))
        if e.outcome == "rejected":
            why = why_rejected(catalogue, e)
            about |= {"pointer": why.pointer, "detail": why.detail}
        shown[Key("event", e.source_no, (e.event_id,))] = about
    return shown


def _rejections(tx: Tx, catalogue: Catalogue, keys: list[Key]) -> dict[Key, dict[str, Any]]:
    wanted = sorted((key.source_no, *key.reference) for key in keys)
    workspace_no = catalogue.workspace.workspace_no
    shown: dict[Key, dict[str, Any]] = {}
    for r in tx.all_for("rejections_of", wanted, workspace_no=workspace_no):
        source_no, digest, _, line, kind, event_id, _, pointer, detail, payload, _, times = r
        more = {"pointer": pointer, "detail": detail, "line": line, "times": times}
        about = _problem(kind, event_id, _readable(payload)) | more
        shown[Key("rejection", source_no, (digest,))] = about
    return shown


def _assignments(tx: Tx, catalogue: Catalogue, keys: list[Key]) -> dict[Key, dict[str, Any]]:
    wanted = sorted(key.reference for key in keys)
    found = [AssignmentRow(*r) for r in tx.all_for("assignments_of_slots", wanted)]
    names = _customer_ids(tx, {a.customer_no for a in found})
    lines = lines_of(tx, [(a.import_no, a.public_id) for a in found])
    shown: dict[Key, dict[str, Any]] = {}
    for a in found:
        promotion_id = catalogue.by_no[a.promotion_no].promotion_id
        fact = assignment_fact(
            a, promotion_id=promotion_id, customer_id=names.get(a.customer_no, "")
        )
        payload = payload_of_fact(fact)
        key = Key("assignment", a.source_no, (*a.key, a.slot))
        line = lines.get((a.import_no, a.public_id))
        shown[key] = _problem("assignments", a.public_id, payload) | {"line": line}
    return shown


_DESCRIBED = {"event": _events, "rejection": _rejections, "assignment": _assignments}


def lines_of(tx: Tx, facts: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Where facts, by import and public id, stand in their files, of those that were a problem when they came."""
    rows = tx.all_for("lines_of_facts", sorted({one for one in facts if one[0]}))
    return {(import_no, fact_id): line for import_no, fact_id, line in rows}


def _problem(kind: str, event_id: str | None, payload: Any) -> dict[str, Any]:
    about = payload if isinstance(payload, dict) else {}
    return {
        "kind": kind,
        "event_id": event_id,
        "promotion_id": about.get("promotion_id"),
        "customer_id": about.get("customer_id"),
        "payload": payload,
        "pointer": "",
        "detail": "",
        "line": None,
        "times": 1,
    }


def _readable(payload: str) -> Any:
    try:
        return msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return payload


def _customer_ids(tx: Tx, numbers: set[int]) -> dict[int, str]:
    rows = tx.all_for("customers_of", [(no,) for no in sorted(numbers)])
    return {row[0]: row[1] for row in rows}
