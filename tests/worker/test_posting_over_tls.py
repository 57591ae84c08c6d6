"""P11: over TLS a webhook is told where its certificate is good, and otherwise not a byte of the message leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from promosight.rules.instants import HOUR_US
from promosight.rules.webhooks import Attempt
from promosight.store.engine import open_store
from promosight.worker import posting
from promosight.worker.posting import Post, post
from tests.certificates import Authority
from tests.flows.telling import SECRET, World, used
from tests.flows.worlds import NOW_US
from tests.receiving import receiving

HERE = "127.0.0.1"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """One that this machine trusts, as an operator makes it trust the one of a firm: by SSL_CERT_FILE."""
    made = Authority.made(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    posting._tls.cache_clear()
    yield made
    posting._tls.cache_clear()


def posted(url: str) -> Attempt:
    """What comes of sending something there."""
    return asyncio.run(post(Post(url, {}, b"{}", private=True), now_us=NOW_US))


def test_a_good_certificate_is_believed_by_address_and_by_name(authority: Authority) -> None:
    with receiving(authority.server(HERE)) as receiver:
        assert posted(receiver.url) == Attempt(204, None)
    with receiving(authority.server("localhost")) as receiver:
        assert posted(receiver.url.replace(HERE, "localhost")) == Attempt(204, None)
    assert [one.path for one in receiver.received] == ["/hook"]


@pytest.mark.parametrize(
    ("host", "ways", "why"),
    [
        (HERE, {"expired": True}, "certificate has expired"),
        (HERE, {"self_signed": True}, "self-signed certificate"),
        ("198.51.100.7", {}, "IP address mismatch"),
        ("shop.example", {}, "IP address mismatch"),
    ],
)
def test_a_certificate_that_is_not_good_is_named_and_nothing_is_sent(
    authority: Authority, host: str, ways: dict[str, bool], why: str
) -> None:
    with receiving(authority.server(host, **ways)) as receiver:
        attempt = posted(receiver.url)
        assert attempt.status is None
        assert attempt.error is not None
        assert attempt.error.startswith(f"its certificate is not good: {why}")
        assert receiver.received == []


def test_an_authority_that_nobody_knows_is_not_believed(
    authority: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "another"
    folder.mkdir()
    with receiving(Authority.made(folder).server(HERE)) as receiver:
        attempt = posted(receiver.url)
        assert attempt.error == (
            "its certificate is not good: unable to get local issuer certificate"
        )
        assert receiver.received == []


def test_a_server_without_tls_is_not_told_over_https(authority: Authority) -> None:
    with receiving() as receiver:
        attempt = posted(receiver.url.replace("http:", "https:"))
        assert attempt.status is None
        assert (attempt.error or "").startswith("TLS failed")
        assert receiver.received == []


def test_what_waited_for_a_new_certificate_arrives_signed(
    authority: Authority, store_url: str
) -> None:
    """The log says why it did not arrive; once the receiver has renewed its certificate, it does."""
    world, tls = World(open_store(store_url, now_us=NOW_US)), authority.server(HERE, expired=True)
    with closing(world.store), receiving(tls) as receiver:
        world.webhook(receiver.url)
        world.assign("ann")
        world.redeem(used("ann"))
        world.worker.once()
        (waiting,) = world.deliveries()
        assert waiting["state"] == "waiting"
        assert waiting["last_error"] == "its certificate is not good: certificate has expired"
        assert receiver.received == []
        authority.certify(tls, HERE)
        world.now_us += HOUR_US
        world.worker.once()
        (told,) = receiver.received
        assert told.is_signed_by(SECRET)
        assert [one["state"] for one in world.deliveries()] == ["delivered"]
