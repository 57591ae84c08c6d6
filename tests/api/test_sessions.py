"""Signing in: sessions begin, last and end as they should, and other sites cannot use them (P14)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie

import httpx
import msgspec
import pytest

from promosight.api.door.attempts import ALLOWED, MAX_NAMES, WITHIN_US, Attempts
from promosight.api.door.cookies import find_caller
from promosight.api.door.keys import Keys
from promosight.api.wire import SessionAnswer
from promosight.errors import TooMany, Unauthenticated
from promosight.flows.set_up.passwords import NOBODYS_HASH, hash_of, is_right
from promosight.flows.set_up.sessions import LASTS_US, begin_session, touch_session
from promosight.flows.set_up.users import NewUser, UserChange, add_user, change_user
from promosight.flows.set_up.workspaces import digest_of
from promosight.store.engine import Store, open_store
from tests.api.offers import promotion
from tests.api.people import PASSWORD, browser, new_user, sign_in, signed_in, status
from tests.api.server import client_of, new_workspace, serving, serving_here

HOUR_US = 3600 * 1_000_000
EVENT = {"promotion_id": "p", "customer_id": "ann", "redeemed_at": "2026-11-03T12:00:00Z"}


@pytest.fixture(scope="module")
def client(shared_store_url: str) -> Iterator[httpx.Client]:
    """A client with an admin key, of one server for all tests of this file."""
    with serving(shared_store_url, new_workspace(shared_store_url)) as client:
        promotion(client, "p")
        yield client


def test_a_user_signs_in_sees_who_they_are_and_signs_out(client: httpx.Client) -> None:
    """P14: the cookie cannot be read by scripts nor sent by other sites, and ends in the store too."""
    visitor = browser(client)
    assert (status(visitor), visitor.get("/v1/session").json()["code"]) == (401, "unauthenticated")
    email = new_user(client, "marketer", name="Ann")
    answer = sign_in(visitor, f"  {email.upper()} ")
    kept = SimpleCookie(answer.headers["set-cookie"])["promosight_session"]
    assert (kept["httponly"], kept["samesite"], kept["path"]) == (True, "Strict", "/")
    assert (kept["max-age"], kept["secure"]) == (str(14 * 24 * 3600), "")
    assert len(kept.value) >= 43
    session = visitor.get("/v1/session")
    assert session.headers["cache-control"] == "no-store"
    said = msgspec.json.decode(session.content, type=SessionAnswer)
    assert said == msgspec.json.decode(answer.content, type=SessionAnswer)
    assert (said.user.email, said.user.name, said.user.role) == (email, "Ann", "marketer")
    workspace = client.get("/v1/workspace").json()["workspace"]
    assert (said.workspace.workspace, said.scopes[0]) == (workspace, "reports:read")
    gone = visitor.delete("/v1/session")
    assert (gone.status_code, "Max-Age=0" in gone.headers["set-cookie"]) == (204, True)
    assert status(visitor) == 401
    stolen = {"Cookie": f"promosight_session={kept.value}"}
    assert visitor.get("/v1/promotions", headers=stolen).status_code == 401
    assert visitor.delete("/v1/session").status_code == 204


def test_a_token_is_kept_as_a_digest_only(shared_store_url: str, client: httpx.Client) -> None:
    visitor = signed_in(client, new_user(client))
    token = visitor.cookies["promosight_session"]
    store = open_store(shared_store_url, now_us=0)
    row = store.read(lambda tx: tx.one("session", token_digest=digest_of(token)))
    store.close()
    assert row is not None
    assert token not in map(str, row)


def test_a_wrong_password_and_an_unknown_email_are_answered_alike(store_url: str) -> None:
    """P14: nobody learns by asking, nor by the time it takes, who has an account."""
    key = new_workspace(store_url)
    # Here passwords are slow to check, as they are to people.
    with (
        serving_here(store_url, fresh=lambda size: "0" * size) as (_, port),
        client_of(f"http://127.0.0.1:{port}", key) as client,
    ):
        _answered_alike(client)


def _answered_alike(client: httpx.Client) -> None:
    email, answers = new_user(client), []
    times: dict[str, list[float]] = {email: [], "nobody@shop.example": []}
    for turn in range(8):
        for asked, spent in times.items():
            visitor = browser(client, f"198.51.100.{10 + turn}")
            begun = time.perf_counter()
            answers.append(sign_in(visitor, asked, "not the password"))
            spent.append(time.perf_counter() - begun)
        # What else the machine does only adds to a time: the least of some is what it takes.
        if turn > 1 and _alike(*map(min, times.values())):
            break
    assert {one.status_code for one in answers} == {401}
    assert len({one.text for one in answers}) == 1
    assert answers[0].json()["code"] == "wrong_password"
    assert _alike(*map(min, times.values())), times


def _alike(one: float, other: float) -> bool:
    return one / 2 < other < one * 2


def test_an_email_nobody_can_have_is_answered_like_one_that_nobody_has(
    client: httpx.Client,
) -> None:
    """P16: found by ./dev fuzz: a NUL is no text to PostgreSQL, and that is nobody's business."""
    answer = sign_in(browser(client, "198.51.100.77"), "ann\0@shop.example")
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_password")


