"""The liability of a promotion: committed, unredeemed, unexpired, by the clock of whoever asks, now and as of a moment.

One brand that gives vouchers of 5 euros until the second of November, and worlds in which everything happens at once.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from promosight.flows.figures import unredeemed
from promosight.flows.figures.funnel import funnel
from promosight.flows.figures.liability import Liability
from promosight.flows.figures.of_promotions import list_promotions
from promosight.flows.figures.told_then import funnel_then
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.reporting.withdraw import withdraw
from promosight.flows.reserving.granting import Reserve
from promosight.flows.reserving.reservations import Change, Confirm, Release, change_reservations
from promosight.rules.facts import Assignment, Event, assignment_from, event_from
from promosight.rules.identity import BUCKETS
from promosight.rules.instants import HOUR_US, format_instant, parse_instant
from promosight.rules.money import MICROS, parse_amount
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.catalogue import Workspace, load
from promosight.store.engine import Store
from promosight.store.rows import AssignmentRow, EventRow
from promosight.store.tx import Tx
from tests.flows.worlds import (
    MINUTE_US,
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    begin_import,
    define,
    deliver,
    end_import,
    facts,
    open_workspace,
    source_number,
)

GIVEN_US = parse_instant("2026-10-10T12:00:00Z")
USED_US = parse_instant("2026-10-20T12:00:00Z")
EXPIRES_US = parse_instant("2026-11-02T00:00:00Z")
LIMITED = [{"measure": "reward", "amount": "500"}]


class Brand:
    """A brand with one promotion at a time, of which everything happens on the day its name says."""

    def __init__(self, store: Store, promotion_id: str = "global", **terms: Any) -> None:
        self.store = store
        self.workspace = open_workspace(store)
        self.number = self.workspace.workspace_no
        self.promotion_id = promotion_id
        self.define(**terms)

    def define(self, **terms: Any) -> None:
        define(self.store, self.workspace, self.promotion_id, **{"limits": LIMITED} | terms)

    def gives(self, *customers: str, **said: Any) -> None:
        """Assigns to each; what is said more is said of all of them."""
        deliver(
            self.store,
            self.workspace,
            [given(self.promotion_id, one, **said) for one in customers],
            received_us=GIVEN_US,
        )

    def hears(self, *events: Event, received_us: int = USED_US) -> None:
        deliver(self.store, self.workspace, [*events], received_us=received_us)

    def withdraws(self, assignment_id: str) -> None:
        self.store.change(lambda tx: withdraw(tx, self.number, assignment_id, now_us=USED_US))

    def makes(self, *changes: Change) -> None:
        self.store.change(lambda tx: change_reservations(tx, list(changes)))

    def liability(self, now_us: int = USED_US) -> Liability:
        """The liability at a moment; it counts the very assignments that the funnel says are open."""
        found = self.store.read(
            lambda tx: funnel(tx, self.number, self.promotion_id, now_us=now_us)
        )
        assert found.liability.assignments == found.open
        assert found.as_of == format_instant(now_us)
        return found.liability

    def known(self, known_us: int, now_us: int = NOW_US) -> Liability:
        """What was known of it at a moment."""
        found = self.store.read(
            lambda tx: funnel_then(tx, self.number, self.promotion_id, known_us, now_us=now_us)
        )
        assert found.liability.assignments == found.open
        assert found.as_of == format_instant(known_us)
        return found.liability

    def committed(self, now_us: int = USED_US) -> str:
        """What is committed of its budget."""
        (shown,) = self.store.read(
            lambda tx: list_promotions(tx, self.number, now_us=now_us, ids={self.promotion_id})
        )
        committed: str = shown["figures"]["usage"][0]["committed"]
        return committed


def given(promotion_id: str, customer_id: str, **said: Any) -> Assignment:
    """One that expires at the beginning of the second of November."""
    wire = {
        "promotion_id": promotion_id,
        "customer_id": customer_id,
        "assigned_at": format_instant(GIVEN_US),
        "expires_at": format_instant(EXPIRES_US),
    }
    fact = assignment_from(msgspec.convert(wire | said, ReportedAssignment), received_us=GIVEN_US)
    assert isinstance(fact, Assignment)
    return fact


def used(event_id: str, customer_id: str, promotion_id: str = "global", **said: Any) -> Event:
    return told(event_id=event_id, customer_id=customer_id, promotion_id=promotion_id, **said)


def undone(event_id: str, reward_value: str | None = None) -> Event:
    """A reversal of the redemption of that id, or of a part of it."""
    return told(
        event_id=f"r-{event_id}", type="reversal", reverses=event_id, reward_value=reward_value
    )


def told(**said: Any) -> Event:
    wire = {"redeemed_at": format_instant(USED_US - HOUR_US)} | said
    fact = event_from(
        msgspec.convert(wire, ReportedEvent), received_us=USED_US, tracking_from_us=TRACKING_US
    )
    assert isinstance(fact, Event)
    return fact


def amounts(found: Liability) -> tuple[int, dict[str, str], dict[str, str]]:
    return found.assignments, found.reward_value, found.reward_units


def test_what_is_committed_and_neither_redeemed_nor_expired_is_the_liability(store: Store) -> None:
    """P7, S24: in money to the cent, beside the number of assignments; expired by the clock alone."""
    brand = Brand(store)
    assert amounts(brand.liability()) == (0, {"EUR": "0.00"}, {})
    brand.gives("ann", "bob", "cat")
    brand.gives("dan", reward_value="7.25")
    assert brand.liability().reward_value == {"EUR": brand.committed()} == {"EUR": "22.25"}
    brand.hears(used("a", "ann"))
    assert amounts(brand.liability()) == (3, {"EUR": "17.25"}, {})
    assert brand.committed() == "22.25"
    # A cheaper redemption than promised leaves nothing of its assignment open.
    brand.hears(used("d", "dan", reward_value="1.00"))
    assert amounts(brand.liability()) == (2, {"EUR": "10.00"}, {})
    brand.gives("eve", expires_at=None)
    assert amounts(brand.liability(EXPIRES_US - 1)) == (3, {"EUR": "15.00"}, {})
    assert amounts(brand.liability(EXPIRES_US)) == (1, {"EUR": "5.00"}, {})


def test_a_reversed_redemption_is_open_again_and_one_reversed_in_part_is_not(store: Store) -> None:
    """P7, P5: whatever is left of it was redeemed."""
    brand = Brand(store)
    brand.gives("ann", "bob")
    brand.hears(used("a", "ann"), used("b", "bob"))
    assert amounts(brand.liability()) == (0, {"EUR": "0.00"}, {})
    brand.hears(undone("a"), undone("b", "2.00"))
    assert amounts(brand.liability()) == (1, {"EUR": "5.00"}, {})
    assert amounts(brand.liability(EXPIRES_US)) == (0, {"EUR": "0.00"}, {})


def test_withdrawn_control_and_earlier_assignments_are_none(store: Store) -> None:
    """P7: as they are not committed."""
    brand = Brand(store)
    brand.gives("ann", assignment_id="gone")
    brand.gives("bob", control=True)
    brand.gives("cat", assigned_at=format_instant(TRACKING_US - 1))
    assert brand.liability().assignments == 1
    brand.withdraws("gone")
    assert amounts(brand.liability()) == (0, {"EUR": "0.00"}, {})


def test_an_assignment_with_several_uses_is_open_until_the_first(store: Store) -> None:
    """P7: it is committed once, and redeemed by its first redemption."""
    brand = Brand(store, max_redemptions=3)
    brand.gives("ann", "bob")
    assert brand.liability().reward_value == {"EUR": brand.committed()} == {"EUR": "10.00"}
    brand.hears(used("a", "ann"))
    assert amounts(brand.liability()) == (1, {"EUR": "5.00"}, {})
    brand.hears(used("a2", "ann"))
    assert amounts(brand.liability()) == (1, {"EUR": "5.00"}, {})


def test_redemptions_of_nobodys_assignment_leave_the_liability_alone(store: Store) -> None:
    """P7: excess and unassigned cost, and fulfil no promise."""
    brand = Brand(store)
    brand.gives("ann", "bob")
    brand.hears(used("a", "ann"), used("more", "ann"), used("guest", "guest"))
    assert amounts(brand.liability()) == (1, {"EUR": "5.00"}, {})


def test_units_are_told_by_their_name_and_never_as_money(store: Store) -> None:
    """S24, P7: spins are spins."""
    brand = Brand(store, "personal")
    brand.gives("ann")
    brand.gives("bob", reward_value="35")
    assert amounts(brand.liability()) == (2, {}, {"spins": "55"})
    brand.hears(used("a", "ann", "personal"))
    assert amounts(brand.liability()) == (1, {}, {"spins": "35"})


def test_of_percentages_only_their_number_is_known(store: Store) -> None:
    """S24, P7: what they cost is told when they are used; one that names its value promises that."""
    brand = Brand(store, "cashback", status="active")
    brand.gives("ann", "bob", "cat")
    found = brand.liability()
    assert amounts(found) == (3, {}, {})
    assert found.without_value == 3
    brand.hears(used("a", "ann", "cashback", reward_value="3.10"))
    brand.gives("dan", reward_value="4.50")
    found = brand.liability()
    assert amounts(found) == (3, {"EUR": "4.50"}, {})
    assert found.without_value == 2


def test_currencies_stand_side_by_side(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """S24: nothing is converted; of a large promotion as of a small one."""
    brand = Brand(store)
    brand.gives("ann", "bob")
    brand.gives("cat", "dan", "eve", reward_value="6.50", currency="CHF")
    brand.gives("fay", reward_value="9.00", currency="USD")
    brand.hears(used("c", "cat"))
    expected: tuple[int, dict[str, str], dict[str, str]]
    expected = (5, {"CHF": "13.00", "EUR": "10.00", "USD": "9.00"}, {})
    assert amounts(brand.liability()) == expected
    assert amounts(brand.liability(EXPIRES_US)) == (0, {"EUR": "0.00"}, {})
    monkeypatch.setattr(unredeemed, "_FEW", 0)
    monkeypatch.setattr(unredeemed, "_SHARE", 1_000)
    assert amounts(brand.liability()) == expected


def test_sums_of_the_largest_amounts_are_exact(store: Store) -> None:
    """N1, S24: a thousand times the largest amount, to the millionth."""
    brand = Brand(store)
    people = [f"c{n}" for n in range(1_000)]
    brand.gives(*people, reward_value="9999999999.999999")
    assert brand.liability().reward_value == {"EUR": "9999999999999.999"}
    assert brand.known(USED_US).reward_value == {"EUR": "9999999999999.999"}


def test_reservations_count_while_they_are_held_and_then_as_what_became_of_them(
    store: Store,
) -> None:
    """P7, P8: held, confirmed, released, run out; as `committed` counts them."""
    brand = Brand(store)
    source_no = source_number(store, brand.workspace)

    def wish(name: str, minutes: int = 60) -> Reserve:
        ttl_us = minutes * MINUTE_US
        return Reserve(brand.number, "global", name, None, ttl_us, name, USED_US)

    brand.makes(wish("kept"), wish("given-back"), wish("forgotten", 30))
    brand.gives("ann")
    held = brand.liability()
    assert (amounts(held), held.reserved) == ((1, {"EUR": "20.00"}, {}), 3)
    assert brand.committed() == "20.00"
    later_us = USED_US + MINUTE_US
    brand.makes(
        Confirm(brand.number, source_no, "kept", None, later_us),
        Release(brand.number, "given-back", later_us),
    )
    found = brand.liability(later_us)
    assert (amounts(found), found.reserved) == ((2, {"EUR": "15.00"}, {}), 1)
    assert brand.committed(later_us) == "15.00"
    found = brand.liability(USED_US + 30 * MINUTE_US)
    assert (amounts(found), found.reserved) == ((2, {"EUR": "10.00"}, {}), 0)
    # What was known before anything became of them.
    assert brand.known(USED_US) == held


def test_reservations_alone_are_a_liability(store: Store) -> None:
    """P7, P8: nobody was assigned anything yet."""
    brand = Brand(store)
    brand.makes(Reserve(brand.number, "global", "ann", None, HOUR_US, "one", USED_US))
    found = brand.liability()
    assert (amounts(found), found.reserved) == ((0, {"EUR": "5.00"}, {}), 1)
    assert brand.liability(USED_US + HOUR_US).reward_value == {"EUR": "0.00"}


def test_as_of_a_moment_it_is_what_it_was(store: Store) -> None:
    """N5, P7: before it was redeemed, and by the reward of then."""
    brand = Brand(store)
    brand.gives("ann", "bob", "cat")
    before = brand.liability(USED_US - 2 * HOUR_US)
    brand.hears(used("a", "ann"))
    after = brand.liability()
    define_us = USED_US + HOUR_US
    brand.store.change(lambda tx: redefine(tx, brand.workspace, define_us, "8.00"))
    assert brand.liability(NOW_US - 1) == brand.known(NOW_US - 1)
    assert brand.liability(define_us).reward_value == {"EUR": "16.00"}
    assert brand.known(USED_US - 2 * HOUR_US) == before
    assert brand.known(USED_US) == after
    assert amounts(after) == (2, {"EUR": "10.00"}, {})
    assert amounts(brand.known(EXPIRES_US)) == (0, {"EUR": "0.00"}, {})


def redefine(tx: Tx, workspace: Workspace, now_us: int, value: str) -> None:
    """The reward of the promotion is another one from a moment on."""
    reward = {"type": "amount", "currency": "EUR", "value": value}
    definition = msgspec.convert(PROMOTIONS["global"] | {"reward": reward}, Promotion)
    put_promotion(tx, workspace.workspace_no, "global", definition, now_us=now_us)


def test_an_import_moves_it_at_its_end(store: Store) -> None:
    """S13, P7: a redemption, a reversal and an assignment it brings; nobody sees half of them."""
    brand = Brand(store)
    brand.gives("ann", "bob")
    brand.gives("cat", expires_at=None)
    brand.hears(used("b", "bob"))
    before = brand.liability()
    import_no = begin_import(store, brand.workspace)
    late = [used("a", "ann"), undone("b"), given("global", "dan", reward_value="9.00")]
    deliver(store, brand.workspace, late, import_no=import_no, received_us=USED_US + 1)
    assert brand.liability() == before
    assert amounts(before) == (2, {"EUR": "10.00"}, {})
    end_import(store, brand.workspace, import_no)
    assert amounts(brand.liability()) == (3, {"EUR": "19.00"}, {})


def test_of_very_many_it_says_when_it_was_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P7: its cost is bounded, and the answer honest."""
    monkeypatch.setattr(unredeemed, "MANY", 2)
    keeping = unredeemed._KEEPING._replace(us_each=1_000, moved=2)
    monkeypatch.setattr(unredeemed, "_KEEPING", keeping)
    brand = Brand(store)
    brand.gives(*[f"c{n}" for n in range(10)])
    counted = brand.liability()

    def later(after_us: int) -> Liability:
        return store.read(
            lambda tx: funnel(tx, brand.number, "global", now_us=USED_US + after_us)
        ).liability

    brand.hears(used("a", "c0"))
    kept = later(1)
    assert (amounts(kept), kept.counted_at) == (amounts(counted), format_instant(USED_US))
    assert amounts(later(10_000)) == (9, {"EUR": "45.00"}, {})
    assert later(10_000).counted_at is msgspec.UNSET


