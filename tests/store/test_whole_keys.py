"""Statements that name every dimension do so: PostgreSQL finds cells by their whole key only."""

from __future__ import annotations

import re

import pytest

from promosight.rules.tallies import DIMENSIONS
from promosight.store.statements import load

_NAMED = re.compile(r"dimension IN \(([0-9, ]+)\)")


@pytest.mark.parametrize("name", ["drop_tallies", "drop_held_tallies"])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_counters_of_every_dimension_are_emptied(engine: str, name: str) -> None:
    named = _NAMED.search(load(engine)[name].text)
    assert named is not None
    assert [int(one) for one in named[1].split(",")] == [*range(len(DIMENSIONS))]
