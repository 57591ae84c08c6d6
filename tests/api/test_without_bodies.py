"""HEAD wherever GET is: the same status and headers, and no body, on a connection that goes on."""

from __future__ import annotations

import http.client
from contextlib import closing

import httpx

from tests.api.server import promotion

PATHS = (
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/",
    "/v1/promotions",
    "/v1/promotions?format=csv",
    "/v1/promotions/p",
    "/v1/promotions/p/breakdown?by=tier",
    "/v1/promotions/nobody",
    "/v1/promotions/p/customers?status=assigned",
    "/v1/workspace",
    "/v1/stream",
    "/no-such-place",
)
VARYING = {"x-request-id", "date", "content-length", "transfer-encoding", "etag"}


def test_head_is_answered_where_get_is_without_a_body(client: httpx.Client) -> None:
    """P20: balancers and monitors ask so; nothing is made that nobody reads, and the connection stays in step."""
    promotion(client, "p")
    key = client.headers["authorization"]
    host, port = client.base_url.host, client.base_url.port
    plain = {"Authorization": key, "Accept-Encoding": "identity"}
    with closing(http.client.HTTPConnection(host, port, timeout=60)) as line:
        for path in PATHS:
            with client.stream("GET", path, headers=plain) as wanted:
                answer_as(line, path, plain, wanted)


def answer_as(
    line: http.client.HTTPConnection, path: str, sent: dict[str, str], wanted: httpx.Response
) -> None:
    line.request("HEAD", path, headers=sent)
    answer = line.getresponse()
    assert (answer.status, answer.read()) == (wanted.status_code, b""), path
    said = {name.lower(): value for name, value in answer.getheaders()}
    assert {n: v for n, v in said.items() if n not in VARYING} == {
        n: v for n, v in wanted.headers.items() if n not in VARYING
    }, path


def test_head_needs_the_key_that_get_needs(client: httpx.Client) -> None:
    address = client.base_url.join("/v1/promotions")
    assert httpx.head(address, verify=False).status_code == 401
    refused = client.head("/v1/promotions/p/activate")
    assert (refused.status_code, refused.headers["allow"]) == (405, "OPTIONS, POST")
    assert client.put("/v1/stream").headers["allow"] == "GET, HEAD, OPTIONS"


def test_who_wants_no_other_answer_hears_the_refusal_of_a_body_that_is_still_on_its_way(
    client: httpx.Client,
) -> None:
    """P16: a client that writes all before it reads, and says `Connection: close`, saw a reset instead of the 401."""
    host, port = client.base_url.host, client.base_url.port
    sent = {"Connection": "close", "Content-Type": "application/json", "X-API-KEY": "revoked"}
    for path, body, status in (
        ("/v1/redemptions", b" " * 9_000_000, 401),
        ("/v1/nothing", b" " * 9_000_000, 404),
        ("/v1/redemptions", b"[]", 401),
    ):
        with closing(http.client.HTTPConnection(host, port, timeout=60)) as line:
            line.request("POST", path, body=body, headers=sent)
            answer = line.getresponse()
            assert (answer.status, answer.read()[:1]) == (status, b"{")
            assert line.sock is None or line.sock.recv(1) == b""  # and it ends
    key = client.headers["authorization"]
    with closing(http.client.HTTPConnection(host, port, timeout=60)) as line:
        known = {"Connection": "close", "Content-Type": "application/json", "Authorization": key}
        line.request("POST", "/v1/redemptions", body=b" " * 20_000_000, headers=known)
        assert line.getresponse().status == 413
