"""N4: whatever was dropped or changed at either side is found, and nothing else, through the client's own exchange."""

from __future__ import annotations

import io
import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promosight.cli.console import Console
from promosight.cli.reconcile_here import Here
from promosight.client import reconciling as exchange
from promosight.client.reconciling import Time, reconcile
from promosight.rules import reconciling as rules
from promosight.rules.facts import Rejection, event_from
from promosight.rules.instants import parse_instant
from promosight.rules.reported import ReportedEvent
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from tests.flows.worlds import NOW_US, TRACKING_US, deliver, open_workspace, source_number

DAY = "2026-10-25"  # 25 hours long in Vienna
BEGIN, END = map(parse_instant, ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"))
FEW, MANY = 1, 4_096
_names = itertools.count(1)
Told = dict[str, dict[str, Any]]

_instants = st.sampled_from(
    (
        "2026-10-25T00:00:00+02:00",
        "2026-10-24T22:00:00.000001Z",
        "2026-10-25T12:30:00Z",
        "2026-10-25T22:59:59.999999Z",
        "2026-10-25T23:00:00Z",
        "2026-10-24T21:59:59.999999Z",
    )
)
_amounts = st.sampled_from(("0", "1", "1.50", "1.500001", "9999999999.999999", None))
_ids = st.sampled_from(
    ("a", "b", "pos-1", "pos/2", "ü-3", "七", "x y", "e" * 255, "'", "r-1", "r-2")
)
_whole = st.fixed_dictionaries(
    {
        "promotion_id": st.sampled_from(("p", "q")),
        "redeemed_at": _instants,
        "order_value": _amounts,
        "reward_value": _amounts,
        "currency": st.sampled_from(("EUR", "USD", None)),
    }
)


@st.composite
def _sides(draw: st.DrawFn) -> tuple[Told, Told]:
    """What a source has and what it sent: of the same events, with some dropped or changed at either side."""
    ids = draw(st.lists(_ids, unique=True, max_size=11))
    theirs: Told = {}
    ours: Told = {}
    for one in ids:
        event: dict[str, Any] = draw(_whole) | {"event_id": one}
        if one.startswith("r-"):
            event["reverses"] = draw(_ids.filter(lambda other: not other.startswith("r-")))
            event["redeemed_at"] = draw(st.none() | _instants)
            # Others than its redemption's are refused.
            event["promotion_id"] = event["currency"] = None
        where = draw(st.sampled_from(("both", "both", "both", "theirs", "ours", "changed")))
        if where != "ours":
            theirs[one] = event
        if where != "theirs":
            may_change = ["redeemed_at", "order_value"]
            may_change += [] if "reverses" in event else ["promotion_id", "currency"]
            field = draw(st.sampled_from(may_change))
            other = draw(_whole)[field] if where == "changed" else event[field]
            ours[one] = event | {field: other}
    return theirs, ours


def _is_of_day(side: Told, event: dict[str, Any]) -> bool:
    if event["redeemed_at"] is not None:
        return BEGIN <= parse_instant(event["redeemed_at"]) < END
    original = side.get(event["reverses"])
    return original is not None and _is_of_day(side, original)


def _value(event: dict[str, Any], field: str) -> Any:
    value = event.get(field)
    if field == "currency":
        return value or "EUR"
    if value is None or field in ("promotion_id", "reverses"):
        return value
    return parse_instant(value) if field == "redeemed_at" else float(value)


def _expected(theirs: Told, ours: Told, fields: list[str]) -> dict[str, tuple[str, frozenset[str]]]:
    """What differs, found by looking at every event."""
    said = {one: event for one, event in theirs.items() if _is_of_day(theirs, event)}
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for one, event in said.items():
        here = ours.get(one)
        if here is None:
            found[one] = "missing_here", frozenset()
            continue
        differing = {name for name in fields if _value(event, name) != _value(here, name)}
        if not _is_of_day(ours, here):
            differing.add("redeemed_at")
        if differing:
            found[one] = "differs", frozenset(differing)
    for one, event in ours.items():
        if one not in said and _is_of_day(ours, event):
            found[one] = "missing_there", frozenset()
    return found


def _report(store: Store, workspace: Workspace, source: str, events: Told) -> None:
    items = []
    for event in events.values():
        kind = {"type": "reversal"} if "reverses" in event else {"customer_id": "ann"}
        fact = event_from(
            msgspec.convert(event | kind, ReportedEvent),
            received_us=NOW_US,
            tracking_from_us=TRACKING_US,
        )
        assert not isinstance(fact, Rejection), fact
        items.append(fact)
    if items:
        deliver(store, workspace, items, source=source)
        deliver(store, workspace, items[::-1], source=source)  # duplicates count once


@pytest.mark.parametrize("a_bucket", [FEW, MANY])
def test_any_events_dropped_or_changed_at_either_side_are_found_exactly(
    store: Store, monkeypatch: pytest.MonkeyPatch, a_bucket: int
) -> None:
    """N4: with a bucket for each event and with one for all of them."""
    monkeypatch.setattr(exchange, "_EVENTS_A_BUCKET", a_bucket)
    workspace = open_workspace(store)
    console = Console({}, lambda: NOW_US, io.BytesIO(), io.StringIO(), io.StringIO())
    server = Here(store, console, workspace.workspace_no)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(sides=_sides(), fields=st.none() | st.lists(st.sampled_from(rules.FIELDS), unique=True))
    def reconciled(sides: tuple[Told, Told], fields: list[str] | None) -> None:
        theirs, ours = sides
        source = f"source-{next(_names)}"
        source_number(store, workspace, source)
        _report(store, workspace, source, ours)
        done = reconcile(server, source, theirs.values(), Time(DAY), fields)
        expected = _expected(theirs, ours, done.receipt["fields"])
        found = {
            one["event_id"]: (one["state"], frozenset(one["fields"]))
            for one in done.differences
            if one["state"] != "pending"
        }
        assert found == expected
        assert done.is_equal == (not expected)

    reconciled()


def test_both_sides_write_an_event_alike() -> None:
    """N4: the client knows nothing of the server, and makes the same lines, hashes and buckets."""
    event = {
        "event_id": "ü/1",
        "promotion_id": "p",
        "redeemed_at": "2026-10-25T00:00:00.5+02:00",
        "order_value": "1.5",
        "reward_value": "0",
    }
    told = rules.told_from(msgspec.convert(event, rules.ToldRow), "EUR")
    assert isinstance(told, rules.Told)
    line = "ü/1\t\tp\t\t2026-10-24T22:00:00.500000Z\t0.000000\t1.500000\tEUR"
    assert told.line(rules.FIELDS) == line
    totals = rules.Totals(rules.FIELDS, 7)
    totals.add(told)
    said = exchange._Lines(rules.FIELDS, "EUR").totals([event], 7)
    assert said["buckets"] == [rules.hash_text(one) for one in totals.buckets]
    assert rules.bucket_of_id("ü/1", 7) == exchange.bucket_of("ü/1", 7)
