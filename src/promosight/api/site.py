"""The page: the built files of `web/`, read once at the start and answered from memory.

Every file beside the page has a route of its own, and so has `/`; the hundred and more in
`assets` have one together, for a server that starts makes something of each route. Any other address that a browser
opens, such as one the page made up for a promotion, gets the page as well: not by a
route, which would also answer for the API, but where a 404 would be answered
(`Site.instead_of_missing`). Names below `/assets` carry a digest of their content and
are kept by browsers for good; everything else is asked for anew, by its ETag.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from litestar import HttpMethod, Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from promosight.api.door.call import Headers, headers_of, listed
from promosight.api.door.sparing import is_known

FOLDER = Path(__file__).with_name("site")
NOT_PAGES = (
    *("/v1", "/docs", "/schemas", "/openapi.json", "/healthz", "/readyz", "/metrics"),
    "/assets",
)
"""What lies at and below these is never answered by the page."""

_CODINGS = {"br": ".br", "gzip": ".gz"}
"""By preference: what a client may accept, and how the file ends that was compressed when the page was built."""
_FOR_GOOD = "public, max-age=31536000, immutable"
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_NOT_BUILT = b"""<!doctype html><html lang=en><meta charset=utf-8><title>Promosight</title>
<style>:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }</style>
<h1>Promosight</h1><p>The API serves, but its page was never built. In a clone, <code>./dev install</code>
builds it; a released package carries it. The API describes itself at <a href=/docs>/docs</a>.</p>"""


class File(NamedTuple):
    """One file: its content as it is and as it was compressed, by content coding."""

    content: bytes
    coded: Mapping[str, bytes]
    media_type: str
    headers: Mapping[str, str]
    etag: str


class Site:
    """The files of one build, by the path a browser asks for. Without a build, a page that says so."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            f"/{path.relative_to(folder).as_posix()}": _read(path) for path in _plain(folder)
        }
        missing = File(
            _NOT_BUILT, {}, "text/html", _PAGE_HEADERS | {"Cache-Control": "no-store"}, ""
        )
        self.page = self._files["/"] = self._files.get("/index.html", missing)

    def handlers(self) -> list[HTTPRouteHandler]:
        """A route for each file beside the page, and one for all files of each folder."""
        methods = [HttpMethod.GET, HttpMethod.HEAD]
        calls = {self._route_of(path): self._call(path) for path in self._files}
        return [
            HTTPRouteHandler(path, http_method=methods, status_code=200)(call)
            for path, call in calls.items()
        ]

    def _route_of(self, path: str) -> str:
        folder = path.rpartition("/")[0]
        return f"{folder}/{{name:str}}" if folder else path

    def _call(self, path: str) -> Callable[..., Any]:
        folder = path.rpartition("/")[0]

        async def page(request: Request[Any, Any, Any]) -> Response[bytes]:
            name = request.path_params.get("name")
            file = self._files.get(f"{folder}/{name}" if folder else path)
            if file is None:
                raise NotFoundException
            return answer(file, headers_of(request.scope))

        return page

    def instead_of_missing(self, request: Request[Any, Any, Any]) -> Response[bytes] | None:
        """The page, where a browser opens an address that only the page knows; else None."""
        headers = headers_of(request.scope)
        path = request.scope["path"]
        wanted = request.method in ("GET", "HEAD") and b"text/html" in headers.get(b"accept", b"")
        if not wanted or f"{path}/".startswith(tuple(f"{place}/" for place in NOT_PAGES)):
            return None
        return answer(self.page, headers)


def answer(file: File, headers: Headers) -> Response[bytes]:
    """A file for a client: compressed where it may be, or only the word that it has not changed."""
    if file.etag and is_known(headers, file.etag):
        return Response(b"", status_code=304, media_type=file.media_type, headers=file.headers)
    coding = _coding(file, headers)
    if coding is None:
        return Response(file.content, media_type=file.media_type, headers=file.headers)
    coded = {**file.headers, "Content-Encoding": coding}
    return Response(file.coded[coding], media_type=file.media_type, headers=coded)


def _plain(folder: Path) -> list[Path]:
    """The files themselves, without those that only hold another one compressed, or that are hidden."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."]
    return [path for path in files if path.suffix not in _CODINGS.values()]


def _read(path: Path) -> File:
    content = path.read_bytes()
    coded = {
        coding: compressed.read_bytes()
        for coding, ending in _CODINGS.items()
        if (compressed := path.with_name(path.name + ending)).exists()
    }
    media_type = _media_type(path)
    if path.parent.name == "assets":
        headers, etag = {"Cache-Control": _FOR_GOOD, "X-Content-Type-Options": "nosniff"}, ""
    else:
        # Weak: the same for each content coding, and what a browser compares is only this.
        etag = f'W/"{sha256(content).hexdigest()[:32]}"'
        headers = {**_PAGE_HEADERS, "Cache-Control": "no-cache", "ETag": etag}
    if coded:
        headers["Vary"] = "Accept-Encoding"
    return File(content, coded, media_type, headers, etag)


def _media_type(path: Path) -> str:
    """By the file's ending. The machine's own list may lack or garble what browsers insist on."""
    known = {".js": "text/javascript", ".html": "text/html", ".woff2": "font/woff2"}
    named = known.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return named or "application/octet-stream"


def _coding(file: File, headers: Headers) -> str | None:
    """The best content coding that the file has and the client accepts."""
    accepted = listed(headers, b"accept-encoding")
    return next((coding for coding in file.coded if coding in accepted), None)
