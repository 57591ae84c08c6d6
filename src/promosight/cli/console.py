"""What a command sees of the world outside: the environment, the clock, the terminal.

Answers go to stdout, for people or as one JSON object; everything else (progress, notes, failures) to stderr,
so that a pipe carries answers only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO

import msgspec

from promosight.errors import PromosightError, naming

STANDARD_OUTPUT = "standard output"
"""What it is called where it cannot be written to."""


class Stopped(PromosightError):
    """Whoever asked for the work was interrupted; what works on in another thread ends with its next step."""


class Bar:
    """A progress bar with rate and, where the total is known, the time left."""

    def __init__(
        self, what: str, *, total: int | None, unit: str, file: TextIO, shown: bool
    ) -> None:
        from tqdm import tqdm  # only long work needs it

        self._bar = tqdm(
            desc=what,
            total=total,
            unit=unit,
            unit_scale=True,
            unit_divisor=1024 if unit == "B" else 1000,
            file=file,
            disable=not shown,
            dynamic_ncols=True,
            mininterval=0.2,
            leave=False,
        )
        self._stopped = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stopped = kind is not None and issubclass(kind, KeyboardInterrupt)
        self._bar.close()

    def advance(self, count: int) -> None:
        """So much more is done. Raises Stopped when nobody waits for it any more."""
        if self._stopped:
            raise Stopped("it was interrupted")
        self._bar.update(count)

    def reach(self, done: int, note: str = "") -> None:
        """So much is done in all."""
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def begin(self, what: str, total: int | None = None) -> None:
        """Something else begins, from nothing; how long it is, where that is known."""
        self._bar.reset(total)
        self._bar.set_description_str(what)


@dataclass
class Console:
    """The terminal, the environment and the clock (microseconds since 1970) of one run."""

    environment: Mapping[str, str]
    clock: Callable[[], int]
    stdin: BinaryIO
    out: TextIO
    err: TextIO
    wants_json: bool = False
    answered: bool = False
    """Whether an answer was given, or begun: then a failure is none any more."""

    def say(self, text: str = "") -> None:
        """A line of the answer, for people."""
        with naming(STANDARD_OUTPUT):
            print(text, file=self.out, flush=True)

    def note(self, text: str) -> None:
        """A line beside the answer."""
        print(text, file=self.err, flush=True)

    def answer(self, value: Any) -> None:
        """The whole answer as one JSON object."""
        self.answered = True
        self.say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())

    def fail(
        self, line: str, code: str, detail: str | None = None, pointer: str | None = None
    ) -> int:
        """Says in one line what went wrong, to programs as their answer too; the exit code."""
        if self.wants_json and not self.answered:
            self.answer({"error": {"code": code, "detail": detail or line, "pointer": pointer}})
        self.note("promosight: " + " ".join(line.split()))
        return 1

    def table(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Rows with their columns aligned; the first is the heading."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.say("  ".join(cells).rstrip())

    def bar(self, what: str, *, total: int | None, unit: str) -> Bar:
        """A progress bar with rate and ETA; silent unless on a terminal or PROMOSIGHT_PROGRESS=1."""
        shown = self.environment.get("PROMOSIGHT_PROGRESS") == "1" or self.err.isatty()
        return Bar(what, total=total, unit=unit, file=self.err, shown=shown)


def plural(count: int, word: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def of_this_process(environment: Mapping[str, str], clock: Callable[[], int]) -> Console:
    """The console of the running process."""
    return Console(environment, clock, sys.stdin.buffer, sys.stdout, sys.stderr)
