"""Users: what each role may do, who manages them, and how losing a role or account ends sessions at once (P14)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import msgspec
import pytest

from promosight.api.door.cookies import SIGNED_IN
from promosight.api.routes import ROUTES
from promosight.api.wire import UserAnswer, UserPage
from promosight.errors import Conflict
from promosight.flows.set_up.users import ROLES, NewUser, add_user, list_users, remove_user
from promosight.rules.identity import stable_hash
from promosight.store.engine import open_store
from tests.api.offers import promotion
from tests.api.people import PASSWORD, browser, new_user, sign_in, signed_in, status
from tests.api.server import new_workspace, serving
from tests.cli.program import ask

ASSIGNMENT = {"promotion_id": "p", "customer_id": "ann", "assigned_at": "2026-11-02T12:00:00Z"}


@pytest.fixture(scope="module")
def client(shared_store_url: str) -> Iterator[httpx.Client]:
    """A client with an admin key, of one server for all tests of this file."""
    with serving(shared_store_url, new_workspace(shared_store_url)) as client:
        promotion(client, "p")
        yield client


ASKED = {
    "look at promotions": ("GET", "/v1/promotions", None),
    "look at sources": ("GET", "/v1/sources", None),
    "change a promotion": ("PATCH", "/v1/promotions/p", {"description": "Spring"}),
    "report": ("POST", "/v1/assignments", ASSIGNMENT),
    "name a source": ("POST", "/v1/sources", {"name": "till"}),
    "look at keys": ("GET", "/v1/keys", None),
    "change the workspace": ("PATCH", "/v1/workspace", {}),
    "look at users": ("GET", "/v1/users", None),
}
MAY = {"viewer": 2, "marketer": 4, "developer": 6, "admin": 8}
"""How many of these each role may do: every role what the one before may, and more."""


@pytest.mark.parametrize("role", MAY)
def test_a_role_may_do_what_it_is_for_and_no_more(client: httpx.Client, role: str) -> None:
    """P14: a viewer cannot change a promotion, a marketer can; developers see to sources and keys."""
    visitor = signed_in(client, new_user(client, role))
    allowed = []
    for what, (method, path, body) in ASKED.items():
        answer = visitor.request(method, path, json=body)
        assert answer.is_success or answer.json()["code"] == "forbidden", answer.text
        allowed += [what] if answer.is_success else []
    assert allowed == list(ASKED)[: MAY[role]]


@pytest.mark.parametrize("role", ROLES)
def test_every_route_is_open_to_a_role_that_has_one_of_its_scopes(
    client: httpx.Client, role: str
) -> None:
    """P14: the matrix of routes and roles, cell by cell; things called `x` are nobody's."""
    visitor = signed_in(client, new_user(client, role))
    for route in ROUTES:
        if route.scope in ("", SIGNED_IN):
            continue  # theirs to ask for, whoever they are
        path = re.sub(r"\{\w+:str\}", "x", route.path)
        with visitor.stream(route.method, path) as answer:  # one has no end
            refused = answer.status_code == 403
            assert answer.status_code not in (401, *range(500, 600)), (route, answer.status_code)
        assert refused == (not {*route.scope.split(), "admin"} & {*ROLES[role]}), (route, role)


def test_a_key_cannot_do_more_than_whoever_makes_it(client: httpx.Client) -> None:
    """P14: a developer makes a key for a till, and neither one for admins nor one like themselves."""
    developer = signed_in(client, new_user(client, "developer"))
    for scopes, said in (
        (["redemptions:write", "reports:read"], None),
        (["admin"], "scope_exceeded"),
        (["reports:read", "admin"], "scope_exceeded"),
        (["integrations"], "invalid"),
        (["session"], "invalid"),
    ):
        answer = developer.post("/v1/keys", json={"name": "till", "scopes": scopes})
        assert answer.json().get("code") == said, answer.text
        assert said != "scope_exceeded" or answer.status_code == 403
        assert said is None or answer.json()["errors"][0]["pointer"].startswith("/scopes/")
    admin = signed_in(client, new_user(client, "admin"))
    made = admin.post("/v1/keys", json={"name": "all", "scopes": ["admin", "decisions:write"]})
    assert made.status_code == 201
    assert developer.delete(f"/v1/keys/{made.json()['key_id']}").status_code == 204


