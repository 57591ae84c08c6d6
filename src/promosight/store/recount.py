"""Counting anew: the portable SQL of `metrics/`, run on whatever engine is at hand.

An engine is no more than a function that takes one statement and gives its rows. Most statements
are plain SELECTs that become tables, so the same text serves DuckDB, PostgreSQL and, where tables
are views, Spark. The inputs are loaded between `create_inputs` and `recount` by the caller, who
knows how its engine reads files.

Facts of one customer belong together and those of two never do, so that customers may be counted slice by slice: what
each slice comes to is kept, and added up after the last.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

Row = tuple[Any, ...]
Ask = Callable[[str], list[Row]]
"""One statement in; its rows out, if it has any."""

_HEAD = re.compile(r"^-- (name|repeat): (\w+)$", re.MULTILINE)


KEPT = frozenset(
    {
        "cell",
        "latest_seen",
        "promised_by_limit",
        "taken_by_limit",
        "spent_by_limit",
        "arm",
        "closed_cost",
        "reserved",
    }
)
"""What a slice leaves behind for the whole."""
SLICED = ("known_customer", "ledger_assignment", "ledger_event", "ledger_outcome", "local_day")
"""The inputs of which each slice has its own rows."""
_OF_A_SLICE = ("metrics", "cells", "money")


def in_short(error: Exception) -> str:
    """What an error of DuckDB comes to: of one that is told as JSON within a sentence, its message."""
    found = re.search(r'"exception_message":"(.*?[^\\])"', str(error))
    return found[1].replace('\\"', "") if found else str(error)


def as_of_system(error: Exception, path: Path) -> OSError:
    """The error of the system that one of DuckDB comes from, when it could not write this file."""
    found = re.search(r'"errno":"(\d+)"', str(error))
    if found:
        return OSError(int(found[1]), os.strerror(int(found[1])), str(path))
    return OSError(errno.EIO, in_short(error), str(path))


class Step(NamedTuple):
    """One statement. A `repeat` adds rows to the table it names until none come."""

    name: str
    text: str
    repeat: bool


def steps(part: str) -> list[Step]:
    """The statements of `inputs`, `metrics`, `cells`, `money`, `whole`, `comparison` or `training`, in order."""
    text = files("promosight.store").joinpath("metrics", f"{part}.sql").read_text()
    heads = _HEAD.split(text)
    return [
        Step(name, _without_comments(body), kind == "repeat")
        for kind, name, body in zip(heads[1::3], heads[2::3], heads[3::3], strict=True)
    ]


def create_inputs(ask: Ask) -> None:
    """Makes the empty tables that the metrics read, and the views between."""
    for step in steps("inputs"):
        ask(step.text)


def recount(ask: Ask) -> int:
    """Computes every verdict and figure from the inputs; returns the rounds that matching took."""
    rounds = count_slice(ask)
    add_up(ask)
    return rounds


def count_slice(ask: Ask, *, first: bool = True) -> int:
    """Computes what the facts at hand come to, and keeps it; returns the rounds that matching took."""
    rounds = 0
    for part in _OF_A_SLICE:
        for step in steps(part):
            if step.repeat:
                rounds += _repeat(ask, step)
            elif step.name in KEPT and not first:
                ask(f"INSERT INTO {step.name} {step.text}")
            else:
                ask(f"CREATE TEMPORARY TABLE {step.name} AS {step.text}")
    return rounds


def forget_slice(ask: Ask) -> None:
    """Makes room for the facts of the next slice."""
    for part in _OF_A_SLICE:
        for step in steps(part):
            if step.name not in KEPT and not step.repeat:
                ask(f"DROP TABLE {step.name}")
    for step in steps("inputs"):
        if step.name in SLICED:
            ask(f"DROP TABLE {step.name}")
            ask(step.text)


def add_up(ask: Ask) -> None:
    """Computes every figure from what the slices came to."""
    for step in steps("whole"):
        ask(f"CREATE TEMPORARY TABLE {step.name} AS {step.text}")


def _repeat(ask: Ask, step: Step) -> int:
    rounds, before, now = 0, -1, 0
    while now > before:
        ask(f"INSERT INTO {step.name} {step.text}")
        before, now = now, ask(f"SELECT COUNT(*) FROM {step.name}")[0][0]
        rounds += 1
    return rounds


def comparison() -> dict[str, str]:
    """The statements that find differences, by name."""
    return {step.name: step.text for step in steps("comparison")}


def _without_comments(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return "\n".join(lines).strip().rstrip(";")
