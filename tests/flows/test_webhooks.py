"""P11: webhooks are told of what came true, once for each fact, signed, again until they take it, for three days.

The worker is asked for one round at a time, with a clock of ours, over real stores and a real receiver.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from promosight.flows.figures.raise_alerts import AlertWatch, raise_alerts
from promosight.flows.ledger import announcing
from promosight.flows.ledger.rematch import rebuild
from promosight.flows.people.erase import erase
from promosight.flows.reporting.withdraw import withdraw
from promosight.flows.webhooks import telling
from promosight.flows.webhooks.setting_up import (
    remove_webhook,
    rotate_secret,
)
from promosight.flows.webhooks.telling import Outgoing, Sent
from promosight.flows.webhooks.webhook_messages import send_again
from promosight.rules.instants import DAY_US, HOUR_US, SECOND_US, format_instant, parse_instant
from promosight.rules.webhooks import Attempt, secret_of
from promosight.store.engine import Store, open_store
from promosight.worker.webhooks import WebhookWorker
from tests.flows.telling import SECRET, World, given, reversal, used
from tests.flows.worlds import (
    NOW_US,
    begin_import,
    define,
    deliver,
    end_import,
)
from tests.receiving import Receiver, receiving


@pytest.fixture
def world(store_url: str) -> Iterator[World]:
    store = open_store(store_url, now_us=NOW_US)
    yield World(store)
    store.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_a_redemption_and_its_reversal_are_told_signed_and_in_the_words_of_the_api(
    world: World, receiver: Receiver
) -> None:
    world.webhook(receiver.url)
    world.assign("ann")
    assert world.redeem(used("ann", order_value="64.90")) == ["counted"]
    assert world.worker.once() == 1
    assert world.redeem(reversal("r-ann", "e-ann")) == ["counted"]
    assert world.worker.once() == 1
    counted, undone = receiver.received
    assert counted.is_signed_by(SECRET)
    assert not counted.is_signed_by(secret_of(b"another secret"))
    assert counted.headers["content-type"] == "application/json"
    assert counted.headers["webhook-timestamp"] == str(NOW_US // SECOND_US)
    said = counted.said
    assert (said["type"], said["timestamp"]) == ("redemption.counted", format_instant(NOW_US))
    about = {name: said["data"][name] for name in ("event_id", "source", "outcome", "live")}
    assert about == {"event_id": "e-ann", "source": "default", "outcome": "counted", "live": True}
    named = {name: said["data"][name] for name in ("promotion_id", "customer_id", "assignment_id")}
    assert named == {"promotion_id": "global", "customer_id": "ann", "assignment_id": "a-ann"}
    assert (said["data"]["cost"], said["data"]["currency"]) == ("5.00", "EUR")
    assert undone.said["type"] == "redemption.reversed"
    assert undone.said["data"]["reported"]["reverses"] == "e-ann"
    assert [one["state"] for one in world.deliveries()] == ["delivered", "delivered"]
    assert world.worker.once() == 0


def test_each_fact_is_told_once_whatever_way_it_came_in(world: World, receiver: Receiver) -> None:
    """By itself, among thousands, twice, ahead of its assignment, ahead of the one it reverses."""
    world.webhook(receiver.url)
    crowd = [f"c{n}" for n in range(1_010)]
    world.assign("ann", *crowd)
    assert world.redeem(used("ann")) == ["counted"]
    assert world.redeem(used("ann")) == ["duplicate"]
    assert world.redeem(used("early")) == ["pending"]
    assert world.redeem(reversal("r-later", "e-later")) == ["pending"]
    world.redeem(*(used(one) for one in crowd))
    assert world.worker.once() == 1_011
    world.assign("early", "later")
    world.redeem(used("later"), used("ann", "f-again"), used("nobody"))
    world.worker.once()
    counted = receiver.about("redemption.counted")
    assert counted == sorted(["e-ann", "e-early", "e-later", *(f"e-{one}" for one in crowd)])
    assert receiver.about("redemption.reversed") == ["r-later"]
    assert len({one.id for one in receiver.received}) == len(receiver.received)
    world.store.change(lambda tx: rebuild(tx, world.no))
    assert world.worker.once() == 0


def test_what_counts_only_once_another_makes_room_is_told_then(
    world: World, receiver: Receiver
) -> None:
    world.webhook(receiver.url)
    world.assign("ann")
    assert world.redeem(used("ann", "e1"), used("ann", "e2")) == ["counted", "excess"]
    world.worker.once()
    assert receiver.about("redemption.counted") == ["e1"]
    world.redeem(reversal("r1", "e1"))
    world.worker.once()
    assert receiver.about("redemption.counted") == ["e1", "e2"]
    assert receiver.about("redemption.reversed") == ["r1"]


def test_an_import_is_told_when_its_figures_are_published(world: World, receiver: Receiver) -> None:
    world.webhook(receiver.url)
    import_no = begin_import(world.store, world.workspace)
    world.assign("ann", "ben", *(f"c{n}" for n in range(1_010)), import_no=import_no)
    world.redeem(used("ann"), import_no=import_no)
    world.redeem(*(used(f"c{n}") for n in range(1_010)), import_no=import_no)
    world.redeem(used("ben"))  # not of the import, but its group waits for it
    assert world.worker.once() == 0
    end_import(world.store, world.workspace, import_no)
    assert world.worker.once() == 1_012
    assert world.redeem(used("nobody"), reversal("r", "e-ben")) == ["pending", "counted"]
    assert world.worker.once() == 1


def test_nobody_is_told_what_they_did_not_ask_for(world: World, receiver: Receiver) -> None:
    """Types, moments and workspaces; and without a webhook facts leave no word at all."""
    world.assign("ann", "ben", "cleo")
    world.redeem(used("ann"))
    assert _words(world) == 0
    world.webhook(receiver.url, "redemption.reversed")
    world.redeem(used("ben"))
    assert _words(world) == 0
    world.redeem(reversal("r", "e-ben"))
    assert _words(world) == 1
    assert world.worker.once() == 1
    world.enable(False)
    world.redeem(reversal("s", "e-ann"))
    assert _words(world) == 0
    world.enable(True)
    assert world.worker.once() == 0
    world.store.change(lambda tx: remove_webhook(tx, world.no, "wh_1"))
    world.redeem(reversal("t", "e-ben"))
    assert _words(world) == 0
    assert receiver.kinds == ["redemption.reversed"]


def _words(world: World) -> int:
    return len(
        world.store.read(
            lambda tx: tx.all(
                "next_announcements",
                workspace_no=world.no,
                webhook_no=0,
                published_import_no=2**40,
                limit=10_000,
            )
        )
    )


def test_a_crossed_threshold_is_told_once(world: World, receiver: Receiver) -> None:
    define(
        world.store, world.workspace, "global", limits=[{"measure": "redemptions", "amount": "4"}]
    )
    world.webhook(receiver.url, "promotion.cap_threshold")
    world.assign("ann", "ben", "cleo")

    def look() -> None:
        rows = world.store.read(lambda tx: AlertWatch(world.no).look(tx, now_us=world.now_us))
        world.store.change(lambda tx: raise_alerts(tx, rows))

    world.redeem(used("ann"), used("ben"))
    look()
    assert world.worker.once() == 1
    look()  # another server that has just begun sees all of it anew
    assert world.worker.once() == 0
    (one,) = receiver.received
    wanted = {"promotion_id": "global", "measure": "redemptions", "threshold": 50, "limit": "4"}
    assert {name: one.said["data"][name] for name in wanted} == wanted
    world.redeem(used("cleo"), used("ann", "more"))
    look()
    world.worker.once()
    assert [one.said["data"]["threshold"] for one in receiver.received][:1] == [50]
    assert len(receiver.received) == len({one.id for one in receiver.received})


def test_each_silence_of_a_source_is_told_once(world: World, receiver: Receiver) -> None:
    world.webhook(receiver.url, "source.overdue")
    world.assign("ann")
    assert world.worker.once() == 0
    world.now_us += 6 * HOUR_US + SECOND_US
    assert world.worker.once() == 1
    assert world.worker.once() == 0
    said = receiver.received[0].said
    due = format_instant(NOW_US + 6 * HOUR_US)
    assert (said["type"], said["timestamp"], said["data"]) == (
        "source.overdue",
        due,
        {
            "source": "default",
            "cadence": "realtime",
            "due_at": due,
            "last_heard_at": format_instant(NOW_US),
        },
    )


def test_a_message_that_is_not_taken_is_sent_again_for_three_days_and_then_given_up(
    world: World, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 500
    world.webhook(receiver.url, "redemption.counted")
    world.assign("ann", "ben")
    world.redeem(used("ann"))
    waits: list[int] = []
    while True:
        assert world.worker.once() == 1
        (one,) = world.deliveries()
        if one["next_attempt_at"] is None:
            break
        assert world.worker.once() == 0  # not before it is due
        due_us = NOW_US + _since(one["next_attempt_at"])
        waits.append((due_us - world.now_us) // SECOND_US)
        world.now_us = due_us
    assert waits[:8] == [10, 30, 90, 270, 810, 2430, 7290, 21600]
    assert sum(waits) == 3 * DAY_US // SECOND_US
    assert (one["state"], one["attempts"], one["last_status"]) == ("failed", len(waits) + 1, 500)
    bodies = {received.body for received in receiver.received}
    assert len({received.id for received in receiver.received}) == len(bodies) == 1
    assert (world.find().disabled, world.find().failing_since_us) == ("failing", NOW_US)
    world.redeem(used("ben"))
    assert world.worker.once() == 0
    receiver.answer = lambda _: 204
    world.enable(True)
    world.store.change(
        lambda tx: send_again(tx, world.no, "wh_1", one["delivery_id"], now_us=world.now_us)
    )
    assert world.worker.once() == 1
    assert receiver.received[-1].id == receiver.received[0].id
    assert [one["state"] for one in world.deliveries()] == ["delivered"]


def _since(text: str) -> int:
    return parse_instant(text) - NOW_US


def test_a_receiver_says_when_it_wants_to_hear_of_it_again_or_that_it_never_does(
    world: World, receiver: Receiver
) -> None:
    receiver.answer = lambda _: (503, {"Retry-After": "3600"})
    world.webhook(receiver.url)
    world.assign("ann", "ben")
    world.redeem(used("ann"))
    world.worker.once()
    assert _since(world.deliveries()[0]["next_attempt_at"]) == HOUR_US
    world.now_us += HOUR_US
    receiver.answer = lambda _: (302, {"Location": "http://127.0.0.1:1/"})
    world.worker.once()
    assert world.deliveries()[0]["last_error"] == "a redirect is not followed"
    receiver.answer = lambda _: 410
    world.now_us += HOUR_US
    world.worker.once()
    assert world.deliveries()[0]["state"] == "failed"
    assert world.find().disabled == "gone"
    world.redeem(used("ben"))
    assert _words(world) == 0


def test_what_waited_for_a_receiver_is_sent_at_once_when_it_answers_again(
    world: World, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 500
    world.webhook(receiver.url)
    world.assign("ann", "ben", "cleo")
    world.redeem(used("ann"), used("ben"))
    world.worker.once()
    receiver.answer = lambda _: 204
    world.redeem(used("cleo"))
    assert world.worker.once() == 3
    assert world.find().failing_since_us is None
    assert {one["state"] for one in world.deliveries()} == {"delivered"}


def test_a_dead_receiver_keeps_nobody_waiting_and_little_lies_ready_for_it(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (announcing, telling):
        monkeypatch.setattr(module, "MOST", 100)
    world.webhook("http://127.0.0.1:9/", named="wh_dead")
    world.webhook(receiver.url)
    crowd = [f"c{n}" for n in range(300)]
    world.assign(*crowd)
    world.redeem(*(used(one) for one in crowd))
    world.worker.once()
    assert len(receiver.received) == 300
    dead = world.deliveries("wh_dead")
    assert {one["state"] for one in dead} == {"waiting"}
    assert len(dead) == 100
    assert dead[0]["last_status"] is None
    assert world.find("wh_dead").failing_since_us is not None
    assert world.find().failing_since_us is None


def test_who_is_killed_while_sending_leaves_the_message_to_another(
    world: World, receiver: Receiver, store_url: str
) -> None:
    """At least once: the same message comes again, under the same id, and not before the claim ran out."""
    world.webhook(receiver.url)
    world.assign("ann")
    world.redeem(used("ann"))
    killed = world.another_worker("killed")
    while not (taken := killed._turn()[0]):
        pass
    assert len(taken) == 1  # claimed, perhaps sent, and never heard of again
    assert world.worker.once() == 0
    world.now_us += 61 * SECOND_US
    assert world.worker.once() == 1
    killed._sent.append(_as_if_sent(taken[0], world.now_us))
    killed.once()  # its word comes too late, and changes nothing
    (one,) = world.deliveries()
    assert (one["state"], one["attempts"], one["last_status"]) == ("delivered", 2, 204)


def _as_if_sent(outgoing: Outgoing, at_us: int) -> Sent:
    return Sent(outgoing, Attempt(500, None), at_us, 0)


def test_two_servers_never_send_the_same_message(
    world: World, receiver: Receiver, store_url: str
) -> None:
    world.webhook(receiver.url)
    crowd = [f"c{n}" for n in range(300)]
    world.assign(*crowd)
    with _two_stores(world, store_url) as stores, ThreadPoolExecutor(3) as pool:
        workers = [world.another_worker(f"w{n}", one) for n, one in enumerate(stores)]
        sending = [pool.submit(_until, receiver, worker, 300) for worker in workers]
        for one in crowd:
            world.redeem(used(one))
        for future in sending:
            future.result()
    assert sorted(receiver.about("redemption.counted")) == sorted(f"e-{one}" for one in crowd)
    assert len({one.id for one in receiver.received}) == 300


def _until(receiver: Receiver, worker: WebhookWorker, enough: int) -> None:
    while len(receiver.received) < enough:
        worker.once()
    worker.once()


@contextmanager
def _two_stores(world: World, store_url: str) -> Iterator[list[Store]]:
    """What two servers have: on SQLite there is one, with two threads in it."""
    if store_url.startswith("sqlite"):
        yield [world.store, world.store]
        return
    other = open_store(store_url, now_us=NOW_US)
    yield [world.store, other]
    other.close()


def test_for_a_day_both_secrets_sign(world: World, receiver: Receiver) -> None:
    world.webhook(receiver.url)
    fresh = secret_of(b"fresh")
    world.store.change(lambda tx: rotate_secret(tx, world.no, "wh_1", fresh, now_us=world.now_us))
    world.assign("ann", "ben")
    world.redeem(used("ann"))
    world.worker.once()
    world.now_us += DAY_US
    world.redeem(used("ben"))
    world.worker.once()
    during, after = [one for one in receiver.received if "overdue" not in one.said["type"]]
    assert (during.is_signed_by(SECRET), during.is_signed_by(fresh)) == (True, True)
    assert (after.is_signed_by(SECRET), after.is_signed_by(fresh)) == (False, True)


def test_who_was_erased_is_named_by_nothing_that_is_sent_or_kept(
    world: World, receiver: Receiver
) -> None:
    """P18: what waits is made of the fact as it is when it is sent."""
    world.webhook(receiver.url)
    deliver(world.store, world.workspace, [given("anna-0815", assignment_id=None)])
    world.redeem(used("anna-0815", "till-1", metadata={"who": "anna-0815"}))
    receiver.answer = lambda _: 500
    world.worker.once()
    world.store.change(lambda tx: erase(tx, world.no, "anna-0815", "x" * 22, now_us=NOW_US))
    assert "anna-0815" in receiver.received[0].body.decode()
    receiver.answer = lambda _: 204
    world.now_us += HOUR_US
    world.worker.once()
    again = receiver.received[1]
    assert again.id == receiver.received[0].id
    assert again.is_signed_by(SECRET)
    assert again.said["data"]["customer_id"] == "erased-" + "x" * 22
    assert "anna" not in again.body.decode()
    assert "anna" not in json.dumps(world.deliveries())


def test_a_fact_that_is_withdrawn_from_before_it_is_sent_says_how_it_stands(
    world: World, receiver: Receiver
) -> None:
    world.webhook(receiver.url)
    world.assign("ann")
    world.redeem(used("ann"))
    world.store.change(lambda tx: withdraw(tx, world.no, "a-ann", now_us=NOW_US))
    world.worker.once()
    assert receiver.received[0].said["data"]["outcome"] == "unassigned"


def test_the_list_of_deliveries_forgets_after_thirty_days(world: World, receiver: Receiver) -> None:
    world.webhook(receiver.url, "redemption.counted")
    world.assign("ann")
    world.redeem(used("ann"))
    world.worker.once()
    world.now_us += 29 * DAY_US
    world.worker.once()
    assert len(world.deliveries()) == 1
    world.now_us += 2 * DAY_US
    world.worker.once()
    assert world.deliveries() == []