def test_users_are_made_listed_changed_and_removed(client: httpx.Client) -> None:
    """P14: an email is compared in lower case; nothing of a password is shown."""
    body = {"email": " Bob@Shop.Example ", "role": "viewer", "password": PASSWORD}
    made = client.post("/v1/users", json=body)
    assert made.status_code == 201
    bob = msgspec.json.decode(made.content, type=UserAnswer)
    shown = (bob.email, bob.name, bob.role, bob.last_seen_at)
    assert shown == ("bob@shop.example", "bob", "viewer", None)
    again = client.post("/v1/users", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "exists")
    changed = client.patch("/v1/users/bob@shop.example", json={"name": "Bob B.", "role": "admin"})
    assert (changed.json()["name"], changed.json()["role"]) == ("Bob B.", "admin")
    assert client.patch("/v1/users/BOB%40shop.example", json={}).json() == changed.json()
    signed_in(client, "bob@shop.example").close()
    listed = client.get("/v1/users")
    page = msgspec.json.decode(listed.content, type=UserPage)
    emails = [one.email for one in page.items]
    assert emails == sorted(emails)
    assert next(one for one in page.items if one.email == bob.email).last_seen_at is not None
    assert "argon2" not in listed.text + made.text + changed.text
    assert client.delete("/v1/users/bob@shop.example").status_code == 204
    for method in ("DELETE", "PATCH"):
        assert client.request(method, "/v1/users/bob@shop.example", json={}).status_code == 404


def test_a_user_that_cannot_be_is_refused_with_the_field(client: httpx.Client) -> None:
    """P14, P16: by the API as by a person."""
    good = {"email": "eve@shop.example", "role": "viewer", "password": PASSWORD}
    email = new_user(client)
    for field, values in {
        "email": ("", "eve", "@shop.example", "eve@", "a b@shop", "a@b@c", "a\u0000@b", "e" * 300 + "@b"),
        "role": ("", "boss", 5),
        "password": ("", "123456789", None),
        "name": ("x" * 300, "a\nb"),
    }.items():  # fmt: skip
        for value in values:
            answer = client.post("/v1/users", json=good | {field: value})
            assert answer.status_code == 422, (field, value, answer.text)
            assert answer.json()["errors"][0]["pointer"] == f"/{field}"
            if field != "email" and value is not None:
                changed = client.patch(f"/v1/users/{email}", json={field: value})
                assert changed.status_code == 422, (field, value)
    assert client.post("/v1/users", json={"email": "eve@shop.example"}).status_code == 422


@pytest.mark.parametrize("change", ["role", "password", "removal"])
def test_what_ends_a_users_rights_ends_their_sessions_at_once(
    client: httpx.Client, change: str
) -> None:
    """P14: in this process with the answer; another name ends nothing."""
    email = new_user(client, "admin")
    one, two = signed_in(client, email), signed_in(client, email)
    other = signed_in(client, new_user(client))
    path = f"/v1/users/{email}"
    assert client.patch(path, json={"name": "Other", "role": "admin"}).status_code == 200
    assert (status(one), status(two), status(other)) == (200, 200, 200)
    if change == "removal":
        assert client.delete(path).status_code == 204
    else:
        value = {"role": "viewer", "password": "another password"}[change]
        assert client.patch(path, json={change: value}).status_code == 200
    assert (status(one), status(two), status(other)) == (401, 401, 200)
    again = sign_in(browser(client), email)
    assert again.status_code == (200 if change == "role" else 401)


