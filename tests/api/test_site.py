"""The page over HTTP: which addresses it answers, in which form, and that it never answers for the API."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from promosight.api.routes import ROUTES
from promosight.api.site import FOLDER, Site
from tests.api.server import new_workspace, serving

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip, br"}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client that asks as a browser does, and holds no key. No test here changes anything."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/promosight.db"
    with serving(url, new_workspace(url)) as client:
        del client.headers["Authorization"]
        client.headers.update(BROWSER)
        yield client


@pytest.fixture(scope="module")
def script() -> Path:
    """The script that the built page begins with."""
    return next(FOLDER.glob("assets/index-*.js"))


def raw(client: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """An answer with its body as it came over the wire, still compressed."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def test_the_front_door_is_the_page_and_lets_nothing_foreign_in(browser: httpx.Client) -> None:
    answer = browser.get("/", headers={"Accept-Encoding": "gzip"})  # which this client can read
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b"<div id=" in answer.content
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_an_address_that_only_the_page_knows_opens_the_page(browser: httpx.Client) -> None:
    page = browser.get("/").content
    for path in ("/promotions", "/promotions/SPRING%2F20", "/v1x", "/a/b/c"):
        answer = browser.get(path)
        assert (answer.status_code, answer.content) == (200, page), path


def test_a_program_that_asks_for_no_html_is_told_that_there_is_nothing(
    browser: httpx.Client,
) -> None:
    answer = browser.get("/promotions", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert browser.post("/promotions").status_code == 404


def test_the_page_never_answers_for_the_api(browser: httpx.Client) -> None:
    """A browser that opens a path of the API gets what anybody gets: its answer or a problem document."""
    paths = {route.path.replace(":str", "") for route in ROUTES}
    gets = {route.path.replace(":str", "") for route in ROUTES if route.method == "GET"}
    places = ["/v1", "/v1/nothing", "/schemas/nothing", "/assets/nothing.js", "/assets"]
    for path in sorted(paths):
        answer = browser.get(path)
        assert answer.status_code == (401 if path in gets else 405), path
        assert answer.headers["content-type"] == "application/problem+json", path
    for path in places:
        answer = browser.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json", path


def test_the_page_is_asked_for_anew_and_sent_only_when_it_changed(browser: httpx.Client) -> None:
    first = browser.get("/")
    assert first.headers["cache-control"] == "no-cache"
    again = browser.get("/promotions", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert browser.get("/", headers={"If-None-Match": 'W/"older"'}).status_code == 200


def test_assets_are_kept_for_good_and_come_compressed_where_it_is_understood(
    browser: httpx.Client, script: Path
) -> None:
    path, plain = f"/assets/{script.name}", script.read_bytes()
    for accepted, coding in {
        "gzip, deflate, br, zstd": "br",
        "gzip": "gzip",
        "gzip;q=1.0, br;q=0": "gzip",
        "identity": None,
        "": None,
    }.items():
        answer, body = raw(browser, path, **{"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == coding, accepted
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) == len(body)
        assert len(body) < len(plain) / 2 if coding else body == plain
        if coding == "gzip":
            assert gzip.decompress(body) == plain


def test_head_says_the_same_without_the_body(browser: httpx.Client, script: Path) -> None:
    for path in ("/", "/promotions", f"/assets/{script.name}"):
        head, (got, body) = browser.head(path), raw(browser, path)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(body)
        different = {name for name in got.headers if got.headers[name] != head.headers.get(name)}
        assert different <= {"date"}, path


def test_where_the_page_was_never_built_the_front_door_says_how(tmp_path: Path) -> None:
    """Only the API is served then, as from a source tree that was never installed."""
    page = Site(tmp_path / "nothing").page
    assert b"./dev install" in page.content
    assert page.media_type == "text/html"
    assert page.headers["Cache-Control"] == "no-store"
