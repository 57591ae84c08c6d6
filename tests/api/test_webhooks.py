"""P11: webhooks over HTTP: set up by who may, told by a running server, listed, sent again; where they may not go."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from promosight.api.messages import MESSAGE_EXAMPLES, MESSAGES
from promosight.rules.webhooks import TYPES
from tests.api.people import new_user, signed_in
from tests.api.server import client_of, new_workspace, promotion, serving, started
from tests.api.test_audit import log
from tests.api.test_documents import faults
from tests.receiving import Receiver, receiving

PRIVATE = "--webhooks-private"
URL = "https://shop.example/hook"
SILENT = {"url": URL, "events": ["source.overdue"]}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def made(client: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/webhooks", json={**SILENT, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def redeem(client: httpx.Client, customer: str) -> None:
    given = {"promotion_id": "p", "customer_id": customer, "assignment_id": f"a-{customer}"}
    answer = client.post("/v1/assignments", json=given | {"assigned_at": "2026-10-05T10:00:00Z"})
    assert answer.status_code == 200, answer.text
    event = {"event_id": f"e-{customer}", "promotion_id": "p", "customer_id": customer}
    answer = client.post("/v1/redemptions", json=event | {"redeemed_at": "2026-10-06T10:00:00Z"})
    assert answer.json()["outcome"] == "counted", answer.text


def delivered(client: httpx.Client, webhook_id: str, count: int) -> list[dict[str, Any]]:
    """The deliveries, once so many have ended well."""
    while True:
        page = client.get(f"/v1/webhooks/{webhook_id}/deliveries?state=delivered").json()
        if len(page["items"]) == count:
            found: list[dict[str, Any]] = page["items"]
            return found
        time.sleep(0.05)


def test_a_running_server_tells_a_receiver_and_lists_what_came_of_it(
    store_url: str, receiver: Receiver
) -> None:
    """P11: redemptions, reversals, thresholds, a ping; and what was delivered is sent again when somebody asks."""
    with serving(store_url, new_workspace(store_url), PRIVATE) as client:
        promotion(client, "p", limits=[{"measure": "redemptions", "amount": "2"}])
        hook = made(client, url=receiver.url, events=list(TYPES))
        path = f"/v1/webhooks/{hook['webhook_id']}"
        assert client.post(f"{path}/test").status_code == 202
        redeem(client, "ann")
        undone = {"event_id": "r", "type": "reversal", "reverses": "e-ann"}
        receiver.wait_for(lambda all_of: len(all_of) == 3)
        client.post("/v1/redemptions", json=undone)
        receiver.wait_for(lambda all_of: len(all_of) == 4)
        for one in receiver.received:
            assert one.is_signed_by(hook["secret"])
            msgspec.json.decode(one.body, type=MESSAGES[one.said["type"]])
        wanted = ["ping", "promotion.cap_threshold", "redemption.counted", "redemption.reversed"]
        assert receiver.kinds == wanted
        items = delivered(client, hook["webhook_id"], 4)
        assert {one["delivery_id"] for one in items} == {one.id for one in receiver.received}
        counted = next(one for one in items if one["type"] == "redemption.counted")
        about = {name: counted[name] for name in ("event_id", "source", "attempts", "last_status")}
        assert about == {
            "event_id": "e-ann",
            "source": "default",
            "attempts": 1,
            "last_status": 204,
        }
        first = client.get(f"{path}/deliveries?limit=3").json()
        rest = client.get(f"{path}/deliveries?limit=3&cursor={first['next']}").json()
        assert [*first["items"], *rest["items"]] == items
        assert rest["next"] is None
        again = client.post(f"{path}/deliveries/{counted['delivery_id']}/resend")
        assert (again.status_code, again.json()["state"]) == (202, "waiting")
        receiver.wait_for(lambda all_of: len(all_of) == 5)
        assert receiver.received[-1].id == counted["delivery_id"]


def test_nothing_is_lost_when_a_server_is_killed(store_url: str, receiver: Receiver) -> None:
    """P11: what was acknowledged is told by the next server."""
    receiver.answer = lambda _: 503
    key = new_workspace(store_url)
    process, port = started(store_url, PRIVATE)
    with client_of(f"http://127.0.0.1:{port}", key) as client:
        promotion(client, "p")
        hook = made(client, url=receiver.url, events=["redemption.counted"])
        for n in range(20):
            redeem(client, f"c{n}")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    receiver.answer = lambda _: 204
    with serving(store_url, key, PRIVATE) as client:
        for n in range(20, 25):
            redeem(client, f"c{n}")
        delivered(client, hook["webhook_id"], 25)
    assert {one.said["data"]["event_id"] for one in receiver.received} == {
        f"e-c{n}" for n in range(25)
    }


def test_a_secret_is_shown_once_and_every_change_is_in_the_audit_log(client: httpx.Client) -> None:
    answer = client.post("/v1/webhooks", json=SILENT, headers={"Idempotency-Key": "k"})
    again = client.post("/v1/webhooks", json=SILENT, headers={"Idempotency-Key": "k"})
    hook = answer.json()
    assert hook["secret"].startswith("whsec_")
    assert again.json() == hook | {"secret": None}
    path = f"/v1/webhooks/{hook['webhook_id']}"
    shown = client.get(path).json()
    assert shown == {name: said for name, said in hook.items() if name != "secret"}
    assert client.get("/v1/webhooks").json()["items"] == [shown]
    rotated = client.post(f"{path}/rotate").json()
    assert rotated["secret"] != hook["secret"]
    assert rotated["former_secret_until"]
    changed = client.patch(path, json={"enabled": False, "description": "Loyalty"}).json()
    assert (changed["enabled"], changed["disabled_reason"]) == (False, "by_request")
    assert client.post(f"{path}/test").json()["code"] == "webhook_disabled"
    assert client.patch(path, json={"enabled": True}).json()["disabled_reason"] is None
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    actions = [one["action"] for one in reversed(log(client))]
    assert actions == [
        "webhook.create",
        "webhook.rotate",
        *["webhook.change"] * 2,
        "webhook.delete",
    ]
    assert hook["secret"] not in (text := client.get("/v1/audit").text)
    assert rotated["secret"] not in text


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"url": "http://shop.example/hook"}, "/url"),
        ({"url": "https://user:word@shop.example/"}, "/url"),
        ({"url": "https://127.0.0.1/"}, "/url"),
        ({"url": "https://[::1]/"}, "/url"),
        ({"url": "https://169.254.169.254/latest/"}, "/url"),
        ({"url": "ftp://shop.example/"}, "/url"),
        ({"url": "https://shop.example:99999/"}, "/url"),
        ({"url": "https:///path"}, "/url"),
        ({"url": "https://shop.example/\r\nHost: other"}, "/url"),
        ({"events": []}, "/events"),
        ({"events": ["source.overdue", "anything"]}, "/events/1"),
        ({"description": "x" * 256}, "/description"),
    ],
)
def test_what_cannot_be_a_webhook_is_refused_with_its_field(
    client: httpx.Client, said: dict[str, Any], pointer: str
) -> None:
    answer = client.post("/v1/webhooks", json={**SILENT, **said})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_cursor_of_deliveries_that_is_none_of_ours_is_refused(client: httpx.Client) -> None:
    path = f"/v1/webhooks/{made(client)['webhook_id']}/deliveries"
    for place in ('[5, "\\u0000"]', "[-1]", "[99999999999999999999]", '["x"]', ""):
        cursor = base64.urlsafe_b64encode(place.encode()).decode()
        answer = client.get(path, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/cursor")


def test_a_name_that_leads_into_the_network_of_the_server_is_not_told(
    client: httpx.Client, receiver: Receiver
) -> None:
    """What a name leads to is looked at when something is sent, not when it is set up."""
    port = receiver.url.split(":")[2].split("/")[0]
    hook = made(client, url=f"https://localhost:{port}/hook")
    client.post(f"/v1/webhooks/{hook['webhook_id']}/test")
    path = f"/v1/webhooks/{hook['webhook_id']}/deliveries"
    while not (found := client.get(path).json()["items"])[0]["last_error"]:
        time.sleep(0.05)
    assert found[0]["last_error"] == "the URL leads into a private network"
    assert found[0]["state"] == "waiting"
    assert receiver.received == []


def test_only_who_may_set_up_integrations_may_set_up_webhooks(client: httpx.Client) -> None:
    """P14."""
    for role, status in (("viewer", 403), ("marketer", 403), ("developer", 201), ("admin", 201)):
        person = signed_in(client, new_user(client, role))
        assert person.post("/v1/webhooks", json=SILENT).status_code == status


def test_a_workspace_has_at_most_twenty_webhooks(client: httpx.Client) -> None:
    for _ in range(20):
        made(client)
    answer = client.post("/v1/webhooks", json=SILENT)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_webhooks")


def test_the_messages_are_in_the_openapi_document_and_their_examples_are_valid(
    client: httpx.Client,
) -> None:
    """S3."""
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert document["webhooks"].keys() == MESSAGES.keys() == {*TYPES, "ping"}
    for name, operations in document["webhooks"].items():
        content = operations["post"]["requestBody"]["content"]["application/json"]
        schema = schemas[content["schema"]["$ref"].rsplit("/", 1)[-1]]
        assert not list(faults(content["example"], schema))
        msgspec.json.decode(json.dumps(MESSAGE_EXAMPLES[name]).encode(), type=MESSAGES[name])
