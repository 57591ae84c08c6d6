"""Whatever a caller sends, the answer is a problem document of theirs and never a fault of ours (P16)."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

import httpx
import zstandard

from tests.api.offers import promotion

DEEP = b'{"a":' * 900 + b"1" + b"}" * 900
NAMES = ("%00", "%0a", "%1f", "%ff", "%ed%a0%80", "x" * 300, "%20", "'; --", "..%2f..")
CURSORS = (
    "",
    "-",
    "zzz",
    "bzk5OTk5OTk5OTk5OTk5OTk5",
    "by01",
    "WzFlMzAwLCJ4Il0=",
    "WzEsIlx1MDAwMCJd",
)
PATHS = (
    "/v1/promotions/{}",
    "/v1/promotions/{}/breakdown",
    "/v1/promotions/{}/funnel",
    "/v1/promotions/{}/maturity",
    "/v1/promotions/{}/customers",
    "/v1/events/{}",
    "/v1/customers/{}",
)


def is_problem(answer: httpx.Response) -> bool:
    """Whether it is a problem document as promised, and the caller's fault."""
    if answer.headers["content-type"] != "application/problem+json":
        return False
    said = answer.json()
    return (
        400 <= answer.status_code < 500
        and said["status"] == answer.status_code
        and said.keys() >= {"type", "title", "detail", "code", "errors"}
        and bool(answer.headers["x-request-id"])
    )


def test_strange_names_in_paths_and_queries_are_told_so(client: httpx.Client) -> None:
    """P16: control characters, half surrogates and overlong ids never reach the store."""
    for name in NAMES:
        for path in PATHS:
            assert is_problem(client.get(path.format(name))), path.format(name)
        for url in (
            f"/v1/events/e?source={name}",
            f"/v1/promotions?sort={name}",
            f"/v1/promotions?status={name}",
            f"/v1/promotions?limit={name}",
        ):
            assert is_problem(client.get(url)), url
        for url in (f"/v1/promotions?q={name}", f"/v1/problems?reason={name}&source={name}"):
            assert client.get(url).status_code in (200, 422), url
        for answer in (
            client.put(f"/v1/promotions/{name}", json={"name": "p"}),
            client.put(f"/v1/customers/{name}", json={}),
            client.delete(f"/v1/assignments/{name}"),
            client.delete(f"/v1/keys/{name}"),
            client.delete(f"/v1/users/{name}"),
        ):
            assert answer.status_code in (200, 201, 404, 422), answer.text


def test_a_forged_cursor_is_refused(client: httpx.Client) -> None:
    """P16: a cursor is only ever the `next` of a page."""
    for cursor in CURSORS[1:]:
        for path in ("/v1/promotions", "/v1/problems"):
            assert is_problem(client.get(path, params={"cursor": cursor})), (path, cursor)


def test_an_id_may_hold_a_slash_and_any_letter(client: httpx.Client) -> None:
    """Ids are the caller's strings, exact."""
    for written, promotion_id in (("a%2Fb%20c", "a/b c"), ("%C3%9Cber", "Über"), ("50%25", "50%")):
        promotion(client, written)
        assert client.get(f"/v1/promotions/{written}").json()["promotion_id"] == promotion_id
        assert client.get(f"/v1/promotions/{written}/breakdown").status_code == 200
    assert len(client.get("/v1/promotions").json()["items"]) == 3


BODIES: list[Any] = [
    b"",
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"{",
    b"\xff",
    b'{"name": "\\ud800"}',
    b'{"name": NaN}',
    b"[" * 100_000,
    DEEP,
    b'{"properties": ' + DEEP + b"}",
    b'{"name": "x", "properties": {"a": 1e400}}',
    b'{"name": "nul \\u0000"}',
    b'{"email": "admin@localhost", "password": "", "role": "\\u0000"}',
    b'{"name": 5, "scopes": 5, "from": 5, "cadence": 5, "ids": 5, "attributes": 5}',
]
DOORS = (
    ("PUT", "/v1/promotions/p"),
    ("PATCH", "/v1/promotions/p"),
    ("POST", "/v1/promotions/p/duplicate"),
    ("POST", "/v1/promotions/p/codes"),
    ("PATCH", "/v1/workspace"),
    ("POST", "/v1/sources"),
    ("PATCH", "/v1/sources/default"),
    ("POST", "/v1/sources/default/coverage"),
    ("POST", "/v1/sources/default/reconciliations"),
    ("POST", "/v1/sources/default/reconciliations/rec-x/events"),
    ("POST", "/v1/keys"),
    ("POST", "/v1/users"),
    ("PATCH", "/v1/users/admin@localhost"),
    ("POST", "/v1/session"),
    ("PUT", "/v1/customers/c"),
    ("POST", "/v1/problems/replay"),
    ("POST", "/v1/redemptions"),
    ("POST", "/v1/assignments"),
)


