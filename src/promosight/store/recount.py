"""Counting anew: the portable SQL of `metrics/`, run on whatever engine is at hand.

An engine is no more than a function that takes one statement and gives its rows. Most statements
are plain SELECTs that become tables, so the same text serves DuckDB, PostgreSQL and, where tables
are views, Spark. The inputs are loaded between `create_inputs` and `recount` by the caller, who
knows how its engine reads files.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any, NamedTuple

Row = tuple[Any, ...]
Ask = Callable[[str], list[Row]]
"""One statement in; its rows out, if it has any."""

_HEAD = re.compile(r"^-- (name|repeat): (\w+)$", re.MULTILINE)


class Step(NamedTuple):
    """One statement. A `repeat` adds rows to the table it names until none come."""

    name: str
    text: str
    repeat: bool


def steps(part: str) -> list[Step]:
    """The statements of `inputs`, `metrics`, `cells`, `money` or `comparison`, in order."""
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
    rounds = 0
    for step in (*steps("metrics"), *steps("cells"), *steps("money")):
        if step.repeat:
            rounds += _repeat(ask, step)
        else:
            ask(f"CREATE TEMPORARY TABLE {step.name} AS {step.text}")
    return rounds


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
