"""What a run sends follows from its seed (N14), and what it must come to from the set of what is sent."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from promosight.certify import world as worlds
from promosight.certify.chaos import WAYS, Delivery, deliveries, wrong_rows
from promosight.certify.counting import count
from promosight.certify.facts import DAY, SECOND, STYLES, instant
from promosight.certify.forms import Wrong
from promosight.rules.instants import parse_instant

END = 1_790_000_000 * SECOND
WINDOW = worlds.Window(END - 20 * DAY, END)


def made(seed: int, run: str = "r", facts: int = 400) -> worlds.World:
    return worlds.made(run, seed, facts, WINDOW, "EUR")


def sent(world: worlds.World, seed: int) -> list[Delivery]:
    wrong = wrong_rows(world.run, "p", END, WINDOW.start_us)
    return deliveries(world.facts, random.Random(seed), wrong)


def test_the_same_seed_sends_the_same() -> None:
    """N14: deterministic, but for times."""
    assert made(3).facts == made(3).facts
    assert [one.form.body(one.rows) for one in sent(made(3), 3)] == [
        one.form.body(one.rows) for one in sent(made(3), 3)
    ]
    assert made(3).facts != made(4).facts


def test_everything_is_sent_and_a_part_of_it_twice() -> None:
    """N14: duplicates, partial failures, reorderings, in every way and form."""
    world = made(5, facts=4_000)
    given = sent(world, 5)
    rows = Counter(row.name for one in given for row in one.rows if not isinstance(row, Wrong))
    assert rows.keys() == {fact.name for fact in world.facts}
    assert set(rows.values()) == {1, 2}
    assert {one.way for one in given} == set(WAYS)
    assert len({one.form.kind for one in given}) == 6
    assert any(isinstance(row, Wrong) for one in given for row in one.rows)


def test_every_outcome_is_among_the_stories_however_few() -> None:
    """N14: with all of counted, excess, unassigned, pending and flagged, and reversals."""
    world = made(9, facts=0)
    counted = count(world.terms.values(), world.assignments, world.events, set(), 0)
    outcomes = Counter(s.outcome for one in counted.values() for s in one.standings)
    assert outcomes.keys() == {"counted", "excess", "unassigned", "pending", "flagged"}
    assert any(not s.live for one in counted.values() for s in one.standings)


def test_the_count_does_not_depend_on_the_order_of_facts() -> None:
    """N14: it is a function of the set."""
    world = made(11)

    def counted() -> dict[str, Any]:
        found = count(world.terms.values(), world.assignments, world.events, set(), 0)
        return {
            name: (sorted(one.redeemed), Counter((s.outcome, s.cost) for s in one.standings))
            for name, one in found.items()
        }

    before = counted()
    random.Random(1).shuffle(world.assignments)
    random.Random(2).shuffle(world.events)
    assert counted() == before


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("us", [END, END + 1, END + 999_000])
def test_an_instant_is_the_same_however_it_is_written(style: str, us: int) -> None:
    assert parse_instant(instant(us, style)) == us
