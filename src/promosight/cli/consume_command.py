"""`promosight consume`: reports what comes in a Kafka topic to a server, as a member of a consumer group.

It ends by SIGTERM or SIGINT, with `--until-end` by itself, and after a mistake that waiting would not mend.
"""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promosight.cli.console import Bar, Console, plural
from promosight.cli.options import add_store, take_from_environment
from promosight.errors import Invalid, PromosightError
from promosight.rules.instants import SECOND_US

if TYPE_CHECKING:
    from promosight.consume.delivering import Refused
    from promosight.consume.running import Progress

KINDS = ("redemptions", "assignments", "outcomes")
_PATIENCE_SECONDS = 60.0
_SAID_EVERY_US = 10 * SECOND_US
_SHOWN = 20
"""Refused messages said one by one; all of them are kept by the server, under problems."""


class Failed(PromosightError):
    """The consumer cannot go on."""


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "consume",
        help="report what comes in a Kafka topic to a server",
        description="Each message is one event, in our JSON or a CloudEvent (docs/pipelines.md).",
    )
    parser.add_argument("--brokers", required=True, metavar="HOST:PORT,...", help="of Kafka")
    parser.add_argument("--topic", required=True, metavar="T")
    parser.add_argument(
        "--group", default="promosight", metavar="G", help="consumer group (promosight)"
    )
    parser.add_argument(
        "--kind", choices=KINDS, default=KINDS[0], help="of all events (redemptions)"
    )
    parser.add_argument(
        "--cloudevents", action="store_true", help="CloudEvents also where no header says so"
    )
    parser.add_argument("--kafka-config", metavar="FILE", help="NAME=VALUE lines: TLS, SASL, ...")
    parser.add_argument("--url", required=True, metavar="URL", help="of the server to report to")
    parser.add_argument(
        "--key", required=True, metavar="KEY", help="of the source; better as PROMOSIGHT_KEY"
    )
    parser.add_argument(
        "--from-beginning", action="store_true", help="wherever the group was before"
    )
    parser.add_argument(
        "--until-end", action="store_true", help="end when all that lies there now is reported"
    )
    add_store(parser)  # neither is asked: what every command takes
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Consumes until it is told to end. Raises Failed, Invalid."""
    if arguments.cloudevents and arguments.kind != "redemptions":
        raise Invalid("CloudEvents carry redemptions and reversals only: leave out --kind")
    started_us = console.clock()
    with console.bar(arguments.topic, total=None, unit=" messages") as bar:
        last = _consumed(arguments, console, _Shown(console, bar))
    seconds = (console.clock() - started_us) / SECOND_US
    if arguments.json:
        told = {"messages": last.messages, "outcomes": dict(sorted(last.outcomes.items()))}
        console.answer(told | {"lag": last.lag, "seconds": round(seconds, 3)})
    else:
        console.say(_line(last, seconds))
    return 0


def _consumed(arguments: argparse.Namespace, console: Console, shown: _Shown) -> Progress:
    try:  # extras, and nothing that other commands need
        from promosight.client.errors import ClientError
        from promosight.client.line import Line
        from promosight.consume.delivering import NotTaken
        from promosight.consume.running import Consuming, Heard
        from promosight.consume.topic import KafkaFailed, Topic, Wanted, settings_of
    except ImportError as error:
        raise Invalid(str(error)) from None
    settings = Path(arguments.kafka_config).read_text() if arguments.kafka_config else ""
    ending = _told_to_end()
    try:
        line = Line(arguments.url, arguments.key, _PATIENCE_SECONDS, None)
    except ClientError as error:
        raise Failed(str(error)) from None
    try:
        wanted = Wanted(
            arguments.brokers,
            arguments.topic,
            arguments.group,
            from_beginning=arguments.from_beginning,
            until_end=arguments.until_end,
            settings=settings_of(settings),
        )
        consuming = Consuming(
            Topic(wanted, console.note),
            line,
            arguments.kind,
            envelopes=arguments.cloudevents,
            heard=Heard(shown.progress, shown.refused, console.note),
            ending=ending,
        )
        return consuming.run()
    except NotTaken as error:
        raise Failed(f"the server says {error.problem.code}: {error.problem.detail}") from None
    except KafkaFailed as error:
        raise Failed(str(error)) from None
    finally:
        line.close()


def _told_to_end() -> threading.Event:
    """Set by SIGTERM and by SIGINT, of which a second one interrupts as it does elsewhere."""
    ending = threading.Event()

    def told(number: int, _: object) -> None:
        ending.set()
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    return ending


class _Shown:
    """What people see meanwhile: a bar on a terminal, else a line every ten seconds."""

    def __init__(self, console: Console, bar: Bar) -> None:
        self._console, self._bar = console, bar
        self._refused = self._messages = 0
        self._at_us = console.clock()

    def progress(self, now: Progress) -> None:
        self._bar.reach(now.messages, _tail(now))
        at_us = self._console.clock()
        if self._console.err.isatty() or at_us < self._at_us + _SAID_EVERY_US:
            return
        if now.messages > self._messages:
            seconds = (at_us - self._at_us) / SECOND_US
            rate = (now.messages - self._messages) / seconds
            self._console.note(f"{_line(now)}, {rate:,.0f} a second")
        self._messages, self._at_us = now.messages, at_us

    def refused(self, one: Refused) -> None:
        self._refused += 1
        if self._refused <= _SHOWN:
            what = f"{one.why.reason} {one.why.pointer}".strip()
            self._console.note(f"refused and kept: {one.message.place}: {what}: {one.why.detail}")
        elif self._refused == _SHOWN + 1:
            self._console.note("more are refused; all of them are kept under problems")


def _line(now: Progress, seconds: float | None = None) -> str:
    in_all = f" in {seconds:.1f} s" if seconds is not None else ""
    return f"{plural(now.messages, 'message')}{in_all}{_tail(now)}"


def _tail(now: Progress) -> str:
    outcomes = sorted(now.outcomes.items(), key=lambda pair: -pair[1])
    told = "".join(f", {count:,} {outcome}" for outcome, count in outcomes)
    return told + (f"; {now.lag:,} ahead" if now.lag is not None else "")