@pytest.mark.parametrize("seed", [31, 32])
@pytest.mark.parametrize("many", [False, True])
def test_in_any_world_it_is_what_a_patient_count_finds(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int, many: bool
) -> None:
    """P7, S24, S9: at any hour, of promotions of every kind, by the reward each assignment has in its definition."""
    if many:
        monkeypatch.setattr(unredeemed, "_FEW", 0)
        monkeypatch.setattr(unredeemed, "_SHARE", 1_000)
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    items = facts(seed)
    Random(seed).shuffle(items)
    deliver(store, workspace, items)
    number = workspace.workspace_no
    given_ids = {one.assignment_id for one in items if isinstance(one, Assignment)}
    for gone in sorted(one for one in given_ids if one)[:3]:
        store.change(partial(withdraw, workspace_no=number, assignment_id=gone, now_us=NOW_US))
    hours = ("2026-11-01T22:30:00Z", "2026-11-01T23:25:00Z", "2026-11-23T12:00:00Z")
    for promotion_id in PROMOTIONS:
        for now_us in map(parse_instant, hours):
            look = partial(_both, workspace_no=number, promotion_id=promotion_id, now_us=now_us)
            shown, patiently = store.read(look)
            assert shown == patiently, (promotion_id, now_us)


def _both(tx: Tx, workspace_no: int, promotion_id: str, now_us: int) -> tuple[Any, Any]:
    shown = funnel(tx, workspace_no, promotion_id, now_us=now_us).liability
    promotion_no = load(tx, workspace_no).by_id[promotion_id].promotion_no
    sums = {**shown.reward_value, **shown.reward_units}
    found = Counter({name: parse_amount(text) for name, text in sums.items()})
    return (shown.assignments, +found), _patiently(tx, promotion_id, promotion_no, now_us)