def test_after_ten_wrong_passwords_an_email_has_to_wait(client: httpx.Client) -> None:
    """P14: wherever they come from, and also when they come all at once; others are not kept waiting."""
    email = new_user(client)

    def guess(turn: int) -> int:
        visitor = browser(client, f"198.51.101.{turn}")
        return sign_in(visitor, email, f"guess number {turn}").status_code

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(guess, range(25)))
    assert (said.count(401), said.count(429)) == (10, 15)
    refused = sign_in(browser(client), email)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert sign_in(browser(client), new_user(client)).status_code == 200


def test_after_ten_wrong_passwords_an_address_has_to_wait(client: httpx.Client) -> None:
    """P14: whoever they were for."""
    thief = browser(client, "2001:db8:1:2::1")
    for turn in range(10):
        assert sign_in(thief, f"guess-{turn}@shop.example", "12345").status_code == 401
    email = new_user(client)
    neighbour = browser(client, "2001:db8:1:2:ffff::2")
    assert sign_in(neighbour, email).status_code == 429
    assert sign_in(browser(client, "2001:db8:1:3::1"), email).status_code == 200
    claimed = browser(client, "2001:db8:1:3::1, 2001:db8:1:2::1")  # the proxy appends what it saw
    assert sign_in(claimed, email).status_code == 429


def test_right_passwords_are_not_counted_and_neither_is_what_is_old() -> None:
    attempts = Attempts()
    for turn in range(3 * ALLOWED):
        with attempts.counted("right", now_us=turn):
            pass
    assert len(attempts) == 0
    for turn in range(ALLOWED):
        _fail(attempts, "wrong", turn)
    with pytest.raises(TooMany) as refused, attempts.counted("wrong", now_us=ALLOWED):
        pass
    assert refused.value.retry_after_seconds == 300
    with attempts.counted("wrong", now_us=WITHIN_US + ALLOWED):
        pass


def test_what_is_counted_is_bounded() -> None:
    attempts = Attempts()
    for turn in range(MAX_NAMES + 100):
        _fail(attempts, f"name {turn}", turn)
    assert len(attempts) == MAX_NAMES


def _fail(attempts: Attempts, name: str, now_us: int) -> None:
    with pytest.raises(Unauthenticated), attempts.counted(name, now_us=now_us):
        raise Unauthenticated("wrong")