def test_there_is_always_an_admin(store_url: str) -> None:
    """P14: the last one can neither go nor be lowered, not even when two remove each other at once."""
    new_workspace(store_url)
    store = open_store(store_url, now_us=0)
    other = open_store(store_url, now_us=0)
    users = [
        NewUser(email=f"{n}@x", role="admin", password_hash="", created_us=0) for n in range(9)
    ]
    store.change(lambda tx: [add_user(tx, 1, user) for user in users])

    def remove(email: str) -> int:
        place = store if email < "5" else other
        try:
            place.change(lambda tx: remove_user(tx, 1, email))
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(10) as pool:
        gone = sum(pool.map(remove, [*(user.email for user in users), "admin@localhost"]))
    left = store.read(lambda tx: list_users(tx, 1))
    store.close()
    other.close()
    assert (gone, [one.role for one in left]) == (9, ["admin"])


@pytest.fixture(scope="module")
def stranger(shared_store_url: str, client: httpx.Client) -> httpx.Client:
    """The admin of another workspace, at the same server."""
    words = ("--workspace", "theirs", "--email", "eve@x", "--password", PASSWORD)
    theirs = ask("init", "--database", shared_store_url, *words)
    return signed_in(client, theirs["user"]["email"])


def test_users_belong_to_one_workspace(client: httpx.Client, stranger: httpx.Client) -> None:
    """P14: an admin of another workspace sees and changes nobody here; an email is somebody's once."""
    email = new_user(client)
    assert stranger.get("/v1/workspace").json()["workspace"] == "theirs"
    assert [one["email"] for one in stranger.get("/v1/users").json()["items"]] == ["eve@x"]
    assert stranger.patch(f"/v1/users/{email}", json={"role": "admin"}).status_code == 404
    assert stranger.delete(f"/v1/users/{email}").status_code == 404
    body = {"email": email, "role": "admin", "password": PASSWORD}
    assert stranger.post("/v1/users", json=body).json()["code"] == "exists"
    here = signed_in(client, email).get("/v1/workspace").json()
    assert here == client.get("/v1/workspace").json()


def test_the_last_admin_is_told_so(stranger: httpx.Client) -> None:
    """P14: 409 with a code of its own; once there is another admin, anybody may go, oneself too."""
    path = "/v1/users/eve@x"
    for answer in (stranger.delete(path), stranger.patch(path, json={"role": "viewer"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    assert stranger.patch(path, json={"role": "admin", "name": "Eve"}).status_code == 200
    new_user(stranger, "admin")
    assert stranger.delete(path).status_code == 204
    assert status(stranger) == 401


def test_a_user_is_made_once_under_an_idempotency_key(client: httpx.Client) -> None:
    """P3: the same request is answered the same; another password, role or name is another request."""
    body = {"email": f"{uuid4().hex}@shop.example", "role": "viewer", "password": PASSWORD}
    headers = {"Idempotency-Key": "make-a-user"}
    first = client.post("/v1/users", json=body, headers=headers)
    again = client.post("/v1/users", json=dict(reversed(body.items())), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    for other in ({"password": f"{PASSWORD}!"}, {"role": "marketer"}, {"name": "Ann"}):
        answer = client.post("/v1/users", json=body | other, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    taken = client.post("/v1/users", json=body, headers={"Idempotency-Key": "another"})
    assert taken.status_code == 409
    assert client.delete(f"/v1/users/{body['email']}").status_code == 204
    late = client.post("/v1/users", json=body, headers=headers)
    assert (late.status_code, late.json()) == (201, first.json())


def test_of_a_password_nothing_quick_to_guess_is_kept_for_an_idempotency_key(
    shared_store_url: str, client: httpx.Client
) -> None:
    """P14: what is compared holds it as signing in does, and the answer not at all."""
    key = f"make-{uuid4().hex}"
    body = {"email": f"{uuid4().hex}@shop.example", "role": "viewer", "password": PASSWORD}
    sent = client.post("/v1/users", json=body, headers={"Idempotency-Key": key})
    assert sent.status_code == 201
    store = open_store(shared_store_url, now_us=0)
    row = store.read(lambda tx: tx.one("answer_of", workspace_no=1, idempotency_key=key))
    store.close()
    assert row is not None
    assert PASSWORD not in row[2]
    said = ("/v1/users", "", "application/json", "")
    quick = [sent.request.content, msgspec.json.encode(body, order="deterministic"), PASSWORD]
    assert row[0] not in [stable_hash(*said, one) for one in quick]