def _patiently(
    tx: Tx, promotion_id: str, promotion_no: int, now_us: int
) -> tuple[int, Counter[str]]:
    keys: list[tuple[int, int, int]] = []
    for bucket in range(BUCKETS):
        where = {"bucket": bucket, "promotion_no": promotion_no, "after": -1, "limit": 1_000}
        keys += [(bucket, promotion_no, row[0]) for row in tx.all("groups_of_promotion", **where)]
    events = [EventRow(*row) for row in tx.all_for("events_of_groups", keys)]
    taken = {(e.customer_no, e.slot) for e in events if e.live and e.slot is not None}
    number, sums = 0, Counter[str]()
    for a in (AssignmentRow(*row) for row in tx.all_for("assignments_of_groups", keys)):
        if a.control or a.withdrawn_us is not None or a.assigned_us < TRACKING_US:
            continue
        late = a.expires_us is not None and a.expires_us <= now_us
        if late or (a.customer_no, a.slot) in taken:
            continue
        number += 1
        sums[_promised_in(promotion_id)] += _promised(promotion_id, a)
    return number, +sums


def _promised_in(promotion_id: str) -> str:
    reward = PROMOTIONS[promotion_id].get("reward", {})
    return str(reward.get("unit") or reward.get("currency") or "EUR")


def _promised(promotion_id: str, a: AssignmentRow) -> int:
    """By the definition alone: its own value, else its tier's, else the promotion's."""
    if a.reward_micros is not None:
        return a.reward_micros
    terms = PROMOTIONS[promotion_id]
    tiers = {one["tier_id"]: one["reward_value"] for one in terms.get("tiers", [])}
    stated = tiers.get(a.tier_id) or terms.get("reward", {}).get("value", "0")
    return int(float(stated) * MICROS)