def test_another_site_cannot_change_anything_by_cookie(client: httpx.Client) -> None:
    """P14: neither with a form, nor with a script, nor as a neighbour under the same domain."""
    visitor = signed_in(client, new_user(client, "admin"))
    host = f"{client.base_url.host}:{client.base_url.port}"
    here = {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    change = {"name": "Taken over"}
    for headers in (
        {"X-Promosight": ""},
        {"X-Promosight": "", "Content-Type": "text/plain"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://{host}.evil.example"},
        {"Origin": f"http://{client.base_url.host}:1"},
        {"Origin": "http://[::"},
    ):
        for method, path in (("PATCH", "/v1/workspace"), ("DELETE", "/v1/session")):
            answer = visitor.request(method, path, json=change, headers={**here, **headers})
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), headers
    name = client.get("/v1/workspace").json()["name"]
    assert visitor.get("/v1/workspace", headers={"X-Promosight": ""}).json()["name"] == name
    assert visitor.patch("/v1/workspace", json={}, headers=here).status_code == 200
    assert visitor.patch("/v1/workspace", json={}).status_code == 200


def test_another_site_cannot_post_a_form_nor_sign_anybody_in(client: httpx.Client) -> None:
    """P14: a form's post carries no header of ours; it would be refused even with the cookie."""
    email = new_user(client, "admin")
    visitor = signed_in(client, email)
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-Promosight": ""}
    foreign = {**form, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path in ("/v1/sources", "/v1/redemptions", "/v1/users", "/v1/session/password"):
        answer = visitor.post(path, content="name=till", headers=foreign)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    for where in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert sign_in(browser(client), email, **where).json()["code"] == "cross_site"
    assert visitor.post("/v1/sources", json={"name": "till"}).status_code == 201


def test_a_key_in_the_header_wins_and_asks_for_nothing_more(client: httpx.Client) -> None:
    """P14: a browser that is signed in as a viewer may still try a key; keys have no session."""
    visitor = signed_in(client, new_user(client))
    key = {"Authorization": client.headers["Authorization"], "X-Promosight": ""}
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert visitor.patch("/v1/workspace", json={}, headers=key | elsewhere).status_code == 200
    assert visitor.patch("/v1/workspace", json={}).status_code == 403
    wrong = {"Authorization": "Bearer nobody"}
    assert visitor.get("/v1/workspace", headers=wrong).status_code == 401
    asked = client.get("/v1/session")
    assert (asked.status_code, asked.json()["code"]) == (403, "forbidden")


def test_the_cookie_is_secure_where_the_browser_speaks_https(client: httpx.Client) -> None:
    """P14: also behind a proxy that ends TLS, whether it says so or only the browser does."""
    email, host = new_user(client), "shop.example"
    for headers in (
        {"Host": host, "Origin": f"https://{host}"},
        {"Host": f"{host}:443", "Origin": f"https://{host}"},
        {"X-Forwarded-Proto": "https"},
    ):
        visitor = browser(client)
        answer = sign_in(visitor, email, **headers)
        assert answer.headers["set-cookie"].endswith("; Secure"), headers
        token = SimpleCookie(answer.headers["set-cookie"])["promosight_session"].value
        shown = visitor.get("/v1/session", headers={"Cookie": f"promosight_session={token}"})
        assert shown.headers["set-cookie"].endswith("; Secure")


def test_a_session_reports_as_the_default_source(client: httpx.Client) -> None:
    """P14, S4: what people enter is the workspace's own."""
    visitor = signed_in(client, new_user(client, "marketer"))
    answer = visitor.post("/v1/redemptions", json={**EVENT, "event_id": "by-hand"})
    assert answer.status_code == 200, answer.text
    assert visitor.get("/v1/events/by-hand").json()["source"] == "default"


def test_changing_ones_own_password_ends_every_other_session(client: httpx.Client) -> None:
    """P14: this browser stays signed in, with a token nobody has seen."""
    email = new_user(client)
    here, there = signed_in(client, email), signed_in(client, email)
    before = here.cookies["promosight_session"]
    for current, new, status_code, field in (
        ("not my password", "another password", 422, "/current"),
        (PASSWORD, "short", 422, "/new"),
        (PASSWORD, "another password", 200, None),
    ):
        answer = here.post("/v1/session/password", json={"current": current, "new": new})
        assert answer.status_code == status_code, answer.text
        assert field is None or answer.json()["errors"][0]["pointer"] == field
    assert (status(here), status(there)) == (200, 401)
    assert here.cookies["promosight_session"] != before
    assert status(browser(client, Cookie=f"promosight_session={before}")) == 401
    assert sign_in(browser(client), email).status_code == 401
    assert sign_in(browser(client), email, "another password").status_code == 200


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    kept = hash_of("Grüße vom Käse", b"0123456789abcdef")
    assert is_right("Gru\u0308ße vom Ka\u0308se", kept)
    assert not is_right("Grusse vom Kase", kept)


def test_a_password_is_slow_to_check_and_so_is_that_of_nobody() -> None:
    """Argon2id, twice over 46 MiB. (In the servers of tests it is quick.)"""
    kept = hash_of("a long word", b"0123456789abcdef")
    for one in (kept, NOBODYS_HASH):
        assert one.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert len(NOBODYS_HASH) == len(kept)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with a workspace."""
    new_workspace(store_url)
    store = open_store(store_url, now_us=0)
    yield store
    store.close()


def test_a_session_lasts_for_fourteen_days_from_when_it_was_last_used(store: Store) -> None:
    """P14: its use is noted once an hour; kept in memory for two seconds, it ends on time all the same."""
    wanted = NewUser(email="ann@shop.example", role="viewer", password_hash="kept", created_us=0)
    user = store.change(lambda tx: add_user(tx, 1, wanted))
    store.change(lambda tx: begin_session(tx, user, digest_of("token"), secure=False, now_us=0))
    sessions = Keys(store, find_caller)

    def ends_us(now_us: int) -> int | None:
        return asyncio.run(sessions.caller("token", now_us=now_us)).expires_us

    assert ends_us(HOUR_US - 1) == LASTS_US
    assert ends_us(5 * HOUR_US) == 5 * HOUR_US + LASTS_US
    store.change(lambda tx: touch_session(tx, digest_of("token"), now_us=5 * HOUR_US + 9))
    assert ends_us(6 * HOUR_US - 1) == 5 * HOUR_US + LASTS_US
    with pytest.raises(Unauthenticated):
        ends_us(5 * HOUR_US + LASTS_US)


def test_who_signs_in_while_their_password_changes_is_not_signed_in(store: Store) -> None:
    """P14: a password that was compared just before it was changed opens nothing."""
    wanted = NewUser(email="ann@shop.example", role="viewer", password_hash="old", created_us=0)
    compared = store.change(lambda tx: add_user(tx, 1, wanted))
    change = UserChange(password_hash="new")
    store.change(lambda tx: change_user(tx, 1, compared.email, change))
    with pytest.raises(Unauthenticated):
        store.change(lambda tx: begin_session(tx, compared, "digest", secure=False, now_us=1))
    assert store.read(lambda tx: tx.one("session", token_digest="digest")) is None
