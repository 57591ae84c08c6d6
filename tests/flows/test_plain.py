"""The plain way in says and counts what settling every group would (decision 7)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from random import Random
from typing import Any

import msgspec
import pytest

from promosight.flows.checking.verify import verify
from promosight.flows.figures.breakdowns import DIMENSIONS
from promosight.flows.imports.publish import finish_import, start_import
from promosight.flows.ledger import acquainted
from promosight.flows.people.erase import erase
from promosight.flows.people.find_customer import number_of
from promosight.flows.reporting import many, many_assignments, used_already
from promosight.flows.reporting.intake import Delivery, Receipt
from promosight.flows.reporting.report import report
from promosight.rules.facts import Assignment, Event, assignment_from, event_from
from promosight.rules.instants import format_instant
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.sheets import Sheet
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.rows import Arrival
from promosight.store.tx import Tx
from tests.flows.worlds import (
    MINUTE_US,
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    define,
    facts,
    open_workspace,
    shown,
    source_number,
)

COUNTED = tuple(by for by in DIMENSIONS if by != "code")


def settled(tx: Tx, deliveries: list[Delivery]) -> list[Sequence[Receipt]]:
    """Reports as after a lost race: nothing is taken for plain."""
    tx.attempt = 2
    return report(tx, deliveries)


def opened_with_promotions(store: Store) -> Workspace:
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    return workspace


def send(
    store: Store, flow: Any, items: Any, *, import_no: int = 0, brief: bool = False
) -> list[Receipt]:
    workspace_no = 1
    arrival = Arrival(workspace_no, 1, import_no, NOW_US)
    answers: list[Receipt] = store.write(flow, Delivery(arrival, items, brief))
    return answers


def heard(receipts: list[Receipt]) -> list[tuple[Any, ...]]:
    return [(r.event_id, r.outcome, r.promotion_id, r.assignment_id, r.reason) for r in receipts]


def granted(number: int, **fields: Any) -> Any:
    told = {"promotion_id": "global", "customer_id": f"c-{number}", "assigned_at": at(0)} | fields
    return assignment_from(ReportedAssignment(**told), received_us=NOW_US)


def redeemed(event_id: str, number: int, **fields: Any) -> Any:
    told = {"promotion_id": "global", "customer_id": f"c-{number}", "redeemed_at": at(90)} | fields
    reported = ReportedEvent(event_id=event_id, **told)
    return event_from(reported, received_us=NOW_US, tracking_from_us=TRACKING_US)


def at(minute: int) -> str:
    return format_instant(TRACKING_US + 40 * 1_440 * MINUTE_US + minute * MINUTE_US)


def wide(seed: int, customers: int) -> list[Any]:
    """Facts of so many customers, most of them plain."""
    random = Random(seed)
    found: list[Any] = []
    for number in range(customers):
        promotion = random.choice(["global", "tiered", "personal", "cashback"])
        both = {"promotion_id": promotion}
        kind: dict[str, Any] = {
            "tier_id": random.choice([None, "gold", "silver"]),
            "segment": random.choice([None, "vip", "new"]),
            "channel": random.choice([None, "email", "push"]),
            "expires_at": random.choice([None, None, at(60), at(600)]),
            "reward_value": random.choice([None, None, "3.00"]),
            "currency": random.choice([None, None, "USD"]),
            "control": random.random() < 0.03,
        }
        found.append(granted(number, **both, **kind))
        if random.random() < 0.05:
            found.append(granted(number, **both, assigned_at=at(5), campaign_id="again"))
        if random.random() < 0.5:
            money: dict[str, str | None] = random.choice(
                [{}, {"reward_value": "5.00"}, {"currency": "GBP"}]
            )
            order = {"order_value": random.choice([None, "12.50"]), "tier_id": kind["tier_id"]}
            event = redeemed(f"e-{number}", number, **both, **order, **money)
            found += [event] * random.choice([1, 1, 1, 2])
            if random.random() < 0.05:
                found.append(redeemed(f"again-{number}", number, **both, redeemed_at=at(95)))
    for number in range(20):
        found.append(redeemed(f"nobody-{number}", customers + number))
    random.shuffle(found)
    return found


@pytest.mark.parametrize("size", [1, 60, 3_000])
def test_plain_facts_count_as_if_every_group_were_settled(
    store: Store, other: Store, size: int
) -> None:
    """N1: outcomes, receipts and figures, in transactions of any size."""
    items = wide(size, 40 if size == 1 else 1_500)
    here, there = opened_with_promotions(store), opened_with_promotions(other)
    for start in range(0, len(items), size):
        some = items[start : start + size]
        assert heard(send(store, report, some)) == heard(send(other, settled, some))
    assert shown(store, here) == shown(other, there)
    assert verify(store, None).differences == []


def test_of_several_assignments_a_redemption_takes_the_one_that_settling_says(
    store: Store, other: Store
) -> None:
    """S33: the one given last that may be used and is in time, or the one that it names."""
    later: list[dict[str, Any]] = [
        *({}, {"assigned_at": at(0)}, {"control": True}, {"expires_at": at(60)}),
        *({"assigned_at": at(120)}, {"reward_value": "3.00"}, {"max_redemptions": 1}),
    ]
    naming: list[dict[str, Any]] = [{}, {"campaign_id": "first"}, {"assignment_id": "a-%d"}]
    given, events = [], []
    for number, (more, named) in enumerate(product(later, naming)):
        told = {"assignment_id": f"a-{number}", "campaign_id": "first"}
        given += [granted(number, **told), granted(number, **{"assigned_at": at(5)} | more)]
        names = {name: text.replace("%d", str(number)) for name, text in named.items()}
        events.append(redeemed(f"e-{number}", number, **names))
    for here, flow in ((store, report), (other, settled)):
        opened_with_promotions(here)
        send(here, flow, given)
    assert heard(send(store, report, events)) == heard(send(other, settled, events))
    assert verify(store, None).differences == []


def sheeted(kind: type[Any], items: list[Any]) -> Sheet:
    """Facts as the readers of bodies and files give thousands: some are alone, as if they had been in doubt, and
    all reversals, as they always are."""
    columns = columns_of(items)
    alone = {
        row: one
        for row, one in enumerate(items)
        if row % 97 == 5 or (isinstance(one, Event) and one.reverses is not None)
    }
    return Sheet(kind, columns, {}).apart(alone)


def test_thousands_of_one_kind_count_as_if_every_group_were_settled(
    store: Store, other: Store
) -> None:
    """N1: as columns, too, when they come again, and with an import that runs meanwhile."""
    items = wide(7, 2_300)
    here, there = opened_with_promotions(store), opened_with_promotions(other)
    ahead = ReportedEvent(event_id="r-1", type="reversal", reverses="e-1")
    reversal = event_from(ahead, received_us=NOW_US, tracking_from_us=TRACKING_US)
    coded = redeemed("coded", 3, promo_code="SPRING")
    unknown = [redeemed(f"unknown-{n}", n, promotion_id="nobody-defined") for n in range(9)]
    both = [store, other]
    imports = [
        one.change(lambda tx: start_import(tx, 1, 1, kind="redemptions", name="a", now_us=NOW_US))
        for one in both
    ]
    for import_no, some in (
        (0, [reversal]),
        (0, [one for one in items[:2_000] if isinstance(one, Assignment)]),
        (imports[0], [one for one in items[:2_900] if isinstance(one, Event)] + [coded]),
        (0, [one for one in items if isinstance(one, Assignment)]),
        (0, [*unknown, *(one for one in items[::-1] if isinstance(one, Event)), *unknown]),
    ):
        sheet = sheeted(type(some[0]), some)
        told = send(store, report, sheet, import_no=import_no, brief=True)
        expected = send(other, settled, some, import_no=import_no, brief=True)
        assert [(r.outcome, r.reason) for r in told] == [(r.outcome, r.reason) for r in expected]
    for one, import_no in zip(both, imports, strict=True):
        one.change(partial(finish_import, workspace_no=1, import_no=import_no, now_us=NOW_US))
    assert shown(store, here) == shown(other, there)
    assert verify(store, None).differences == []


def test_an_erased_customer_whom_thousands_name_again_is_a_new_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P18: who is known is remembered from batch to batch, and looked up anew once somebody was erased."""
    monkeypatch.setattr(many, "MANY", 1)
    opened_with_promotions(store)
    first = [granted(n) for n in range(3)]
    second = [granted(n, promotion_id="tiered", tier_id="gold") for n in range(3)]
    send(store, report, sheeted(Assignment, first), brief=True)
    store.change(lambda tx: erase(tx, 1, "c-1", "abcdef", now_us=NOW_US))
    told = send(store, report, sheeted(Assignment, second), brief=True)
    assert [one.outcome for one in told] == ["counted"] * 3
    named = store.read(lambda tx: {number_of(tx, 1, f"c-{number}") for number in range(3)})
    assert len(named) == 3
    assert verify(store, None).differences == []