def test_no_body_makes_a_door_stumble(client: httpx.Client) -> None:
    """P16: a caller's mistake is never a 5xx, and what was kept of it can be read."""
    promotion(client, "p")
    for method, path in DOORS:
        for body in BODIES:
            answer = client.request(method, path, content=body)
            assert answer.status_code < 500, (method, path, body[:40], answer.text)
            assert answer.status_code < 400 or is_problem(answer), (method, path, body[:40])
    assert client.get("/v1/problems").status_code == 200
    assert client.post("/v1/problems/replay", json={}).status_code == 200
    for path in ("/v1/promotions", "/v1/customers/c", "/v1/workspace", "/v1/sources", "/v1/keys"):
        assert client.get(path).status_code == 200, path


def test_bodies_are_bounded_and_decompressed_with_care(client: httpx.Client) -> None:
    """P1: 10 MB, also after decompression; what cannot be read is kept under problems."""
    gzipped, zstd = {"Content-Encoding": "gzip"}, {"Content-Encoding": "zstd"}
    much = b" " * 11_000_000
    for content, headers, status in (
        (b"not gzip", gzipped, 400),
        (gzip.compress(b"{}")[:-4], gzipped, 400),
        (b"not zstd", zstd, 400),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (gzip.compress(much), gzipped, 413),
        (zstandard.ZstdCompressor().compress(much), zstd, 413),
        (much, {}, 413),
        (b"{}", {"Content-Type": "application/xml"}, 415),
    ):
        answer = client.post("/v1/redemptions", content=content, headers=headers)
        assert answer.status_code == status, (content[:20], headers)
        assert is_problem(answer)
    kept = client.get("/v1/problems").json()["items"]
    assert [one["reason"] for one in kept] == ["invalid"] * 3
    assert "not gzip" in [one["payload"] for one in kept]


def test_a_refusal_says_what_came_and_how_to_mend_it(client: httpx.Client) -> None:
    """P16: for whoever reads it at night, and has nothing but it."""
    form, ndjson = "application/x-www-form-urlencoded", "application/x-ndjson"
    packed, plain = gzip.compress(b"{}"), zstandard.ZstdCompressor().compress(b"{}")
    for method, path, content, media_type, said in (
        ("POST", "/v1/redemptions", b"{}", form, f"Content-Type {form} is not taken; send "),
        ("POST", "/v1/imports?kind=customers", b"a", form, f"Content-Type {form} is not taken"),
        ("POST", "/v1/track", b"{}", form, f"{form} is not taken; send application/json"),
        ("POST", "/v1/redemptions", packed, ndjson, "send it with Content-Encoding: gzip"),
        ("POST", "/v1/redemptions", plain, ndjson, "send it with Content-Encoding: zstd"),
        ("POST", "/v1/redemptions", b'{"event_id": "a"', "application/json", "it breaks off"),
        ("POST", "/v1/redemptions", b'{"event_id": "a', "application/json", "it breaks off"),
        ("POST", "/v1/redemptions", b"{}", "application/json", "event_id: is missing"),
        ("PUT", "/v1/promotions/a", b"{}", "application/json", "name: is missing"),
        ("POST", "/v1/redemption", b"{}", "application/json", "there is nothing at /v1/redemption"),
        ("PUT", "/v1/redemptions", b"{}", "application/json", "PUT is not taken here; send POST"),
    ):
        headers = {"Content-Type": media_type}
        answer = client.request(method, path, content=content, headers=headers)
        assert is_problem(answer)
        assert said in answer.json()["detail"], answer.text


def test_gzip_goes_by_its_older_name_too(client: httpx.Client) -> None:
    """P1: for HTTP they are one."""
    for path in ("/v1/redemptions", "/v1/imports?kind=redemptions"):
        headers = {"Content-Encoding": "x-gzip", "Content-Type": "application/json"}
        answer = client.post(path, content=gzip.compress(b"[]"), headers=headers)
        assert answer.status_code in (200, 202), answer.text


