"""`promosight reconcile FILE`: a source's own events of a day against what was taken of them, down to the single event.

Against the store given, or with `--url` over HTTP with the key of the source. Exit code 1 where the two sides differ.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from promosight.cli.console import Console, plural
from promosight.cli.options import add_store, add_workspace, take_from_environment
from promosight.cli.options import opened as opened_store
from promosight.cli.reconcile_here import Here
from promosight.client.errors import ClientError
from promosight.client.reconciling import Exchange, Json, Reconciled, Time, reconcile
from promosight.connectors.import_file import records_of
from promosight.connectors.opening import FORMS, opened
from promosight.connectors.told_events import told_of
from promosight.errors import Invalid
from promosight.flows.checking.differences import side_of
from promosight.flows.set_up.workspaces import find_workspace
from promosight.rules.facts import Rejection
from promosight.rules.reconciling import FIELDS

_SHOWN = 50
"""Differences shown to people; `--json` has them all."""

_SAYS = {
    "missing_here": "never received",
    "missing_there": "taken, but not in the file",
    "differs": "differs",
    "rejected": "received and refused",
}


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "reconcile",
        help="compare a source's own events of a day with what was taken",
        description="FILE holds the source's events in the form of a report: CSV, NDJSON, a JSON array or Parquet.",
    )
    add_store(parser)
    add_workspace(parser)
    parser.add_argument("file", metavar="FILE", help="`-` is standard input")
    parser.add_argument("--source", metavar="NAME", required=True, help="whose events they are")
    parser.add_argument("--day", metavar="DAY", help="YYYY-MM-DD in the workspace's time zone")
    parser.add_argument("--from", metavar="T", dest="begin", help="instead of a day: from T on")
    parser.add_argument("--until", metavar="T", help="and before T")
    parser.add_argument(
        "--fields",
        nargs="*",
        choices=FIELDS,
        metavar="FIELD",
        help=f"compared beside the id; else what the file has of {', '.join(FIELDS)}",
    )
    parser.add_argument("--format", choices=FORMS, help="else seen from the first bytes")
    parser.add_argument("--url", metavar="URL", help="a server, instead of a store")
    parser.add_argument("--key", metavar="KEY", help="for it; better as PROMOSIGHT_KEY")
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Reconciles, and shows where the two sides differ."""
    span = arguments.begin is not None, arguments.until is not None
    if any(span) if arguments.day is not None else not all(span):
        raise Invalid("give --day, or --from and --until")
    time = Time(arguments.day, arguments.begin, arguments.until)
    try:
        with _server(arguments, console) as server:
            currency = str(server.receipts(arguments.source, limit=1)["currency"])
            events = _events(arguments, console, currency)
            done = reconcile(server, arguments.source, events, time, arguments.fields)
    except ClientError as error:
        raise Invalid(error.detail, pointer=getattr(error, "pointer", None)) from None
    if arguments.json:
        console.answer(done._asdict())
    else:
        _show(console, done)
    return 0 if done.is_equal else 1


@contextmanager
def _server(arguments: argparse.Namespace, console: Console) -> Iterator[Exchange]:
    if arguments.url is not None:
        try:  # an extra, and nothing that a store here needs
            from promosight.client.promosight import Promosight
        except ImportError as error:
            raise Invalid(str(error)) from None
        with Promosight(arguments.url, arguments.key or "") as client:
            yield client
        return
    with opened_store(arguments, console) as store:
        workspace_no = store.read(lambda tx: find_workspace(tx, arguments.workspace))
        yield Here(store, console, workspace_no)


def _events(arguments: argparse.Namespace, console: Console, currency: str) -> list[Json]:
    """The file's events as they are told. Raises Invalid naming the row."""
    events = []
    with opened(arguments.file, console.stdin) as file:
        for number, record in enumerate(records_of(file, arguments.format or file.form), start=1):
            told = told_of(record, currency)
            if isinstance(told, Rejection):
                raise Invalid(f"event {number} of the file: {told.detail}", pointer=told.pointer)
            said = side_of(told) or {}
            if record.get("currency") is None:
                del said["currency"]
            events.append({"event_id": told.event_id, **said})
    return events


def _show(console: Console, done: Reconciled) -> None:
    receipt = done.receipt
    said, found = receipt["said"], receipt["found"]
    console.say(f"{receipt['source']}, {receipt['day'] or receipt['from']}: {receipt['outcome']}")
    for name in ("redemptions", "reversals"):
        console.say(f"  {name:12} {said[name]:>12,} said {found[name]:>12,} found")
    for name in ("order_value", "reward_value"):
        for currency in sorted({*(said[name] or {}), *(found[name] if said[name] else {})}):
            both = (side[name].get(currency, "0") for side in (said, found))
            console.say("  {:12} {:>12} said {:>12} found {}".format(name, *both, currency))
    differing = [one for one in done.differences if one["state"] != "pending"]
    for one in differing[:_SHOWN]:
        console.say(f"  {_line(one)}")
    if len(differing) > _SHOWN:
        console.say(f"  and {len(differing) - _SHOWN:,} more: see --json")
    if waiting := found["outcomes"].get("pending"):
        console.say(f"Of those found, {waiting:,} wait and are not counted yet.")
    if done.left_out:
        console.say(f"Left out: {plural(done.left_out, 'event')} of another time.")
    if not done.is_equal and not differing:
        console.say(f"No event differs in {', '.join(receipt['fields']) or 'its id'}.")


def _line(one: Json) -> str:
    said, found = one["said"] or {}, one["found"] or {}
    parts = [
        f"{name}: {said.get(name, 'none')} said, {found.get(name, 'none')} found"
        for name in one["fields"]
    ]
    why = f" ({one['reason']})" if one["reason"] else ""
    return f"{one['event_id']}  {_SAYS[one['state']]}{why}" + "".join(f"; {p}" for p in parts)