@pytest.mark.parametrize("seed", range(21, 29))
def test_sheets_of_any_size_say_what_settling_says(
    store: Store, other: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N1: also of one row, of groups full of facts, and where nothing is plain; whoever of the customers is kept."""
    monkeypatch.setattr(many, "MANY", 1)
    monkeypatch.setattr(many_assignments, "ASKED_APART", seed % 2)
    monkeypatch.setattr(acquainted, "KEPT", 4 if seed % 3 else 200)
    monkeypatch.setattr(used_already, "CROWDED", 100 * (seed % 2))
    monkeypatch.setattr(used_already, "FEW_FOR_EACH", 1 + seed % 3)
    items = facts(seed) + facts(seed)
    random = Random(seed)
    random.shuffle(items)
    here, there = opened_with_promotions(store), opened_with_promotions(other)
    while items:
        some, items = items[: (size := random.choice([1, 3, 20, 80]))], items[size:]
        for kind in (Assignment, Event):
            if its := [one for one in some if isinstance(one, kind)]:
                told = send(store, report, sheeted(kind, its), brief=True)
                expected = send(other, settled, its, brief=True)
                assert [(r.outcome, r.reason) for r in told] == [
                    (r.outcome, r.reason) for r in expected
                ]
    assert shown(store, here) == shown(other, there)
    assert verify(store, None).differences == []


def odd(random: Random) -> tuple[list[Any], list[Any]]:
    """Assignments, most customers having one, and redemptions of which most are a second use, or take nothing."""
    promotions = ["global", "tiered", "personal", "cashback"]
    given, used = [], []
    for number in range(30):
        for promotion in random.sample(promotions, 2):
            limits: dict[str, Any] = {"max_redemptions": random.choice([None, None, 1, 3])}
            ends = {"expires_at": random.choice([None, at(95)]), "control": random.random() < 0.1}
            named = {"assignment_id": f"a-{number}-{promotion}", "campaign_id": "mail"}
            worth = {
                "tier_id": random.choice([None, "gold"]),
                "promo_code": f"{promotion}-{number}",
            }
            both = {"promotion_id": promotion}
            given.append(granted(number, **both, **limits, **ends, **named, **worth))
            if random.random() < 0.1:
                given.append(granted(number, **both, assigned_at=at(5)))
    for number in range(120):
        promotion, customer = random.choice([*promotions, "draft", "past", "gone"]), number % 33
        if random.random() < 0.8:
            one = random.choice(given)
            promotion, customer = one.promotion_id, int(one.customer_id[2:])
        named = random.choice([{}, {}, {}, {"campaign_id": "mail"}, {"campaign_id": "other"}])
        named |= random.choice([{}, {}, {}, {"assignment_id": f"a-{customer}-{promotion}"}])
        named |= random.choice([{}, {}, {}, {"promo_code": f"{promotion}-{customer}"}])
        money: dict[str, str | None] = random.choice(
            [{}, {"reward_value": "5.00"}, {"currency": "USD"}]
        )
        money |= {"order_value": random.choice([None, "12.50"]), "order_id": f"o-{number}"}
        said = {"tier_id": random.choice([None, "silver"]), "redeemed_at": at(90 + number % 9)}
        used.append(
            redeemed(f"e-{number}", customer, promotion_id=promotion, **named, **money, **said)
        )
    return given, random.sample(used + random.choices(used, k=12), k=132)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_odd_among_many_is_what_settling_says(
    store: Store, other: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N1: several uses of one group, and those that take nothing: the same facts, receipts and figures."""
    monkeypatch.setattr(many, "MANY", 1)
    monkeypatch.setattr(used_already, "CROWDED", 100 * (seed % 2))
    monkeypatch.setattr(used_already, "FEW_FOR_EACH", 1 + seed % 3)
    random = Random(seed)
    given, used = odd(random)
    here, there = opened_with_promotions(store), opened_with_promotions(other)
    cut = random.choice([20, 60, 132])
    for some in (given, used[:cut], used[cut:], used[:cut]):
        if some:
            told = send(store, report, Sheet(type(some[0]), columns_of(some), {}), brief=True)
            expected = send(other, settled, some, brief=True)
            assert odd_ones(told) == odd_ones(expected)
    identities = sorted({(1, one.event_id) for one in used})
    kept = [one.read(partial(_events, identities)) for one in (store, other)]
    assert kept[0] == kept[1]
    assert shown(store, here) == shown(other, there)
    assert verify(store, None).differences == []


def columns_of(items: list[Any]) -> list[Any]:
    return [*zip(*map(msgspec.structs.astuple, items), strict=True)]


def odd_ones(receipts: list[Receipt]) -> list[tuple[Any, ...]]:
    """What is told of each; of what counts or comes again its outcome and reason alone."""
    return [
        (r.outcome, r.reason) if r.outcome in ("counted", "duplicate") else (*heard([r])[0], r)
        for r in receipts
    ]


def _events(identities: list[tuple[int, str]], tx: Tx) -> list[Any]:
    return sorted(tx.all_for("events_by_identity", identities), key=lambda row: row[4:6])


@pytest.mark.parametrize(
    "said",
    [
        {"promo_code": "SPRING"},
        {"promo_code": "SPRING", "promotion_id": None},
        {"promotion_id": "nobody-defined"},
        {"customer_id": "nobody"},
    ],
)
def test_a_sheet_of_which_nothing_is_plain_is_settled(
    store: Store, other: Store, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MANY", 1)
    here, there = opened_with_promotions(store), opened_with_promotions(other)
    for some in (
        [granted(n) for n in range(4)],
        [redeemed(f"e-{n}", n, **said) for n in range(4)],
    ):
        told = send(store, report, sheeted(type(some[0]), some), brief=True)
        expected = send(other, settled, some, brief=True)
        assert [r.outcome for r in told] == [r.outcome for r in expected]
    assert shown(store, here) == shown(other, there)


@pytest.mark.parametrize("seed", [11, 12])
def test_dense_groups_are_told_from_plain_ones(store: Store, other: Store, seed: int) -> None:
    items = facts(seed) * 2
    Random(seed).shuffle(items)
    here, there = opened_with_promotions(store), opened_with_promotions(other)
    for start in range(0, len(items), 7):
        some = items[start : start + 7]
        assert heard(send(store, report, some)) == heard(send(other, settled, some))
    assert shown(store, here) == shown(other, there)


def test_a_brief_receipt_keeps_outcome_and_reason(store: Store) -> None:
    opened_with_promotions(store)
    send(store, report, [granted(1), granted(2)])
    items = [redeemed("e-1", 1, reward_value="9.00"), redeemed("e-2", 2), redeemed("e-3", 3)]
    told = [(r.outcome, r.reason) for r in send(store, report, items, brief=True)]
    counted = [("counted", "value_mismatch"), ("counted", None)]
    assert told == [*counted, ("pending", "unknown_customer")]
    again = [(r.outcome, r.reason) for r in send(store, report, items[:2], brief=True)]
    assert again == [("duplicate", "value_mismatch"), ("duplicate", None)]


def test_an_id_another_group_holds_is_a_conflict_and_its_neighbours_count(store: Store) -> None:
    """P2, P3: also when the first was told of another customer."""
    opened_with_promotions(store)
    send(store, report, [granted(1), granted(2), granted(3)])
    assert send(store, report, [redeemed("e-1", 1)])[0].outcome == "counted"
    answers = send(store, report, [redeemed("e-1", 2), redeemed("e-2", 3)])
    assert [(r.outcome, r.reason) for r in answers] == [
        ("rejected", "event_conflict"),
        ("counted", None),
    ]
    assert verify(store, None).differences == []


def test_the_first_content_of_an_id_within_a_batch_is_the_fact(store: Store) -> None:
    opened_with_promotions(store)
    send(store, report, [granted(1), granted(2)])
    answers = send(store, report, [redeemed("e-1", 1, promo_code="SPRING"), redeemed("e-1", 2)])
    assert [r.outcome for r in answers] == ["counted", "rejected"]


def test_a_redemption_whose_reversal_came_first_is_reversed_at_once(store: Store) -> None:
    """P5: may arrive first."""
    workspace = opened_with_promotions(store)
    send(store, report, [granted(1), granted(2)])
    reversal = ReportedEvent(event_id="r-1", type="reversal", reverses="e-1")
    ahead = event_from(reversal, received_us=NOW_US, tracking_from_us=TRACKING_US)
    assert send(store, report, [ahead])[0].reason == "unknown_original"
    answers = send(store, report, [redeemed("e-1", 1), redeemed("e-2", 2)])
    assert [r.outcome for r in answers] == ["counted", "counted"]
    assert b'"redeemed":1' in shown(store, workspace, ("tier",))
    assert verify(store, None).differences == []


def test_a_reversal_goes_along_with_a_redemption_that_is_corrected(store: Store) -> None:
    """P5: into a group of which nothing else is known, too."""
    opened_with_promotions(store)
    told = ReportedEvent(event_id="r-1", type="reversal", reverses="e-1")
    reversal = event_from(told, received_us=NOW_US, tracking_from_us=TRACKING_US)
    answers = [
        send(store, report, [item])[0].outcome
        for item in (
            redeemed("e-1", 1, promotion_id="draft"),
            reversal,
            redeemed("e-1", 2, promotion_id="nobody-defined"),
        )
    ]
    assert answers == ["rejected", "counted", "pending"]
    assert verify(store, None).differences == []


def test_plain_facts_of_an_import_and_beside_it_show_at_its_end(store: Store) -> None:
    """S13: before the end readers see nothing of the groups it touched, afterwards all."""
    workspace = opened_with_promotions(store)
    source_number(store, workspace)
    before = shown(store, workspace, COUNTED)
    import_no = store.change(
        lambda tx: start_import(
            tx, workspace.workspace_no, 1, kind="assignments", name="a", now_us=NOW_US
        )
    )
    send(store, report, [granted(1), granted(2)], import_no=import_no)
    send(store, report, [redeemed("e-1", 1)])
    assert shown(store, workspace, COUNTED) == before
    store.change(lambda tx: finish_import(tx, workspace.workspace_no, import_no, now_us=NOW_US))
    assert b'"assigned":2,"redeemed":1' in shown(store, workspace, COUNTED)
    assert verify(store, None).differences == []


def test_two_of_one_customer_in_one_batch_hear_what_each_counts_as(store: Store) -> None:
    """The earlier one takes the assignment, wherever it stands in the batch."""
    opened_with_promotions(store)
    send(store, report, [granted(1)])
    late, early = redeemed("late", 1, redeemed_at=at(80)), redeemed("early", 1, redeemed_at=at(70))
    assert [r.outcome for r in send(store, report, [late, early])] == ["excess", "counted"]


def test_an_event_that_comes_again_together_with_what_it_waited_for_is_a_duplicate(
    store: Store,
) -> None:
    """N1: the code that it named is issued in the same transaction; other content under its id is a conflict."""
    opened_with_promotions(store)
    by_code: dict[str, Any] = {"promotion_id": None, "promo_code": "OWN"}
    waits = redeemed("e", 1, **by_code)
    told_otherwise = redeemed("e", 1, **by_code, order_value="9.00")
    undone = redeemed("undo", 1, **by_code, reverses="e", type="reversal", redeemed_at=at(95))
    assert [one.outcome for one in send(store, report, [granted(1)])] == ["counted"]
    assert [one.outcome for one in send(store, report, [waits, undone])] == ["pending", "counted"]
    issued = granted(1, promotion_id="personal", promo_code="OWN", assigned_at=at(1))
    answers = send(store, report, [issued, waits, undone, told_otherwise])
    assert [(one.outcome, one.reason) for one in answers] == [
        ("counted", None),
        ("duplicate", None),
        ("duplicate", None),
        ("rejected", "event_conflict"),
    ]
    assert [one.promotion_id for one in answers[:3]] == ["personal"] * 3
    assert verify(store, None).differences == []