def test_what_is_nested_too_deep_is_refused_alone_and_can_be_looked_at(
    client: httpx.Client,
) -> None:
    """P2: its neighbours are taken, and the problem inbox shows it."""
    promotion(client, "p")
    good = {
        "event_id": "e",
        "promotion_id": "p",
        "customer_id": "c",
        "redeemed_at": "2026-11-03T12:00:00Z",
    }
    deep = b'{"event_id": "deep", "metadata": ' + DEEP + b"}"
    body = b"[" + json.dumps(good).encode() + b"," + deep + b"]"
    said = client.post("/v1/redemptions", content=body).json()
    assert said["outcomes"] == {"pending": 1, "rejected": 1}
    assert said["problems"][1]["pointer"] == "/1/metadata"
    assert client.get("/v1/events/deep").json()["outcome"] == "rejected"
    kept = client.get("/v1/problems?outcome=rejected").json()["items"]
    assert [one["event_id"] for one in kept] == ["deep"]


def test_a_promotion_of_thousands_of_tiers_is_refused(client: httpx.Client) -> None:
    """Each decision would weigh them all. Told by the field, however it is sent."""
    tiers = [{"tier_id": f"t{number}"} for number in range(10_000)]
    promotion(client, "many", kind="tiered")
    body = {"name": "many", "kind": "tiered", "tiers": tiers}
    for answer in (
        client.put("/v1/promotions/new", json=body),
        client.patch("/v1/promotions/many", json={"tiers": tiers}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert [one["pointer"] for one in answer.json()["errors"]] == ["/tiers"]
    assert client.get("/v1/promotions/new").status_code == 404


def test_a_customer_of_thousands_of_words_is_refused(client: httpx.Client) -> None:
    """Each decision would look at them all, and all who report would wait for it."""
    for name, said in (
        ("attributes", {f"word-{number}": number for number in range(10_000)}),
        ("segments", [f"segment-{number}" for number in range(1_001)]),
        ("opt_outs", [f"promotion-{number}" for number in range(1_001)]),
    ):
        answer = client.put("/v1/customers/ann", json={name: said})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}")
    assert client.put("/v1/customers/ann", json={"segments": ["vip"] * 1_000}).status_code == 201


def test_nothing_is_passed_over_because_it_is_empty(client: httpx.Client) -> None:
    """An empty setting is no setting left out: it was answered 200, and nothing was changed."""
    for name in ("name", "time_zone", "currency", "week_start"):
        answer = client.patch("/v1/workspace", json={name: ""})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}")


def test_a_password_is_told_whether_it_is_too_short_or_too_long(client: httpx.Client) -> None:
    user = {"email": "ann@example.com", "role": "viewer"}
    for password, why in (("\u00e4" * 9, "at least 10"), ("x" * 1_001, "at most 1000")):
        answer = client.post("/v1/users", json=user | {"password": password})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/password")
        assert why in answer.json()["detail"]


def test_words_as_long_as_they_may_be_can_be_counted_and_counted_anew(client: httpx.Client) -> None:
    """An index of PostgreSQL takes 2,700 bytes: a longer key of channels made counting anew impossible for ever."""
    drawn = random.Random(7)

    def word(length: int) -> str:
        return "".join(chr(drawn.randrange(0x1F300, 0x1F5FF)) for _ in range(length))

    unit = {"type": "unit", "unit": "u" * 255, "value": "1"}
    promotion(client, "p", reward=unit)
    given = {"promotion_id": "p", "assigned_at": "2026-11-01T00:00:00Z", "tier_id": word(255)}
    long = {name: word(255) for name in ("customer_id", "segment", "campaign_id", "promo_code")}
    many = {"channels": [word(39) for _ in range(10)]}
    assert client.post("/v1/assignments", json=given | long | many).json()["outcome"] == "counted"
    again = client.post("/v1/assignments", json=given | long | {"channel": word(255)})
    assert again.json()["outcome"] == "duplicate"
    wrong = client.post(
        "/v1/assignments", json=given | long | {"channels": [word(40)] * 9 + many["channels"]}
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/channels")
    for zone in ("Asia/Tokyo", "UTC"):
        changed = client.patch("/v1/workspace", json={"time_zone": zone})
        assert changed.status_code == 200, changed.text
    rows = client.get("/v1/promotions/p/breakdown?by=channel").json()["rows"]
    assert [len(one["key"]) for one in rows] == [399]
