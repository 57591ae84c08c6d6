"""P18, N12: a person is erased and the totals stay; and a person may ask for everything that is kept of them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from promosight.cli.main import main
from promosight.flows.checking.verify import verify
from promosight.flows.people.find_customer import number_of
from promosight.store import archive
from promosight.store.engine import open_store
from tests.api.server import client_of, new_workspace, promotion, running

ANNA = "anna-0815@brand.example"
AT = "2026-11-20T10:00:00Z"


def redemption(event_id: str, **more: Any) -> dict[str, Any]:
    """A redemption of Anna's."""
    return {
        "event_id": event_id,
        "promotion_id": "p",
        "customer_id": ANNA,
        "redeemed_at": AT,
        "order_value": "80.00",
        **more,
    }


def send(client: httpx.Client, path: str, items: list[dict[str, Any]]) -> list[str]:
    """The outcomes of a batch."""
    answer = client.post(f"/v1/{path}?outcomes=all", json=items)
    assert answer.status_code == 200, answer.text
    return [one["outcome"] for one in answer.json()["results"]]


def a_life(client: httpx.Client) -> None:
    """Everything a store may come to hold of Anna, and a little of Ben."""
    promotion(client, "p", max_redemptions=2)
    promotion(client, "q", status="active")
    about = {"attributes": {"email": ANNA}, "segments": ["vip"]}
    assert client.put(f"/v1/customers/{ANNA}", json=about).status_code == 201
    given = [
        {"promotion_id": p, "customer_id": c, "assigned_at": "2026-11-19T10:00:00Z", **more}
        for p, c, more in (
            ("p", ANNA, {"assignment_id": "a1", "attributes": {"mail": ANNA}, "segment": "vip"}),
            ("q", ANNA, {"promo_code": "PERSONAL-1"}),
            ("p", "ben", {"assignment_id": "a2"}),
        )
    ]
    send(client, "assignments", given)
    send(
        client,
        "redemptions",
        [
            redemption("e1", metadata={"mail": ANNA}),
            redemption("e2", promotion_id=None, promo_code="PERSONAL-1"),
            redemption("e3", promotion_id=None, promo_code="NOBODY-KNOWS"),
            redemption("e4", redeemed_at="never"),
            redemption("e5", customer_id="ben"),
            redemption("e6", promotion_id="q", customer_id="ben"),
            {"event_id": "r0", "type": "reversal", "reverses": "later", "customer_id": ANNA},
        ],
    )
    outcome = {"measure": "order_value", "value": "80.00", "currency": "EUR", "occurred_at": AT}
    send(client, "outcomes", [{"outcome_id": "o1", "customer_id": ANNA, **outcome}])
    held = {"promotion_id": "p", "customer_id": ANNA}
    answer = client.post("/v1/reservations", json=held, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 201, answer.text
    asked = {"customer_id": ANNA, "decision_id": "d1"}
    assert client.post("/v1/decisions", json=asked).status_code == 200
    client.post("/v1/redemptions?dry_run=true", json=redemption("e9"))


def shown(client: httpx.Client) -> list[Any]:
    """Figures, breakdowns and what is counted of distinct customers."""
    found = [client.get(f"/v1/promotions/{p}").json() for p in ("p", "q")]
    for by in ("tier", "segment", "channel", "day", "code"):
        found += [client.get(f"/v1/promotions/{p}/breakdown?by={by}").json() for p in ("p", "q")]
    found.append(client.get("/v1/promotions/p/return").json())
    return [
        {k: v for k, v in one.items() if k not in ("as_of", "updated_at", "generated_at")}
        for one in found
    ]


def dumped(store_url: str) -> str:
    """Every row of every table, as a backup holds them."""
    store = open_store(store_url, now_us=0)
    try:
        return store.read(
            lambda tx: "\n".join(
                repr(row)
                for table in archive.tables(tx)
                for piece in archive.rows_of(tx, table)
                for row in piece
            )
        )
    finally:
        store.close()


def number_at(store_url: str) -> int:
    """The number that Anna's facts lie under."""
    store = open_store(store_url, now_us=0)
    try:
        return store.read(lambda tx: number_of(tx, 1, ANNA))
    finally:
        store.close()


def is_clean(store_url: str) -> bool:
    """Whether the second engine counts the same."""
    store = open_store(store_url, now_us=0)
    try:
        return not verify(store, None).differences
    finally:
        store.close()


def test_an_erased_person_is_nowhere_in_the_store_and_no_figure_moves(
    client: httpx.Client, store_url: str
) -> None:
    """P18, N12: figures before = after, `verify` clean, the identifier nowhere."""
    a_life(client)
    before = shown(client)
    assert ANNA in dumped(store_url)
    number = number_at(store_url)
    assert client.delete(f"/v1/customers/{ANNA}").status_code == 204
    assert shown(client) == before
    text = dumped(store_url)
    assert ANNA not in text
    assert str(number) not in text
    assert f"{number:016x}" not in text
    assert is_clean(store_url)
    for path in ("", "/timeline", "/report"):
        assert client.get(f"/v1/customers/{ANNA}{path}").status_code == 404
    assert client.delete(f"/v1/customers/{ANNA}").status_code == 204
    entries = client.get("/v1/audit").json()["items"]
    noted = [one for one in entries if one["action"] == "customer.erase"]
    assert len(noted) == 1
    assert noted[0]["target"].startswith("erased-")


def test_old_events_of_an_erased_person_come_again_as_duplicates_and_name_nobody(
    client: httpx.Client, store_url: str
) -> None:
    """P18: a retry resurrects nothing; a reversal by the event's id works; new facts begin a new person."""
    a_life(client)
    client.delete(f"/v1/customers/{ANNA}")
    before = shown(client)
    assert send(client, "redemptions", [redemption("e1", metadata={"mail": ANNA})]) == ["duplicate"]
    outcome = {"measure": "order_value", "value": "80.00", "currency": "EUR", "occurred_at": AT}
    told = [{"outcome_id": "o1", "customer_id": ANNA, **outcome}]
    assert send(client, "outcomes", told) == ["duplicate"]
    again: dict[str, Any] = {
        "promotion_id": "p",
        "customer_id": ANNA,
        "assigned_at": "2026-11-19T10:00:00Z",
    }
    again |= {"assignment_id": "a1", "attributes": {"mail": ANNA}, "segment": "vip"}
    assert send(client, "assignments", [again]) == ["duplicate"]
    assert shown(client) == before
    assert ANNA not in dumped(store_url)
    undo = {"event_id": "r1", "type": "reversal", "reverses": "e1", "customer_id": ANNA}
    assert send(client, "redemptions", [undo]) == ["counted"]
    assert not client.get("/v1/events/e1").json()["live"]
    assert ANNA not in dumped(store_url)
    assert send(client, "redemptions", [redemption("new")]) == ["pending"]
    report = client.get(f"/v1/customers/{ANNA}/report").json()
    assert [one["event_id"] for one in report["events"]] == ["new"]
    assert not report["assignments"]
    assert is_clean(store_url)


def test_a_reversal_that_named_an_erased_person_goes_on_contradicting_a_redemption_that_waits_for_its_code(
    client: httpx.Client, store_url: str
) -> None:
    """P18, N1: Ben's redemption waits for its code; what named Anna instead of him undid nothing, and never will."""
    a_life(client)
    waits = {"event_id": "w1", "promo_code": "LATE", "customer_id": "ben", "redeemed_at": AT}
    undo = {"event_id": "r1", "type": "reversal", "reverses": "w1", "customer_id": ANNA}
    assert send(client, "redemptions", [waits, undo]) == ["pending", "rejected"]
    assert client.delete(f"/v1/customers/{ANNA}").status_code == 204
    assert is_clean(store_url)
    promotion(client, "late", code="LATE", status="active")
    assert client.get("/v1/events/w1").json()["live"]
    assert client.get("/v1/events/r1").json()["reason"] == "identifier_conflict"
    assert is_clean(store_url)


def test_the_access_report_has_everything_that_is_kept(client: httpx.Client) -> None:
    """P18: facts, waiting ones too, what was refused, held and decided."""
    a_life(client)
    report = client.get(f"/v1/customers/{ANNA}/report").json()
    assert report["customer"]["attributes"] == {"email": ANNA}
    assert {one["promotion_id"] for one in report["assignments"]} == {"p", "q"}
    assert {one["event_id"] for one in report["events"]} == {"e1", "e2", "e3", "r0"}
    assert {one["reported"]["customer_id"] for one in report["events"]} == {ANNA}
    assert [one["outcome_id"] for one in report["outcomes"]] == ["o1"]
    assert [one["decision_id"] for one in report["decisions"]] == ["d1"]
    assert [one["promotion_id"] for one in report["reservations"]] == ["p"]
    assert any("never" in json.dumps(one) for one in report["refused"])
    assert len(report["answers"]) == 1
    assert len(report["tests"]) == 1


def test_the_command_line_erases_too(client: httpx.Client, store_url: str) -> None:
    """P18: `promosight erase`, also while the server runs; the log says that it was the command line."""
    a_life(client)
    before = shown(client)
    file = store_url.removeprefix("sqlite:///")
    where = ["--data", str(Path(file).parent)] if file != store_url else ["--database", store_url]
    assert main(["erase", ANNA, *where]) == 0
    assert main(["erase", ANNA, *where]) == 0
    assert shown(client) == before
    assert ANNA not in dumped(store_url)
    noted = client.get("/v1/audit").json()["items"]
    typed = [one["action"] for one in noted if one["actor"].startswith("cli:")]
    assert typed == ["customer.erase", "workspace.create"]


def test_erasing_while_others_report_the_same_person_loses_and_doubles_nothing(
    store_url: str,
) -> None:
    """P18, P4: senders, with retries, race two erasures on one store; every event counts once."""
    key = new_workspace(store_url)
    with running(store_url) as address:
        client = client_of(address, key)
        promotion(client, "p", max_redemptions=100)
        given = {"promotion_id": "p", "customer_id": ANNA, "assigned_at": "2026-11-19T10:00:00Z"}
        send(client, "assignments", [{**given, "assignment_id": "a"}])

        def report(sender: int) -> None:
            for i in range(24):
                send(client, "redemptions", [redemption(f"e{(i + sender * 6) % 24}")])

        def erase() -> None:
            for _ in range(6):
                assert client.delete(f"/v1/customers/{ANNA}").status_code == 204

        with ThreadPoolExecutor(6) as pool:
            waits = [pool.submit(report, sender) for sender in range(4)]
            waits += [pool.submit(erase) for _ in range(2)]
            for wait in waits:
                wait.result()
        client.delete(f"/v1/customers/{ANNA}")
        told = [redemption(f"e{i}") for i in range(24)]
        assert set(send(client, "redemptions", told)) == {"duplicate"}
        client.close()
    assert ANNA not in dumped(store_url)
    assert is_clean(store_url)


def test_two_servers_that_erase_while_both_take_reports_lose_and_double_nothing(
    postgresql_url: str,
) -> None:
    """P18, N12: on one PostgreSQL; assignments, redemptions, reversals and erasures of one person at the same time."""
    key = new_workspace(postgresql_url)
    with running(postgresql_url) as one, running(postgresql_url) as other:
        clients = [client_of(address, key) for address in (one, other)]
        promotion(clients[0], "p", max_redemptions=100)
        # Told first with its assignment, or its first teller without one makes the others contradict it.
        send(clients[0], "redemptions", [redemption("e0", assignment_id="a0")])

        def report(sender: int) -> None:
            client = clients[sender % 2]
            for i in range(20):
                number = (i + sender * 5) % 20
                given = {"assignment_id": f"a{number}", "assigned_at": "2026-11-19T10:00:00Z"}
                send(client, "assignments", [{"promotion_id": "p", "customer_id": ANNA, **given}])
                send(client, "redemptions", [redemption(f"e{number}", assignment_id=f"a{number}")])
                undo = {"event_id": f"r{number}", "type": "reversal", "reverses": f"e{number}"}
                send(client, "redemptions", [undo] if number % 4 == 0 else [redemption("e0")])

        def erase(client: httpx.Client) -> None:
            for _ in range(8):
                assert client.delete(f"/v1/customers/{ANNA}").status_code == 204

        with ThreadPoolExecutor(6) as pool:
            waits = [pool.submit(report, sender) for sender in range(4)]
            waits += [pool.submit(erase, client) for client in clients]
            for wait in waits:
                wait.result()
        erase(clients[1])
        seen = [client.get("/v1/promotions/p").json()["figures"] for client in clients]
        assert seen[0] == seen[1]
        assert seen[0]["assigned"] == 20
        told = [redemption(f"e{i}", assignment_id=f"a{i}") for i in range(20)]
        assert set(send(clients[0], "redemptions", told)) == {"duplicate"}
        for client in clients:
            client.close()
    assert ANNA not in dumped(postgresql_url)
    assert is_clean(postgresql_url)
