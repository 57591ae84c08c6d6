"""`promosight certify URL --key KEY`: proves that a server takes events exactly once, and signs what it found."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promosight.certify.place import CannotCertify
from promosight.certify.running import Wanted, Watching, certify
from promosight.certify.signing import BadKey, BadReport, checked, key_at, signed
from promosight.cli.console import Bar, Console, plural
from promosight.cli.options import add_store, count, take_from_environment
from promosight.errors import Invalid

REPORT, KEY = "promosight-conformance.json", "promosight-conformance.pem"


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "certify",
        help="prove that a running server takes events exactly once",
        description="Sends duplicates, reorderings, skew and partial failures to a server's sandbox workspace, "
        "counts for itself, compares every figure, and signs a report (docs/certify.md).",
    )
    add_store(parser)
    parser.add_argument("url", nargs="?", metavar="URL", help="the address of the server")
    parser.add_argument("--key", metavar="KEY", help="an admin key of a sandbox workspace")
    parser.add_argument("--seed", type=count, default=7, metavar="N", help="the same, the same (7)")
    parser.add_argument("--events", type=count, default=10_000, metavar="N", help="facts (10000)")
    parser.add_argument("--live", action="store_true", help="also in a workspace with live figures")
    parser.add_argument("--report", default=REPORT, metavar="FILE", help=f"({REPORT})")
    parser.add_argument(
        "--sign-with", metavar="FILE", help=f"Ed25519 key ({KEY} beside the report)"
    )
    parser.add_argument("--check", metavar="REPORT", help="only check the signature of a report")
    parser.add_argument("--signer", metavar="SHA256:...", help="with --check: who must have signed")
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Certifies, or checks a report. Raises Invalid."""
    try:
        if arguments.check is not None:
            return _check(arguments, console)
        return _certify(arguments, console)
    except (BadKey, BadReport, CannotCertify) as error:
        raise Invalid(str(error)) from None


def _certify(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.url is None or arguments.key is None:
        raise Invalid("certify needs the URL of a server and --key with an admin key of a sandbox")
    path = Path(arguments.report)
    key = key_at(Path(arguments.sign_with) if arguments.sign_with else path.with_name(KEY))
    wanted = Wanted(arguments.url, arguments.key, arguments.seed, arguments.events, arguments.live)
    with console.bar("certify", total=None, unit=" facts") as bar:
        report = certify(wanted, _Shown(console, bar))
    whole = signed(report, key)
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if arguments.json:
        console.answer(whole)
    else:
        _summarize(report, whole["signature"]["signer"], path, console)
    return 0 if report["result"] == "passed" else 1


class _Shown(Watching):
    """Progress on the terminal."""

    def __init__(self, console: Console, bar: Bar) -> None:
        self._console, self._bar = console, bar

    def begin(self, what: str, total: int | None = None) -> None:
        """Something else begins."""
        self._bar.begin(what, total)

    def advance(self, count: int) -> None:
        """So much more is done."""
        self._bar.advance(count)

    def failed(self, line: str) -> None:
        """A check failed for the first time."""
        self._console.note(f"failed: {line}")


def _summarize(report: dict[str, Any], signer: str, path: Path, console: Console) -> None:
    facts, sent, checks = report["facts"], report["sent"], report["checks"]
    console.say(f"{report['server']['address']} (version {report['server']['version']})")
    told = ", ".join(f"{number:,} {kind}" for kind, number in facts.items())
    console.say(f"sent: {told}; {plural(sent['requests'], 'request')}, seed {report['seed']}")
    for one in report["findings"]:
        if one["result"] == "failed":
            console.say(f"FAILED {one['name']} ({one['failed']} of {one['tried']})")
            console.say(f"       {one['stands_for']}")
            for said in one["differences"]:
                console.say(
                    f"       {said['what']}: expected {said['expected']}, found {said['found']}"
                )
        elif one["result"] == "skipped":
            console.say(f"skipped {one['name']}: {one['why']}")
    console.say(
        f"{report['result'].upper()}: {checks['passed']} of {checks['of']} checks passed, "
        f"{checks['failed']} failed, {checks['skipped']} skipped"
    )
    console.say(f"report: {path}, signed by {signer}")


def _check(arguments: argparse.Namespace, console: Console) -> int:
    found = checked(Path(arguments.check).read_bytes())
    if arguments.signer is not None and arguments.signer != found.signer:
        raise BadReport(f"it is signed by {found.signer}")
    report = found.report
    if arguments.json:
        console.answer({"signer": found.signer, "result": report.get("result"), "report": report})
        return 0
    server = report.get("server") or {}
    console.say(f"the signature fits: signed by {found.signer}")
    console.say(
        f"{str(report.get('result')).upper()}: {server.get('address')} (version {server.get('version')}), "
        f"seed {report.get('seed')}, {report.get('ended_at')}"
    )
    return 0
