"""Asks for every figure, breakdown, export and event, and holds each against the count of the certifier."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.parse import quote

from promosight.certify import expecting
from promosight.certify.books import Books
from promosight.certify.counting import Counted, Standing
from promosight.certify.facts import instant
from promosight.certify.place import Place, as_named
from promosight.certify.wire import Wire
from promosight.certify.world import World

_LOOKERS = 4
_MOST_EVENTS = 5_000
"""So many events are asked for one by one; of more, evenly chosen ones."""


class Comparison:
    """What the server shows beside what was counted."""

    def __init__(self, place: Place, world: World, counted: dict[str, Counted]) -> None:
        self._place, self._world, self._counted = place, world, counted
        self._wire, self._findings = place.wire, place.findings
        self._expect = place.findings.expect

    def all(self, books: Books) -> None:
        """All of it."""
        listed = self._listed()
        for promotion_id, counted in self._counted.items():
            shown = self._place.figures(promotion_id)
            self._figures(promotion_id, counted, shown)
            self._expect("figures.list", promotion_id, shown, listed.get(promotion_id))
            self._breakdowns(promotion_id, counted, shown)
            self._customers(promotion_id, counted)
        self._events()
        self._problems(books)

    def _listed(self) -> dict[str, Any]:
        pages = self._pages("/v1/promotions", "items")
        return {str(one.get("promotion_id")): as_named(one.get("figures")) for one in pages}

    def _pages(self, path: str, name: str, **query: Any) -> Iterator[dict[str, Any]]:
        cursor: dict[str, Any] = {}
        while True:
            answer = self._wire.ask(path, limit=1000, **query, **cursor)
            found = answer.get(name)
            yield from (one for one in found or () if isinstance(one, dict))
            if not found or not answer.get("next"):
                return
            cursor = {"cursor": answer.get("next")}

    def _figures(self, name: str, counted: Counted, shown: Mapping[str, Any]) -> None:
        expected, found = expecting.figures(counted), expecting.found_figures(shown)
        if "reward_units" not in shown:  # the contract does not name it
            del expected["reward_units"], found["reward_units"]
        for figure, value in expected.items():
            self._expect("figures.promotion", f"{name}: {figure}", value, found[figure])
        assigned, redeemed = expected["assigned"], expected["redeemed"]
        said = tuple(shown.get(one) for one in ("state", "rate", "display"))
        right = ("tracked", redeemed / assigned, expecting.display(redeemed, assigned))
        self._expect("figures.display", f"{name}: state, rate, display", right, said)
        usage = expecting.usage(counted)
        for one in shown.get("usage") or ():
            pair = (
                expecting.amount({"": one["committed"]}),
                expecting.amount({"": one["redeemed"]}),
            )
            what = f"{name}: {one['measure']}, committed and redeemed"
            self._expect("figures.usage", what, usage[one["measure"]], pair)

    def _breakdowns(self, name: str, counted: Counted, shown: Mapping[str, Any]) -> None:
        for by in expecting.DIMENSIONS:
            total, rows = self._breakdown(name, by)
            self._sums(f"{name} by {by}", total, rows, shown)
            if by == "source":  # whatever the key's source is called, there is one
                whole = expecting.rows(counted, "month", self._place.zone, "monday")
                sums = {"assigned": sum(one["assigned"] for one in whole.values())}
                found = {"assigned": sum(one.get("assigned", 0) for one in rows)}
                self._expect("breakdown.source", name, (1, sums), (len(rows), found))
                continue
            week_start = str(self._place.workspace.get("week_start"))
            expected = expecting.rows(counted, by, self._place.zone, week_start)
            found_rows = expecting.found_rows(rows)
            for key in sorted({*expected, *found_rows}, key=str):
                what = f"{name}: {key if key is not None else 'without'}"
                self._expect(f"breakdown.{by}", what, expected.get(key), found_rows.get(key))

    def _breakdown(self, name: str, by: str, **query: Any) -> tuple[Mapping[str, Any], list[Any]]:
        path = f"/v1/promotions/{quote(name, safe='')}/breakdown"
        rows: list[Any] = []
        if by != "code":
            answer = self._wire.ask(path, by=by, **query)
            return answer.get("total") or {}, answer.get("rows") or []
        rows = list(self._pages(path, "rows", by=by, **query))
        return self._wire.ask(path, by=by, limit=1).get("total") or {}, rows

    def _sums(
        self, what: str, total: Mapping[str, Any], rows: list[Any], shown: Mapping[str, Any]
    ) -> None:
        for name in expecting.COUNTS:
            added = sum(one.get(name) or 0 for one in rows)
            both = (shown.get(name), shown.get(name))
            self._expect("breakdown.sums", f"{what}: {name}", both, (added, total.get(name)))
        for name in expecting.AMOUNTS:
            if name in total:
                added = sum(expecting.amount(one.get(name)) for one in rows)
                both = (expecting.amount(shown.get(name)),) * 2
                found = (added, expecting.amount(total.get(name)))
                self._expect("breakdown.sums", f"{what}: {name}", both, found)
        for one in rows:
            if one.get("rate") is not None:
                self._interval(f"{what}: {one.get('key')}", one)

    def _interval(self, what: str, row: Mapping[str, Any]) -> None:
        assigned = row["assigned"]
        low, high = expecting.wilson(row["redeemed"], assigned)
        found = row.get("interval") or (9.0, 9.0)
        near = abs(found[0] - low) < 1e-9 and abs(found[1] - high) < 1e-9
        enough = assigned >= 30
        right = near and row.get("enough") is enough
        said = (found, row.get("enough"))
        self._findings.hold("breakdown.intervals", what, right, (low, high, enough), said)

    def as_of(self) -> None:
        """What was known after the last fact is what is shown now."""
        now = instant(self._place.now_us() - 1)
        for name in self._counted:
            then, now_shown = (
                self._breakdown(name, "tier", **query) for query in ({"as_of": now}, {})
            )
            self._expect("breakdown.as-of", name, now_shown, then)

    def _customers(self, name: str, counted: Counted) -> None:
        expected = self._exported(counted)
        for status, right in expected.items():
            path = f"/v1/promotions/{quote(name, safe='')}/customers"
            answer = self._wire.ask(path, status=status, format="ndjson")
            try:
                lines = [json.loads(line) for line in answer.body.splitlines() if line.strip()]
                found = Counter(one["customer_id"] for one in lines)
            except (ValueError, KeyError, TypeError):
                found = Counter({f"status {answer.status}, unreadable": 1})
            more, less = found - right, right - found
            said = (
                "the same"
                if not more and not less
                else f"too many {dict(more)}, missing {dict(less)}"
            )
            self._expect(f"customers.{status}", name, "the same", said)

    def _exported(self, counted: Counted) -> dict[str, Counter[str]]:
        now = self._place.now_us()
        left = [a for a in counted.rated if a.assignment_id not in counted.redeemed]
        gone = [a for a in left if a.expires_us is not None and a.expires_us <= now]
        used = [a for a in counted.rated if a.assignment_id in counted.redeemed]
        told = {"assigned": counted.rated, "redeemed": used, "expired": gone}
        told["open"] = [a for a in left if a not in gone]
        found = {status: Counter(a.customer_id for a in those) for status, those in told.items()}
        excess = counted.with_outcome("excess")
        return found | {"excess": Counter(one.event.customer_id for one in excess)}

    def _events(self) -> None:
        all_ = [one for counted in self._counted.values() for one in counted.standings]
        asked = [one for one in all_ if not one.event.cloud]  # how those are named is not said
        step = max(1, len(asked) // _MOST_EVENTS)
        chosen = asked[::step]
        parts = [chosen[number::_LOOKERS] for number in range(_LOOKERS)]
        with ThreadPoolExecutor(_LOOKERS) as pool:
            list(pool.map(self._look, parts))

    def _look(self, some: list[Standing]) -> None:
        with closing(self._wire.another()) as line:
            for one in some:
                self._event(line, one)

    def _event(self, line: Wire, one: Standing) -> None:
        answer = line.ask(f"/v1/events/{quote(one.event.event_id, safe='')}")
        there = self._expect("events.kept", one.event.event_id, 200, answer.status)
        if there and one.live:
            taken = None if one.taken is None else one.taken.assignment_id
            found = (answer.get("outcome"), answer.get("assignment_id"))
            self._expect("events.outcome", one.event.event_id, (one.outcome, taken), found)

    def _problems(self, books: Books) -> None:
        """Each event that waits or is flagged, and each row that was refused, is listed."""
        missing = {(event_id, "rejected"): row.reason for event_id, row in books.wrong.items()}
        for counted in self._counted.values():
            for one in counted.with_outcome("pending", "flagged"):
                if not one.event.cloud:
                    missing[one.event.event_id, one.outcome] = one.outcome
        total = len(missing)
        for found in self._pages("/v1/problems", "items"):
            missing.pop((str(found.get("event_id")), str(found.get("outcome"))), None)
            if not missing:
                break
        some = [event_id for event_id, _ in list(missing)[:5]]
        what = f"{total} events that are pending, flagged or rejected"
        self._expect("problems.listed", what, [], some)
