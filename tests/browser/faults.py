"""What goes wrong in a page unseen: errors in its console, failed requests, refused ones.

A test fails by these even where everything it looked at was right.
"""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import ConsoleMessage, Page, Request, Response

REFUSALS = frozenset({("GET", "/v1/session", 401)})
"""Answers that are no fault: whoever is not signed in is told so."""


def watch(page: Page, faults: list[str]) -> None:
    """Writes every fault of the page into the list, as it happens."""
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("console", lambda message: faults.extend(_of_console(message)))
    page.on("requestfailed", lambda request: faults.extend(_of_request(request)))
    page.on("response", lambda response: faults.extend(_of_response(response)))


def _of_console(message: ConsoleMessage) -> Iterable[str]:
    # That a resource was refused is told by its answer, with the status.
    if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
        yield f"console {message.type}: {message.text}"


def _of_request(request: Request) -> Iterable[str]:
    # Whoever leaves a page ends what it was still reading.
    if request.failure != "net::ERR_ABORTED":
        yield f"{request.method} {request.url} failed: {request.failure}"


def _of_response(response: Response) -> Iterable[str]:
    request = response.request
    path = "/" + request.url.split("/", 3)[3].split("?")[0]
    if response.status >= 400 and (request.method, path, response.status) not in REFUSALS:
        yield f"{request.method} {path} was answered {response.status}"
