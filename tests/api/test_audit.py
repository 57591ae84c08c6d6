"""The audit log: every change of what is set up, with who made it, and what it was before and after (P13)."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import pwd
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.people import PASSWORD, new_user, signed_in
from tests.api.server import promotion
from tests.cli.program import ask


def log(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    """The entries, the newest first; without the first of all, of `promosight init`."""
    answer = client.get("/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return [one for one in found if one["action"] != "workspace.create"]


def test_a_change_says_who_made_it_and_what_it_was_before_and_after(client: httpx.Client) -> None:
    """P13: of a promotion, by a person; from which address, in which request."""
    promotion(client, "p")
    marketer = signed_in(client, email := new_user(client, "marketer"))
    answer = marketer.patch("/v1/promotions/p", json={"description": "Spring"})
    last = log(client, target="p")[0]
    assert (last["actor"], last["action"]) == (email, "promotion.patch")
    assert (last["before"]["description"], last["after"]["description"]) == (None, "Spring")
    assert last["request_id"] == answer.headers["x-request-id"]
    assert last["address"]


def test_every_kind_of_change_is_noted(client: httpx.Client) -> None:
    """P13: promotions, the workspace, sources, keys, users; the newest first."""
    promotion(client, "p")
    for change in ("deactivate", "activate", "archive"):
        client.post(f"/v1/promotions/p/{change}")
    client.post("/v1/promotions/p/duplicate", json={"promotion_id": "copy"})
    client.patch("/v1/workspace", json={"name": "New name"})
    client.post("/v1/sources", json={"name": "till"})
    client.patch("/v1/sources/till", json={"cadence": "daily"})
    key = client.post("/v1/keys", json={"name": "k", "scopes": ["admin"]}).json()
    client.delete(f"/v1/keys/{key['key_id']}")
    email = new_user(client, "viewer")
    client.patch(f"/v1/users/{email}", json={"password": PASSWORD + "!"})
    client.delete(f"/v1/users/{email}")
    assert [one["action"] for one in reversed(log(client))] == [
        *("promotion.put", "promotion.deactivate", "promotion.activate", "promotion.archive"),
        *("promotion.duplicate", "workspace.change", "source.create", "source.change"),
        *("key.create", "key.revoke", "user.create", "user.change", "user.remove"),
    ]


def test_what_changes_nothing_and_what_is_refused_is_not_noted(client: httpx.Client) -> None:
    """P13: an entry is a change; a retry is none."""
    promotion(client, "p")
    promotion(client, "p")
    assert client.delete("/v1/keys/none").status_code == 404
    assert client.patch("/v1/workspace", json={"time_zone": "Nowhere"}).status_code == 422
    assert [one["action"] for one in log(client)] == ["promotion.put"]


def test_no_secret_is_in_the_log(client: httpx.Client) -> None:
    """P13, P14: neither of keys nor of people."""
    secret = client.post("/v1/keys", json={"name": "k", "scopes": ["admin"]}).json()["key"]
    new_user(client, "viewer")
    text = client.get("/v1/audit").text
    assert secret not in text
    assert PASSWORD not in text
    assert "argon2" not in text


def test_the_log_is_read_page_by_page_or_taken_away_as_a_file(client: httpx.Client) -> None:
    """P13: exportable; filtered by who, what and since when."""
    for number in range(5):
        client.post("/v1/sources", json={"name": f"=till-{number}"})
    first = client.get("/v1/audit?limit=3").json()
    rest = client.get("/v1/audit", params={"limit": 3, "cursor": first["next"]}).json()
    whole = log(client)
    assert [*first["items"], *rest["items"]][:-1] == whole
    assert rest["next"] is None
    lines = client.get("/v1/audit?format=ndjson").text.splitlines()
    assert [json.loads(line) for line in lines][:-1] == whole
    table = list(csv.DictReader(io.StringIO(client.get("/v1/audit?format=csv").text)))
    assert [row["target"] for row in table][:-1] == [f"'=till-{n}" for n in (4, 3, 2, 1, 0)]
    assert log(client, since=whole[1]["changed_at"]) == whole[:2]
    assert log(client, actor="nobody") == []


@pytest.mark.parametrize("place", ["99999999999999999999 x", "-1 x", "5 \0", "5", "x y"])
def test_a_cursor_that_is_none_of_ours_is_refused(client: httpx.Client, place: str) -> None:
    """P16: it is the caller's mistake, also where no store could take the number."""
    cursor = base64.urlsafe_b64encode(place.encode()).decode()
    answer = client.get("/v1/audit", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/cursor")


def test_what_is_typed_at_the_machine_is_noted_with_who_typed_it(
    client: httpx.Client, store_url: str, tmp_path: Path
) -> None:
    """P13: keys, users, an import, a rebuild; `cli:` and the name of the system's user."""
    key = ask("keys", "create", "--name", "k", "--scopes", "reports:read", "--database", store_url)
    ask("keys", "revoke", key["key_id"], "--database", store_url)
    someone = ("users", "add", "a@b.example", "--role", "viewer", "--password", PASSWORD)
    ask(*someone, "--database", store_url)
    ask("users", "password", "a@b.example", "--password", f"{PASSWORD}!", "--database", store_url)
    ask("users", "remove", "a@b.example", "--database", store_url)
    (tmp_path / "c.csv").write_text("customer_id\nc-1\n")
    words = ("import", "customers", tmp_path / "c.csv", "--source", "crm")
    ask(*words, "--database", store_url)
    ask("rebuild", "--database", store_url)
    found = client.get("/v1/audit").json()["items"]
    assert {one["actor"] for one in found} == {f"cli:{pwd.getpwuid(os.getuid()).pw_name}"}
    assert [one["action"] for one in reversed(found)] == [
        *("workspace.create", "key.create", "key.revoke", "user.create", "user.change"),
        *("user.remove", "source.create", "import.run", "store.rebuild"),
    ]
    assert PASSWORD not in str(found)
    assert key["key"] not in str(found)


def test_how_decisions_are_made_is_noted_before_and_after(client: httpx.Client) -> None:
    """P13, P19: the kill switch, a candidate, its promotion and the way back."""
    promotion(client, "p")
    assert client.patch("/v1/decisioning", json={"mode": "off"}).status_code == 200
    assert client.patch("/v1/decisioning", json={"mode": "off"}).status_code == 200
    made = client.post("/v1/decisioning/versions", json={"settings": {"floor": 0.07}})
    assert made.status_code == 201, made.text
    versions = "/v1/decisioning/versions"
    number = made.json()["version"]
    promoted = client.post(f"{versions}/{number}/promote", json={"force": True})
    assert promoted.status_code == 200, promoted.text
    client.post(f"{versions}/{number - 1}/rollback")
    found = [one for one in reversed(log(client)) if one["target"] == "decisioning"]
    assert [one["action"] for one in found] == [
        *("decisioning.change", "version.create", "version.promote", "version.rollback")
    ]
    switched = found[0]
    assert switched["before"]["settings"]["mode"] == "live"
    assert switched["after"]["settings"]["mode"] == "off"
    assert found[2]["before"]["version"] != found[2]["after"]["version"]


def test_nothing_in_this_program_changes_or_removes_an_entry() -> None:
    """P13: append-only."""
    folder = files("promosight.store").joinpath("sql")
    texts = [path.read_text() for path in folder.iterdir() if path.name.endswith(".sql")]
    assert not any(re.search(r"(?i)(update|delete\s+from)\s+audit\b", text) for text in texts)
