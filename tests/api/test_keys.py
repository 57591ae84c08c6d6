"""Keys: who may do what, from where, until when; shown once, kept as a digest, rotated without a gap (P14)."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from promosight.api.door.cookies import SIGNED_IN
from promosight.api.door.keys import Keys
from promosight.api.routes import ROUTES
from promosight.errors import Unauthenticated
from promosight.flows.set_up.workspaces import SCOPES, revoke_key
from promosight.store.engine import open_store
from tests.api.server import new_workspace


def new_key(client: httpx.Client, *scopes: str, **more: Any) -> dict[str, str]:
    """The headers of a new key."""
    answer = client.post("/v1/keys", json={"name": "k", "scopes": scopes, **more})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['key']}"}


def test_every_route_asks_for_its_scope_and_admin_has_them_all(client: httpx.Client) -> None:
    """P14, P16: without a key 401, with a key for something else 403, as problem documents."""
    keys = {scope: new_key(client, scope) for scope in SCOPES}
    everyones = [(route.method, route.path) for route in ROUTES if not route.scope]
    signed = ("POST", "/v1/shops/{shop_id:str}/messages")
    assert everyones == [("POST", "/v1/session"), ("DELETE", "/v1/session"), signed]
    assert [(one.method, one.path) for one in ROUTES if one.signed] == [signed]
    for route in (one for one in ROUTES if one.scope):
        path = route.path.replace(":str}", "}").format_map(dict.fromkeys(_PARAMETERS, "x"))
        nobody = client.request(route.method, path, headers={"Authorization": ""})
        assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated")
        assert nobody.headers["www-authenticate"].startswith("Bearer")
        for scope, headers in keys.items():
            with client.stream(route.method, path, headers=headers) as answer:  # one has no end
                refused = answer.status_code == 403
                allowed = () if route.scope == SIGNED_IN else (*route.scope.split(), "admin")
                assert refused == (scope not in allowed), (route, scope)
                assert not refused or json.loads(answer.read())["code"] == "forbidden"


_PARAMETERS = (
    *("promotion_id", "assignment_id", "event_id", "customer_id", "import_id"),
    *("reservation_id", "decision_id", "version", "anomaly_id"),
    *("name", "key_id", "email", "webhook_id", "delivery_id", "shop_id"),
    *("problem_id", "reconciliation_id", "mapping_id", "kind", "view_id"),
)


def test_a_key_ends_when_it_was_said_to(client: httpx.Client) -> None:
    # Where we took so long that the key had ended before it was used, another one has more time.
    assert any(works_until_it_ends(client, seconds) for seconds in (1, 10, 60))
    states = [key["state"] for key in client.get("/v1/keys").json()["items"]]
    assert states[0] == "active"
    assert set(states[1:]) == {"expired"}


def test_a_key_that_has_ended_already_is_not_made(client: httpx.Client) -> None:
    wanted = {"name": "k", "scopes": ["reports:read"], "expires_at": "2026-01-01T00:00:00Z"}
    refused = client.post("/v1/keys", json=wanted)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/expires_at"
    assert len(client.get("/v1/keys").json()["items"]) == 1


def works_until_it_ends(client: httpx.Client, seconds: int) -> bool:
    """Whether a key worked before its end; afterwards it does not."""
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    wanted = {"name": "k", "scopes": ["reports:read"], "expires_at": ends.isoformat()}
    made = client.post("/v1/keys", json=wanted)
    if made.status_code != 201:
        assert datetime.now(UTC) >= ends, made.text
        return False
    headers = {"Authorization": f"Bearer {made.json()['key']}"}
    status = client.get("/v1/workspace", headers=headers).status_code
    assert status == 200 or datetime.now(UTC) >= ends
    time.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()) + 0.01)
    assert client.get("/v1/workspace", headers=headers).status_code == 401
    return status == 200


def test_a_key_works_from_its_addresses_only(client: httpx.Client) -> None:
    here = new_key(client, "reports:read", ip_ranges=["127.0.0.0/8"])
    elsewhere = new_key(client, "reports:read", ip_ranges=["203.0.113.0/24", "2001:db8::/32"])
    assert client.get("/v1/workspace", headers=here).status_code == 200
    assert client.get("/v1/workspace", headers=elsewhere).status_code == 403


def test_keys_rotate_with_overlap(client: httpx.Client) -> None:
    """P14: the new key works beside the old one until that is revoked; both report as the same source."""
    client.post("/v1/sources", json={"name": "till"})
    old = client.post(
        "/v1/keys", json={"name": "old", "scopes": ["reports:read"], "source": "till"}
    ).json()
    new = new_key(client, "reports:read", source="till")
    before = {"Authorization": "", "X-API-KEY": old["key"]}
    assert client.get("/v1/workspace", headers=before).status_code == 200
    assert client.get("/v1/workspace", headers=new).status_code == 200
    assert client.delete(f"/v1/keys/{old['key_id']}").status_code == 204
    assert client.get("/v1/workspace", headers=before).status_code == 401
    assert client.get("/v1/workspace", headers=new).status_code == 200
    assert client.delete(f"/v1/keys/{old['key_id']}").status_code == 404


def test_a_key_revoked_while_it_is_looked_up_is_believed_no_longer(sqlite_url: str) -> None:
    """P14: what a look-up read before the revocation is not remembered after it."""
    secret, now_us = new_workspace(sqlite_url), time.time_ns() // 1_000
    store = open_store(sqlite_url, now_us=now_us)
    keys = Keys(store)

    async def revoke_meanwhile() -> None:
        found = await keys.caller(secret, now_us=now_us)
        keys.forget()
        looking = [asyncio.ensure_future(keys.caller(secret, now_us=now_us)) for _ in range(8)]
        await asyncio.sleep(0)
        number = found.workspace.workspace_no
        store.change(lambda tx: revoke_key(tx, number, found.key_id, now_us=now_us))
        keys.forget()
        with pytest.raises(Unauthenticated):
            await keys.caller(secret, now_us=now_us)
        await asyncio.wait(looking)
        with pytest.raises(Unauthenticated):
            await keys.caller(secret, now_us=now_us)
        assert len({repr(one.exception()) for one in looking}) == 1  # they shared one answer

    try:
        asyncio.run(revoke_meanwhile())
    finally:
        store.close()


def test_a_secret_is_in_one_answer_and_nowhere_else(client: httpx.Client) -> None:
    """An Idempotency-Key gives the first answer again, but not the secret: it is kept nowhere."""
    wanted = {"name": "k", "scopes": ["reports:read"]}
    headers = {"Idempotency-Key": "make-a-key"}
    first = client.post("/v1/keys", json=wanted, headers=headers).json()
    again = client.post("/v1/keys", json=wanted, headers=headers).json()
    assert first["key"].startswith("ps_")
    assert again == {**first, "key": None}
    assert first["key"] not in client.get("/v1/keys").text
    assert len(client.get("/v1/keys").json()["items"]) == 2


def test_a_key_that_cannot_be_is_refused_with_its_field(client: httpx.Client) -> None:
    for field, value in (
        ("scopes", []),
        ("scopes", ["everything"]),
        ("source", "nobody"),
        ("ip_ranges", ["here"]),
        ("ip_ranges", ["203.0.113.0/24"] * 101),
        ("scopes", ["admin"] * 101),
        ("expires_at", "2026-11-03T12:00:00"),
        ("expires_at", "2020-01-01T00:00:00Z"),
        ("name", " "),
    ):
        wanted = {"name": "k", "scopes": ["admin"], field: value}
        answer = client.post("/v1/keys", json=wanted)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"].startswith(f"/{field}")


def test_a_source_speaks_for_itself_only(client: httpx.Client) -> None:
    """S4: coverage is a source's own word; only an admin key gives another's."""
    client.post("/v1/sources", json={"name": "till"})
    headers = new_key(client, "redemptions:write", source="till")
    period = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-04T00:00:00Z"}
    for source, status in (("till", 201), ("default", 403), ("nobody", 404)):
        answer = client.post(f"/v1/sources/{source}/coverage", json=period, headers=headers)
        assert answer.status_code == status
