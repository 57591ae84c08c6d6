"""Reservations with a clock of one's own: days, expiry, clocks that differ, counters that are folded meanwhile."""

from __future__ import annotations

from random import Random

import pytest

from promosight.errors import Conflict, PromosightError
from promosight.flows.figures.of_promotions import list_promotions
from promosight.flows.figures.watch_figures import WatchedFigures
from promosight.flows.ledger.counters import fold
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.reserving.granting import Reserve
from promosight.flows.reserving.reservations import Change, Confirm, Release, change_reservations
from promosight.rules.instants import LocalDays, parse_instant
from promosight.rules.promotions import Limit, Promotion
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.rows import Reservation
from promosight.store.tx import Tx
from tests.flows.worlds import MINUTE_US, open_workspace, source_number

EVENING_US = parse_instant("2026-11-01T22:50:00Z")
"""Shortly before a midnight in Vienna."""


class Grantor:
    """Asks for reservations of the promotion `p` at moments of its own."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        self.store = store
        self.number = workspace.workspace_no
        self.days = LocalDays(workspace.time_zone)
        self.source_no = source_number(store, workspace)
        self.asked = 0

    def define(self, *limits: Limit) -> None:
        p = Promotion(name="p", status="active", limits=list(limits))
        self.store.change(lambda tx: put_promotion(tx, self.number, "p", p, now_us=EVENING_US - 1))

    def make(self, *changes: Change) -> list[Reservation | PromosightError]:
        return self.store.change(lambda tx: change_reservations(tx, list(changes)))

    def wish(self, now_us: int, minutes: int = 15) -> Reserve:
        self.asked += 1
        ttl_us = minutes * MINUTE_US
        return Reserve(self.number, "p", f"c{self.asked}", None, ttl_us, f"r{self.asked}", now_us)

    def hold(self, now_us: int, minutes: int = 15) -> Reservation:
        (held,) = self.make(self.wish(now_us, minutes))
        assert isinstance(held, Reservation)
        return held

    def settle(self, one: Reservation, now_us: int) -> Reservation | PromosightError:
        found = self.make(Confirm(self.number, self.source_no, one.reservation_id, None, now_us))
        return found[0]

    def committed(self, now_us: int) -> list[str]:
        (shown,) = self.store.read(
            lambda tx: list_promotions(tx, self.number, now_us=now_us, ids={"p"})
        )
        return [one["committed"] for one in shown["figures"]["usage"]]


@pytest.fixture
def grantor(store: Store) -> Grantor:
    return Grantor(store, open_workspace(store))


def _refused(answer: object) -> str:
    assert isinstance(answer, Conflict)
    return answer.code


def test_those_who_ask_together_are_decided_one_after_the_other(grantor: Grantor) -> None:
    """N7: in one transaction, those who let go before those who ask."""
    grantor.define(Limit(measure="assignments", amount="3"))
    first = grantor.hold(EVENING_US)
    wishes = [grantor.wish(EVENING_US + 1) for _ in range(5)]
    release = Release(grantor.number, first.reservation_id, EVENING_US + 1)
    answers = grantor.make(*wishes, release)
    assert [isinstance(one, Reservation) for one in answers] == [True] * 3 + [False] * 2 + [True]
    assert _refused(answers[4]) == "cap_reached"


def test_a_confirmed_reservation_counts_on_the_day_it_was_granted(grantor: Grantor) -> None:
    """P7, P8: what was held before midnight takes no room of the next day."""
    grantor.define(Limit(measure="assignments", amount="1", window="daily"))
    held, morning_us = grantor.hold(EVENING_US), EVENING_US + 12 * MINUTE_US
    assert _refused(grantor.make(grantor.wish(EVENING_US + 1))[0]) == "cap_reached"
    assert grantor.committed(morning_us) == ["0"]
    assert isinstance(grantor.settle(held, morning_us), Reservation)
    assert grantor.committed(EVENING_US) == ["1"]
    assert grantor.committed(morning_us) == ["0"]
    grantor.hold(morning_us)
    assert _refused(grantor.make(grantor.wish(EVENING_US + 1))[0]) == "cap_reached"


def test_room_given_to_another_cannot_be_confirmed_by_a_slower_clock(grantor: Grantor) -> None:
    """N7: once somebody has seen it expire, it is."""
    grantor.define(Limit(measure="assignments", amount="1"))
    held = grantor.hold(EVENING_US, minutes=5)
    grantor.hold(EVENING_US + 5 * MINUTE_US)
    assert _refused(grantor.settle(held, EVENING_US + MINUTE_US)) == "reservation_expired"
    assert grantor.committed(EVENING_US + 6 * MINUTE_US) == ["1"]


def test_who_follows_is_told_of_reservations_and_of_their_end(grantor: Grantor) -> None:
    """P8, P9: held, let go, and expired by time alone."""
    grantor.define(Limit(measure="assignments", amount="9"))
    watched, reader = WatchedFigures(grantor.number), grantor.store.steady_reader()
    now_us = EVENING_US

    def told() -> int:
        moved = reader.read(lambda tx: watched.look(tx, now_us=now_us))
        return 0 if moved is None else len(moved.items)

    assert told() == 0
    one = grantor.hold(now_us, minutes=5)
    grantor.hold(now_us, minutes=9)
    assert (told(), told()) == (1, 0)
    grantor.make(Release(grantor.number, one.reservation_id, now_us))
    assert (told(), told()) == (1, 0)
    now_us += 9 * MINUTE_US
    assert (told(), told()) == (1, 0)
    assert grantor.committed(now_us) == ["0"]
    reader.close()


@pytest.mark.parametrize("seed", range(2))
def test_any_course_of_things_keeps_the_caps_exactly(grantor: Grantor, seed: int) -> None:
    """P7, P8, N7: a grant is refused if and only if a count made anew says that there is no room."""
    draw, now_us = Random(seed), EVENING_US - 60 * MINUTE_US
    grantor.define(
        Limit(measure="assignments", amount="4", window="daily"),
        Limit(measure="assignments", amount="9"),
    )
    there: dict[str, tuple[Reservation, str]] = {}

    def taken() -> list[Reservation]:
        return [
            one
            for one, state in there.values()
            if state == "confirmed" or (state == "held" and one.expires_us > now_us)
        ]

    def fold_all(tx: Tx) -> None:
        fold(tx, grantor.number)

    for _ in range(80):
        now_us += draw.randrange(6) * MINUTE_US
        today = grantor.days.day(now_us)
        there_now = taken()
        same_day = [one for one in there_now if grantor.days.day(one.created_us) == today]
        assert grantor.committed(now_us) == [str(len(same_day)), str(len(there_now))]
        lot = draw.random()
        if lot < 0.6:
            (answer,) = grantor.make(grantor.wish(now_us, minutes=draw.choice((1, 10, 40))))
            assert isinstance(answer, Reservation) == (len(same_day) < 4 and len(there_now) < 9)
            if isinstance(answer, Reservation):
                there[answer.reservation_id] = answer, "held"
        elif lot < 0.9 and there:
            one, state = there[draw.choice(sorted(there))]
            if draw.random() < 0.4:
                confirmed = isinstance(grantor.settle(one, now_us), Reservation)
                assert confirmed == (one in there_now)
                if confirmed:
                    there[one.reservation_id] = one, "confirmed"
            elif state != "confirmed":
                grantor.make(Release(grantor.number, one.reservation_id, now_us))
                there[one.reservation_id] = one, "released"
        else:
            grantor.store.change(fold_all)
