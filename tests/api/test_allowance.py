"""Rate limits: each key has its own, what is left can be read from every answer, and a batch is one request (P15)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from promosight.api.door.allowance import Allowance, RateLimited
from tests.api.server import client_of, new_workspace, serving
from tests.api.test_shops import send, shop

MINUTE_US = 60_000_000


@pytest.fixture(scope="module")
def limited(shared_store_url: str) -> Iterator[httpx.Client]:
    """A client of a server that allows 50 requests a minute."""
    key = new_workspace(shared_store_url)
    with serving(shared_store_url, key, "--rate-limit", "50") as client:
        yield client


def test_what_is_left_is_in_every_answer_and_what_is_too_much_says_when_to_go_on(
    limited: httpx.Client,
) -> None:
    """P15: as the draft of the IETF has it; another key is not held up."""
    other = limited.post("/v1/keys", json={"name": "k", "scopes": ["reports:read"]}).json()["key"]
    answers = [limited.get("/v1/workspace") for _ in range(110)]  # a new minute may begin between
    first, last = answers[0], next(one for one in answers if one.status_code == 429)
    assert first.headers["ratelimit-policy"] == '"minute";q=50;w=60'
    assert first.headers["ratelimit"].startswith('"minute";r=')
    assert last.json()["code"] == "rate_limited"
    assert 1 <= int(last.headers["retry-after"]) <= 60
    assert last.headers["ratelimit"] == f'"minute";r=0;t={last.headers["retry-after"]}'
    headers = {"Authorization": f"Bearer {other}"}
    assert limited.get("/v1/workspace", headers=headers).status_code == 200


def test_a_shop_has_an_allowance_of_its_own(limited: httpx.Client, shared_store_url: str) -> None:
    """P15, P22: told as everybody is, so that it sends again later; the key of whoever set it up is not held up."""
    with client_of(str(limited.base_url), new_workspace(shared_store_url)) as brand:
        path = shop(brand, "shopify")
        answers = [send(brand, path, ("products/update", {"id": 1})) for _ in range(110)]
        last = next(one for one in answers if one.status_code == 429)
        assert last.json()["code"] == "rate_limited"
        assert 1 <= int(last.headers["retry-after"]) <= 60
        assert answers[0].headers["ratelimit-policy"] == '"minute";q=50;w=60'
        assert brand.get("/v1/shops").status_code == 200


def test_without_a_limit_nothing_is_said_of_one(client: httpx.Client) -> None:
    assert "ratelimit" not in client.get("/v1/workspace").headers


def test_a_minute_allows_exactly_so_many_and_the_next_as_many_again() -> None:
    """P15: whoever was refused is not counted, and has not to wait longer for trying."""
    allowance = Allowance(3)
    left = [allowance.spend("ann", now_us=MINUTE_US + n) for n in range(3)]
    assert [one and one.requests for one in left] == [2, 1, 0]
    for _ in range(5):
        with pytest.raises(RateLimited):
            allowance.spend("ann", now_us=2 * MINUTE_US - 1)
    assert allowance.spend("bob", now_us=2 * MINUTE_US - 1) is not None
    again = allowance.spend("ann", now_us=2 * MINUTE_US)
    assert again is not None
    assert (again.requests, again.seconds) == (2, 60)
