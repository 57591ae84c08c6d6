"""Saved views: kept by the server, one's own or everybody's, and changed by whom they belong to."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.people import new_user, signed_in


def save(client: httpx.Client, name: str, query: str = "sort=-rate", **more: Any) -> dict[str, Any]:
    """Saves a view."""
    answer = client.post("/v1/views", json={"name": name, "query": query, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def somebody(client: httpx.Client, role: str) -> httpx.Client:
    """A browser of a new user of a role."""
    return signed_in(client, new_user(client, role))


def names(client: httpx.Client) -> list[str]:
    """The views that somebody has."""
    return [one["name"] for one in client.get("/v1/views").json()["items"]]


def test_own_views_are_ones_own_and_shared_ones_everybodys(client: httpx.Client) -> None:
    """P24: on every device, for the workspace by role, and seen by nobody else."""
    viewer, marketer = (somebody(client, role) for role in ("viewer", "marketer"))
    save(marketer, "Spring", "status=active&columns=name,rate", shared=True)
    save(marketer, "Mine")
    own = save(viewer, "Mine", "q=tea")
    assert names(viewer) == names(marketer) == ["Spring", "Mine"]
    items = viewer.get("/v1/views").json()["items"]
    assert [one["query"] for one in items] == ["status=active&columns=name,rate", "q=tea"]
    assert [one["shared"] for one in items] == [True, False]
    assert marketer.patch(f"/v1/views/{own['view_id']}", json={"name": "x"}).status_code == 404
    assert marketer.delete(f"/v1/views/{own['view_id']}").status_code == 404
    changed = viewer.patch(f"/v1/views/{own['view_id']}", json={"query": "q=cake"}).json()
    assert (changed["name"], changed["query"]) == ("Mine", "q=cake")
    assert viewer.delete(f"/v1/views/{own['view_id']}").status_code == 204
    assert names(viewer) == ["Spring"]


def test_views_of_the_workspace_are_changed_by_who_may_change_promotions(
    client: httpx.Client,
) -> None:
    """P24, P14."""
    viewer, marketer = (somebody(client, role) for role in ("viewer", "marketer"))
    denied = viewer.post("/v1/views", json={"name": "Ours", "query": "", "shared": True})
    assert denied.status_code == 403
    shared = save(marketer, "Ours", shared=True)
    assert viewer.delete(f"/v1/views/{shared['view_id']}").status_code == 403
    assert viewer.patch(f"/v1/views/{shared['view_id']}", json={"name": "x"}).status_code == 403
    log = client.get("/v1/audit").json()["items"]
    assert log[0]["action"] == "view.create"
    assert log[0]["after"]["name"] == "Ours"
    assert marketer.delete(f"/v1/views/{shared['view_id']}").status_code == 204


def test_a_key_has_no_views_of_its_own(client: httpx.Client) -> None:
    answer = client.post("/v1/views", json={"name": "A", "query": ""})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/shared")
    save(client, "A", shared=True)
    assert names(client) == ["A"]


@pytest.mark.parametrize(
    ("said", "status", "pointer"),
    [
        ({"name": " ", "query": ""}, 422, "/name"),
        ({"name": "n" * 61, "query": ""}, 422, "/name"),
        ({"name": "A", "query": "q" * 2001}, 422, "/query"),
        ({"name": "A", "query": "", "list": "nothing"}, 422, "/list"),
        ({"name": "There", "query": ""}, 409, "/name"),
    ],
)
def test_what_cannot_be_a_view_is_refused_by_name(
    client: httpx.Client, said: dict[str, Any], status: int, pointer: str
) -> None:
    save(client, "There", shared=True)
    answer = client.post("/v1/views", json=said | {"shared": True})
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
